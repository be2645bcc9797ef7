"""What a report tells, as plain values: a scorecard for each task and candidate, and what stands behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from migrator_tui.adaptation.reasons import Reasons
from migrator_tui.history.decision_records import SignedDecision
from migrator_tui.history.records import CheckRecord, Version
from migrator_tui.parity.gate import Answer, decide_project
from migrator_tui.parity.outcomes import OutcomeWithReason
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.parity.signed import SignedOn, signed_on
from migrator_tui.project.schema import ModelSpec, Project, Task


@dataclass(frozen=True, slots=True)
class SideText:
    """What one model answered, with what was found on it. Texts are raw, as the model gave them."""

    text: str
    """With its tool calls, a line each."""
    outcome: OutcomeWithReason
    checks: Sequence[CheckRecord] = ()
    author: str | None = None
    """Who gave the verdict that decides, if one does."""
    note: str | None = None
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True)
class CasePair:
    """One case with both answers."""

    case_id: str
    input: str
    expected: str | None
    baseline: SideText
    candidate: SideText


@dataclass(frozen=True, slots=True)
class Judge:
    """A person whose verdicts decide outcomes, on one model's outputs."""

    author: str
    on: str
    """`baseline` or `candidate`."""
    verdicts: int
    blind: int
    """Of them, given without knowing which model had answered."""


@dataclass(frozen=True, slots=True)
class GoneCases:
    """Cases that the version answered and that are no longer in the case files, in the order of their ids."""

    ids: Sequence[str] = ()
    failed: Sequence[str] = ()
    """Of them, those that the candidate failed when they were last judged."""


@dataclass(frozen=True, slots=True)
class CandidateReport:
    """One candidate on one task."""

    task: Task
    spec: ModelSpec
    baseline: ModelSpec
    card: Scorecard
    lineage: Sequence[Version] = ()
    """The version that this is about, then what it was made from, back to the first."""
    adaptations: Mapping[int, Reasons] = field(default_factory=dict)
    """Why versions of the lineage are as they are, by their ids, where they came out of proposed edits."""
    decisions: Sequence[SignedDecision] = ()
    """Newest first."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why a case fails or is an error, one raw line, by case id."""
    worst: Sequence[CasePair] = ()
    """The cases to look at first, those that show different things before more of the same."""
    judges: Sequence[Judge] = ()
    judge_models: Sequence[str] = ()
    """The models that checks ask."""
    gone: GoneCases = GoneCases()

    @property
    def explained(self) -> list[tuple[Version, Reasons]]:
        """The versions of the lineage that came out of proposed edits, newest first."""
        return [(one, self.adaptations[one.id]) for one in self.lineage if one.id in self.adaptations]

    @property
    def simulated(self) -> bool:
        """One of the models is simulated."""
        return self.card.simulated

    @property
    def signed(self) -> tuple[SignedDecision, SignedOn] | None:
        """The decision that counts, the newest, with what it was signed on and whether that is still so."""
        newest = self.decisions[0] if self.decisions else None
        return (newest, signed_on(newest, self.card)) if newest is not None else None


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task on all candidates that were asked for."""

    task: Task
    candidates: Sequence[CandidateReport]

    @property
    def best(self) -> CandidateReport:
        """The candidate that got furthest: a task can move as soon as one of its candidates is ready."""
        order = (Answer.READY, Answer.NOT_ENOUGH, Answer.NOT_READY)
        return min(self.candidates, key=lambda candidate: order.index(candidate.card.decision.answer))


@dataclass(frozen=True, slots=True)
class Report:
    """What a report tells."""

    project: Project
    tasks: Sequence[TaskReport]
    made_at: datetime
    made_by: str
    secrets: frozenset[str] = frozenset()
    """Values that must not stand in any form of it: a model may repeat a key that it was given."""

    @property
    def candidates(self) -> list[CandidateReport]:
        """One for each task and candidate, in the order of the project."""
        return [candidate for task in self.tasks for candidate in task.candidates]

    @property
    def decision(self) -> tuple[Answer, list[str]]:
        """Ready when every task is, and a task is ready when one of its candidates is; with the reasons."""
        best = [task.best.card for task in self.tasks]
        about = [f"{card.task} on {card.candidate}" for card in best] if len(self.candidates) > 1 else []
        return decide_project([card.decision for card in best], about)

    @property
    def simulated(self) -> bool:
        """One of the models is simulated."""
        return any(candidate.simulated for candidate in self.candidates)
