"""Edits that were accepted for one task, offered to the others: opened there as a suggestion, never applied."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.adaptation.values import Edit, Op, Suggestion
from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.adaptation.asking import show
from migrator_tui.tui.adaptation.review_state import Review
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import many
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.modal import Modal

if TYPE_CHECKING:
    from migrator_tui.tui.app import MigratorApp
    from migrator_tui.tui.workspace import PromptState


@dataclass(frozen=True, slots=True)
class Taker:
    """A task that the edits, or some of them, fit."""

    task: str
    prompt: "PromptState"
    edits: tuple[Edit, ...]
    instead: bool = False
    """A suggestion is under review there, and gives way."""


class OfferDialog(Modal[Taker]):
    """To which task; `esc` to none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "down", show=False),
        Binding("k,up", "step(-1)", "up", show=False),
        Binding("enter", "choose", "choose", show=False),
    ]

    def __init__(self, takers: Sequence[Taker], glyphs: Glyphs) -> None:
        super().__init__()
        self.takers = takers
        self.glyphs = glyphs
        self.cursor = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="takers")

    def on_mount(self) -> None:
        self._show()
        self.label("Look at the edits for another task?", "j k choose · enter open there · esc no")

    def action_step(self, by: int) -> None:
        self.cursor = (self.cursor + by) % len(self.takers)
        self._show()

    def action_choose(self) -> None:
        """Open them there."""
        self.dismiss(self.takers[self.cursor])

    def _show(self) -> None:
        lines = [Content.styled("Nothing is changed there: they become a suggestion to try and to review.", MUTED)]
        lines.append(Content(""))
        for number, taker in enumerate(self.takers):
            here = number == self.cursor
            sign = f"{self.glyphs.cursor} {self.glyphs.now} " if here else f"  {self.glyphs.to_judge} "
            name = f"{safe_line(taker.task, 30):<32}"
            fits = many(len(taker.edits), "edit") + (" fits" if len(taker.edits) == 1 else " fit")
            fits += ", instead of what is suggested there" if taker.instead else ""
            lines.append(
                Content.assemble((sign, STYLES["primary"]), (name, STRONG if here else STYLES["text"]), (fits, MUTED))
            )
        self.query_one("#takers", Static).update(Content("\n").join(lines))


async def offer(program: "MigratorApp", review: Review, edits: Sequence[Edit]) -> None:
    """Ask whether accepted edits are to be looked at for another task, where one has a prompt that they fit."""
    try:
        takers = await asyncio.to_thread(_takers, program, review, edits)
    except (ProjectError, HistoryError, OSError) as error:
        program.say(str(error), "error")
        return
    if not takers:
        return
    taker = await program.push_screen_wait(OfferDialog(takers, program.glyphs))
    if taker is None or not program.workbench.open_track(taker.task, review.track[1]):
        return
    version = taker.prompt.version
    suggestion = Suggestion(
        task=taker.task,
        candidate=review.track[1],
        base=taker.prompt.template,
        base_version_id=version.id,
        edits=taker.edits,
        assistant=review.suggestion.assistant,
        exchange_ids=review.suggestion.exchange_ids,
    )
    text, params = taker.prompt.template, dict(version.params)
    show(program, Review(suggestion, text, params, version.id, version.label, offered=True), front=True)


def _takers(program: "MigratorApp", review: Review, edits: Sequence[Edit]) -> list[Taker]:
    """The other tasks whose prompt for this candidate has the anchors, or lacks what is appended; for threads."""
    from migrator_tui.adaptation.edits import stale

    workspace = program.workspace
    # The cases are another task's.
    bare = [replace(edit, case_ids=()) for edit in edits]
    found = []
    for task in workspace.project.tasks:
        if task.name == review.track[0]:
            continue
        there = program.reviews.get((task.name, review.track[1]))
        prompt = workspace.prompt_of(task, review.track[1])
        unfit = stale(prompt.template, bare)
        fitting = tuple(
            edit
            for number, edit in enumerate(bare)
            if number not in unfit and not (edit.op is Op.APPEND and edit.text.strip() in prompt.template)
        )
        if fitting:
            found.append(Taker(task.name, prompt, fitting, instead=there is not None and bool(there.edits)))
    return found
