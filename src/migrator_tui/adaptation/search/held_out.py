"""The test that counts: where it began and the winner, both asked anew about cases that neither has seen."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from migrator_tui.adaptation.search.asking import Asking
from migrator_tui.adaptation.search.engine import Over
from migrator_tui.adaptation.search.scores import Scored, flips, pass_rate, scored
from migrator_tui.adaptation.search.values import HeldOut
from migrator_tui.adaptation.values import Flips
from migrator_tui.history.records import Version
from migrator_tui.parity.pairs import outcome_of_mark
from migrator_tui.parity.statistics.paired import paired_difference
from migrator_tui.parity.statistics.values import PairedTable
from migrator_tui.project.schema import BASELINE, Case, Project, Task
from migrator_tui.running.judging import CHUNK, standings_of
from migrator_tui.running.trying import Tried

if TYPE_CHECKING:
    from migrator_tui.history.store import History

CONFIDENCE = 0.95


async def ask_held_out(
    asking: Asking,
    history: "History",
    project: Project,
    task: Task,
    versions: tuple[Version, Version],
    cases: Sequence[Case],
    *,
    author: str,
) -> HeldOut | None:
    """Ask both prompts, whatever the cache holds, and count a look. `None` where it had to end before both were
    asked: half a comparison is none."""
    found: list[dict[str, Scored]] = []
    for version in versions:
        scores: dict[str, Scored] = {}

        def take(tried: Tried, into: dict[str, Scored] = scores) -> None:
            into[tried.case_id] = scored(tried.outcome, tried.checks)

        try:
            await asking.ask(version, cases, take, fresh=True)
        except Over:
            return None
        found.append({case.id: scores[case.id] for case in cases})
    after = versions[1]
    candidate = after.model_name
    looks = await asyncio.to_thread(history.add_look, task.name, candidate, after.id, "search", author)
    baseline = await asyncio.to_thread(baseline_rate, project, history, task, candidate, cases)
    return compared(found[0], found[1], baseline, looks)


def compared(
    before: Mapping[str, Scored], after: Mapping[str, Scored], baseline: float | None, looks: int
) -> HeldOut:
    """The result of both on the held-out cases, which are counted and never named."""
    both = _nameless(flips(before, after))
    table = PairedTable(len(both.kept), len(both.broken), len(both.fixed), len(both.still_failing))
    interval = paired_difference(table, CONFIDENCE)
    return HeldOut(
        cases=len(after),
        before=pass_rate(before.values()),
        after=pass_rate(after.values()),
        baseline=baseline,
        flips=both,
        low=interval.low if interval is not None else None,
        high=interval.high if interval is not None else None,
        looks=looks,
    )


def _nameless(found: Flips) -> Flips:
    return Flips(**{field.name: ("",) * len(getattr(found, field.name)) for field in fields(found)})


def baseline_rate(
    project: Project, history: "History", task: Task, candidate: str, cases: Sequence[Case]
) -> float | None:
    """The baseline's pass rate on these cases; `None` where it was not asked about all of them."""
    passed: list[bool | None] = []
    for start in range(0, len(cases), CHUNK):
        chunk = {case.id: case for case in cases[start : start + CHUNK]}
        old = history.current_outputs(task.name, BASELINE, project.baseline.model, list(chunk))
        if len(old) < len(chunk):
            return None
        judged = standings_of(project, history, task, candidate, chunk, old, {})
        passed += [outcome_of_mark(standing.baseline).passed for standing in judged.standings]
    known = [one for one in passed if one is not None]
    return sum(known) / len(known) if known else None
