"""Asks what checks wait for: a judge, a model for embeddings, a process. What is answered is stored at once.

A check that ended in an error is asked again at the next run; one that was answered never is, until the check, what
it compares with, or whoever answers it changes.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator_tui.checks.base import NotAsked, Subject
from migrator_tui.history.records import CheckRecord, Output, SideCall
from migrator_tui.project.schema import Case, CheckSpec, ModelSpec, Task
from migrator_tui.running.checking.services import Services
from migrator_tui.running.judging import checks_of, record_of

if TYPE_CHECKING:
    from migrator_tui.history.store import History


@dataclass(frozen=True, slots=True)
class OpenCheck:
    """A check of an output that somebody is still to be asked about."""

    output_id: int
    key: str
    spec: CheckSpec
    subject: Subject


def can_be_asked(record: CheckRecord) -> bool:
    """Whether a record says that its check is still to be asked: never asked and not blocked, or an error."""
    return record.waiting and (record.error or not record.reason)


def models_asked(task: Task, cases: Iterable[Case]) -> list[ModelSpec]:
    """The models that the checks of these cases ask, judge or embeddings or both."""
    from migrator_tui.checks.registry import asked_models

    found = asked_models(task.checks, task.check_setup)
    for case in cases:
        if case.checks:
            found |= asked_models(case.checks, task.check_setup)
    return [spec for spec, _ in found.values()]


def open_checks(
    history: "History",
    task: Task,
    cases: Mapping[str, Case],
    outputs: Iterable[Output],
    baselines: Mapping[str, Sequence[Output]],
) -> list[OpenCheck]:
    """What is to be asked about these outputs; `cases` and `baselines` as of `judging.check_outputs`."""
    from migrator_tui.checks.registry import blocked, waits

    answered = [output for output in outputs if not output.failed_call and output.case_id in cases]
    stored = history.checks([output.id for output in answered])
    found = []
    for output in answered:
        subject, keyed = checks_of(output, task, cases[output.case_id], baselines)
        known = stored.get(output.id, {})
        for key, spec in keyed.items():
            unknown = key not in known or known[key].error
            if unknown and waits(spec) and not blocked(spec, subject):
                found.append(OpenCheck(output.id, key, spec, subject))
    return found


async def ask_waiting(
    history: "History",
    task: Task,
    cases: Mapping[str, Case],
    outputs: Sequence[Output],
    baselines: Mapping[str, Sequence[Output]],
    services: Services,
) -> tuple[int, int]:
    """Ask what these outputs' checks wait for, all at the same time, and store it: how many were answered (errors
    too), and how many nobody was asked about.

    Cancelling this cancels the calls; what was answered and paid until then is stored. Raises `HistoryError`.
    """
    found = await asyncio.to_thread(open_checks, history, task, cases, outputs, baselines)
    mine = [check for check in found if services.begin(check.output_id, check.key)]
    asked = [asyncio.create_task(_ask(history, check, services)) for check in mine]
    try:
        await asyncio.gather(*asked)
    except BaseException:
        for asking in asked:
            asking.cancel()
        await asyncio.wait(asked)
        raise
    answered = sum(asking.result() for asking in asked)
    return answered, len(mine) - answered


async def _ask(history: "History", check: OpenCheck, services: Services) -> bool:
    from migrator_tui.checks.registry import run_waiting

    results: dict[int, list[CheckRecord]] = {}
    try:
        result = await run_waiting(check.spec, check.subject, services.about(check.output_id))
        results[check.output_id] = [record_of(check.key, result)]
    except NotAsked:
        services.give_back(check.output_id, check.key)
    except asyncio.CancelledError:
        services.give_back(check.output_id, check.key)
        raise
    finally:
        calls = services.take_calls()
        if results or calls:
            # Shielded: what was paid for is kept even if `x` is pressed in that moment.
            storing = asyncio.ensure_future(asyncio.to_thread(_store, history, results, calls))
            try:
                await asyncio.shield(storing)
            except asyncio.CancelledError:
                await asyncio.wait([storing])
                raise
    return bool(results)


def _store(history: "History", results: Mapping[int, Sequence[CheckRecord]], calls: Sequence[SideCall]) -> None:
    history.add_side_calls(calls)
    history.add_checks(results)
