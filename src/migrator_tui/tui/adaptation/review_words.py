"""`e`: other words for one edit, looked at by the guards as they are typed."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from migrator_tui.project.errors import ProjectError
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.adaptation.review_looking import guard
from migrator_tui.tui.adaptation.review_parts import change_words, title_of
from migrator_tui.tui.adaptation.review_state import Guarded, Review
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.modal import Modal
from migrator_tui.tui.widgets.template_editor import TemplateEditor

if TYPE_CHECKING:
    from migrator_tui.tui.workspace import Workspace

SHOWN_REFUSALS = 3


class ChangeWords(Modal[str]):
    """A small editor. `ctrl+s` keeps, whatever the guards say: what they refuse is refused when it is accepted."""

    DEFAULT_CSS = """
    ChangeWords > .box { width: 96; }
    ChangeWords TemplateEditor { height: 8; background: $surface; }
    ChangeWords #anchor { height: auto; max-height: 5; margin-bottom: 1; }
    ChangeWords #guards { height: 4; margin-top: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "keep", show=False, priority=True),
        # Textual's editor would take it and only lose the focus.
        Binding("escape", "dismiss_unchanged", "close", show=False, priority=True),
    ]

    def __init__(self, review: Review, number: int, workspace: "Workspace", glyphs: Glyphs) -> None:
        super().__init__()
        self.review = review
        self.number = number
        self.workspace = workspace
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="anchor")
            yield TemplateEditor(self.review.edits[self.number].text)
            yield Static(id="guards")

    def on_mount(self) -> None:
        edit = self.review.edits[self.number]
        self.label(f"Edit {self.number + 1}: {title_of(edit)}", "ctrl+s keep · esc as it was")
        where = (
            "goes to the end"
            if not edit.anchor
            else f"{edit.op.value.replace('_', ' ')}: {safe_line(edit.anchor, 300)}"
        )
        self.query_one("#anchor", Static).update(Content.styled(where, MUTED))
        self.editor.focus()
        self._look()

    @property
    def editor(self) -> TemplateEditor:
        """Where the words are."""
        return self.query_one(TemplateEditor)

    @on(TextArea.Changed)
    def changed(self, event: TextArea.Changed) -> None:
        """The guards look at it."""
        event.stop()
        self._look()

    @work(exclusive=True, group="guarding")
    async def _look(self) -> None:
        review, number = self.review, self.number
        edits = list(review.edits)
        edits[number] = replace(edits[number], text=self.editor.text)
        taken = sorted({*review.taken, number})
        try:
            guarded = await asyncio.to_thread(guard, review, self.workspace, edits, taken)
        except ProjectError as error:
            guarded = Guarded(refusals=[str(error)])
        if not self.is_open:
            return
        glyphs = self.glyphs
        if guarded.refusals:
            lines = [f"{glyphs.failed} {safe_line(one, 280)}" for one in guarded.refusals[:SHOWN_REFUSALS]]
            content = Content.styled("\n".join(lines), STYLES["error"])
        else:
            words = f"{glyphs.passed} variables kept  {glyphs.passed} {change_words(guarded, glyphs)}"
            content = Content.styled(words, MUTED)
        self.query_one("#guards", Static).update(content)

    def action_keep(self) -> None:
        """These words."""
        self.dismiss(self.editor.text)
