"""What is asked before the workbench opens shares one frame: a row at the top, one box in the middle, keys below.

Each question is a small app of its own: it ends before the workbench's begins, and knows nothing of a project.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from migrator_tui.text_safety import safe_line
from migrator_tui.tui import settings
from migrator_tui.tui.glyphs import ASCII, UNICODE, Glyphs
from migrator_tui.tui.help.screen import HelpScreen, Sign
from migrator_tui.tui.keys import EVERYWHERE, Key, bindings
from migrator_tui.tui.theme import DEFAULT_THEME, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.footer import KeyFooter
from migrator_tui.tui.widgets.pane import Pane

Answer = TypeVar("Answer")

COMMON = tuple(key for key in EVERYWHERE if key.id in ("help", "commands", "quit"))


def short_folder(folder: Path) -> str:
    """A folder as people write it, with `~` for their own."""
    try:
        return f"~/{folder.relative_to(Path.home()).as_posix()}".removesuffix("/.")
    except (ValueError, RuntimeError):
        return str(folder)


class TopBar(Widget):
    """The program and the folder at the left; at the right what holds for the whole screen."""

    DEFAULT_CSS = """
    TopBar { height: 1; background: $surface; color: $foreground; }
    """

    note: reactive[str] = reactive("", layout=False)
    role: reactive[str] = reactive("muted", layout=False)

    def __init__(self, folder: Path, note: str, glyphs: Glyphs) -> None:
        super().__init__()
        self._folder = safe_line(short_folder(folder))
        self._glyphs = glyphs
        self.set_reactive(TopBar.note, note)

    def render(self) -> Content:
        width = self.size.width
        left = Content.assemble((f" {self._glyphs.brand} ", STYLES["primary"]), ("migrator-tui", STRONG), "   ")
        right = Content.assemble("  ", (safe_line(self.note), STYLES[self.role]), " ")
        room = width - left.cell_length - right.cell_length
        if room < 12:
            right = Content.styled("", MUTED)
            room = max(0, width - left.cell_length - 1)
        folder = Content.styled(self._folder, MUTED)
        if folder.cell_length > room:
            # The end of a path says more than its beginning.
            folder = Content.styled(self._glyphs.more + self._folder[-(room - 1) :], MUTED).truncate(room)
        return (left + folder).truncate(max(0, width - right.cell_length), pad=True) + right


class QuestionScreen(Screen[None]):
    """Top row, a box, footer. A question fills the box and names its keys."""

    TITLE_TEXT = ""
    HELP_TITLE = "question"
    KEYS: ClassVar[Sequence[Key]] = ()
    NOTE = ""

    def __init__(self, folder: Path, glyphs: Glyphs) -> None:
        super().__init__()
        self.folder = folder
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        yield TopBar(self.folder, self.NOTE, self.glyphs)
        with Vertical(id="middle"), Pane(id="box"):
            yield from self.compose_box()
        yield KeyFooter()

    def compose_box(self) -> ComposeResult:
        """What the box holds."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.query_one("#box", Pane).title(self.TITLE_TEXT)
        self.query_one(KeyFooter).keys = self.KEYS

    def on_resize(self, event: events.Resize) -> None:
        """What is long scrolls inside the box; what must stay in sight keeps its rows."""
        short = event.size.height < 30
        self.set_class(short, "-short")
        self.set_class(event.size.width < 90, "-narrow")
        bars_border_padding = 4 if short else 6
        rows = event.size.height - bars_border_padding - self.rows_below()
        self.query_one("#scrolled").styles.max_height = max(3, rows)

    def rows_below(self) -> int:
        """Rows of the box that never scroll away."""
        return 0

    def signs(self) -> Sequence[Sign]:
        """The signs in sight, for the help."""
        return ()


class QuestionApp(App[Answer]):
    """One question, in the user's theme, signs and keys. Ends with `None` where nothing was decided."""

    TITLE = "migrator-tui"
    CSS_PATH = ["../app.tcss", "setup.tcss"]  # noqa: RUF012 - Textual declares it as a plain attribute
    BINDINGS: ClassVar[list[BindingType]] = bindings(COMMON)
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(self) -> None:
        super().__init__()
        self.settings = settings.load()
        self.glyphs = ASCII if self.settings.ascii_glyphs else UNICODE

    def first_screen(self) -> QuestionScreen:
        """The screen that asks."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.theme = self.settings.theme if self.settings.theme in self.available_themes else DEFAULT_THEME
        self.set_keymap(self.settings.keymap)
        self.open_first()

    def open_first(self) -> None:
        """Put the screen that asks in front."""
        self.push_screen(self.first_screen())

    async def action_quit(self) -> None:
        self.exit(None)

    def action_help(self) -> None:
        """`?`: the keys of the question."""
        if isinstance(self.screen, QuestionScreen):
            keys = (*self.screen.KEYS, *(key for key in COMMON if key.id != "quit"))
            pane = self.screen.HELP_TITLE
            self.push_screen(HelpScreen(pane, {pane: keys}, self.glyphs, self.screen.signs()))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: what the keys do, then theme and quit."""
        if isinstance(screen, QuestionScreen):
            for key in screen.KEYS:
                if key.palette:
                    yield SystemCommand(key.help[0].upper() + key.help[1:], key.label, self._command(key, screen))
        yield from (c for c in super().get_system_commands(screen) if c.title in ("Theme", "Quit"))

    def _command(self, key: Key, screen: Screen[Any]) -> Any:
        async def run() -> None:
            await self.run_action(key.action, default_namespace=screen)

        return run
