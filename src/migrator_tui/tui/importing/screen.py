"""The import screen: what a source was taken for, what its columns become, what was found, what would be written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import get_current_worker

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.column_guess import LEFT_OUT, Column
from migrator_tui.project.importing.plan import Import
from migrator_tui.project.importing.request import Wishes
from migrator_tui.project.words import counted
from migrator_tui.reports.import_preview import short_path, source_lines
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.help.screen import HelpScreen, Sign
from migrator_tui.tui.importing import asking
from migrator_tui.tui.importing.choices import Choices, first_choices, toggled
from migrator_tui.tui.importing.drawing import case_rows, column_rows, file_rows, found_rows, held_rows
from migrator_tui.tui.importing.reading import Stopped, prepared
from migrator_tui.tui.keys import IMPORT, bindings
from migrator_tui.tui.setup.frame import TopBar
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES, chip
from migrator_tui.tui.widgets.footer import KeyFooter
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.row_list import RowList

NOTE = "nothing is written until you say so"
PARTS = ("columns", "found", "written", "rows")
SHOWN_ROWS = 200
"""First rows that can be looked through."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of it: the folder that was written to, and the task that got the cases."""

    output: Path
    task: str


@dataclass
class Read(Message):
    """So many rows were read for the choices of that number."""

    number: int
    rows: int
    share: float


@dataclass
class Ready(Message):
    """The files are made, beside their place."""

    number: int
    made: Import


@dataclass
class Refused(Message):
    """It cannot be imported like that."""

    number: int
    where: str
    why: str


class ImportScreen(ModalScreen[Imported | None]):
    """One source on its way in. Dismissed with what was written, or with `None`."""

    CSS_PATH = "importing.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(IMPORT),
        Binding("question_mark,f1", "help", "keys", show=False),
        Binding("ctrl+p", "app.command_palette", "commands", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "edge(False)", show=False),
        Binding("end,G", "edge(True)", show=False),
    ]

    def __init__(
        self,
        source: Path | None,
        *,
        folder: Path,
        glyphs: Glyphs,
        output: Path | None = None,
        task: str | None = None,
        wishes: Wishes | None = None,
        choices: Choices | None = None,
        beside: Path | None = None,
    ) -> None:
        """`source` is asked for where it is `None`, `output` before anything is written where it is.

        `folder` is where paths that are typed begin. `choices` says more than a source: several files, a format.
        `beside` is a folder that may become a project though it holds other files.
        """
        super().__init__()
        self.folder = folder
        self.glyphs = glyphs
        self._proposed = partial(first_choices, folder=folder, output=output, task=task, wishes=wishes, beside=beside)
        self.choices = choices
        if choices is None and source is not None:
            self.choices = self._proposed(source)
        self._first = self.choices
        """What `escape` gives up without asking."""
        self.made: Import | None = None
        self.columns: Sequence[Column] = ()
        self._number = self._made_number = 0
        self._filter = ""
        self._part = 0

    def compose(self) -> ComposeResult:
        yield TopBar(self.folder, NOTE, self.glyphs)
        with Pane(id="source"):
            yield Static(id="taken")
        yield Static(id="parts")
        with Horizontal(id="middle"):
            with Pane(id="columns", classes="part"):
                yield RowList(id="columns-list", cursor_when_focused=True)
            with Vertical(id="right"):
                with Pane(id="found", classes="part"):
                    yield RowList(id="found-list", cursor_when_focused=True)
                with Pane(id="written", classes="part"):
                    yield RowList(id="written-list", cursor_when_focused=True)
        with Pane(id="rows", classes="part"):
            yield RowList(id="rows-list", cursor_when_focused=True)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(KeyFooter).keys = IMPORT
        for pane, bottom in (
            ("columns", "enter changes where it goes"),
            ("found", "enter lists them"),
            ("written", "w writes, after the diff"),
        ):
            self.query_one(f"#{pane}", Pane).bottom(bottom)
        self.query_one("#columns-list").focus()
        if self.choices is None:
            self._ask_source()
        else:
            self.read_again()

    def on_unmount(self) -> None:
        self._number += 1  # whatever is still read is of no use any more
        self._let_go()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < 110 or event.size.height < 32, "-one")
        self._show_part()

    # Reading

    def read_again(self) -> None:
        """Read the source with the choices as they are; what was being read before is given up."""
        if self.choices is None:
            return
        self._number += 1
        self.query_one("#found", Pane).title(Content.styled("Found   reading …", MUTED))
        self._read(self.choices, self._number)

    @work(thread=True, exclusive=True, group="reading")
    def _read(self, choices: Choices, number: int) -> None:
        worker = get_current_worker()

        def told(rows: int, share: float) -> None:
            if worker.is_cancelled or number != self._number:
                raise Stopped
            self.post_message(Read(number, rows, share))

        try:
            made = prepared(choices, told)
        except Stopped:
            return
        except ProjectError as error:
            self.post_message(Refused(number, str(error.file or ""), error.what))
            return
        if worker.is_cancelled or number != self._number or not self.post_message(Ready(number, made)):
            made.close()

    def on_read(self, message: Read) -> None:
        if message.number == self._number:
            text = f"Found   reading … {message.rows:,} rows, {message.share:.0%}"
            self.query_one("#found", Pane).title(Content.styled(text, MUTED))

    def on_refused(self, message: Refused) -> None:
        if message.number != self._number:
            return
        self._let_go()
        for part in ("found", "written", "rows"):
            self.query_one(f"#{part}-list", RowList).show([])
        self.query_one("#found", Pane).title("Found")
        self.query_one("#written", Pane).title("Will be written")
        self.query_one("#rows", Pane).bottom("")
        self._say(message.where, message.why)

    def on_ready(self, message: Ready) -> None:
        if message.number != self._number:
            message.made.close()
            return
        self._let_go()
        self.made, self._made_number = message.made, message.number
        self.columns = message.made.opened.columns
        self._show()

    def _let_go(self) -> None:
        if self.made is not None:
            self.made.close()
            self.made = None

    @property
    def current(self) -> Import | None:
        """The import as the choices have it now; `None` while it is read, and where it can't be."""
        return self.made if self._made_number == self._number else None

    # Painting

    def _show(self) -> None:
        made, g = self.made, self.glyphs
        if made is None:
            return
        first, taken = source_lines(made)
        lines = [Content.styled(safe_line(first, 400), STRONG), Content.styled(safe_line(taken, 400), MUTED)]
        self.query_one("#taken", Static).update(Content("\n").join(lines))
        guessed = made.opened.guess is not None
        name = made.opened.looks_like or made.opened.format.title
        sign = chip(f"{g.to_judge} {name}?", "primary") if guessed else chip(f"{g.passed} {name}", "success")
        self.query_one("#source", Pane).title(Content.assemble("Source   ", sign))
        self._show_columns()
        found, written = self.query_one("#found", Pane), self.query_one("#written", Pane)
        found.title("Found")
        self.query_one("#found-list", RowList).show(found_rows(made, g))
        new = f"{counted(len(made.files), 'file')} new" + (f", {len(made.changes)} changed" if made.changes else "")
        written.title(
            Content.assemble("Will be written ", (f"{new} · {safe_line(short_path(str(made.target.output)))}", MUTED))
        )
        self.query_one("#written-list", RowList).show(file_rows(made, g))
        self._show_rows()
        self._show_part()

    def _show_columns(self) -> None:
        made, pane = self.made, self.query_one("#columns", Pane)
        listed = self.query_one("#columns-list", RowList)
        if made is not None and not self.columns:
            pane.title("What the rows hold")
            pane.bottom("")
            listed.show(held_rows(made, self.glyphs))
            return
        used = [column for column in self.columns if column.becomes != LEFT_OUT]
        confirm = sum(not column.sure for column in used)
        counts = f"{len(used) - confirm} mapped · {confirm} to confirm · {len(self.columns) - len(used)} left out"
        pane.title(Content.assemble("Columns ", (counts, STYLES["primary"] if confirm else MUTED)))
        listed.show(column_rows(self.columns, self.glyphs))

    def shown_rows(self) -> list[dict[str, Any]]:
        """The first rows as they will be, those that the filter lets through."""
        rows = self.made.first_rows(SHOWN_ROWS) if self.made is not None else []
        wanted = self._filter.casefold()
        return [row for row in rows if not wanted or wanted in str(row).casefold()]

    def _show_rows(self) -> None:
        if self.made is None:
            return
        rows, pane = self.shown_rows(), self.query_one("#rows", Pane)
        pane.title(
            Content.assemble(
                "First rows as they will be ", (f"filter: {self._filter}" if self._filter else "", MUTED)
            )
        )
        total = len(self.made.chosen) if self.made.chosen is not None else self.made.gathering.found.kept
        pane.bottom(f"{len(rows):,} of {total:,} · i the whole row")
        self.query_one("#rows-list", RowList).show(case_rows(rows, self.glyphs))

    def _show_part(self) -> None:
        for number, name in enumerate(PARTS):
            self.query_one(f"#{name}").set_class(number == self._part, "-shown")
        self.query_one("#middle").set_class(PARTS[self._part] == "rows", "-away")
        self.query_one("#right").set_class(PARTS[self._part] not in ("found", "written"), "-away")
        names = [
            Content.styled(name, STRONG if number == self._part else FAINT)
            for number, name in enumerate(("Columns", "Found", "Will be written", "First rows"))
        ]
        self.query_one("#parts", Static).update(Content("  ").join([*names, Content.styled("tab", MUTED)]))

    def _say(self, where: str, why: str) -> None:
        lines = [Content.styled(safe_line(where, 200), MUTED), Content.styled(safe_line(why, 400), STYLES["error"])]
        self.query_one("#taken", Static).update(Content("\n").join(lines))
        self.query_one("#source", Pane).title(
            Content.assemble("Source   ", chip(f"{self.glyphs.failed} not like that", "error"))
        )

    # Keys

    @property
    def rows(self) -> RowList:
        """The list that the keys move through."""
        return self.query_one(f"#{PARTS[self._part]}-list", RowList)

    def action_step(self, by: int) -> None:
        self.rows.step(by)

    def action_page(self, direction: int) -> None:
        self.rows.page(direction)

    def action_edge(self, end: bool) -> None:
        self.rows.edge(end)

    def action_part(self, by: int) -> None:
        self._part = (self._part + by) % len(PARTS)
        self._show_part()
        # After it is in sight: what is hidden takes no focus.
        self.call_after_refresh(self.rows.focus)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        name = (event.widget.id or "").removesuffix("-list")
        # Where one part is in sight, hiding it moves the focus by itself.
        if name in PARTS and PARTS[self._part] != name and not self.has_class("-one"):
            self._part = PARTS.index(name)
            self._show_part()

    def take_columns(self, columns: Sequence[Column]) -> None:
        """Other columns: shown at once, read anew behind that."""
        if self.choices is None:
            return
        self.columns = columns
        request = replace(self.choices.request, exact=tuple(columns), columns={}, left_out=())
        self.choices = replace(self.choices, request=request)
        self._show_columns()
        self.read_again()

    def action_take(self) -> None:
        part, key = PARTS[self._part], self.rows.highlighted
        if part == "columns" and self.columns and key is not None:
            self.take_columns(toggled(self.columns, key))
        elif part == "found" and key == "personal":
            self._mask_or_keep()
        elif part == "found" and key == "similar":
            asking.fold_or_keep(self)

    @work(exclusive=True, group="question")
    async def _mask_or_keep(self) -> None:
        await asking.mask_or_keep(self)

    @work(exclusive=True, group="question")
    async def action_change(self) -> None:
        part, key = PARTS[self._part], self.rows.highlighted
        if part == "columns" and not self.columns:
            await asking.other_format(self)
        elif part == "columns" and key is not None:
            await asking.other_column(self, key)
        elif part == "found" and key is not None:
            await asking.list_found(self, key)
        elif part == "written":
            await asking.other_output(self, key or "")
        elif part == "rows":
            await asking.whole_row(self)

    @on(RowList.Opened)
    def row_opened(self, event: RowList.Opened) -> None:
        event.stop()
        self.action_change()

    @work(exclusive=True, group="question")
    async def action_input(self) -> None:
        await asking.whole_row(self)

    @work(exclusive=True, group="question")
    async def action_filter(self) -> None:
        wanted = await asking.filter_text(self, self._filter)
        if wanted is not None:
            self._filter = wanted.strip()
            self._show_rows()

    @work(exclusive=True, group="question")
    async def action_write(self) -> None:
        await asking.write(self)

    @work(exclusive=True, group="question")
    async def _ask_source(self) -> None:
        source = await asking.source(self)
        if source is None:
            self.dismiss(None)
            return
        self.choices = self._first = self._proposed(source)
        self.read_again()

    @work(exclusive=True, group="question")
    async def action_back(self) -> None:
        if self.choices == self._first or await asking.leave(self):
            self.dismiss(None)

    def action_help(self) -> None:
        g = self.glyphs
        signs: list[Sign] = [
            (g.passed, "sure, or found", "success"),
            (g.to_judge, "a guess, to confirm", "primary"),
            (g.waiting, "left out", "muted"),
            (g.carried_over, "nearly the same", "warning"),
            (g.warning, "personal data", "warning"),
        ]
        self.app.push_screen(HelpScreen("import", {"import": IMPORT}, g, signs))
