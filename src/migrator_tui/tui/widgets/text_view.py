"""A scrolling view of text that grows while it streams, painted line by line.

Textual's own text widgets lay out the whole text at each change, which costs half a second at a few hundred
kilobytes; this one wraps only the line that grew and draws only the lines in sight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content, Span
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.visual import Visual

from migrator_tui.text_safety import safe
from migrator_tui.tui.theme import MUTED

SHOWN_CHARACTERS = 200_000
"""More than this is kept and can be copied, but not drawn: nobody reads it here, and wrapping it would stall."""

LONGEST_LINE = 4_000
"""A line is broken after so many characters before it is wrapped: wrapping is slow on endless lines."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A stretch of the text, in characters of the raw text, and the style it takes."""

    start: int
    end: int
    style: str


class TextView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows safe text, follows its end while it grows, and stays where the user scrolled to."""

    DEFAULT_CSS = """
    TextView {
        height: 1fr; padding: 0 0 0 1; overflow-x: hidden;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;  /* the text keeps its width when a scrollbar comes */
    }
    TextView.-old { color: $foreground 62%; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", show=False),
        Binding("down", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]

    class Scrolled(Message):
        """The number of lines below the last one in sight changed."""

        def __init__(self, view: "TextView", lines_below: int) -> None:
            super().__init__()
            self.view = view
            self.lines_below = lines_below

        @property
        def control(self) -> "TextView":
            return self.view

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Content] = []
        """Wrapped lines."""
        self._tail_start = 0
        """Index in `_lines` where the last, still growing, line of the text begins."""
        self._tail = ""
        self._length = 0
        self._cut = 0
        self._caret = ""
        self._strips: dict[int, Strip] = {}
        self._wrap_width = 0
        self._source: Content | None = None
        self._raw: list[str] = []
        self._follow = False
        self._told = 0

    @property
    def raw_text(self) -> str:
        """What was shown, as it came."""
        return "".join(self._raw)

    def show(self, text: str, styles: Sequence[Styled] = ()) -> None:
        """Replace the text; `styles` are laid over it. Scrolls to the top."""
        self._raw = [text]
        clean = safe(text[:SHOWN_CHARACTERS])
        content = Content(clean)
        if styles and len(clean) == len(text[:SHOWN_CHARACTERS]):
            # Where a hidden character became a longer mark the places would no longer fit: then without styles.
            content = content.add_spans([Span(s.start, min(s.end, len(clean)), s.style) for s in styles])
        self.show_content(content, cut=max(0, len(text) - SHOWN_CHARACTERS))

    def show_content(self, content: Content, *, cut: int = 0) -> None:
        """Replace the text by content that is safe already."""
        self._source = content
        self._cut = cut
        self._caret = ""
        self._follow = False
        self._wrap_all()
        self.scroll_to(0, 0, animate=False)

    def clear(self) -> None:
        """Show nothing."""
        self._raw = []
        self.show_content(Content(""))

    def start_stream(self, caret: str) -> None:
        """Empty the view and follow what `append` brings, with `caret` behind it."""
        self.clear()
        self._caret = caret
        self._follow = True
        self._source = None
        self._tail = ""
        self._length = 0
        self._rewrap_tail()

    def append(self, text: str) -> None:
        """More text of a stream. Call it from a timer, not for each token."""
        self._raw.append(text)
        if self._length >= SHOWN_CHARACTERS:
            self._cut += len(text)
            return
        self._length += len(text)
        at_end = self._follow and self.scroll_offset.y >= self.max_scroll_y - 2
        *complete, rest = (self._tail + safe(text)).split("\n")
        del self._lines[self._tail_start :]
        for line in complete:
            self._lines.extend(self._wrap(Content(line)))
        while len(rest) > LONGEST_LINE:
            # Else the whole of an endless line would be wrapped again at each paint.
            self._lines.extend(self._wrap(Content(rest[:LONGEST_LINE])))
            rest = rest[LONGEST_LINE:]
        self._tail_start = len(self._lines)
        self._tail = rest
        self._rewrap_tail()
        if at_end:
            self._to_end()

    @property
    def lines_below(self) -> int:
        """Lines that lie under the last one in sight."""
        return max(0, len(self._lines) - self.scroll_offset.y - self.scrollable_content_region.height)

    def _rewrap_tail(self) -> None:
        at_end = self._follow and self.scroll_offset.y >= self.max_scroll_y
        del self._lines[self._tail_start :]
        self._lines.extend(self._wrap(Content(self._tail + self._caret)))
        self._strips = {n: strip for n, strip in self._strips.items() if n < self._tail_start}
        self._resize_virtual()
        if at_end:
            self._to_end()

    def _to_end(self) -> None:
        # `force`: text that has just grown out of the view has no scroll bar yet, and would not be followed.
        self.scroll_end(animate=False, immediate=True, force=True)

    def _wrap(self, line: Content) -> list[Content]:
        width = self._wrap_width
        if width <= 0:
            return [line]
        if len(line) <= LONGEST_LINE:
            return line.wrap(width) or [Content("")]
        pieces = line.divide(range(LONGEST_LINE, len(line), LONGEST_LINE))
        return [wrapped for piece in pieces for wrapped in piece.wrap(width)]

    def _wrap_all(self) -> None:
        source = self._source if self._source is not None else Content(safe(self.raw_text[:SHOWN_CHARACTERS]))
        self._lines = [wrapped for line in source.split("\n", allow_blank=True) for wrapped in self._wrap(line)]
        if self._cut:
            words = f"… {self._cut:,} more characters: y copies all of it"
            self._lines.append(Content.styled(words, MUTED))
        self._tail_start = len(self._lines)
        self._strips.clear()
        self._resize_virtual()

    def _resize_virtual(self) -> None:
        self.virtual_size = Size(self._wrap_width, len(self._lines))
        self.refresh()
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        if self.lines_below != self._told:
            self._told = self.lines_below
            self.post_message(self.Scrolled(self, self._told))

    def on_resize(self) -> None:
        width = self.scrollable_content_region.width
        if width == self._wrap_width:
            return
        self._wrap_width = width
        if self._caret:
            text = safe(self.raw_text[:SHOWN_CHARACTERS])
            *complete, self._tail = text.split("\n")
            self._lines = [wrapped for line in complete for wrapped in self._wrap(Content(line))]
            self._tail_start = len(self._lines)
            self._strips.clear()
            self._rewrap_tail()
        else:
            self._wrap_all()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._tell()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        number = y + self.scroll_offset.y
        if number >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(number)
        if strip is None:
            line = self._lines[number]
            span = self.text_selection.get_span(number) if self.text_selection is not None else None
            if span is not None:
                line = line.stylize("reverse", span[0], len(line) if span[1] == -1 else span[1])
            strips = Visual.to_strips(self, line.truncate(width, pad=True), width, 1, self.visual_style)
            # With its place in the text, so that the mouse can mark some of it.
            strip = (strips[0] if strips else Strip.blank(width, self.rich_style)).apply_offsets(0, number)
            self._strips[number] = strip
        return strip

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What the mouse has marked; a long line that was wrapped comes in pieces."""
        return selection.extract("\n".join(line.plain for line in self._lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the mark anew."""
        self._strips.clear()
        self.refresh()
