"""Where each prompt of a project stands: one row for a task and a candidate, made from what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from migrator_tui.history.records import Version
from migrator_tui.parity.drift.ranking import rank
from migrator_tui.parity.gate import Answer, Decision, decide
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.pairs import Pairs, pair
from migrator_tui.parity.scorecard import Figure, figure_of, gate_input
from migrator_tui.parity.statistics.paired import paired_difference
from migrator_tui.parity.statistics.values import Interval
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import ModelSpec, Project, Task
from migrator_tui.running.evidence import gather
from migrator_tui.running.versions import version_of_record

if TYPE_CHECKING:
    from migrator_tui.history.store import History


class FileState(StrEnum):
    """How the version in work and the candidate's prompt file agree."""

    IN_FILE = "in file"
    TASKS_PROMPT = "task's prompt"
    """The candidate has no prompt file of its own, and needs none: it works with the task's."""
    BEHIND = "file is behind"
    """The file holds an older version."""
    CHANGED = "file changed"
    """The file was edited outside and has not been run since."""
    UNREADABLE = "unreadable"


class State(StrEnum):
    """What the gate says of a candidate on a task, or that it was never run; worst first."""

    NOT_READY = "not ready"
    NOT_ENOUGH = "not enough evidence"
    READY = "ready"
    NOT_RUN = "not run"


_STATES = {Answer.NOT_READY: State.NOT_READY, Answer.NOT_ENOUGH: State.NOT_ENOUGH, Answer.READY: State.READY}


@dataclass(frozen=True, slots=True)
class Change:
    """How the candidate's figure differs from the baseline's, on the cases that both answered."""

    old: float
    new: float

    @property
    def share(self) -> float | None:
        """0.25: a quarter more; `None` where the old figure is 0."""
        return self.new / self.old - 1 if self.old else None


@dataclass(frozen=True, slots=True)
class Overview:
    """One task on one candidate."""

    task: str
    candidate: ModelSpec
    cases: int
    version: Version | None
    """The version in work: the newest one, where it goes on from what the file says; else the file's."""
    measured: Version | None
    """The version that most cases were run with: what figures and decision are about."""
    file_version: Version | None
    file: FileState
    problem: str
    """Why the prompt file or the cases cannot be read; empty where they can."""
    pairs: Pairs
    critical: Sequence[str]
    """Critical cases among those that became worse."""
    to_judge: int
    errors: int
    """Cases whose call or check ended in an error, on either model."""
    not_run: int
    """Cases that one of the models was not asked about."""
    cost: Change | None
    """USD a call; `None` where a price is unknown."""
    latency_p95: Change | None
    """Milliseconds."""
    causes: Sequence[tuple[str, int]]
    """What changed in the cases that became worse, with how many show it, most first."""
    decision: Decision
    difference: Interval | None
    """Candidate minus baseline pass rate over the cases judged on both."""
    margin: float
    """How much lower the pass rate may be, a fraction."""

    @property
    def open(self) -> int:
        """Cases that are not decided on both models."""
        return self.to_judge + self.errors + self.not_run

    @property
    def state(self) -> State:
        """How far it is."""
        return State.NOT_RUN if self.not_run >= self.cases else _STATES[self.decision.answer]


def overview(project: Project, history: "History", task: Task, candidate: ModelSpec, *, author: str) -> Overview:
    """Where one prompt stands. The task's cases must be indexed and their standings up to date.

    Says what the scorecard says, of which it counts only what it shows. Records the version that the prompt file
    says, where that is new.
    """
    problem, record = "", None
    try:
        record = version_of_record(project, history, task, candidate.name, author=author)
    except ProjectError as error:
        problem = str(error)
    versions = history.versions(task.name, candidate.name)
    work = version_in_work(record, versions)
    answered = history.answered_versions(task.name, candidate.name, candidate.model)
    evidence = gather(project, history, task, candidate)
    cases, rules = evidence.cases, task.gate
    failing = {case.case_id for case in cases if case.candidate.outcome.passed is False}
    drift = rank({case.case_id: case.drift for case in cases}, failing)
    seen = gate_input(cases, rules, drift=drift)
    pairs = pair(
        {case.case_id: case.baseline.outcome for case in cases},
        {case.case_id: case.candidate.outcome for case in cases},
    )
    worse = set(pairs.worse)
    causes = [(row.title, len(worse.intersection(row.cases))) for row in drift]
    not_run = sum(
        Outcome.NOT_RUN in (case.baseline.outcome, case.candidate.outcome)
        and Outcome.ERROR not in (case.baseline.outcome, case.candidate.outcome)
        for case in cases
    )
    return Overview(
        task=task.name,
        candidate=candidate,
        cases=len(cases),
        version=work,
        measured=evidence.version,
        file_version=record,
        file=_file_state(task, candidate, record, work, answered),
        problem=problem,
        pairs=pairs,
        critical=seen.critical_regressions,
        to_judge=len(cases) - pairs.decided - seen.errors - not_run,
        errors=seen.errors,
        not_run=not_run,
        cost=_change(figure_of("cost", cases, rules.confidence, change=False)),
        latency_p95=_change(figure_of("latency_p95", cases, rules.confidence, change=False)),
        causes=sorted((cause for cause in causes if cause[1]), key=lambda cause: -cause[1]),
        decision=decide(rules, seen),
        difference=paired_difference(seen.table, rules.confidence),
        margin=rules.margin,
    )


def version_in_work(record: Version | None, versions: Sequence[Version]) -> Version | None:
    """The newest version where it goes on from what the file says, else what the file says.

    `versions` are all of a task and candidate, newest first.
    """
    newest = next(iter(versions), None)
    if record is None or newest is None:
        return newest
    parents = {version.id: version.parent_id for version in versions}
    seen: int | None = newest.id
    while seen is not None and seen != record.id:
        seen = parents.get(seen)
    return newest if seen == record.id else record


def _file_state(
    task: Task, candidate: ModelSpec, record: Version | None, work: Version | None, answered: Mapping[int, int]
) -> FileState:
    if record is None or work is None:
        return FileState.UNREADABLE
    if work.id != record.id:
        return FileState.BEHIND
    if answered and record.id not in answered:
        return FileState.CHANGED
    return FileState.IN_FILE if task.name in candidate.prompts else FileState.TASKS_PROMPT


def _change(figure: Figure) -> Change | None:
    return None if figure.old is None or figure.new is None else Change(figure.old, figure.new)
