"""A text editor that knows prompt templates: variables stand out, unknown ones are red, changed lines are marked."""

import difflib
import re
from collections.abc import Collection
from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widgets import TextArea

from migrator_tui.text_safety import safe

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_NAME = re.compile(r"\{\{-?\s*([A-Za-z_][A-Za-z0-9_]*)")


def changed_lines(before: str, after: str) -> dict[int, str]:
    """Line number in `after`, from 0, to `~` (another text) or `+` (was not there)."""
    marks: dict[int, str] = {}
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    for kind, _, _, start, end in matcher.get_opcodes():
        if kind in ("replace", "insert"):
            marks.update(dict.fromkeys(range(start, end), "~" if kind == "replace" else "+"))
    return marks


class TemplateEditor(TextArea):
    """Textual's editor with colours for `{{ variables }}` and a mark beside each line that is not as saved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+home", "to_edge(False)", show=False),
        Binding("ctrl+end", "to_edge(True)", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "template-editor--tag",
        "template-editor--unknown",
        "template-editor--changed",
    }

    DEFAULT_CSS = """
    TemplateEditor {
        border: none; padding: 0; height: 1fr; background: transparent; scrollbar-size-vertical: 1;
        &:focus { border: none; }
        .template-editor--tag { color: $text-accent; text-style: bold; }
        .template-editor--unknown { color: $text-error; text-style: bold underline; }
        .template-editor--changed { color: $text-warning; text-style: bold; }
        .text-area--gutter { color: $foreground 34%; background: transparent; }
    }
    """

    def __init__(self, text: str = "", *, id: str | None = None, marks_variables: bool = True) -> None:
        super().__init__(
            text,
            id=id,
            theme="css",
            soft_wrap=True,
            show_line_numbers=True,
            tab_behavior="indent",
            max_checkpoints=200,
            # Its style would be laid over the colours of the variables in that line.
            highlight_cursor_line=False,
        )
        self.marks_variables = marks_variables
        self.known_variables: Collection[str] | None = None
        """`None`: not known yet, so nothing is marked as unknown."""
        self._saved = text
        self._marks: dict[int, str] = {}

    def action_to_edge(self, end: bool) -> None:
        """Put the cursor at the very beginning or end."""
        self.move_cursor(self.document.end if end else (0, 0))

    def load(self, text: str, saved: str) -> None:
        """Edit `text`; lines that differ from `saved` are marked. The undo history starts anew."""
        self._saved = saved
        if text != self.text:
            self.load_text(text)
        self.remark()

    def replace_all(self, text: str) -> None:
        """Another text, as one step that can be undone."""
        end = (self.document.line_count - 1, len(self.document.get_line(self.document.line_count - 1)))
        self.replace(text, (0, 0), end)

    def set_saved(self, saved: str) -> None:
        """What is saved has changed; the text has not."""
        self._saved = saved
        self.remark()

    def remark(self) -> None:
        """Compare with the saved text anew."""
        self._marks = changed_lines(self._saved, self.text) if self.text != self._saved else {}
        self._line_cache.clear()
        self.refresh()

    @property
    def changed_count(self) -> int:
        """Lines that differ from the saved text; removed ones count one per place."""
        removed = max(0, len(self._saved.splitlines()) - len(self.text.splitlines()))
        return max(len(self._marks), removed if self.text != self._saved else 0)

    def notify_style_update(self) -> None:
        # Lines in the cache were drawn with the colours of the theme before.
        super().notify_style_update()
        self._line_cache.clear()

    def get_line(self, line_index: int) -> Text:
        raw = self.document.get_line(line_index)
        # One sign for one character, so that the cursor stays where it is.
        shown = raw if raw.isprintable() else "".join(c if c == "\t" or safe(c) == c else "␦" for c in raw)
        line = Text(shown, end="", no_wrap=True)
        if self.marks_variables and "{" in raw:
            tag = self.get_component_rich_style("template-editor--tag", partial=True)
            unknown = self.get_component_rich_style("template-editor--unknown", partial=True)
            for match in _TAG.finditer(raw):
                name = _NAME.match(match.group())
                known = self.known_variables is None or name is None or name.group(1) in self.known_variables
                line.stylize(tag if known else unknown, match.start(), match.end())
        return line

    @property
    def gutter_width(self) -> int:
        return super().gutter_width + 1 if self.show_line_numbers else 0

    def _render_line(self, y: int) -> Strip:
        strip = super()._render_line(y)
        if not self.show_line_numbers:
            return strip
        offsets = self.wrapped_document._offset_to_line_info
        row = y + self.scroll_offset.y
        if row >= len(offsets):
            return strip
        line_index, section = offsets[row]
        mark = self._marks.get(line_index, " ") if section == 0 else " "
        width = self.gutter_width
        style = self.get_component_rich_style("template-editor--changed", partial=True)
        number = strip.crop(1, width - 2)  # one to the left, so that the mark stands by itself
        cells = Strip([Segment(" "), Segment(mark, style), Segment(" ")], 3).apply_style(self.rich_style)
        return Strip.join([number, cells, strip.crop(width)])
