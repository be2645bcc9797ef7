"""The cases of one proposal, looked at one by one before any of them enters a case file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.coverage.inputs import input_text, with_input
from migrator_tui.project.case_values import case_title
from migrator_tui.project.schema import Case
from migrator_tui.text_safety import safe
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.modal import Ask, Modal
from migrator_tui.tui.widgets.parts import cell, mark
from migrator_tui.tui.widgets.row_list import ListRow, RowList

ID = 16
SHOWN_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of it."""

    drafts: Sequence[Case]
    """All of them, as they read now."""
    taken: Sequence[Case]


class Review(Modal[Reviewed]):
    """A row a case, and the whole text of the one under the cursor. `esc` keeps what was chosen before."""

    DEFAULT_CSS = """
    Review > .box { height: 90%; max-height: 100%; }
    Review RowList { height: 1fr; }
    Review #text { height: 10; border-top: solid $foreground 25%; overflow-y: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "down", show=False),
        Binding("k,up", "step(-1)", "up", show=False),
        Binding("space", "take", "take", show=False),
        Binding("a", "take_all", "all", show=False),
        Binding("e", "edit", "edit", show=False),
        Binding("enter", "agree", "keep", show=False),
    ]

    def __init__(self, title: str, drafts: Sequence[Case], taken: Sequence[Case], glyphs: Glyphs) -> None:
        super().__init__()
        self._title = title
        self.drafts = list(drafts)
        self.chosen = {case.id for case in taken}
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield RowList(id="drafts")
            yield Static(id="text")

    def on_mount(self) -> None:
        self.label(self._title, "space take · a all · e edit · enter keep · esc as it was")
        self._show()
        self.rows.focus()

    @property
    def rows(self) -> RowList:
        """The cases."""
        return self.query_one(RowList)

    def _show(self) -> None:
        self.rows.show([self._row(case) for case in self.drafts])

    def _row(self, case: Case) -> ListRow:
        taken = case.id in self.chosen
        sign = self.glyphs.passed if taken else self.glyphs.to_judge

        def draw(width: int, selected: bool) -> Content:
            return Content.assemble(
                mark(selected, self.glyphs),
                (f"{sign} ", STYLES["success" if taken else "primary"]),
                cell(case.id, ID, "muted"),
                cell(case_title(case, 200) or "(empty)", max(10, width - ID - 4), "text"),
            )

        return ListRow(case.id, draw)

    @property
    def current(self) -> Case | None:
        """The case under the cursor."""
        return next((case for case in self.drafts if case.id == self.rows.highlighted), None)

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Its whole text."""
        event.stop()
        case = self.current
        text = input_text(case)[:SHOWN_CHARACTERS] if case is not None else ""
        tags = f"\n\ntags: {', '.join(case.tags)}" if case is not None and case.tags else ""
        self.query_one("#text", Static).update(Content.assemble(safe(text), (safe(tags), MUTED)))

    def action_step(self, by: int) -> None:
        self.rows.step(by)

    def action_take(self) -> None:
        """Take the case under the cursor, or leave it."""
        if (case := self.current) is not None:
            self.chosen ^= {case.id}
            self._show()
            self.rows.step(1)

    def action_take_all(self) -> None:
        """All of them, or none."""
        every = {case.id for case in self.drafts}
        self.chosen = set() if self.chosen >= every else every
        self._show()

    @work(exclusive=True, group="question")
    async def action_edit(self) -> None:
        """Other words for the input under the cursor."""
        case = self.current
        if case is None:
            return
        hint = "the input, in one line; \\n begins a new one"
        shown = input_text(case).replace("\\", "\\\\").replace("\n", "\\n")
        said = await self.app.push_screen_wait(Ask(f"Change {case.id}", hint, shown))
        if said is None:
            return
        text = said.replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")
        self.drafts = [with_input(one, text) if one.id == case.id else one for one in self.drafts]
        self._show()

    def action_agree(self) -> None:
        """Keep what is marked."""
        self.dismiss(Reviewed(self.drafts, [case for case in self.drafts if case.id in self.chosen]))
