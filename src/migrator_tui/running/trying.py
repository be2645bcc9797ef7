"""Tries a prompt on some cases: asked and judged as a run would, and nothing that stands for them changes.

What is answered is stored all the same, so that whoever asks the same later finds it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrator_tui.history.records import CheckRecord, Output, RunItem, Verdict, Version
from migrator_tui.models.requests import Lane
from migrator_tui.parity.outcomes import OutcomeWithReason, outcome_of
from migrator_tui.project.schema import BASELINE, Case, Project, Task
from migrator_tui.running.cache import source_digest
from migrator_tui.running.calls import Calls, new_output, settled_call
from migrator_tui.running.checking.services import Services
from migrator_tui.running.checking.waiting import ask_waiting, can_be_asked
from migrator_tui.running.judging import CHUNK, check_outputs, refresh_standings
from migrator_tui.running.placeholders import refuse_placeholders
from migrator_tui.running.plan import key_for, request_for, validate_checks, with_cache
from migrator_tui.running.spending import Budget, is_free
from migrator_tui.running.writer import OutputWriter

if TYPE_CHECKING:
    from migrator_tui.history.store import History


@dataclass(frozen=True, slots=True)
class Tried:
    """How a prompt did on one case."""

    case_id: str
    outcome: OutcomeWithReason
    output: Output
    checks: Sequence[CheckRecord]
    cached: bool
    """It had been asked before."""


@dataclass(frozen=True, slots=True)
class TryResult:
    """How a prompt did on the cases it was tried on."""

    tried: Mapping[str, Tried]
    """By case id, in the order in which the cases were given; a call that gave no answer is an outcome `error`."""
    calls: int
    """Requests that were made for it, each attempt of a call and those of judges included."""
    cached: int
    cost: float
    """USD of the answers that came, judges' included …"""
    unpriced: int
    """… but for so many whose price is not known."""
    complete: bool
    """Every case was asked and judged."""
    stopped_because: str | None = None
    """Why it is not complete; one line."""


@dataclass(slots=True)
class _Known:
    """What judging needs besides the output itself, read once."""

    baselines: dict[str, Sequence[Output]] = field(default_factory=dict)
    verdicts: dict[str, Sequence[Verdict]] = field(default_factory=dict)


def try_items(
    project: Project, history: "History", task: Task, version: Version, cases: Iterable[Case], *, fresh: bool = False
) -> list[RunItem]:
    """One call for each case, numbered from 1; those that were answered before are linked to that answer.

    Raises `ProjectError` where the prompt cannot be rendered for a case.
    """
    spec = project.model(version.model_name)
    source = source_digest(project, spec)
    items = [
        RunItem(
            no,
            task.name,
            spec.name,
            case.id,
            version.id,
            1,
            key_for(project, task, spec, version, case, 1, source=source),
        )
        for no, case in enumerate(cases, 1)
    ]
    return items if fresh else with_cache(history, items)


class TryJob:
    """One prompt being tried on some cases, once."""

    def __init__(
        self,
        project: Project,
        history: "History",
        pool: Calls,
        budget: Budget,
        *,
        lane: Lane,
        concurrency: int,
    ) -> None:
        self._project = project
        self._history = history
        self._pool = pool
        self._budget = budget
        self._lane = lane
        self._concurrency = max(1, concurrency)
        self._services = Services(pool, budget, lane=lane, concurrency=concurrency)
        self._stopping = asyncio.Event()
        self._freed = asyncio.Event()
        self._why: str | None = None
        self._in_flight = 0
        self._halted = False
        """No more calls are started; what was answered is still judged."""
        self._known = _Known()
        self._tried: dict[str, Tried] = {}
        self._cost = 0.0
        self._unpriced = 0

    def stop(self, why: str = "stopped") -> None:
        """Cancel the calls in flight and start no more; what was answered is kept."""
        self._why = self._why or why
        self._halted = True
        self._stopping.set()

    async def run(
        self,
        task: Task,
        version: Version,
        cases: Sequence[Case],
        *,
        fresh: bool,
        on_tried: Callable[[Tried], None],
    ) -> TryResult:
        """See `Runner.try_version`."""
        before = self._budget.calls.made
        items = await asyncio.to_thread(self._begin, task, version, cases, fresh)
        by_id = {case.id: case for case in cases}
        standing = version.model_name == BASELINE
        async with OutputWriter(self._history, standing=standing) as writer:
            await self._all(task, version, by_id, items, writer, on_tried)
        if standing:
            await asyncio.to_thread(self._let_stand, task, items)
        made = self._budget.calls.made - before
        tried = {case.id: self._tried[case.id] for case in cases if case.id in self._tried}
        complete = len(tried) == len(by_id) and self._services.refusal is None
        return TryResult(
            tried=tried,
            calls=made,
            cached=sum(one.cached for one in tried.values()),
            cost=self._cost + self._services.cost,
            unpriced=self._unpriced + self._services.unpriced,
            complete=complete,
            stopped_because=None if complete else self._why or self._services.refusal or "stopped",
        )

    def _begin(self, task: Task, version: Version, cases: Sequence[Case], fresh: bool) -> list[RunItem]:
        validate_checks(task, cases)
        refuse_placeholders([self._project.model(version.model_name)], {(task.name, version.model_name): version})
        items = try_items(self._project, self._history, task, version, cases, fresh=fresh)
        ids = [case.id for case in cases]
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            if version.model_name != BASELINE:
                self._known.baselines |= self._history.current_outputs(
                    task.name, BASELINE, self._project.baseline.model, chunk
                )
            self._known.verdicts |= self._history.verdicts(task.name, version.model_name, chunk)
        return items

    async def _all(
        self,
        task: Task,
        version: Version,
        cases: Mapping[str, Case],
        items: Sequence[RunItem],
        writer: OutputWriter,
        on_tried: Callable[[Tried], None],
    ) -> None:
        """Ask and judge, several at a time; ends early where it is stopped, with what was answered on disk."""
        known = await asyncio.to_thread(
            self._history.outputs, [i.output_id for i in items if i.output_id is not None]
        )
        # What costs nothing comes first: whoever looks on sees it at once.
        waiting = deque(sorted(items, key=lambda item: item.output_id is None))

        async def work() -> None:
            while waiting and not self._halted:
                item = waiting.popleft()
                output = known.get(item.output_id or 0)
                cached = output is not None
                if output is None:
                    output = await self._ask(task, version, cases[item.case_id], item, writer)
                if output is not None:
                    tried = await self._judge(task, cases[item.case_id], output, cached)
                    self._tried[item.case_id] = tried
                    on_tried(tried)

        limit = self._project.model(version.model_name).concurrency or self._concurrency
        working = [asyncio.create_task(work()) for _ in range(min(self._concurrency, limit, len(items)))]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while (going := [task for task in working if not task.done()]) and not self._stopping.is_set():
                ended, _ = await asyncio.wait({*going, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if any(task.exception() for task in ended if task is not stopping and not task.cancelled()):
                    break
        finally:
            stopping.cancel()
            for one in working:
                one.cancel()
            ended_with = await asyncio.gather(*working, return_exceptions=True)
        for outcome in ended_with:
            if isinstance(outcome, Exception):
                raise outcome

    async def _ask(
        self, task: Task, version: Version, case: Case, item: RunItem, writer: OutputWriter
    ) -> Output | None:
        """The stored answer of one call, or its error; `None` where it was not made or was stopped."""
        spec = self._project.model(item.model_name)
        request = request_for(self._project, task, spec, version, case)
        bound = self._budget.bound(spec, request)
        while (refusal := self._budget.refusal(spec, bound)) is not None:
            if self._halted or not (self._in_flight or self._services.in_flight):
                self._why = self._why or refusal
                self._halted = True
                return None
            await self._something_ends()
        self._budget.promise(spec, bound)
        self._in_flight += 1
        try:
            end = await settled_call(self._pool, spec, request, lane=self._lane, budget=self._budget, bound=bound)
        finally:
            self._in_flight -= 1
            self._freed.set()
        if end is None:
            return None
        row = new_output(item, spec, end, self._budget.prices, run_id=None)
        self._cost += row.cost or 0.0
        self._unpriced += row.cost is None and row.error_kind is None and not is_free(spec)
        # Shielded: an answer that came is kept even if it is stopped in that moment.
        storing = asyncio.ensure_future(writer.add(row))
        try:
            return await asyncio.shield(storing)
        except asyncio.CancelledError:
            await asyncio.wait([storing])
            raise

    async def _something_ends(self) -> None:
        """Wait until a call has ended: what it might have taken is free then."""
        self._freed.clear()
        waits = [asyncio.create_task(self._freed.wait()), asyncio.create_task(self._services.settled())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _judge(self, task: Task, case: Case, output: Output, cached: bool) -> Tried:
        records = await asyncio.to_thread(self._checks, task, case, output)
        if any(can_be_asked(record) for record in records):
            await ask_waiting(self._history, task, {case.id: case}, [output], self._known.baselines, self._services)
            records = await asyncio.to_thread(self._checks, task, case, output)
        is_baseline = output.model_name == BASELINE
        outcome = outcome_of(
            [output],
            {output.id: records},
            self._known.verdicts.get(case.id, ()),
            is_baseline=is_baseline,
            assume=self._project.assume,
            threshold=task.threshold_for(case),
        )
        return Tried(case.id, outcome, output, records, cached)

    def _checks(self, task: Task, case: Case, output: Output) -> Sequence[CheckRecord]:
        found = check_outputs(self._history, task, {case.id: case}, [output], self._known.baselines)
        return list(found.get(output.id, {}).values())

    def _let_stand(self, task: Task, items: Sequence[RunItem]) -> None:
        """The baseline's answers stand for their cases, also those that the cache had; its prompt is not on trial."""
        spec = self._project.baseline
        ids = [item.case_id for item in items if item.case_id in self._tried]
        standing = self._history.current_outputs(task.name, BASELINE, spec.model, ids)
        for item in items:
            if item.output_id is not None and item.case_id in self._tried:
                stands = {output.id for output in standing.get(item.case_id, ())}
                if item.output_id not in stands:
                    self._history.place_output(item, item.output_id)
        for candidate in self._project.candidates:
            refresh_standings(self._project, self._history, task, candidate.name, ids)
