"""The app: which screen is in front, what all of them share, and how it starts and ends."""

import gc
import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from platformdirs import user_cache_path
from textual import work
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.events import Key
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Input, TextArea

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import SessionState
from migrator_tui.project.schema import Project
from migrator_tui.text_safety import safe_line
from migrator_tui.tui import settings
from migrator_tui.tui.adaptation.reviews import Reviews
from migrator_tui.tui.deciding import DECIDING
from migrator_tui.tui.foreign import foreign_commands, opening_line
from migrator_tui.tui.glyphs import ASCII, UNICODE
from migrator_tui.tui.keys import EVERYWHERE, bindings
from migrator_tui.tui.messages import HistoryFailed, HistoryOpened, Noticed, ProgramFact, ProjectChanged, RunBroke
from migrator_tui.tui.preflight.looks import Looks
from migrator_tui.tui.rolling import Rolling
from migrator_tui.tui.runs import Runs
from migrator_tui.tui.searching import SEARCHING
from migrator_tui.tui.surveying import SURVEYING
from migrator_tui.tui.theme import DEFAULT_THEME
from migrator_tui.tui.widgets.header import HeaderState
from migrator_tui.tui.widgets.tabs import TabNote
from migrator_tui.tui.widgets.work_screen import NOTICE_SECONDS, WorkScreen
from migrator_tui.tui.workbench.case_list import CaseRows
from migrator_tui.tui.workbench.screen import WorkbenchScreen
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from textual.types import CSSPathType

    from migrator_tui.models.dry_run import DryRun, ParameterSet

SESSION_SECONDS = 3.0
"""Between two looks at whether the place where the user is has to be written down."""
SCREENS = {
    "project": ("project.screen", "ProjectScreen"),
    "scorecard": ("scorecard.screen", "ScorecardScreen"),
    "versions": ("versions.screen", "VersionsScreen"),
    "coverage": ("coverage.screen", "CoverageScreen"),
    "rollout": ("rollout.screen", "RolloutScreen"),
    "preflight": ("preflight.screen", "PreflightScreen"),
    "suggestion": ("adaptation.review", "ReviewScreen"),
    "search": ("adaptation.search_screen", "SearchScreen"),
    "acceptance": ("adaptation.acceptance", "AcceptanceScreen"),
}
"""Every screen but the workbench: its module and its class."""
UNNUMBERED = ("preflight", "suggestion", "acceptance", "search")
"""Screens without a tab: something else leads to them."""


class MigratorApp(Rolling):
    """One project folder in one terminal."""

    TITLE = "migrator-tui"
    # The workbench is always first: with styles of its own, all would be read once more before anything shows.
    CSS_PATH: ClassVar["CSSPathType | None"] = ["app.tcss", "workbench/workbench.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings(EVERYWHERE)
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(
        self, project: Project, *, trusted: bool = True, demo: bool = False, own_process: bool = False
    ) -> None:
        """`own_process`: nothing but this app runs here, so the garbage collector may be set to its needs."""
        super().__init__()
        self._own_process = own_process
        self.demo = demo
        self.settings = settings.load()
        # Before the styles are read: set later, they would be read a second time.
        self.theme = self.settings.theme if self.settings.theme in self.available_themes else DEFAULT_THEME
        self.glyphs = ASCII if self.settings.ascii_glyphs else UNICODE
        self.workspace = Workspace(project, self.tell, trusted)
        self.runs = Runs(self.workspace, self.tell)
        self.reviews = Reviews()
        self.looks = Looks(self.workspace, self._dry_run, demo=demo)
        self.decide_about(self.workspace)
        self.survey_about(self.workspace)
        self.search_about(self.workspace)
        self.frame = HeaderState(project=project.name)
        self.notes: dict[str, TabNote] = {}
        self._first_paint = ExitStack()
        self.problem = ""
        """Why the app had to end, where the user can do something about it."""
        self._screens: dict[str, WorkScreen] = {}
        self._notice_timer: Any = None
        self._chosen_theme: str | None = None
        self._ending = False

    # Starting and ending

    def on_mount(self) -> None:
        self._chosen_theme = self.theme
        self.set_interval(SESSION_SECONDS, self.look_around)
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self.set_keymap(self.settings.keymap)
        self.workspace.peek()
        # Nothing is painted before the workbench has its first page: empty panes would be laid out for nobody.
        self._first_paint.enter_context(self.batch_update())
        self._add("workbench", WorkbenchScreen())
        self.push_screen("workbench")

    def paint_first(self) -> None:
        """The workbench has something to show."""
        self._first_paint.close()

    @work(exclusive=True, group="opening")
    async def open_history(self) -> None:
        """Called by the workbench once all of it stands."""
        from migrator_tui.tui.adaptation.review_keeping import bring_back

        await self.workspace.open()
        await bring_back(self)

    def on_history_opened(self, message: HistoryOpened) -> None:
        """Everything is known now; the worker can warm up."""
        self.settle_garbage()
        for screen in self._screens.values():
            screen.history_opened()
        self.watch_rollouts()
        self._show_where_one_was()
        if problem := self._settings_problem():
            self.say(problem, "error")
        elif (foreign := self.workspace.project.foreign) is not None and (line := opening_line(foreign)):
            self.say(line, "warning")
        self._warm()

    def _show_where_one_was(self) -> None:
        """The screen of the last session, unless the user has begun with something in this one."""
        session, bench = self.workspace.session, self.workbench
        untouched = (
            self.screen is bench and isinstance(bench.focused, CaseRows) and bench.case_in_view == session.case_id
        )
        if session.screen in self.screen_names and untouched:
            self.action_show(session.screen)

    def _settings_problem(self) -> str:
        """What is wrong in the user's settings; said once, and the defaults stand."""
        if self.settings.problem:
            return self.settings.problem
        theme = self.settings.theme
        return f"settings: no theme is called {theme}" if theme and theme not in self.available_themes else ""

    @work(exclusive=True, group="warming")
    async def _warm(self) -> None:
        await self.runs.open()
        for screen in self._screens.values():
            screen.models_ready()
        self.settle_garbage()
        await self.runs.warm()
        self.count_scorecards()
        self.survey_coverage()

    def on_project_changed(self, message: ProjectChanged) -> None:
        """Models, parameters and prompts may be others: what was looked at is past."""
        self.looks.forget()

    async def _dry_run(self, sets: "Sequence[ParameterSet]") -> "Sequence[DryRun]":
        return await self.runs.dry_run(sets)

    def on_history_failed(self, message: HistoryFailed) -> None:
        """Without a history nothing could be kept: say why and end."""
        self.problem = message.reason
        self.exit(2)

    async def action_quit(self) -> None:
        for screen in self._screens.values():
            screen.leave()
        self.save_session()
        self._ending = True
        self.cards.stop()
        self.looks.stop()
        self.surveys.stop()
        await self.searches.close()
        self.workers.cancel_all()  # what looks at a long list in a thread stops at its next step
        await self.runs.close()
        await self.workspace.close()
        self.exit(0)

    def _fatal_error(self) -> None:
        # Textual would print the stack with local variables, and keys may be among them. Whoever started the app
        # writes a log without them.
        self.bell()
        self._close_messages_no_wait()

    @property
    def crash(self) -> BaseException | None:
        """What ended the app, if it was a mistake of ours."""
        return self._exception

    def settle_garbage(self) -> None:
        """Keep the collector from stopping the screen for a tenth of a second while text streams in.

        What was imported and made until now stays and is not looked through again; of what follows, a great deal
        may gather (a million objects) before all of it is.
        """
        if self._own_process:
            gc.enable()
            gc.freeze()
            gc.set_threshold(1_000, 15, 60)

    async def look_around(self) -> None:
        """Now and then: remember where the user is, and end where the terminal is gone.

        Who starts the app from `make` may close the window without the app being told: only its input ends.
        """
        self.save_session()
        if self._own_process and not os.isatty(0):
            await self.action_quit()

    def save_session(self) -> None:
        """Remember where the user is."""
        if not self.workspace.is_open:
            return
        sizes: dict[str, Any] = {}
        for screen in self._screens.values():
            sizes |= screen.remembered()
        state = SessionState(
            screen=self.current.NAME,
            task=self.workspace.task.name,
            candidate=self.workspace.candidate.name,
            case_id=self.workbench.case_in_view,
            sizes=sizes,
        )
        if state != self.workspace.session:
            try:
                self.workspace.save_session(state)
            except HistoryError as error:  # a full disk, say: the work on the screen is worth more than its place
                self.say(str(error), "error")

    def tell(self, message: Message) -> None:
        """Post what happened to whom it concerns; safe from threads."""
        if self._ending:
            return  # the history is about to be closed, and nobody looks any more
        if isinstance(message, ProgramFact):
            self.post_message(message)
            return
        for screen in list(self._screens.values()):
            screen.post_message(message)
        if isinstance(message, (*DECIDING, *SURVEYING, *SEARCHING)):
            self.post_message(message)

    # The frame

    @property
    def current(self) -> WorkScreen:
        """The numbered screen in front, under whatever question is open."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, WorkScreen):
                return screen
        return self._screens["workbench"]

    def change_frame(self, **changes: Any) -> None:
        """Change what the header says, on every screen."""
        self.frame = replace(self.frame, **changes)
        self.paint_frame()

    def note_tab(self, screen: str, note: TabNote | None) -> None:
        """Change what a tab says."""
        if note is None:
            self.notes.pop(screen, None)
        else:
            self.notes[screen] = note
        self.paint_frame()

    def paint_frame(self) -> None:
        """Paint header and tabs of the screen in front."""
        screen = self.current
        if screen.is_mounted and self.is_running:  # while the app ends, screens lose their parts one by one
            screen.show_frame(self.frame, dict(self.notes), self.screen_names)

    @property
    def screen_names(self) -> tuple[str, ...]:
        """The screens of this project; the overview is there from two rows on."""
        project = self.workspace.project
        many = len(project.tasks) * len(project.candidates) > 1
        return (("project",) if many else ()) + ("workbench", "scorecard", "versions", "coverage", "rollout")

    def say(self, text: str, role: str = "muted") -> None:
        """One line in the header for some seconds."""
        self.change_frame(notice=safe_line(text), notice_role=role)
        if self._notice_timer is not None:
            self._notice_timer.stop()
        seconds = NOTICE_SECONDS * (2 if role == "error" else 1)
        self._notice_timer = self.set_timer(seconds, lambda: self.change_frame(notice=""))

    def on_run_broke(self, message: RunBroke) -> None:
        """A mistake of ours in a run: end as for any other one."""
        raise message.error

    def on_noticed(self, message: Noticed) -> None:
        """A line from the workspace."""
        self.say(message.text, message.role)

    def copy_text(self, text: str, what: str) -> None:
        """To the clipboard (OSC 52, which works over SSH too), and to a file for terminals that ignore it."""
        file = user_cache_path("migrator-tui", appauthor=False) / "copied.txt"
        self.copy_to_clipboard(text.encode("utf-8", "replace").decode())
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", errors="replace")
            file.chmod(0o600)
        except OSError as error:
            self.say(f"copied {what}; not written to {file}: {error}", "warning")
            return
        self.say(f"copied {what}; also in {file}")

    def on_key(self, event: Key) -> None:
        """What was typed while the focus was on its way into a field belongs there, and is no command.

        Fields keep their letters to themselves: those that come here were sent to what had the focus before.
        """
        field = self.focused
        # Several lines take `enter` as well; in a single one it is a binding.
        lines = isinstance(field, TextArea) and not field.read_only
        if not (lines or isinstance(field, Input)) or field is None:
            return
        if event.is_printable or (lines and event.key == "enter"):
            event.prevent_default()
            field.post_message(Key(event.key, event.character))

    # Screens

    def action_show(self, name: str) -> None:
        """Bring a screen to the front."""
        if name not in (*self.screen_names, *UNNUMBERED) or name == self.current.NAME:
            return
        if name not in self._screens:
            self._add(name, self._make(name))
        self.switch_screen(name)
        self.call_after_refresh(self.paint_frame)

    def _add(self, name: str, screen: WorkScreen) -> None:
        self._screens[name] = screen
        self.install_screen(screen, name)

    def _make(self, name: str) -> WorkScreen:
        module, screen = SCREENS[name]
        # Imported when its key is pressed: most are never opened.
        made: WorkScreen = getattr(import_module(f"migrator_tui.tui.{module}"), screen)()
        return made

    @property
    def workbench(self) -> WorkbenchScreen:
        """The workbench, which always exists."""
        screen = self._screens["workbench"]
        assert isinstance(screen, WorkbenchScreen)
        return screen

    def action_help(self) -> None:
        """`?`: the keys of the focused pane."""
        from migrator_tui.tui.help.screen import HelpScreen

        if isinstance(self.screen, WorkScreen):
            panes = self.screen.help_panes()
            self.push_screen(HelpScreen(next(iter(panes)), panes, self.glyphs, self.screen.help_signs()))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: what the keys of the screen in front do, then theme and quit."""
        from migrator_tui.tui.adaptation.asking import strip_command
        from migrator_tui.tui.adaptation.exchanges import exchange_commands
        from migrator_tui.tui.commands import screen_commands

        yield from foreign_commands(self)
        yield from strip_command(self)
        yield from screen_commands(self, screen)
        yield from exchange_commands(self)
        yield from (c for c in super().get_system_commands(screen) if c.title in ("Theme", "Quit", "Screenshot"))

    def _keep_theme(self, theme: Theme) -> None:
        """A theme chosen in the palette is chosen for good."""
        if self._chosen_theme is not None and theme.name != self._chosen_theme:
            self._chosen_theme = theme.name
            try:
                settings.save_theme(theme.name)
            except (OSError, UnicodeDecodeError) as error:
                self.say(f"the theme holds until the program ends: {error}", "warning")


def run_app(folder: Path, *, demo: bool = False, trust: bool = False) -> int:
    """Open the app on a folder; the exit code. A folder without a project opens the set-up."""
    from migrator_tui.tui.start import open_app

    return open_app(folder, demo=demo, trust=trust)
