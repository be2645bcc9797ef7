"""The calls of one search: within its caps, counted so that nothing is lost, paused and stopped between them."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from migrator_tui.adaptation.search.engine import Over
from migrator_tui.adaptation.search.values import SearchSettings, Spent
from migrator_tui.history.adaptation_records import Exchange, StoredSearch
from migrator_tui.history.records import Version
from migrator_tui.project.schema import Case, Message, ModelSpec, Task
from migrator_tui.running.run import Runner
from migrator_tui.running.spending import Budget, CallCap
from migrator_tui.running.trying import Tried

if TYPE_CHECKING:
    from migrator_tui.history.store import History

AHEAD = 8
"""Requests that are counted in the history before they are made: so many may be counted too many where the program
is killed, and none too few."""

T = TypeVar("T")


@dataclass(slots=True)
class KeptCap(CallCap):
    """A cap whose count is in the history before the request leaves."""

    keep: Callable[[int], None] = lambda made: None
    kept: int = 0

    def take(self) -> bool:
        """Count one request that is about to be sent; False where it must not be."""
        if self.left >= 1 and self.made >= self.kept:
            self.kept = self.made + AHEAD if self.allowed is None else min(self.allowed, self.made + AHEAD)
            self.keep(self.kept)
        return CallCap.take(self)


class Asking:
    """Asks models for one search."""

    def __init__(
        self,
        runner: Runner,
        history: "History",
        stored: StoredSearch,
        task: Task,
        settings: SearchSettings,
        assistant: ModelSpec,
    ) -> None:
        self._runner = runner
        self._history = history
        self._stored = stored
        self._task = task
        self._settings = settings
        self._assistant = assistant
        self._budget: Budget | None = None
        self._stopping = asyncio.Event()
        self._going = asyncio.Event()
        self._going.set()
        self._replayed = 0
        self._assistant_calls = stored.assistant_calls
        self._failed: set[tuple[int, str]] = set()
        """Calls that ended in an error, by version and case."""
        self.cap = KeptCap(settings.budget_calls, stored.calls, keep=self._keep, kept=stored.calls)
        self.ended = ""
        """Why nothing more is asked, once that is so; one line."""
        self.complete = True
        """False where that was a cap, an error or a person."""

    async def open(self, models: Sequence[ModelSpec]) -> None:
        """Make sure that the caps can be held over these models; raises `ProjectError`."""
        left = self._settings.max_cost
        if left is not None:
            left = max(0.0, left - (self._stored.cost or 0.0))
        self._budget = await self._runner.open_budget(models, max_cost=left, calls=self.cap)

    def pause(self) -> None:
        """Begin no call until `go_on`."""
        self._going.clear()

    def go_on(self) -> None:
        """After a pause."""
        self._going.set()

    def stop(self) -> None:
        """Cancel the calls in flight and begin no more."""
        self.end("stopped", complete=False)
        self._stopping.set()

    def end(self, why: str, *, complete: bool) -> None:
        """Let nothing more be asked for the search; the first reason counts."""
        if not self.ended:
            self.ended, self.complete = why, complete

    def unfinished(self, what: str) -> None:
        """Something after the search itself did not come to its end."""
        self.ended, self.complete = f"{self.ended}; {what}", False

    def failed(self, versions: Collection[int]) -> int:
        """How many cases have no answer with these versions, since their calls ended in errors."""
        return sum(version_id in versions for version_id, _ in self._failed)

    @property
    def stopped(self) -> bool:
        """Somebody stopped it."""
        return self._stopping.is_set()

    @property
    def budget(self) -> Budget:
        """The money and the calls of the search."""
        assert self._budget is not None, "open comes first"
        return self._budget

    @property
    def spent(self) -> Spent:
        """How much of the budget is gone, earlier sittings included."""
        earlier = self._stored.cost
        unknown = earlier is None or (self._budget is not None and self._budget.unpriced > 0)
        now = self._budget.spent if self._budget is not None else 0.0
        return Spent(
            calls=self.cap.made,
            budget_calls=self._settings.budget_calls,
            assistant_calls=self._assistant_calls,
            held_back=self.cap.held_back,
            cost=None if unknown else (earlier or 0.0) + now,
            max_cost=self._settings.max_cost,
        )

    async def ask(
        self,
        version: Version,
        cases: Sequence[Case],
        on_tried: Callable[[Tried], None],
        *,
        fresh: bool = False,
    ) -> None:
        """Ask and judge a prompt on some cases, a handful at a time; raises `Over` where it has to end before."""
        step = self._settings.concurrency
        for start in range(0, len(cases), step):
            await self._ready()
            result = await self._runner.try_version(
                self._task,
                version.model_name,
                version,
                cases[start : start + step],
                fresh=fresh,
                budget=self.budget,
                concurrency=step,
                on_tried=on_tried,
                stop=self._stopping,
            )
            await asyncio.to_thread(self.save)
            for case_id, tried in result.tried.items():
                (self._failed.add if tried.output.failed_call else self._failed.discard)((version.id, case_id))
            if not result.complete:
                self.end(result.stopped_because or "stopped", complete=False)
                raise Over

    async def ask_assistant(self, messages: Sequence[Message]) -> Exchange:
        """Ask the assistant, unless this search has asked it the same before. Raises `Over` where it was stopped,
        `NotAsked` and `CheckFailure` as `Runner.exchange`."""
        await self._ready()
        before = self.cap.made
        try:
            exchange = await self._unless_stopped(
                self._runner.exchange(
                    self._assistant,
                    messages,
                    purpose="search",
                    task=self._task.name,
                    candidate=self._stored.candidate,
                    budget=self.budget,
                    search_id=self._stored.id,
                    replay=self._replayed,
                )
            )
        finally:
            self._assistant_calls += self.cap.made - before
            await asyncio.to_thread(self.save)
        self._replayed = exchange.id
        return exchange

    async def replays(self) -> bool:
        """Whether an earlier sitting has asked the assistant further than this one: what follows is mostly paid."""
        asked = await asyncio.to_thread(self._history.recent_exchanges, 1, search_id=self._stored.id)
        return bool(asked) and asked[0].id > self._replayed

    def save(self, state: str = "running") -> StoredSearch:
        """Write down how far the search is."""
        self.cap.kept = self.cap.made
        return self._write(state, self.cap.made)

    def _keep(self, calls: int) -> None:
        self._write("running", calls)

    def _write(self, state: str, calls: int) -> StoredSearch:
        return self._history.save_search(
            self._stored.id,
            state=state,
            calls=calls,
            assistant_calls=self._assistant_calls,
            cost=self.spent.cost,
        )

    async def _ready(self) -> None:
        """Wait while it is paused; raises `Over` where it was stopped meanwhile."""
        if not self._going.is_set():
            await self._unless_stopped(self._going.wait())
        if self.stopped:
            raise Over

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which is cancelled where somebody stops the search; then `Over`."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise Over
            return working.result()
        finally:
            stopping.cancel()
            if not working.done():
                working.cancel()
                await asyncio.wait([working])
