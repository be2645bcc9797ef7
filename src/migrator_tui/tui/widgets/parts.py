"""A part of a screen: a pane with a list of rows, and over it a line of column heads that stays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.row_list import ListRow, RowList

LONGEST_HUNG = 4_000
"""Characters; wrapping is slow on endless lines, which a text view breaks by itself."""

Draw = Callable[[int], Content]
"""The content of a line for a width in cells."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a part shows."""

    title: Content
    rows: Sequence[ListRow]
    heads: Draw | None = None
    bottom: Content = field(default_factory=lambda: Content(""))


class HeadLine(Widget):
    """The line over a list, drawn for the width it has."""

    DEFAULT_CSS = """
    HeadLine { height: 1; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._draw: Draw | None = None

    def show(self, draw: Draw | None) -> None:
        """Another line, or none."""
        self._draw = draw
        self.display = draw is not None
        self.refresh()

    def render(self) -> Content:
        # The list beside it keeps one cell for its scrollbar.
        return self._draw(self.size.width - 1) if self._draw is not None else Content("")


class Part(Pane):
    """One part."""

    DEFAULT_CSS = """
    Part RowList { scrollbar-gutter: stable; }
    """

    def __init__(self, name: str, *, leads: bool = False) -> None:
        """`leads`: what stands beside it is about its row under the cursor, which stays in sight."""
        super().__init__(id=f"{name}-pane")
        self.part = name
        self._leads = leads

    def compose(self) -> ComposeResult:
        yield HeadLine()
        yield RowList(id=f"{self.part}-rows", cursor_when_focused=not self._leads)

    @property
    def rows(self) -> RowList:
        """Its list."""
        return self.query_one(RowList)

    def fill(self, filled: Filled, *, still: bool = False) -> None:
        """Show something else; the cursor stays on its row. `still`: and nothing scrolls."""
        self.title(filled.title)
        self.bottom(filled.bottom)
        self.query_one(HeadLine).show(filled.heads)
        self.rows.show(filled.rows, still=still)


def cell(text: str, cells: int, role: str, *, right: bool = False, bold: bool = False) -> Content:
    """A column: cut or filled to so many cells, one of them air. Runs of spaces in the text stay."""
    style = STYLES[role]
    style = f"bold {style}" if bold and not style.startswith("bold") else style
    room, text = max(0, cells - 1), safe(text).replace("\n", " ").replace("\t", " ")
    if right:
        return Content.styled(f"{text:>{room}}", style).truncate(room, ellipsis=True) + " "
    return Content.styled(text, style).truncate(room, ellipsis=True, pad=True) + " "


def mark(selected: bool, glyphs: Glyphs) -> Content:
    """The two cells in which the cursor stands."""
    return Content.styled(f"{glyphs.cursor if selected else ' '} ", STYLES["primary"])


def hanging(line: Content, indent: int, width: int) -> Content:
    """A line wrapped to a width; what follows the first stands under its text. An endless line stays as it is."""
    if line.cell_length <= width or width <= indent + 10 or len(line) > LONGEST_HUNG:
        return line
    head, rest = line[:indent], line[indent:]
    first, *others = rest.wrap(width - indent)
    return Content("\n").join([head + first, *(Content(" " * indent) + other for other in others)])


def text_row(text: str, role: str = "muted", indent: int = 2) -> ListRow:
    """A line that cannot be chosen."""

    def draw(width: int, selected: bool) -> Content:
        return Content.styled(" " * indent + safe_line(text), STYLES[role]).truncate(width, ellipsis=True)

    return ListRow(None, draw)


def heading(title: str, more: str = "") -> Content:
    """A pane's title: what it is, and of what."""
    return Content.assemble((title, STRONG), (f" {more}" if more else "", MUTED))
