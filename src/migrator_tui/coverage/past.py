"""What the history adds to coverage: verdicts, flaky cases, those that pass everywhere; what a check would change.

Standings must be up to date (`running.judging.bring_up_to_date`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator_tui.coverage.values import MOST_IDS, CheckProposal, PastFacts
from migrator_tui.history.records import Mark
from migrator_tui.project.schema import BASELINE, Project, Task

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.running.checking.trial import Trial


@dataclass(frozen=True, slots=True)
class Change:
    """What a proposed check would come to on the answers that are there."""

    fails: dict[str, int]
    """By model name, cases whose answer fails it; models without answers are not in it."""
    newly: dict[str, int]
    """Of those, cases that pass today."""
    failing: tuple[str, ...] = ()
    """Cases whose newest answer of either model fails it, the first `MOST_IDS`; those that pass today first."""
    asks: bool = False
    """It asks a model: it was not tried."""
    calls: int = 0
    cost: float | None = 0.0
    """USD that asking about all answers takes; `None`: unknown."""


def past_facts(project: Project, history: "History", task: Task) -> PastFacts:
    """What the history knows about the task's cases."""
    judged: set[str] = set(history.verdicts(task.name, BASELINE))
    flaky: set[str] = set()
    passing: set[str] | None = None
    for candidate in project.candidates:
        judged |= set(history.verdicts(task.name, candidate.name))
        standings = history.standings(task.name, candidate.name)
        flaky |= {key for key, one in standings.items() if Mark.FLAKY in (one.baseline, one.candidate)}
        fine = {key for key, one in standings.items() if one.baseline == one.candidate == Mark.PASSED}
        passing = fine if passing is None else passing & fine
    return PastFacts(frozenset(judged), frozenset(flaky), frozenset(passing or ()))


def tried(
    project: Project,
    history: "History",
    task: Task,
    proposals: Sequence[CheckProposal],
    candidates: Sequence[str],
    *,
    stop: Callable[[], bool] = lambda: False,
) -> list[Change] | None:
    """What each proposed check would come to on the baseline and on these candidates; `None` once `stop` says so."""
    from migrator_tui.running.checking.trial import load_ground, try_check

    found = [Change({}, {}) for _ in proposals]
    for candidate in candidates if proposals else ():
        ground = load_ground(project, history, task, candidate, stop=stop)
        if ground is None:
            return None
        for number, proposal in enumerate(proposals):
            trial = try_check(ground, proposal.spec, stop=stop)
            if trial is None:
                return None
            found[number] = _with(found[number], trial, candidate)
    return found


def _with(change: Change, trial: "Trial", candidate: str) -> Change:
    if trial.waits:
        return Change({}, {}, asks=True, calls=trial.calls, cost=trial.cost)
    fails, newly = dict(change.fails), dict(change.newly)
    for name, side in ((BASELINE, trial.baseline), (candidate, trial.candidate)):
        if side.answered:
            fails[name] = len(side.failed)
            newly[name] = len(side.would_fail)
    sides = (trial.candidate, trial.baseline)
    failing = [*change.failing, *(case_id for side in sides for case_id in side.would_fail)]
    failing += [case_id for side in sides for case_id in side.failed]
    return Change(fails, newly, tuple(dict.fromkeys(failing))[:MOST_IDS])
