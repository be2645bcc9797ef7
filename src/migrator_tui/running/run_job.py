"""One run at work: which call starts next, what becomes of its answer, how far it all is.

A call holds its place until its answer is on disk, so a killed program loses no more answers than calls in flight.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator_tui.history.records import Output, RunItem
from migrator_tui.models.requests import Lane
from migrator_tui.running.calls import Calls, make_call, new_output
from migrator_tui.running.checking.services import Services
from migrator_tui.running.events import (
    CallStarted,
    RunEvent,
    RunFinished,
    RunProgressed,
    RunResult,
)
from migrator_tui.running.judge_queue import JudgeQueue
from migrator_tui.running.plan import Plan
from migrator_tui.running.spending import Budget
from migrator_tui.running.standing_watch import StandingWatch
from migrator_tui.running.writer import OutputWriter

if TYPE_CHECKING:
    from migrator_tui.history.store import History


class RunJob:
    """A plan being run, once."""

    def __init__(
        self,
        plan: Plan,
        history: "History",
        pool: Calls,
        budget: Budget,
        *,
        author: str,
        lane: Lane,
        concurrency: int,
        on_event: Callable[[RunEvent], None],
    ) -> None:
        self._plan = plan
        self._history = history
        self._pool = pool
        self._budget = budget
        self._author = author
        self._lane = lane
        self._concurrency = max(1, concurrency)
        self._tell = on_event
        self._run_id = plan.run_id or ""
        self._stopping = asyncio.Event()
        self._why: str | None = None
        self._storing: set[asyncio.Task[None]] = set()
        self._services = Services(pool, budget, lane=lane, concurrency=concurrency)
        self._standings = StandingWatch(plan, history)
        self._judging = JudgeQueue(plan, history, self._services, on_event, self._progress)
        self._done = len(plan.items) - len(plan.open_items)
        self._cached = sum(item.cached for item in plan.items)
        self._made = 0
        self._errors = 0
        self._began = time.monotonic()

    def stop(self, why: str = "stopped") -> None:
        """Cancel the calls in flight, those of checks as well; start no more."""
        self._halt(why)
        self._judging.stop()

    def _halt(self, why: str) -> None:
        """Start no more calls for outputs; what was answered is still judged."""
        self._why = self._why or why
        self._stopping.set()

    async def run(self) -> RunResult:
        """Run it to its end, or until it is stopped."""
        await asyncio.to_thread(self._begin)
        self._began = time.monotonic()
        self._progress()
        judging = asyncio.create_task(self._judging.work(self._concurrency), name="judge outputs")
        judging.add_done_callback(lambda _: self._stopping.set())  # early only where it failed
        try:
            async with OutputWriter(self._history) as writer:
                await self._ask_all(writer, self._concurrency)
        except BaseException:
            await asyncio.to_thread(self._history.finish_run, self._run_id, "stopped")
            raise
        finally:
            self._judging.close()
            await asyncio.wait([judging])
        if judging.exception() is not None:
            await asyncio.to_thread(self._history.finish_run, self._run_id, "stopped")
            await judging
        if self._judging.checks_open:
            self._why = self._why or self._services.refusal
        await asyncio.to_thread(self._standings.end)
        complete = self._done == len(self._plan.items) and not self._judging.checks_open
        await asyncio.to_thread(self._history.finish_run, self._run_id, "finished" if complete else "stopped")
        result = self._result(complete=complete)
        self._progress()
        self._tell(RunFinished(result))
        return result

    def _begin(self) -> None:
        plan = self._plan
        self._standings.begin()
        if plan.run_id is None:
            blank = [replace(item, output_id=None, cached=False) for item in plan.items]
            self._run_id = plan.run_id = self._history.start_run(plan.settings, blank, self._author).id
        else:
            self._history.resume_run(plan.run_id)
        linked = {item.no: item.output_id for item in plan.items if item.cached and item.output_id is not None}
        if linked:
            self._history.link_cached(self._run_id, linked)

    # Asking

    async def _ask_all(self, writer: OutputWriter, concurrency: int) -> None:
        waiting = {spec.name: deque[RunItem]() for spec in self._plan.models}
        for item in self._plan.open_items:
            waiting[item.model_name].append(item)
        active: dict[asyncio.Task[None], str] = {}
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                while (
                    len(active) < concurrency and (following := self._next(waiting, active, concurrency)) is not None
                ):
                    if not self._start(following, writer, active):
                        waiting[following.model_name].appendleft(following)
                        break
                if not active:
                    if not (self._services.in_flight and any(waiting.values())):
                        break
                    await self._money_comes_free(stopping)
                    continue
                await asyncio.wait({*active, stopping}, return_when=asyncio.FIRST_COMPLETED)
                for task in [task for task in active if task.done()]:
                    del active[task]
                    task.result()
        finally:
            stopping.cancel()
            # An answer that is on its way to the disk is kept; a call still under way is cancelled.
            for task in active:
                if task not in self._storing:
                    task.cancel()
            ended = await asyncio.gather(*active, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    def _next(
        self, waiting: dict[str, deque[RunItem]], active: dict[asyncio.Task[None], str], concurrency: int
    ) -> RunItem | None:
        """The next item, from the model with the fewest calls in flight.

        While several models have items left, none gets more than its share: a slow or paced one would otherwise
        end up holding every place.
        """
        left = [name for name, items in waiting.items() if items]
        in_flight = Counter(active.values())
        share = -(-concurrency // max(1, len(left)))
        free = [n for n in left if in_flight[n] < min(share, self._plan.project.model(n).concurrency or share)]
        return waiting[min(free, key=lambda name: in_flight[name])].popleft() if free else None

    async def _money_comes_free(self, stopping: asyncio.Task[bool]) -> None:
        """Wait until a call of a check has ended: what it might have cost was promised to it."""
        settled = asyncio.create_task(self._services.settled())
        try:
            await asyncio.wait({settled, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            settled.cancel()

    def _start(self, item: RunItem, writer: OutputWriter, active: dict[asyncio.Task[None], str]) -> bool:
        """Start a call if the cap allows it; where nothing in flight could free money, the run stops."""
        spec = self._plan.project.model(item.model_name)
        request = self._plan.request_for(item)
        bound = self._budget.bound(spec, request)
        refusal = self._budget.refusal(spec, bound)
        if refusal is not None:
            if not active and not self._services.in_flight:
                self._halt(refusal)
            return False
        self._budget.promise(spec, bound)

        async def ask() -> None:
            self._tell(CallStarted(item))
            end = await make_call(
                self._pool,
                item,
                spec,
                request,
                lane=self._lane,
                budget=self._budget,
                bound=bound,
                on_event=self._tell,
            )
            if end is None:
                return
            task = asyncio.current_task()
            assert task is not None
            self._storing.add(task)
            try:
                output = await writer.add(new_output(item, spec, end, self._budget.prices, run_id=self._run_id))
            finally:
                self._storing.discard(task)
            self._stored(item, output)

        active[asyncio.create_task(ask())] = item.model_name
        return True

    def _stored(self, item: RunItem, output: Output) -> None:
        self._done += 1
        self._made += 1
        self._errors += output.failed_call
        self._judging.put(item, output)
        self._progress()

    # Telling

    def _progress(self) -> None:
        elapsed = time.monotonic() - self._began
        checks_done, checks_open = self._judging.checks_done, self._judging.checks_open
        made = self._made + checks_done
        rate = made / elapsed if made and elapsed > 0 else None
        left = len(self._plan.items) - self._done + checks_open
        self._tell(
            RunProgressed(
                done=self._done,
                total=len(self._plan.items),
                cached=self._cached,
                errors=self._errors,
                cost=self._budget.spent,
                unpriced=self._budget.unpriced,
                rate=rate,
                eta=left / rate if rate else None,
                checks_done=checks_done,
                checks_open=checks_open,
            )
        )

    def _result(self, *, complete: bool) -> RunResult:
        return RunResult(
            run_id=self._run_id,
            state="finished" if complete else "stopped",
            done=self._done,
            total=len(self._plan.items),
            made=self._made,
            cached=self._cached,
            errors=self._errors,
            cost=self._budget.spent,
            unpriced=self._budget.unpriced,
            seconds=time.monotonic() - self._began,
            stopped_because=None if complete else self._why or "stopped",
            checks_done=self._judging.checks_done,
            checks_open=self._judging.checks_open,
            check_calls=self._services.calls_made,
            check_cost=self._services.cost,
            check_unpriced=self._services.unpriced,
        )
