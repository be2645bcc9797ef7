"""How many calls at once, how many a minute: kept per `limits_key`, shared by both lanes."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

MINUTE = 60.0


class _Gate:
    """The calls of one key."""

    def __init__(self) -> None:
        self.running = 0
        self.limit: int | None = None
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.sent: deque[float] = deque()
        """When the calls of the last minute went out."""
        self.paused_until = 0.0

    def free(self) -> bool:
        return self.limit is None or self.running < self.limit

    def admit(self) -> None:
        """Let in as many as fit, first in line first."""
        while self.waiting and self.free():
            following = self.waiting.popleft()
            if not following.done():
                self.running += 1
                following.set_result(None)


class Limits:
    """`clock` and `sleep` in seconds, so that tests need not wait."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._gates: dict[str, _Gate] = {}

    @asynccontextmanager
    async def slot(
        self, key: str, *, concurrency: int | None, requests_per_minute: int | None, first: bool = False
    ) -> AsyncIterator[None]:
        """Hold one of `concurrency` places while the block runs, entered no oftener than the rate allows.

        `first` goes to the head of the line: a person is waiting. The newest caller's limits count.
        """
        gate = self._gates.setdefault(key, _Gate())
        gate.limit = concurrency
        if gate.free() and not gate.waiting:
            gate.running += 1
        else:
            await self._wait_in_line(gate, first)
        try:
            await self._wait_for_rate(gate, requests_per_minute)
            yield
        finally:
            gate.running -= 1
            gate.admit()

    async def _wait_in_line(self, gate: _Gate, first: bool) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (gate.waiting.appendleft if first else gate.waiting.append)(place)
        gate.admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # let in and cancelled in the same turn
                gate.running -= 1
                gate.admit()
            raise

    async def _wait_for_rate(self, gate: _Gate, requests_per_minute: int | None) -> None:
        while True:
            now = self._clock()
            while gate.sent and gate.sent[0] <= now - MINUTE:
                gate.sent.popleft()
            wait = gate.paused_until - now
            if requests_per_minute is not None and len(gate.sent) >= requests_per_minute:
                wait = max(wait, gate.sent[-requests_per_minute] + MINUTE - now)
            if wait <= 0:
                if requests_per_minute is not None:
                    gate.sent.append(now)
                return
            await self._sleep(wait)

    def pause(self, key: str, seconds: float) -> None:
        """Hold every further call of this key back: the provider asked one of them to wait."""
        gate = self._gates.setdefault(key, _Gate())
        gate.paused_until = max(gate.paused_until, self._clock() + seconds)
