"""Runs plans, and single cases: the one place where calls are started, stopped, paid for and kept."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from migrator_tui.history.adaptation_records import Exchange
from migrator_tui.history.records import Version
from migrator_tui.models.requests import Answer, Lane
from migrator_tui.project.schema import Case, Message, ModelSpec, Project, Task
from migrator_tui.running.assistant import AssistantJob, question_digest
from migrator_tui.running.calls import Calls
from migrator_tui.running.case_run import CaseJob
from migrator_tui.running.checking.waiting import models_asked
from migrator_tui.running.events import CaseResult, RunEvent, RunResult
from migrator_tui.running.plan import Plan
from migrator_tui.running.run_job import RunJob
from migrator_tui.running.spending import Budget, CallCap, Prices, Purse, refuse_uncountable
from migrator_tui.running.trying import Tried, TryJob, TryResult
from migrator_tui.running.versions import DraftPrompt

if TYPE_CHECKING:
    from migrator_tui.history.store import History

ResultT = TypeVar("ResultT")
_Job = RunJob | CaseJob | TryJob | AssistantJob


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
        self._jobs: set[_Job] = set()

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
        stop: asyncio.Event | None = None,
        lane: Lane = Lane.BULK,
    ) -> RunResult:
        """Ask everything in the plan that is not answered yet, `concurrency` calls at a time.

        `max_cost` (USD, of the calls made now) is never exceeded; where the next call could, or `stop` is set, the
        run stops and can be resumed. Raises `ProjectError` where a cap cannot be held because a price is unknown, and
        `HistoryError` where answers cannot be stored.
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
        async with _stopped_by(stop, job):
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
        standing: bool = True,
        lane: Lane = Lane.WAITED_FOR,
    ) -> CaseResult:
        """Ask the candidate about one case, streamed, whatever the cache holds.

        `version` is the draft, a version, or `None` for the prompt of record. With `include_baseline` the
        baseline's answer is there as well: from the cache, or streamed at the same time where it was never asked
        or its prompt has changed. Without `standing` the answer is stored and does not stand for the case: events
        hold no row of the list then, and the result's is what it would be. Raises `ProjectError` where the prompt
        cannot be rendered or the day's money is spent.
        """
        asked = [self.project.candidate(candidate), *([self.project.baseline] if include_baseline else [])]
        budget = await self._budget([*asked, *models_asked(task, [case])], None)
        job = CaseJob(
            self.project, self._history, self._pool, budget, author=self._author, lane=lane, standing=standing
        )
        work = job.run(task, candidate, case, version, on_event, include_baseline=include_baseline)
        return await self._while_listed(job, work)

    async def try_version(
        self,
        task: Task,
        candidate: str,
        version: Version,
        cases: Sequence[Case],
        *,
        fresh: bool = False,
        budget: Budget | None = None,
        concurrency: int = 16,
        on_tried: Callable[[Tried], None] = lambda tried: None,
        stop: asyncio.Event | None = None,
        lane: Lane = Lane.BULK,
    ) -> TryResult:
        """Ask and judge a prompt on some cases; what stands for them does not change.

        Cases answered before come from the cache unless `fresh`. `budget` is shared with whatever else it was
        opened for (`open_budget`); without one the day's money is the limit. Where a call could exceed it, or `stop`
        is set, it ends: with what was answered, on disk and in the result. `candidate` may be the baseline: its
        answers then stand, as those of a run. Raises `ProjectError` where the prompt cannot be rendered for a case.
        """
        if version.model_name != candidate:
            raise ValueError(f"version {version.id} is a prompt for {version.model_name}, not for {candidate}")
        if budget is None:
            budget = await self.open_budget([self.project.model(candidate), *models_asked(task, cases)])
        job = TryJob(self.project, self._history, self._pool, budget, lane=lane, concurrency=concurrency)
        async with _stopped_by(stop, job):
            return await self._while_listed(job, job.run(task, version, cases, fresh=fresh, on_tried=on_tried))

    async def exchange(
        self,
        spec: ModelSpec,
        messages: Sequence[Message],
        *,
        purpose: str,
        task: str | None = None,
        candidate: str | None = None,
        budget: Budget | None = None,
        search_id: str | None = None,
        replay: int | None = None,
        lane: Lane = Lane.WAITED_FOR,
    ) -> Exchange:
        """Ask an assistant, and keep what was sent and what came back, keys blotted out before they leave.

        With `replay` the same search may have asked this before: the first answer with an id above that number is
        taken instead of a call. Raises as `ask_assistant`; the exchange is kept then too.
        """
        if replay is not None:
            digest = question_digest(self._history, spec, messages)
            known = await asyncio.to_thread(self._history.exchange_of, digest, after=replay, search_id=search_id)
            if known is not None:
                return known
        about = {"purpose": purpose, "task": task, "candidate": candidate, "search_id": search_id}
        exchange, _ = await self._asked(spec, messages, budget, lane, about)
        return exchange

    async def ask_assistant(
        self,
        spec: ModelSpec,
        messages: Sequence[Message],
        *,
        purpose: str = "assistant",
        task: str | None = None,
        candidate: str | None = None,
        budget: Budget | None = None,
    ) -> Answer:
        """Ask a model about no case, within the day's money; what it costs is kept with the other calls.

        What was sent and answered is kept as an exchange. Raises `NotAsked` where there is no money left,
        `CheckFailure` where no answer came, and `ProjectError` where a cap cannot be held because the price is
        unknown.
        """
        about = {"purpose": purpose, "task": task, "candidate": candidate, "search_id": None}
        _, answer = await self._asked(spec, messages, budget, Lane.WAITED_FOR, about)
        return answer

    async def _asked(
        self,
        spec: ModelSpec,
        messages: Sequence[Message],
        budget: Budget | None,
        lane: Lane,
        about: dict[str, Any],
    ) -> tuple[Exchange, Answer]:
        budget = budget or await self.open_budget([spec])
        job = AssistantJob(self._history, self._pool, budget, author=self._author, lane=lane)
        return await self._while_listed(job, job.run(spec, messages, **about))

    async def open_budget(
        self, models: Sequence[ModelSpec], *, max_cost: float | None = None, calls: CallCap | None = None
    ) -> Budget:
        """What several tries and questions may spend together, besides the day's money: USD and requests.

        `models` are all that will be asked (`models_asked` names those of checks). Raises `ProjectError` where a cap
        of money cannot be held because a price is unknown.
        """
        budget = await self._budget(list(models), max_cost)
        if calls is not None:
            budget.calls = calls
        return budget

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
                # The same purse: a budget that was opened before goes on counting in it.
                self._day = self._day or Purse(a_day, "max_cost_per_day")
                self._day.spent, self._day.written_off = spent, 0.0
        return Budget(self._prices, Purse(max_cost), self._day if a_day is not None else None)

    async def _while_listed(self, job: _Job, work: Awaitable[ResultT]) -> ResultT:
        self._jobs.add(job)
        try:
            return await work
        finally:
            self._jobs.discard(job)


@asynccontextmanager
async def _stopped_by(stop: asyncio.Event | None, job: RunJob | TryJob) -> AsyncIterator[None]:
    """Stop a job where that is set, be it before it begins."""

    async def watch(stop: asyncio.Event) -> None:
        await stop.wait()
        job.stop()

    watching = asyncio.create_task(watch(stop)) if stop is not None else None
    try:
        yield
    finally:
        if watching is not None:
            watching.cancel()
