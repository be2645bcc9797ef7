"""Cases whose checks wait for a model or a process, asked behind a run, so many at a time."""

import asyncio
from collections.abc import Awaitable, Callable

CaseKey = tuple[str, str]
"""Task and case id."""


class CheckQueue:
    """`put` cases while `work` runs as a task; `close` lets it end once all were asked, `stop` ends it at once.

    `ask` asks whatever is open of one case and says whether something was left open for want of money; such cases
    are tried again at the end, when no call holds money any more that it may not need.
    """

    def __init__(self, ask: Callable[[CaseKey], Awaitable[bool]], made: Callable[[], int]) -> None:
        self._ask = ask
        self._made = made
        self._queue: asyncio.Queue[CaseKey | None] = asyncio.Queue()
        self._queued: set[CaseKey] = set()
        self._refused: set[CaseKey] = set()
        self._workers: list[asyncio.Task[None]] = []
        self._closed = False
        self._stopped = False

    def put(self, key: CaseKey) -> None:
        """A case that has something open."""
        if key not in self._queued:
            self._queued.add(key)
            self._queue.put_nowait(key)

    def close(self) -> None:
        """Nothing more will come. Saying so again changes nothing."""
        if not self._closed:
            self._closed = True
            self._let_end()

    def _let_end(self) -> None:
        """One end for each worker, behind what is queued: one too many would end a later pass before its cases."""
        for _ in self._workers:
            self._queue.put_nowait(None)

    def stop(self) -> None:
        """Cancel what is being asked, ask no more."""
        self._stopped = True
        for worker in self._workers:
            worker.cancel()

    async def work(self, workers: int) -> None:
        """Ask until closed and done, or stopped; raises what `ask` raises."""
        await self._pass(workers)
        while self._refused and not self._stopped:
            before = self._made()
            for key in self._refused:
                self.put(key)
            self._refused = set()
            await self._pass(workers)
            if self._made() == before:
                return

    async def _pass(self, workers: int) -> None:
        if self._stopped:
            return
        self._workers = [asyncio.create_task(self._worker()) for _ in range(max(1, workers))]
        if self._closed:
            self._let_end()
        try:
            done, _ = await asyncio.wait(self._workers, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for worker in self._workers:
                worker.cancel()
            await asyncio.wait(self._workers)
        for worker in done:
            if not worker.cancelled() and (error := worker.exception()) is not None:
                raise error

    async def _worker(self) -> None:
        while (key := await self._queue.get()) is not None:
            self._queued.discard(key)
            if await self._ask(key):
                self._refused.add(key)
