"""Runs plans, and single cases: the one place where calls are started, stopped, paid for and kept."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from migrator_tui.history.records import Version
from migrator_tui.models.requests import Answer, Lane
from migrator_tui.project.schema import Case, Message, ModelSpec, Project, Task
from migrator_tui.running.calls import Calls
from migrator_tui.running.case_run import CaseJob
from migrator_tui.running.checking.services import Services
from migrator_tui.running.checking.waiting import models_asked
from migrator_tui.running.events import CaseResult, RunEvent, RunResult
from migrator_tui.running.plan import Plan
from migrator_tui.running.run_job import RunJob
from migrator_tui.running.spending import Budget, Prices, Purse, refuse_uncountable
from migrator_tui.running.versions import DraftPrompt

if TYPE_CHECKING:
    from migrator_tui.history.store import History

ResultT = TypeVar("ResultT")


class Runner:
    """Runs plans of one project. Use it from one event loop; several runs and cases may go on at a time.

    Whatever it tells goes to the `on_event` of the call, from the event loop, in order.
    """

    def __init__(self, project: Project, history: "History", pool: Calls, *, author: str) -> None:
        self.project = project
        self._history = history
        self._pool = pool
        self._author = author
        self._prices = Prices(project)
        self._day: Purse | None = None
        self._counting = asyncio.Lock()
        """Two that start in the same moment must share the day's purse."""
        self._jobs: set[RunJob | CaseJob] = set()

    @property
    def busy(self) -> bool:
        """Whether anything is going on."""
        return bool(self._jobs)

    async def run(
        self,
        plan: Plan,
        *,
        concurrency: int,
        max_cost: float | None = None,
        on_event: Callable[[RunEvent], None],
        lane: Lane = Lane.BULK,
    ) -> RunResult:
        """Ask everything in the plan that is not answered yet, `concurrency` calls at a time.

        `max_cost` (USD, of the calls made now) is never exceeded; where the next call could, the run stops and can
        be resumed. Raises `ProjectError` where a cap cannot be held because a price is unknown, and `HistoryError`
        where answers cannot be stored.
        """
        asked = {item.model_name for item in plan.open_items}
        models = [spec for spec in plan.models if spec.name in asked]
        for task in plan.tasks:
            models += await asyncio.to_thread(models_asked, task, plan.cases[task.name].values())
        budget = await self._budget(models, max_cost)
        job = RunJob(
            plan,
            self._history,
            self._pool,
            budget,
            author=self._author,
            lane=lane,
            concurrency=concurrency,
            on_event=on_event,
        )
        return await self._while_listed(job, job.run())

    async def run_case(
        self,
        task: Task,
        candidate: str,
        case: Case,
        version: Version | DraftPrompt | None,
        on_event: Callable[[RunEvent], None],
        *,
        include_baseline: bool = True,
        lane: Lane = Lane.WAITED_FOR,
    ) -> CaseResult:
        """Ask the candidate about one case, streamed, whatever the cache holds.

        `version` is the draft, a version, or `None` for the prompt of record. With `include_baseline` the
        baseline's answer is there as well: from the cache, or streamed at the same time where it was never asked
        or its prompt has changed. Raises `ProjectError` where the prompt cannot be rendered or the day's money is
        spent.
        """
        asked = [self.project.candidate(candidate), *([self.project.baseline] if include_baseline else [])]
        budget = await self._budget([*asked, *models_asked(task, [case])], None)
        job = CaseJob(self.project, self._history, self._pool, budget, author=self._author, lane=lane)
        work = job.run(task, candidate, case, version, on_event, include_baseline=include_baseline)
        return await self._while_listed(job, work)

    async def ask_assistant(self, spec: ModelSpec, messages: Sequence[Message]) -> Answer:
        """Ask a model about no case, within the day's money; what it costs is kept with the other calls.

        Raises `NotAsked` where there is no money left, `CheckFailure` where no answer came, and `ProjectError` where
        a cap cannot be held because the price is unknown.
        """
        budget = await self._budget([spec], None)
        services = Services(self._pool, budget, lane=Lane.WAITED_FOR, concurrency=1)
        try:
            return await services.ask(spec, messages, "assistant")
        finally:
            await asyncio.shield(asyncio.to_thread(self._history.add_side_calls, services.take_calls()))

    def stop(self) -> None:
        """Cancel the calls in flight and start no more; what was answered is kept, and runs can be resumed."""
        for job in list(self._jobs):
            job.stop()

    async def _budget(self, asked: list[ModelSpec], max_cost: float | None) -> Budget:
        await asyncio.to_thread(self._prices.look_up, [self.project.baseline, *self.project.candidates, *asked])
        a_day = self.project.max_cost_per_day
        if max_cost is not None or a_day is not None:
            refuse_uncountable(self._prices, asked, "--max-cost" if max_cost is not None else "max_cost_per_day")
        async with self._counting:
            if a_day is not None and (self._day is None or not self._jobs):
                # What other programs spent counts from here on; what goes on in this one is counted as it happens.
                spent, _ = await asyncio.to_thread(self._history.spent_today)
                self._day = Purse(a_day, "max_cost_per_day", spent)
        return Budget(self._prices, Purse(max_cost), self._day if a_day is not None else None)

    async def _while_listed(self, job: RunJob | CaseJob, work: Awaitable[ResultT]) -> ResultT:
        self._jobs.add(job)
        try:
            return await work
        finally:
            self._jobs.discard(job)
