"""The frame that all screens share: header, tabs and footer around a body, and the way keys find their pane."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from migrator_tui.tui.keys import EVERYWHERE, Key
from migrator_tui.tui.widgets.footer import KeyFooter
from migrator_tui.tui.widgets.header import HeaderBar, HeaderState
from migrator_tui.tui.widgets.tabs import ScreenTabs, TabNote

if TYPE_CHECKING:
    from migrator_tui.tui.app import MigratorApp

NOTICE_SECONDS = 4.0


class WorkScreen(Screen[None]):
    """A numbered screen: three fixed rows, the rest is panes."""

    NAME = ""
    """What the tabs call it."""
    TAB = ""
    """The tab it stands under, where it has none of its own."""
    BINDINGS: ClassVar[list[BindingType]] = []

    def compose(self) -> ComposeResult:
        yield HeaderBar(self.program.glyphs)
        yield ScreenTabs(self.TAB or self.NAME)
        yield from self.compose_body()
        yield KeyFooter()

    def compose_body(self) -> ComposeResult:
        """The panes between tabs and footer."""
        raise NotImplementedError

    @property
    def program(self) -> "MigratorApp":
        """The app, with its workspace."""
        from migrator_tui.tui.app import MigratorApp

        return cast(MigratorApp, self.app)

    @property
    def header(self) -> HeaderBar:
        """The first row."""
        return self.query_one(HeaderBar)

    def history_opened(self) -> None:
        """The history can be read now."""

    def models_ready(self) -> None:
        """Models can be asked now."""

    def leave(self) -> None:
        """The program ends: write down what is not yet."""

    def remembered(self) -> Mapping[str, object]:
        """What this screen wants to find again at the next start."""
        return {}

    def panes(self) -> Mapping[str, Sequence[Key]]:
        """The keys of each pane by its title, the focused one first: for footer and help."""
        raise NotImplementedError

    def show_keys(self) -> None:
        """Footer: the keys of the focused pane."""
        if not self.query(KeyFooter):
            return  # the app ends, and what was going on is over after its screen
        _, keys = next(iter(self.panes().items()))
        self.query_one(KeyFooter).keys = tuple(keys)

    def show_frame(self, state: HeaderState, notes: Mapping[str, TabNote], screens: tuple[str, ...]) -> None:
        """Header and tabs, which the app keeps for all screens."""
        if not self.query(HeaderBar):
            return  # the app ends, and a line that stood for some seconds is taken back after its screen
        self.header.state = state
        tabs = self.query_one(ScreenTabs)
        tabs.notes = notes
        tabs.shown = screens

    def say(self, text: str, role: str = "muted") -> None:
        """One line in the header for some seconds."""
        self.program.say(text, role)

    def help_signs(self) -> Sequence[tuple[str, str, str]] | None:
        """The signs that `?` explains, each with its words and colour role; `None`: those of the workbench."""
        return None

    def help_panes(self) -> Mapping[str, Sequence[Key]]:
        """What `?` shows: the panes, then what works everywhere."""
        first, *rest = self.panes().items()
        title, keys = first
        return {title: (*keys, *EVERYWHERE), **dict(rest)}
