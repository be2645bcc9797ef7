"""Which of several edits earn their place: each is left out in turn, and what then fails needs it."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator_tui.adaptation.trials import (
    Change,
    Progress,
    base_version,
    changed_version,
    choose,
    estimate_tries,
)
from migrator_tui.adaptation.values import Ablation
from migrator_tui.history.records import Version
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.project.schema import Case, Project
from migrator_tui.running.checking.waiting import models_asked
from migrator_tui.running.estimate import Estimate
from migrator_tui.running.run import Runner
from migrator_tui.running.spending import Budget

if TYPE_CHECKING:
    from migrator_tui.history.store import History

CONCURRENCY = 16
MOST_AIMED, MOST_PASSED = 40, 20
"""Cases that each prompt is asked about: those the edits are for, and those that pass and might not without one."""


def estimate(
    project: Project, history: "History", change: Change, *, author: str, concurrency: int = CONCURRENCY
) -> Estimate:
    """What `leave_one_out` will take; what was asked before costs nothing. Raises `EditError`."""
    cases, versions = _prepared(project, history, change, author)
    task = project.task(change.suggestion.task)
    tries = [(version, cases) for version in versions]
    return estimate_tries(project, history, task, tries, concurrency=concurrency)


async def leave_one_out(
    project: Project,
    history: "History",
    runner: Runner,
    change: Change,
    *,
    author: str,
    budget: Budget | None = None,
    concurrency: int = CONCURRENCY,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_ablation: Callable[[Ablation], None] = lambda ablation: None,
    stop: asyncio.Event | None = None,
) -> list[Ablation]:
    """Ask the prompt with all edits, then without each of them in turn; nothing that stands changes.

    Stopped, or at a cap, it hands back what is known of the edits until then. No held-out case is asked. Raises
    `EditError` and `ProjectError` as `try_acceptance`.
    """
    task, candidate = project.task(change.suggestion.task), change.suggestion.candidate
    cases, versions = await asyncio.to_thread(_prepared, project, history, change, author)
    if budget is None:
        budget = await runner.open_budget([project.candidate(candidate), *models_asked(task, cases)])
    progress = Progress(on_progress, len(versions) * len(cases))
    outcomes: list[dict[str, Outcome]] = []
    found: list[Ablation] = []
    for version in versions:
        result = await runner.try_version(
            task,
            candidate,
            version,
            cases,
            budget=budget,
            concurrency=concurrency,
            on_tried=progress.step,
            stop=stop,
        )
        if not result.complete:
            break
        outcomes.append({case_id: one.outcome.outcome for case_id, one in result.tried.items()})
        if len(outcomes) > 1:
            whole, without = outcomes[0], outcomes[-1]
            ablation = Ablation(
                edit=change.number(len(outcomes) - 2),
                needed_for=[c for c, one in whole.items() if one.passed and without[c].passed is False],
                better_without=[c for c, one in whole.items() if one.passed is False and without[c].passed],
            )
            found.append(ablation)
            on_ablation(ablation)
    return found


def _prepared(project: Project, history: "History", change: Change, author: str) -> tuple[list[Case], list[Version]]:
    """The cases to ask about, and the prompts: with all edits, then without the first, the second …"""
    chosen = choose(project, history, change)
    base = base_version(history, change, author=author)
    cases = [*chosen.aimed_at[:MOST_AIMED], *chosen.passed[:MOST_PASSED]]
    without: list[int | None] = [None, *range(len(change.edits))]
    return cases, [changed_version(history, change, base, author=author, without=place) for place in without]
