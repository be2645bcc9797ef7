"""Writing the first prompt or case by hand. Nothing of it is on disk until the project is created."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from migrator_tui.project.case_values import case_from_values
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.prompts import render
from migrator_tui.project.tables import Misfit
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.theme import MUTED
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.modal import Modal

MOST_FIELDS = 20
"""Variables asked for one by one; a prompt with more is filled in the file."""


def _field(label: str, field: Input | TextArea) -> ComposeResult:
    # Side by side, so that what comes into sight with the field is its label too.
    with Horizontal(classes="field"):
        yield Static(Content(label), classes="label")
        yield field


class Writing(Modal[Any]):
    """Fields and a line for what is wrong with them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "keep", show=False, priority=True),
        Binding("tab", "app.focus_next", "next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "previous", show=False, priority=True),
    ]

    def complain(self, text: str) -> None:
        """Say what is wrong; the fields stay."""
        self.query_one("#problem", Static).update(Content(safe_line(text, 400)))

    def action_keep(self) -> None:
        """Check and hand over."""
        raise NotImplementedError


class WritePrompt(Writing):
    """A prompt typed or pasted; dismissed with its text."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            hint = "Paste or type the prompt. {{ name }} is a variable, filled from each case."
            yield Static(Content.styled(hint, MUTED))
            yield TextArea(classes="-large", soft_wrap=True)
            yield Static(id="problem")

    def on_mount(self) -> None:
        self.label("Write the prompt", "ctrl+s keep · esc cancel")
        self.query_one(TextArea).focus()

    def action_keep(self) -> None:
        from migrator_tui.project.prompts import variables

        text = self.query_one(TextArea).text
        try:
            variables(text)
        except ProjectError as error:
            self.complain(str(error))
            return
        if not text.strip():
            self.complain("the prompt is empty")
            return
        self.dismiss(text)


class WriteCase(Writing):
    """One case: a field for each variable, one for what the user says; dismissed with the case as a plain table."""

    def __init__(self, number: int, template: str, names: tuple[str, ...], *, chat: bool) -> None:
        super().__init__()
        self._number = number
        self._template = template
        self._names = names[:MOST_FIELDS]
        self._chat = chat

    def compose(self) -> ComposeResult:
        says = "more from the user" if self._chat and self._names else "the user says"
        with Vertical(classes="box"):
            with VerticalScroll(can_focus=False):
                for index, name in enumerate(self._names):
                    yield from _field(safe_line(name, 40), Field(compact=True, id=f"variable-{index}"))
                yield from _field(says, TextArea(soft_wrap=True, id="message"))
                yield from _field("tags", Field(placeholder="not needed: refund, german", compact=True, id="tags"))
            yield Static(id="problem")

    def on_mount(self) -> None:
        self.label(f"Write case {self._number}", "tab next field · ctrl+s keep · esc cancel")
        self.query("Input, TextArea").first().focus()

    def action_keep(self) -> None:
        case = self._case()
        try:
            parsed, _ = case_from_values(case)
            render(self._template, parsed)
        except Misfit as misfit:
            self.complain(misfit.what)
        except ProjectError as error:
            self.complain(str(error))
        else:
            self.dismiss(case)

    def _case(self) -> Mapping[str, Any]:
        values = {name: self.query_one(f"#variable-{n}", Input).value for n, name in enumerate(self._names)}
        case: dict[str, Any] = {"id": f"case-{self._number}"}
        if any(values.values()):
            case["vars"] = values
        if text := self.query_one("#message", TextArea).text.strip():
            case["messages"] = [{"role": "user", "content": text}]
        tags = [tag.strip() for tag in self.query_one("#tags", Input).value.split(",") if tag.strip()]
        if tags:
            case["tags"] = tags
        return case
