"""Where each prompt of a project stands: one row for a task and a candidate, made from what is stored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from migrator_tui.history.records import CaseRow, Figures, Mark, Version
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.pairs import Pairs, outcome_of_mark, pair
from migrator_tui.parity.summary import Summary, summarise
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, ModelSpec, Project, Task
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
    """How far a candidate is on a task, as far as it can be said without statistics; worst first."""

    WORSE = "worse"
    """At least one case that passed on the baseline fails."""
    OPEN = "open"
    """Nothing is worse yet, but cases wait to be judged, ended in an error, or were not run."""
    NOTHING_WORSE = "nothing worse"
    NOT_RUN = "not run"


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
    """The version that answered last: what the figures are about, for the most part."""
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

    @property
    def open(self) -> int:
        """Cases that are not decided on both models."""
        return self.to_judge + self.errors + self.not_run

    @property
    def state(self) -> State:
        """How far it is."""
        if self.not_run >= self.cases:
            return State.NOT_RUN
        if self.pairs.worse:
            return State.WORSE
        return State.OPEN if self.open else State.NOTHING_WORSE


def overview(project: Project, history: "History", task: Task, candidate: ModelSpec, *, author: str) -> Overview:
    """Where one prompt stands. The task's cases must be indexed and their standings up to date.

    Records the version that the prompt file says, where that is new.
    """
    problem, record = "", None
    try:
        record = version_of_record(project, history, task, candidate.name, author=author)
    except ProjectError as error:
        problem = str(error)
    versions = history.versions(task.name, candidate.name)
    work = version_in_work(record, versions)
    answered = history.answered_versions(task.name, candidate.name, candidate.model)
    measured = max((v for v in versions if v.id in answered), key=lambda v: answered[v.id], default=None)
    order, _ = history.order(task.name, candidate.name)
    rows = sorted(history.rows(task.name, candidate.name, order), key=lambda row: row.no)
    old, new = _outcomes(rows, baseline=True), _outcomes(rows, baseline=False)
    pairs = pair(old, new)
    worse = set(pairs.worse)
    sides = _figures(project, history, task, candidate)
    summaries = [summarise(outcomes, outputs) for outcomes, outputs in zip((old, new), sides, strict=True)]
    errors = sum(Outcome.ERROR in (old[row.case_id], new[row.case_id]) for row in rows)
    not_run = sum(
        Outcome.NOT_RUN in (old[row.case_id], new[row.case_id])
        and Outcome.ERROR not in (old[row.case_id], new[row.case_id])
        for row in rows
    )
    return Overview(
        task=task.name,
        candidate=candidate,
        cases=len(rows),
        version=work,
        measured=measured,
        file_version=record,
        file=_file_state(task, candidate, record, work, answered),
        problem=problem,
        pairs=pairs,
        critical=[row.case_id for row in rows if row.critical and row.case_id in worse],
        to_judge=len(rows) - pairs.decided - errors - not_run,
        errors=errors,
        not_run=not_run,
        cost=_cost(summaries, sides),
        latency_p95=_change(*(summary.latency_p95_ms for summary in summaries)),
        causes=_causes([row for row in rows if row.case_id in worse]),
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


def _outcomes(rows: Sequence[CaseRow], *, baseline: bool) -> dict[str, Outcome]:
    def mark(row: CaseRow) -> Mark:
        if row.standing is None:
            return Mark.NOT_RUN
        return row.standing.baseline if baseline else row.standing.candidate

    return {row.case_id: outcome_of_mark(mark(row)) for row in rows}


def _figures(
    project: Project, history: "History", task: Task, candidate: ModelSpec
) -> tuple[list[Figures], list[Figures]]:
    """The figures of both models' outputs on the cases that both answered."""
    old = history.current_figures(task.name, BASELINE, project.baseline.model)
    new = history.current_figures(task.name, candidate.name, candidate.model)
    both = [
        case_id
        for case_id in old
        if case_id in new and not any(o.failed_call for o in (*old[case_id], *new[case_id]))
    ]
    return [o for case_id in both for o in old[case_id]], [o for case_id in both for o in new[case_id]]


def _cost(summaries: Sequence[Summary], sides: Sequence[Sequence[Figures]]) -> Change | None:
    each = [
        summary.cost / len(outputs) if summary.cost is not None and outputs else None
        for summary, outputs in zip(summaries, sides, strict=True)
    ]
    return _change(*each)


def _change(old: float | None, new: float | None) -> Change | None:
    return None if old is None or new is None else Change(old, new)


def _causes(rows: Sequence[CaseRow]) -> list[tuple[str, int]]:
    """The first thing each row says has changed, without its figures: `longer ×2.3` and `longer ×1.8` are one."""
    firsts = [row.standing.changed.split(",")[0] for row in rows if row.standing and row.standing.changed]
    names = [" ".join(word for word in first.split() if not word.startswith("×")) for first in firsts]
    return Counter(name.split(":")[0] for name in names if name).most_common()
