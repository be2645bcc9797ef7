"""A suggestion under review: what the user has made of each edit. It outlives looking elsewhere. Knows no widgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from migrator_tui.adaptation.values import Ablation, Acceptance, Edit, Leak, Suggestion
from migrator_tui.history.records import Mark

if TYPE_CHECKING:
    from migrator_tui.adaptation.trials import Change
    from migrator_tui.tui.workspace import Workspace


class Choice(StrEnum):
    """What the user has said of an edit."""

    OPEN = "to decide"
    TAKEN = "taken"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class CaseNow:
    """A case behind an edit, as it stands."""

    case_id: str
    mark: Mark
    critical: bool = False
    changed: str = ""
    """What changed against the baseline."""
    evidence: str = ""
    """Why it fails: the first failed check, or the person's note."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """What the guards say of a choice."""

    refusals: Sequence[str] = ()
    removed: int = 0
    """Words that go …"""
    added: int = 0
    """… and that come."""
    notes: Sequence[str] = ()
    """What it cannot hold any more."""


@dataclass(slots=True)
class Review:
    """One suggestion and the choices made on it."""

    suggestion: Suggestion
    text: str
    """What the edits act on: the text in the editor as it is now."""
    params: Mapping[str, Any]
    parent_id: int | None
    """The version that the text came from …"""
    label: str
    """… and what it is called, `v4`."""
    edits: list[Edit] = field(default_factory=list)
    """As they read now: the user may have changed their words."""
    choices: list[Choice] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)
    """Why an edit was left, by its number."""
    stale: Mapping[int, str] = field(default_factory=dict)
    """Edits that cannot be placed in the text any more, and why."""
    leaks: Mapping[int, Sequence[Leak]] = field(default_factory=dict)
    guarded: Guarded = field(default_factory=Guarded)
    ablations: Mapping[int, Ablation] = field(default_factory=dict)
    """By edit; of the choice that was taken when they were measured."""
    cases: Mapping[str, CaseNow] = field(default_factory=dict)
    acceptance: Acceptance | None = None
    """Of the choice as it is; `None` where that was not tried yet."""
    being_tried: bool = False
    """What it would flip is being asked just now."""
    offered: bool = False
    """It was accepted for another task, and is offered to this one."""
    search_id: str | None = None
    """It came out of a search."""
    remembered: dict[int, str] = field(default_factory=dict)
    """Edits that were turned down and are kept as such, by number, with the reason that is kept."""
    asked_at: datetime | None = None
    """When the assistant was asked for it; `None` where it was not."""

    def __post_init__(self) -> None:
        if not self.edits:
            self.edits = list(self.suggestion.edits)
        if not self.choices:
            self.choices = [Choice.OPEN] * len(self.edits)

    @property
    def track(self) -> tuple[str, str]:
        """Task and candidate it is for."""
        return self.suggestion.task, self.suggestion.candidate

    @property
    def taken(self) -> list[int]:
        """Numbers of the edits that are taken and can be placed, from 0."""
        return [n for n, choice in enumerate(self.choices) if choice is Choice.TAKEN and n not in self.stale]

    @property
    def taken_edits(self) -> list[Edit]:
        """Those edits."""
        return [self.edits[n] for n in self.taken]

    @property
    def left(self) -> list[int]:
        """Numbers of the edits that the user left."""
        return [n for n, choice in enumerate(self.choices) if choice is Choice.LEFT]

    def count(self, choice: Choice) -> int:
        """How many edits stand so; those that are stale are counted by themselves."""
        return sum(each is choice for number, each in enumerate(self.choices) if number not in self.stale)

    def choose(self, number: int, choice: Choice) -> None:
        """Take or leave an edit; what was measured of another choice no longer holds."""
        if self.choices[number] is choice:
            return
        self.choices[number] = choice
        if choice is not Choice.LEFT:
            self.reasons.pop(number, None)
        self.measured_is_past()

    def reword(self, number: int, edit: Edit) -> None:
        """Other words for an edit; it counts as taken, since somebody has worked on it."""
        self.edits[number] = edit
        self.choices[number] = Choice.TAKEN
        self.measured_is_past()

    def measured_is_past(self) -> None:
        """Another choice: what was tried was not this one."""
        self.ablations = {}
        self.acceptance = None

    def change(self) -> "Change":
        """What is taken, as it is tried and accepted."""
        from migrator_tui.adaptation.trials import Change

        return Change(
            self.suggestion,
            tuple(self.taken_edits),
            self.text,
            dict(self.params),
            self.parent_id,
            tuple(self.taken),
            self.search_id,
        )

    def behind(self, number: int | None) -> list[str]:
        """Ids of the cases behind an edit, or behind all that are taken."""
        edits = self.taken_edits if number is None else [self.edits[number]]
        named = [case_id for edit in edits for case_id in edit.case_ids]
        return [case_id for case_id in dict.fromkeys(named) if case_id in self.cases]


def take_back(review: Review, workspace: "Workspace") -> None:
    """Edits that were turned down and are left no more. May raise `HistoryError`."""
    from migrator_tui.adaptation.keeping import edit_details

    for number in [number for number in review.remembered if review.choices[number] is not Choice.LEFT]:
        edit = edit_details(review.edits[number])
        workspace.history.take_back_rejection(*review.track, edit, workspace.author)
        del review.remembered[number]


def remember_left(review: Review, workspace: "Workspace", *, reasoned: bool = False) -> None:
    """The edits that the user left are turned down, each once for a reason: the assistant is told of them the next
    time. `reasoned`: only those that were left with one. May raise `HistoryError`."""
    from migrator_tui.adaptation.keeping import edit_details

    for number in review.left:
        reason = review.reasons.get(number, "")
        if review.remembered.get(number) != reason and (reason or not reasoned):
            review.remembered[number] = reason
            edit = edit_details(review.edits[number])
            workspace.history.reject_edit(*review.track, edit, reason, workspace.author)
