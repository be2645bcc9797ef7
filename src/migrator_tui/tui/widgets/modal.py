"""Questions and sheets over a screen: round focus border, keys at the bottom right, `esc` always changes nothing."""

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from migrator_tui.text_safety import safe_line
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.parts import hanging
from migrator_tui.tui.widgets.text_view import TextView

Result = TypeVar("Result")


class Modal(ModalScreen[Result]):
    """A box in the middle, at most 96 × 25; what lies below stays readable, since the question is about it."""

    DEFAULT_CSS = """
    Modal { align: center middle; background: $background 65%; }
    Modal > .box {
        width: 96; max-width: 100%; height: auto; max-height: 25; padding: 1 2; background: $background;
        border: round $primary; border-title-color: $text-primary; border-title-style: bold;
        border-subtitle-color: $foreground 62%;
    }
    Modal > .box:nocolor { border: heavy $foreground; }
    Modal Input { border: none; height: 1; padding: 0; background: $surface; }
    Modal Input:focus { border: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_unchanged", "close", show=False)]

    def action_dismiss_unchanged(self) -> None:
        self.dismiss(None)

    @property
    def is_open(self) -> bool:
        """Nobody has answered it yet: one that was loses its parts before what it began is over."""
        return self.app.is_running and self in self.app.screen_stack

    def label(self, title: str, keys: str) -> None:
        """What the box is about, and its keys."""
        box = self.query_one(".box")
        box.border_title = Content(safe_line(title))
        box.border_subtitle = Content(keys)


class Confirm(Modal[bool]):
    """A question with what hangs on it; `enter` or `y` says yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "yes", "yes", show=False),
        Binding("n", "dismiss_unchanged", "no", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[str | Content], yes: str = "enter yes") -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._yes = yes

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(
                Content("\n").join([Content(line) if isinstance(line, str) else line for line in self._lines])
            )

    def on_mount(self) -> None:
        self.label(self._title, f"{self._yes} · esc no")

    def action_yes(self) -> None:
        self.dismiss(True)


class Ask(Modal[str]):
    """One line of text. `problem` says what is wrong with it: it stays open then, with the text and the reason."""

    def __init__(
        self,
        title: str,
        hint: str,
        value: str = "",
        keys: str = "enter keep · esc cancel",
        *,
        problem: Callable[[str], str] = lambda _: "",
    ) -> None:
        super().__init__()
        self._title = title
        self._hint = hint
        self._value = value
        self._keys = keys
        self._problem = problem

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content.styled(self._hint, MUTED))
            yield Field(self._value, compact=True)
            yield Static(id="wrong")

    def on_mount(self) -> None:
        self.label(self._title, self._keys)
        self.query_one("#wrong").display = False
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        problem = self._problem(event.value)
        if not problem:
            self.dismiss(event.value)
            return
        wrong = self.query_one("#wrong", Static)
        wrong.display = True
        wrong.update(Content.styled(safe_line(problem, 600), STYLES["error"]))


class Sheet(Modal[bool]):
    """A longer text to read, and where `yes` is given, to agree to."""

    DEFAULT_CSS = """
    Sheet > .box { height: 90%; max-height: 100%; }
    Sheet TextView { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "yes", "yes", show=False),
        Binding("j,down", "scroll(1)", "down", show=False),
        Binding("k,up", "scroll(-1)", "up", show=False),
        Binding("q,i", "dismiss_unchanged", "close", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(
        self,
        title: str,
        content: Content,
        yes: str | None = None,
        head: str = "",
        *,
        at_end: bool = False,
        indent: int = 0,
    ) -> None:
        """`indent`: the cells at the begin of each line under which nothing is wrapped."""
        super().__init__()
        self._indent = indent
        self._title = title
        self._content = content
        self._yes = yes
        self._head = head
        self._at_end = at_end

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            if self._head:
                yield Static(Content.styled(self._head, STRONG))
            yield TextView()

    def on_mount(self) -> None:
        view = self.query_one(TextView)
        self._fill()
        view.focus()
        if self._at_end:
            self.call_after_refresh(view.scroll_end, animate=False)
        self.label(self._title, f"{self._yes} · esc no" if self._yes else "y copy · esc close")

    def on_resize(self) -> None:
        if self._indent:
            self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        view, content = self.query_one(TextView), self._content
        width = view.scrollable_content_region.width
        if self._indent and width:
            lines = content.split("\n", allow_blank=True)
            content = Content("\n").join([hanging(line, self._indent, width) for line in lines])
        view.show_content(content)

    def action_yes(self) -> None:
        if self._yes:
            self.dismiss(True)

    def action_scroll(self, by: int) -> None:
        self.query_one(TextView).scroll_relative(y=by, animate=False)

    def action_copy(self) -> None:
        copy = getattr(self.app, "copy_text", None)
        if copy is not None:  # to a file as well, for terminals without a clipboard
            copy(self._content.plain, safe_line(self._title, 60))
        else:
            self.app.copy_to_clipboard(self._content.plain)
        self.label(self._title, "copied · esc close" if copy is None else "copied, also to a file · esc close")
