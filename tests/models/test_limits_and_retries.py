"""How many at once, how many a minute, and what follows a failure: on a clock of our own, then through a worker."""

import asyncio

import pytest

from migrator_tui.models.limits import Limits
from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import RETRIED, CallError, ErrorKind, Finished, Lane
from migrator_tui.models.retries import Pace
from tests.models.conftest import ask_for
from tests.models.replay import ReplayServer, plain


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


class Crowd:
    """Callers that stay in their slot until told to leave."""

    def __init__(self, limits: Limits, concurrency: int | None) -> None:
        self.limits, self.concurrency = limits, concurrency
        self.inside: list[str] = []
        self.doors: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def enter(self, name: str, *, first: bool = False) -> None:
        self.doors[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._stay(name, first))
        await settle()

    async def _stay(self, name: str, first: bool) -> None:
        async with self.limits.slot("k", concurrency=self.concurrency, requests_per_minute=None, first=first):
            self.inside.append(name)
            await self.doors[name].wait()
            self.inside.remove(name)

    async def leave(self, name: str) -> None:
        self.doors[name].set()
        await settle()


async def test_only_so_many_at_once_in_the_order_they_came() -> None:
    crowd = Crowd(Limits(), 2)
    for name in "abcd":
        await crowd.enter(name)
    assert crowd.inside == ["a", "b"]
    await crowd.leave("a")
    assert crowd.inside == ["b", "c"]
    await crowd.leave("b")
    await crowd.leave("c")
    assert crowd.inside == ["d"]


async def test_a_person_goes_first() -> None:
    crowd = Crowd(Limits(), 1)
    for name in "abc":
        await crowd.enter(name)
    await crowd.enter("person", first=True)
    await crowd.leave("a")
    assert crowd.inside == ["person"]


async def test_who_gives_up_waiting_holds_nobody_back() -> None:
    crowd = Crowd(Limits(), 1)
    for name in "abc":
        await crowd.enter(name)
    crowd.tasks["b"].cancel()
    await crowd.leave("a")
    assert crowd.inside == ["c"]
    # Let in and cancelled in the same turn: the place must not be lost.
    await crowd.enter("d")
    crowd.doors["c"].set()
    crowd.tasks["d"].cancel()
    await settle()
    await crowd.enter("e")
    assert crowd.inside == ["e"]


async def test_no_limit_is_no_limit() -> None:
    crowd = Crowd(Limits(), None)
    for number in range(100):
        await crowd.enter(str(number))
    assert len(crowd.inside) == 100


async def test_requests_a_minute() -> None:
    clock = Clock()
    limits = Limits(clock=clock, sleep=clock.sleep)
    at = []
    for _ in range(7):
        async with limits.slot("k", concurrency=None, requests_per_minute=3):
            at.append(clock.now - 100.0)
    assert at == [0, 0, 0, 60, 60, 60, 120]
    async with limits.slot("another", concurrency=None, requests_per_minute=3):
        assert clock.now - 100.0 == 120, "another key's limits are another's"


async def test_a_pause_holds_for_the_whole_key() -> None:
    clock = Clock()
    limits = Limits(clock=clock, sleep=clock.sleep)
    limits.pause("k", 12)
    limits.pause("k", 3)
    async with limits.slot("k", concurrency=None, requests_per_minute=None):
        assert clock.now == 112


@pytest.mark.asyncio(loop_scope="session")
async def test_concurrency_holds_at_the_provider(pool: ModelPool, server: ReplayServer) -> None:
    running, most = 0, 0

    async def count(request: object) -> object:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(50):  # long enough for others to come in, if they could
            await asyncio.sleep(0)
        running -= 1
        return await server._reply(request, plain())

    script = server.script(count)
    ends = await asyncio.gather(
        *(pool.ask(ask_for(script, limits_key="three", concurrency=3), Lane.WAITED_FOR) for _ in range(24))
    )
    assert all(isinstance(end, Finished) for end in ends)
    assert len(script.seen) == 24
    assert most <= 3


PACE = Pace(attempts=4, first_wait=1, longest_wait=3)


def error(kind: ErrorKind, retry_after: float | None = None) -> CallError:
    return CallError(kind, "x", retry_after=retry_after)


def test_waits_grow_and_are_spread() -> None:
    server = error(ErrorKind.SERVER)
    assert [PACE.wait_after(server, attempt, chance=0) for attempt in (1, 2, 3, 4)] == [0.5, 1, 1.5, None]
    assert [PACE.wait_after(server, attempt, chance=1) for attempt in (1, 2, 3)] == [1, 2, 3]
    assert len({PACE.wait_after(server, 1) for _ in range(10)}) > 1


def test_retry_after_is_a_least() -> None:
    assert PACE.wait_after(error(ErrorKind.RATE_LIMITED, 17), 1, chance=0) == 17
    assert 17 < (PACE.wait_after(error(ErrorKind.RATE_LIMITED, 17), 1, chance=0.9) or 0) < 18
    assert PACE.wait_after(error(ErrorKind.RATE_LIMITED, 0), 1, chance=0) == 0
    assert PACE.wait_after(error(ErrorKind.RATE_LIMITED, 121), 1) is None


def test_only_what_may_pass_is_tried_again() -> None:
    for kind in ErrorKind:
        assert (PACE.wait_after(error(kind), 1) is not None) == (kind in RETRIED), kind
    assert PACE.wait_after(error(ErrorKind.TIMED_OUT), 2) is None
    waits = [Pace().wait_after(error(ErrorKind.RATE_LIMITED), attempt, chance=0.5) for attempt in range(1, 9)]
    assert waits.pop() is None
    assert sum(wait or 0 for wait in waits) > 60, "limits are by the minute"
