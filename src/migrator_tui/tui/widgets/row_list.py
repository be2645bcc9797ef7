"""A list of rows, one of them under the cursor, painted line by line; heads are passed over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from migrator_tui.tui.theme import FAINT, STYLES


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row."""

    key: str | None
    """Names the row over a reload; `None`: the cursor cannot stand here."""
    draw: Callable[[int, bool], Content]
    """The row's content for a width in cells, and whether the cursor is on it."""


def head_row(title: str, role: str, number: int | None = None) -> ListRow:
    """`── Title 3 ─────`, in the colour of its role."""

    def draw(width: int, selected: bool) -> Content:
        style = STYLES[role]
        count = "" if number is None else f"{number:,} "
        rest = max(0, width - len(title) - len(count) - 4)
        named = (f" {title} ", f"bold {style}" if role != "muted" else style)
        return Content.assemble(("──", FAINT), named, (count, style), ("─" * rest, FAINT))

    return ListRow(None, draw)


class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """The rows. Sends `Highlighted` when another row comes under the cursor, `Opened` on a double click."""

    DEFAULT_CSS = """
    RowList { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    class Highlighted(Message):
        """Another row is under the cursor."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Opened(Message):
        """A row was clicked twice."""

    def __init__(self, *, id: str | None = None, cursor_when_focused: bool = False) -> None:
        """`cursor_when_focused`: one of several lists on a screen, whose cursor is in sight in one of them only."""
        super().__init__(id=id)
        self._cursor_when_focused = cursor_when_focused
        self._rows: Sequence[ListRow] = ()
        self._cursor = 0
        self.moved = False
        """The user has put the cursor somewhere."""

    @property
    def highlighted(self) -> str | None:
        """The key of the row under the cursor."""
        return self._rows[self._cursor].key if 0 <= self._cursor < len(self._rows) else None

    @property
    def keys(self) -> list[str]:
        """The keys of all rows, in order."""
        return [row.key for row in self._rows if row.key is not None]

    def position(self) -> int:
        """Which of the rows with a key is under the cursor, from 1; 0 for none."""
        key = self.highlighted
        return self.keys.index(key) + 1 if key is not None else 0

    def show(self, rows: Sequence[ListRow], *, highlight: str | None = None, still: bool = False) -> None:
        """Replace the rows. The cursor goes to `highlight`, else stays on its row, else on its place.

        `still`: what is in sight stays where it is, though the cursor may be elsewhere, as long as its row is there.
        """
        before = self.highlighted
        wanted = highlight or before
        self._rows = rows
        self.virtual_size = Size(self.size.width, len(rows))
        keys = [row.key for row in rows]
        index = keys.index(wanted) if wanted is not None and wanted in keys else min(self._cursor, len(rows) - 1)
        self._cursor = self._off_heads(max(0, index), 1)
        if not still or self.highlighted != before:
            self._keep_in_sight()
        self.refresh()
        if self.highlighted is not None:
            self.post_message(self.Highlighted(self.highlighted))

    def step(self, by: int) -> None:
        """Move the cursor by so many lines, over heads."""
        self._move(self._cursor + by, 1 if by > 0 else -1)

    def page(self, direction: int) -> None:
        """Move by a screenful."""
        self.step(direction * max(1, self.size.height - 2))

    def edge(self, end: bool) -> None:
        """Move to the first or last row."""
        self._move(len(self._rows) - 1 if end else 0, -1 if end else 1)

    def go_to(self, key: str) -> None:
        """Put the cursor on a row, where there is one of that key."""
        for index, row in enumerate(self._rows):
            if row.key == key:
                self._move(index, 1)

    def _move(self, index: int, direction: int) -> None:
        self.moved = True
        before = self._cursor
        self._cursor = self._off_heads(max(0, min(index, len(self._rows) - 1)), direction)
        if self._cursor == before:
            return
        self._keep_in_sight()
        self.refresh()
        if self.highlighted is not None:
            self.post_message(self.Highlighted(self.highlighted))

    def _off_heads(self, index: int, direction: int) -> int:
        """The next row with a key in that direction, else in the other."""
        ways = (range(index, len(self._rows)), range(index, -1, -1))
        for way in ways if direction > 0 else reversed(ways):
            for at in way:
                if at < len(self._rows) and self._rows[at].key is not None:
                    return at
        return 0

    def _keep_in_sight(self) -> None:
        top = self._cursor
        while top and self._rows[top - 1].key is None:
            top -= 1
        self.scroll_to_region(Region(0, top, 1, self._cursor - top + 1), animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if index < len(self._rows) and self._rows[index].key is not None:
            self._move(index, 1)
            if event.chain == 2:
                self.post_message(self.Opened())

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._rows))
        if self._rows:
            self._keep_in_sight()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + self.scroll_offset.y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        selected = index == self._cursor and self._rows[index].key is not None
        selected = selected and (self.has_focus or not self._cursor_when_focused)
        line = self._rows[index].draw(width, selected).truncate(width, pad=True)
        if selected:
            line = line.stylize_before("on $primary 30%")
        strips = Visual.to_strips(self, line, width, 1, self.visual_style)
        return strips[0] if strips else Strip.blank(width, self.rich_style)
