"""Checks outputs and brings standings up to date behind a run, several outputs at a time, and tells of each."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from migrator_tui.history.records import CheckRecord, Output, RunItem, Standing
from migrator_tui.project.schema import BASELINE
from migrator_tui.running.checking.queue import CaseKey, CheckQueue
from migrator_tui.running.checking.services import Services
from migrator_tui.running.checking.waiting import ask_waiting, can_be_asked
from migrator_tui.running.events import OutputJudged, OutputRecorded, RunEvent
from migrator_tui.running.judging import Results, judge_cases
from migrator_tui.running.plan import Plan

if TYPE_CHECKING:
    from migrator_tui.history.store import History

PAUSE = 0.1
"""Seconds between two looks: many outputs are cheaper together, and a screen shows no more often."""
CHUNK = 200

Pair = tuple[RunItem, Output]
Standings = dict[tuple[str, str], dict[str, Standing]]
"""By task and case id, then by candidate."""


class JudgeQueue:
    """`put` outputs while `work` runs as a task; `close` lets it end once all are judged.

    Checks that wait for a model or a process are asked meanwhile, and what they say is told as `OutputJudged`.
    `on_progress` is called whenever `checks_done` or `checks_open` has changed.
    """

    def __init__(
        self,
        plan: Plan,
        history: "History",
        services: Services,
        on_event: Callable[[RunEvent], None],
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._plan = plan
        self._history = history
        self._services = services
        self._tell = on_event
        self._progress = on_progress
        self._waiting: list[Pair] = []
        self._answered: dict[CaseKey, None] = {}
        """Cases about which something was answered since they were judged."""
        self._open: dict[CaseKey, dict[int, tuple[RunItem, int]]] = {}
        """Outputs by id whose checks wait, and how many of them somebody can be asked about."""
        self._queue = CheckQueue(self._ask, lambda: services.made)
        self._wake = asyncio.Event()
        self._closing = False
        self.checks_done = 0

    @property
    def checks_open(self) -> int:
        """Checks, of the outputs judged so far, that somebody is still to be asked about."""
        return sum(count for by_output in self._open.values() for _, count in by_output.values())

    def put(self, item: RunItem, output: Output) -> None:
        """An output that has just been stored."""
        self._waiting.append((item, output))
        self._wake.set()

    def close(self) -> None:
        """Nothing more will come."""
        self._closing = True
        self._wake.set()

    def stop(self) -> None:
        """Ask nobody any more; what was answered is still judged."""
        self._queue.stop()

    async def work(self, concurrency: int) -> None:
        """Judge until closed and done; so many cases at a time are asked about."""
        asking = asyncio.create_task(self._queue.work(concurrency), name="ask what checks wait for")
        asking.add_done_callback(lambda _: self._wake.set())
        try:
            await self._known()
            while True:
                await self._wake.wait()
                self._wake.clear()
                if asking.done():
                    asking.result()  # where it failed, the run ends
                await self._judge_what_came()
                if self._closing:
                    self._queue.close()
                    await asyncio.wait([asking], timeout=PAUSE)
                    if asking.done() and not self._answered:
                        break
                    self._wake.set()
                else:
                    await asyncio.sleep(PAUSE)
        finally:
            self._queue.stop()
            await asyncio.wait([asking])
        asking.result()

    async def _judge_what_came(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:CHUNK], self._waiting[CHUNK:]
            await self._judge(batch, cached=False)
        while self._answered:
            keys = list(self._answered)[:CHUNK]
            for key in keys:
                del self._answered[key]
            await self._judge_again(keys)

    async def _known(self) -> None:
        """What the cache, or the earlier part of a resumed run, answered: the checks may be new to it."""
        known = [item for item in self._plan.items if item.output_id is not None]
        for start in range(0, len(known), CHUNK):
            chunk = known[start : start + CHUNK]
            await self._judge(await self._pairs(chunk), cached=True)

    async def _pairs(self, items: Sequence[RunItem], ids: Sequence[int] | None = None) -> list[Pair]:
        """Items with their outputs, by their own `output_id` or by `ids`."""
        of = dict(zip(items, ids or [item.output_id or 0 for item in items], strict=True))
        outputs = await asyncio.to_thread(self._history.outputs, list(of.values()))
        return [(item, outputs[output_id]) for item, output_id in of.items() if output_id in outputs]

    async def _judge(self, pairs: Sequence[Pair], *, cached: bool) -> None:
        standings, results = await asyncio.to_thread(judge_pairs, self._plan, self._history, pairs)
        for item, output in pairs:
            checks = results.get(output.id, {})
            self._note(item, output, checks)
            self._tell(OutputRecorded(item, output, checks, _own(standings, item), cached))
        for key in dict.fromkeys((item.task, item.case_id) for item, _ in pairs):
            if key in self._open:
                self._queue.put(key)
        if self._open:
            self._progress()

    async def _judge_again(self, keys: Sequence[CaseKey]) -> None:
        """Judge the outputs of these cases once more: somebody has answered."""
        waited = [(item, output_id) for key in keys for output_id, (item, _) in self._open.get(key, {}).items()]
        pairs = await self._pairs([item for item, _ in waited], [output_id for _, output_id in waited])
        standings, results = await asyncio.to_thread(judge_pairs, self._plan, self._history, pairs)
        for item, output in pairs:
            checks = results.get(output.id, {})
            self._note(item, output, checks)
            self._tell(OutputJudged(item, output, checks, _own(standings, item)))
        self._progress()

    def _note(self, item: RunItem, output: Output, checks: Mapping[str, CheckRecord]) -> None:
        """Keep in mind what is open of an output."""
        key = item.task, item.case_id
        begun = self._services.has_begun
        count = sum(can_be_asked(record) and not begun(output.id, record.check_key) for record in checks.values())
        if any(record.waiting for record in checks.values()):
            self._open.setdefault(key, {})[output.id] = item, count
        elif key in self._open:
            self._open[key].pop(output.id, None)
            if not self._open[key]:
                del self._open[key]

    async def _ask(self, key: CaseKey) -> bool:
        """Ask what is open of a case; whether something was left open for want of money."""
        plan, history = self._plan, self._history
        task, case = plan.project.task(key[0]), plan.cases[key[0]][key[1]]
        ids = list(self._open.get(key, ()))
        outputs = await asyncio.to_thread(history.outputs, ids)
        baselines = await asyncio.to_thread(
            history.current_outputs, task.name, BASELINE, plan.project.baseline.model, [case.id]
        )
        answered, left = await ask_waiting(
            history, task, {case.id: case}, list(outputs.values()), baselines, self._services
        )
        if answered:
            self.checks_done += answered
            self._answered[key] = None
            self._wake.set()
        return left > 0


def _own(standings: Standings, item: RunItem) -> dict[str, Standing]:
    """An item's rows: a baseline output's for every candidate, a candidate's for itself."""
    rows = standings.get((item.task, item.case_id), {})
    return {name: row for name, row in rows.items() if item.model_name in (BASELINE, name)}


def judge_pairs(plan: Plan, history: "History", pairs: Sequence[Pair]) -> tuple[Standings, Results]:
    """Check these outputs and write the standings that depend on them."""
    standings: Standings = {}
    results: Results = {}
    for task in plan.tasks:
        for candidate in plan.candidates:
            ids = {i.case_id for i, _ in pairs if i.task == task.name and i.model_name in (BASELINE, candidate.name)}
            if not ids:
                continue
            cases = {case_id: plan.cases[task.name][case_id] for case_id in sorted(ids)}
            judged = judge_cases(plan.project, history, task, candidate.name, cases)
            results |= judged.results
            for standing in judged.standings:
                standings.setdefault((task.name, standing.case_id), {})[candidate.name] = standing
    return standings, results
