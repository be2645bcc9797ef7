"""The set-up: a folder without a project, what was found in it, and what would be written. Nothing is, before."""

import os
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from migrator_tui.project.discovery import Discovery, discover, write_files
from migrator_tui.project.dotenv import DOTENV, key_names
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.samples import copy_sample, sample_names
from migrator_tui.project.write_back import FileChange, diff_text
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.help.screen import Sign
from migrator_tui.tui.keys import SETUP, bindings
from migrator_tui.tui.setup.changing import change_cases, change_model, change_prompts
from migrator_tui.tui.setup.frame import QuestionApp, QuestionScreen
from migrator_tui.tui.setup.proposal import Proposal, files_of, propose
from migrator_tui.tui.setup.rows import Row, all_rows, looking_rows, painted
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.diff_sheet import diff_content
from migrator_tui.tui.widgets.modal import Confirm, Sheet

NOTE = "nothing is written until you say so"

WATCH_SECONDS = 1.0
"""How often `.env` is looked at: a key put there shows up by itself."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What came of it: the folder to open."""

    folder: Path
    demo: bool = False
    """It is the sample project, not the folder that was set up."""


@dataclass
class Looked(Message):
    """The folder was looked through."""

    found: Discovery
    proposal: Proposal


class Rows(Static):
    """The rows as one text; knows which row lies under the mouse."""

    chosen: reactive[str] = reactive("baseline", layout=False)

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="rows")
        self._glyphs = glyphs
        self.rows: list[Row] = looking_rows(glyphs)

    def show(self, rows: list[Row]) -> None:
        """Other rows, the cursor on the row it was on."""
        self.rows = [row for row in rows if not row.airy or self.app.size.height >= 30]
        ids = self.ids
        if self.chosen not in ids and ids:
            # The task of that row is gone.
            self.chosen = "cases-0" if self.chosen.startswith("cases") else ids[0]
        self.paint()

    @property
    def ids(self) -> list[str]:
        """The rows that can be chosen, from the top."""
        return [row.id for row in self.rows if row.id]

    @property
    def chosen_line(self) -> int:
        """The line of the cursor."""
        return next((n for n, row in enumerate(self.rows) if row.id == self.chosen), 0)

    def step(self, by: int) -> None:
        """Move the cursor; it stops at the ends."""
        ids = self.ids
        if ids:
            self.chosen = ids[max(0, min(len(ids) - 1, ids.index(self.chosen) + by))]

    def watch_chosen(self) -> None:
        self.paint()

    def on_resize(self) -> None:
        self.paint()

    def paint(self) -> None:
        """Draw; one line of the screen for each row."""
        width = self.size.width
        if width:
            self.update(Content("\n").join(painted(self.rows, self.chosen, width, self._glyphs)))

    def row_at(self, line: int) -> str:
        """The id of the row on that line, empty where there is nothing to choose."""
        return self.rows[line].id if 0 <= line < len(self.rows) else ""


class SetUpScreen(QuestionScreen):
    """Found, proposed, missing; and the button that writes."""

    TITLE_TEXT = "Set up"
    HELP_TITLE = "set-up"
    KEYS = SETUP
    NOTE = NOTE
    BINDINGS: ClassVar[list[BindingType]] = bindings(SETUP)

    def __init__(self, folder: Path, glyphs: Glyphs) -> None:
        super().__init__(folder.resolve(), glyphs)
        self.found: Discovery | None = None
        self.proposal: Proposal | None = None
        self._proposed: Proposal | None = None
        """What was proposed before the user changed anything."""
        self._looking = True
        self.available: set[str] = set()
        self._problem = ""
        self._rows = Rows(glyphs)

    def compose_box(self) -> ComposeResult:
        intro = Content.assemble(
            ("Move an LLM application to a new model, with evidence.\n", STRONG),
            ("Not a project yet. Here is what was found, and what is missing.\n", MUTED),
        )
        with VerticalScroll(id="scrolled", can_focus=False):
            yield Static(intro, id="intro")
            yield self._rows
            yield Static(id="message")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#message").display = False
        self.available = self._available()
        self.set_interval(WATCH_SECONDS, self._watch_keys)
        self.look()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._show()
        self.call_after_refresh(self._scroll_to_cursor)

    def signs(self) -> list[Sign]:
        g = self.glyphs
        return [
            (g.passed, "found or chosen", "success"),
            (g.to_judge, "proposed", "primary"),
            (g.failed, "missing or wrong", "error"),
            (g.warning, "to be seen to", "warning"),
        ]

    # Looking through the folder

    @work(thread=True, exclusive=True, group="looking")
    def look(self) -> None:
        """Look through the folder; a large one is left after about two seconds."""
        found = discover(self.folder)
        proposal = propose(found, date.today())
        self.post_message(Looked(found, proposal))

    def on_looked(self, message: Looked) -> None:
        """The folder was looked through."""
        self.found = message.found
        mine, proposed, new = self.proposal, self._proposed, message.proposal
        self._proposed, self._looking = new, False
        if mine is not None and proposed is not None:
            # What the user chose before looking again stays chosen.
            changed = {
                name: getattr(mine, name)
                for name in ("baseline", "candidate", "tasks")
                if getattr(mine, name) != getattr(proposed, name)
            }
            new = replace(new, **changed)
        self.change(new)

    def change(self, proposal: Proposal) -> None:
        """Take over a changed proposal and show it."""
        self.proposal = proposal
        self.say("")
        self._show()

    def _show(self) -> None:
        if self.proposal is not None and self.found is not None and not self._looking:
            today, problem = date.today(), self._problem
            self._rows.show(all_rows(self.proposal, self.found, self.available, today, self.glyphs, problem))

    def _available(self) -> set[str]:
        """The names of variables that hold something, here and in the folder's `.env`."""
        names = {name for name, value in os.environ.items() if value}
        self._problem = ""
        try:
            names |= key_names(self.folder)
        except ProjectError as error:
            self._problem = str(error)
        except OSError as error:
            self._problem = f"{DOTENV}: can't be read ({error.strerror})"
        return names

    def _watch_keys(self) -> None:
        before = (self.available, self._problem)
        self.available = self._available()
        if before != (self.available, self._problem):
            self._show()

    def say(self, text: str, role: str = "error") -> None:
        """A line at the foot of the box; empty takes it away."""
        message = self.query_one("#message", Static)
        message.update(Content.styled(safe_line(text, 600), STYLES[role]))
        message.display = bool(text)
        if text:
            message.scroll_visible(animate=False)

    # Keys

    def action_step(self, by: int) -> None:
        self._rows.step(by)
        self._scroll_to_cursor()

    def _scroll_to_cursor(self) -> None:
        scrolled = self.query_one("#scrolled", VerticalScroll)
        line = self._rows.chosen_line + self.query_one("#intro").size.height
        if self._rows.chosen == (self._rows.ids or [""])[0]:
            line = 0  # the words above it come into sight again
        top, height = scrolled.scroll_offset.y, scrolled.size.height
        if line < top or line >= top + height:
            scrolled.scroll_to(y=line if line < top else line - height + 1, animate=False)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self._rows)
        if at is not None and (chosen := self._rows.row_at(at.y)):
            self._rows.chosen = chosen
            self.action_change()

    @work(exclusive=True, group="question")
    async def action_change(self) -> None:
        chosen, proposal, found = self._rows.chosen, self.proposal, self.found
        if proposal is None or found is None or self._looking:
            return
        if chosen == "create":
            await self._create(proposal)
            return
        if chosen == "demo":
            await self._demo()
            return
        changed: Proposal | None
        if chosen in ("baseline", "candidate"):
            changed = await change_model(self, chosen, proposal, found, self.available)
        elif chosen == "prompt":
            changed = await change_prompts(self, proposal, found)
        else:
            changed = await change_cases(self, int(chosen.removeprefix("cases-")), proposal, found)
        if changed is not None:
            self.change(changed)

    def action_look_again(self) -> None:
        if not self._looking:
            self._looking = True
            self._rows.show(looking_rows(self.glyphs))
            self.look()

    @work(exclusive=True, group="question")
    async def action_import_file(self) -> None:
        """Make the project of a file of another tool instead."""
        from migrator_tui.tui.importing.screen import ImportScreen

        screen = ImportScreen(None, folder=self.folder, glyphs=self.glyphs, beside=self.folder)
        written = await self.app.push_screen_wait(screen)
        if written is not None:
            self.app.exit(SetUp(written.output))

    @work(exclusive=True, group="question")
    async def action_create(self) -> None:
        if self.proposal is None or self._looking:
            self.say("still looking through the folder", "muted")
            return
        await self._create(self.proposal)

    @work(exclusive=True, group="question")
    async def action_demo(self) -> None:
        await self._demo()

    async def _create(self, proposal: Proposal) -> None:
        """Show what would be written; write it when told to."""
        try:
            files = files_of(proposal)
        except ProjectError as error:
            self.say(str(error))
            return
        wrong = [
            task.prompt.problem or next((c.problem for c in task.cases if c.problem), "") for task in proposal.tasks
        ]
        if problem := next(filter(None, wrong), ""):
            self.say(problem)
            return
        changes = [
            FileChange(path, None, text, path.relative_to(self.folder).as_posix()) for path, text in files.items()
        ]
        count = f"{len(changes)} new files" if len(changes) > 1 else "one new file"
        sheet = Sheet(f"Create the project? {count}", diff_content(diff_text(changes)), "enter write")
        if not await self.app.push_screen_wait(sheet):
            return
        try:
            write_files(files)
        except ProjectError as error:
            self.say(str(error).replace(f"{self.folder}/", "", 1))
            return
        self.app.exit(SetUp(self.folder))

    async def _demo(self) -> None:
        """The sample project, copied to where its user can edit it."""
        try:
            name = sample_names()[0]
            target = self.folder / name
            there = (target / "migrator.toml").is_file()
            lines = [
                f"{name}: two simulated models that answer differently. No key, no network.",
                "It is there already and opens as you left it."
                if there
                else f"Its files are copied to {safe_line(str(target))}",
            ]
            if not await self.app.push_screen_wait(Confirm("Open the demo?", lines, "enter open")):
                return
            self.app.exit(SetUp(copy_sample(name, target), demo=True))
        except ProjectError as error:
            self.say(str(error))


class SetUpApp(QuestionApp[SetUp]):
    """The set-up of one folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def first_screen(self) -> QuestionScreen:
        return SetUpScreen(self.folder, self.glyphs)


def set_up(folder: Path) -> SetUp | None:
    """Help to make a project of the folder; what to open then, or `None` where the user left."""
    return SetUpApp(folder).run(mouse=True)
