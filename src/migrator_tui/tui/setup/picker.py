"""Choosing one or several of many: type to narrow, arrows to move, `enter` takes. The list keeps its size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.modal import Modal

MOST_SHOWN = 200
"""Rows drawn; whoever has more types a letter."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Something to choose."""

    value: str
    text: str
    note: str = ""
    role: str = "muted"
    alone: bool = False
    """It cannot be marked together with others."""


class Picker(Modal[tuple[str, ...]]):
    """A search over `picks`; dismissed with the values taken, `None` for none."""

    DEFAULT_CSS = """
    Picker > .box { height: 22; max-height: 100%; padding: 0 1; }
    Picker OptionList {
        height: 1fr; border: none; padding: 0; background: $background; text-wrap: nowrap; text-overflow: ellipsis;
        scrollbar-size-vertical: 1;
    }
    Picker OptionList:focus { border: none; }
    Picker OptionList > .option-list--option { padding: 0 1; }
    Picker OptionList > .option-list--option-highlighted {
        background: $primary 30%; color: $foreground; text-style: none;
    }
    Picker #hint { height: 1; margin-top: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "step(1)", "next", show=False, priority=True),
        Binding("up,ctrl+p", "step(-1)", "previous", show=False, priority=True),
        Binding("pagedown", "page(1)", "next page", show=False, priority=True),
        Binding("pageup", "page(-1)", "previous page", show=False, priority=True),
        Binding("tab", "mark", "mark", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        hint: str,
        picks: Callable[[str], Sequence[Pick]],
        glyphs: Glyphs,
        *,
        several: bool = False,
        marked: Sequence[str] = (),
        placeholder: str = "type to search",
    ) -> None:
        """`picks`: what is like the text typed, the likeliest first; called for each letter, so it must be quick."""
        super().__init__()
        self._title = title
        self._hint = hint
        self._find = picks
        self._several = several
        self._marked = list(marked)
        self._placeholder = placeholder
        self._glyphs = glyphs
        self._picks: Sequence[Pick] = ()

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Field(placeholder=self._placeholder, compact=True)
            yield OptionList(markup=False)
            yield Static(Content.styled(self._hint, MUTED), id="hint")

    def on_mount(self) -> None:
        keys = "tab mark · enter take · esc cancel" if self._several else "enter take · esc cancel"
        self.label(self._title, keys)
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).focus()

    def on_resize(self) -> None:
        self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(keep=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._take()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take()

    def action_step(self, by: int) -> None:
        listed = self.query_one(OptionList)
        if by > 0:
            listed.action_cursor_down()
        else:
            listed.action_cursor_up()

    def action_page(self, by: int) -> None:
        listed = self.query_one(OptionList)
        at = (listed.highlighted or 0) + by * max(1, listed.size.height - 1)
        listed.highlighted = max(0, min(at, len(self._picks) - 1)) if self._picks else None

    def action_mark(self) -> None:
        """Take this one too, or no longer."""
        at = self.query_one(OptionList).highlighted
        if not self._several or at is None or at >= len(self._picks) or self._picks[at].alone:
            return
        value = self._picks[at].value
        if value in self._marked:
            self._marked.remove(value)
        else:
            self._marked.append(value)
        self._show()
        if at + 1 < len(self._picks) and not self._picks[at + 1].alone:
            self.action_step(1)

    def _take(self) -> None:
        at = self.query_one(OptionList).highlighted
        pick = self._picks[at] if at is not None and at < len(self._picks) else None
        if pick is not None and pick.alone:
            self.dismiss((pick.value,))
        elif self._several and self._marked:
            self.dismiss(tuple(self._marked))
        elif pick is not None:
            self.dismiss((pick.value,))

    def _show(self, *, keep: bool = True) -> None:
        listed = self.query_one(OptionList)
        at = listed.highlighted if keep else None
        found = self._find(self.query_one(Input).value.strip())
        self._picks = found[:MOST_SHOWN]
        listed.clear_options()
        width = min(96, self.app.size.width) - 7
        # The notes stand in a column of their own.
        noted = [cell_len(safe_line(pick.text)) for pick in self._picks if pick.note]
        column = min(max(noted, default=width), width // 2)
        listed.add_options([Option(self._line(pick, width, column)) for pick in self._picks])
        if not self._picks:
            listed.add_option(Option(Content.styled("nothing is like that", MUTED), disabled=True))
        elif len(found) > MOST_SHOWN:
            more = f"{len(found) - MOST_SHOWN:,} more: type to narrow"
            listed.add_option(Option(Content.styled(more, MUTED), disabled=True))
        if self._picks:
            listed.highlighted = min(at or 0, len(self._picks) - 1)

    def _line(self, pick: Pick, width: int, column: int) -> Content:
        g = self._glyphs
        start = Content("")
        if self._several:
            marked = pick.value in self._marked
            sign = g.now if marked else " " if pick.alone else g.to_judge
            start = Content.styled(f"{sign} ", STYLES["primary"] if marked else MUTED)
        text = Content(safe_line(pick.text))
        if pick.note:
            text = text.truncate(column, ellipsis=True, pad=True) + "  "
        note = Content.styled(safe_line(pick.note), STYLES[pick.role])
        return (start + text + note).truncate(width, ellipsis=True)
