"""Checks outputs and brings standings up to date behind a run, several outputs at a time, and tells of each."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from migrator_tui.history.records import Output, RunItem, Standing
from migrator_tui.project.schema import BASELINE
from migrator_tui.running.events import OutputRecorded, RunEvent
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
    """`put` outputs while `work` runs as a task; `close` lets it end once all are judged."""

    def __init__(self, plan: Plan, history: "History", on_event: Callable[[RunEvent], None]) -> None:
        self._plan = plan
        self._history = history
        self._tell = on_event
        self._waiting: list[Pair] = []
        self._wake = asyncio.Event()
        self._closing = False

    def put(self, item: RunItem, output: Output) -> None:
        """An output that has just been stored."""
        self._waiting.append((item, output))
        self._wake.set()

    def close(self) -> None:
        """Nothing more will come."""
        self._closing = True
        self._wake.set()

    async def work(self) -> None:
        """Judge until closed and done."""
        await self._known()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:CHUNK], self._waiting[CHUNK:]
                await self._judge(batch, cached=False)
            if self._closing:
                return
            await asyncio.sleep(PAUSE)

    async def _known(self) -> None:
        """What the cache, or the earlier part of a resumed run, answered: the checks may be new to it."""
        known = [item for item in self._plan.items if item.output_id is not None]
        for start in range(0, len(known), CHUNK):
            chunk = known[start : start + CHUNK]
            ids = [item.output_id for item in chunk if item.output_id is not None]
            outputs = await asyncio.to_thread(self._history.outputs, ids)
            pairs = [(item, outputs[item.output_id]) for item in chunk if item.output_id in outputs]
            await self._judge(pairs, cached=True)

    async def _judge(self, pairs: Sequence[Pair], *, cached: bool) -> None:
        standings, results = await asyncio.to_thread(judge_pairs, self._plan, self._history, pairs)
        for item, output in pairs:
            all_rows = standings.get((item.task, item.case_id), {})
            own = {name: row for name, row in all_rows.items() if item.model_name in (BASELINE, name)}
            self._tell(OutputRecorded(item, output, results.get(output.id, {}), own, cached))


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
