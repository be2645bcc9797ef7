"""Accepting edits: what would flip is known before anything is kept, and what is kept says where it came from."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from migrator_tui.adaptation.flips import flips
from migrator_tui.adaptation.keeping import acceptance_details, suggestion_details
from migrator_tui.adaptation.splitting import mark_example, parts_of
from migrator_tui.adaptation.trials import (
    Change,
    Chosen,
    Progress,
    base_version,
    changed_version,
    choose,
    estimate_tries,
    quoted_cases,
)
from migrator_tui.adaptation.values import Ablation, Acceptance, Edit, EditKind
from migrator_tui.history.records import Version
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.project.prompts import normal
from migrator_tui.project.schema import Case, Project, Task
from migrator_tui.running.checking.waiting import models_asked
from migrator_tui.running.estimate import Estimate
from migrator_tui.running.judging import cases_named, refresh_standings
from migrator_tui.running.run import Runner
from migrator_tui.running.spending import Budget
from migrator_tui.running.trying import TryResult, try_items
from migrator_tui.text_safety import safe_line

if TYPE_CHECKING:
    from migrator_tui.history.store import History

CONCURRENCY = 16
NOTE_LINE = 160
"""Characters of one reason in a version's note."""


def estimate_acceptance(
    project: Project, history: "History", change: Change, *, author: str, concurrency: int = CONCURRENCY
) -> Estimate:
    """What `try_acceptance` will take at most; what was asked before costs nothing. Raises `EditError` and
    `ProjectError` as that does."""
    task, chosen, base, after = _prepared(project, history, change, author)
    tries = [(base, chosen.every), (after, chosen.every)]
    return estimate_tries(project, history, task, tries, concurrency=concurrency)


async def try_acceptance(
    project: Project,
    history: "History",
    runner: Runner,
    change: Change,
    *,
    author: str,
    budget: Budget | None = None,
    concurrency: int = CONCURRENCY,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    stop: asyncio.Event | None = None,
) -> Acceptance:
    """Ask the prompt before and after the change where nobody has asked it yet, and set the outcomes side by side.

    Nothing that stands changes. Held-out cases are asked too, and a look at them is counted. `on_progress` is told
    how many answers of how many are there. Where it is stopped or a cap is reached, `stopped_because` says so, and
    what was not asked is open. Raises `EditError` where the edits do not fit their text, and `ProjectError` where a
    prompt cannot be rendered.
    """
    began = time.monotonic()
    task, chosen, base, after = await asyncio.to_thread(_prepared, project, history, change, author)
    candidate = change.suggestion.candidate
    if budget is None:
        models = [project.candidate(candidate), *models_asked(task, chosen.every)]
        budget = await runner.open_budget(models)
    progress = Progress(on_progress, 2 * len(chosen.every))

    async def tried(version: Version, cases: Sequence[Case]) -> TryResult:
        return await runner.try_version(
            task,
            candidate,
            version,
            cases,
            budget=budget,
            concurrency=concurrency,
            on_tried=progress.step,
            stop=stop,
        )

    old = await tried(base, chosen.every)
    was = {case_id: one.outcome.outcome for case_id, one in old.tried.items()}
    aimed, passed, others = _sides(chosen, was)
    new = await tried(after, chosen.every) if old.complete else None
    results = [old] if new is None else [old, new]
    now = {case_id: one.outcome.outcome for case_id, one in new.tried.items()} if new is not None else {}
    held_out = flips(was, now, [case.id for case in chosen.held_out])
    looks = 0
    if held_out.cases > len(held_out.open):
        looks = await asyncio.to_thread(history.add_look, task.name, candidate, after.id, "acceptance", author)
    named = [*aimed, *passed, *others]
    both = {case_id for case_id in named if case_id in old.tried and new is not None and case_id in new.tried}
    flipped = flips(was, now, aimed), flips(was, now, passed), flips(was, now, others)
    critical = {case.id for case in chosen.every if case.critical}
    unpriced = sum(result.unpriced for result in results)
    cost = sum(result.cost for result in results)
    return Acceptance(
        aimed_at=flipped[0],
        passed=flipped[1],
        held_out=held_out,
        looks=looks,
        others=flipped[2],
        critical_broken=tuple(case_id for part in flipped for case_id in part.broken if case_id in critical),
        outputs={
            case_id: (old.tried[case_id].output.id, new.tried[case_id].output.id)
            for case_id in named
            if case_id in both and new is not None
        },
        reasons={
            case_id: new.tried[case_id].outcome.reason
            for case_id in named
            if case_id in both and new is not None and not now[case_id].passed
        },
        calls=sum(result.calls for result in results),
        cost=None if unpriced and not cost else cost,
        seconds=time.monotonic() - began,
        stopped_because=next((result.stopped_because for result in results if result.stopped_because), ""),
    )


def accept(
    project: Project,
    history: "History",
    change: Change,
    *,
    acceptance: Acceptance | None,
    author: str,
    overridden: bool = False,
    ablations: Sequence[Ablation] = (),
) -> Version:
    """Keep the changed prompt as a version, with what it came from and why, and let its answers stand.

    What was asked with it, and nothing else, now stands for its cases. `acceptance`: what trying it came to, `None`
    where nobody tried; `overridden`: somebody accepted although cases broke. Raises `EditError`.
    """
    task, candidate = project.task(change.suggestion.task), change.suggestion.candidate
    base = base_version(history, change, author=author)
    version = history.record_version(
        task=task.name,
        model_name=candidate,
        template=normal(change.text()),
        params=dict(change.params),
        parent_id=base.id,
        origin=change.origin,
        author=author,
        kept=True,
        note=note_of(change.edits) or None,
    )
    details = suggestion_details(change.suggestion, change.edits, base.id, change.search_id)
    details |= acceptance_details(acceptance, overridden=overridden, ablations=ablations)
    history.keep_adaptation(version.id, details, author)
    if any(edit.kind is EditKind.EXAMPLE for edit in change.edits):
        cases = cases_named(project, history, task, None)
        parts = parts_of(history, project, task, cases)
        mark_example(history, task, sorted(quoted_cases(task, change, cases, parts.held_out)))
    let_stand(project, history, task, version)
    return version


def let_stand(project: Project, history: "History", task: Task, version: Version) -> list[str]:
    """What that version was tried on stands from now on: ids of the cases that this changes. Nobody is asked."""
    spec = project.candidate(version.model_name)
    cases = cases_named(project, history, task, history.tried_cases(version.id, spec.model))
    items = try_items(project, history, task, version, cases)
    standing = history.current_outputs(task.name, spec.name, spec.model, [case.id for case in cases])
    placed = [
        (item, item.output_id)
        for item in items
        if item.output_id is not None
        and not any(
            output.id == item.output_id and output.version_id == version.id
            for output in standing.get(item.case_id, ())
        )
    ]
    history.place_outputs(placed)
    changed = [item.case_id for item, _ in placed]
    refresh_standings(project, history, task, spec.name, changed)
    return changed


def note_of(edits: Sequence[Edit]) -> str:
    """The reasons of edits in short, one line each."""
    lines = [": ".join(filter(None, (edit.title, edit.why))) for edit in edits]
    return "\n".join(dict.fromkeys(safe_line(line, NOTE_LINE) for line in lines if line))


def _prepared(
    project: Project, history: "History", change: Change, author: str
) -> tuple[Task, Chosen, Version, Version]:
    chosen = choose(project, history, change)
    base = base_version(history, change, author=author)
    after = changed_version(history, change, base, author=author)
    return project.task(change.suggestion.task), chosen, base, after


def _sides(chosen: Chosen, was: Mapping[str, Outcome]) -> tuple[list[str], list[str], list[str]]:
    """The cases aimed at, those that pass with the prompt before, and the rest: its own answers say which, not what
    stands."""

    def passed(case_id: str) -> bool | None:
        return was.get(case_id, Outcome.NOT_RUN).passed

    learn = [case.id for case in [*chosen.aimed_at, *chosen.passed, *chosen.others]]
    aimed = [case.id for case in chosen.aimed_at]
    if not chosen.named:
        aimed = [case_id for case_id in learn if passed(case_id) is False]
    others = [case_id for case_id in learn if case_id not in aimed]
    return aimed, [case_id for case_id in others if passed(case_id)], [c for c in others if not passed(c)]
