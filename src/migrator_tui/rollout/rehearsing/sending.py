"""The application that a rehearsal plays: it asks the gateway, reads every answer to its end, and tells what became.

It asks as an OpenAI client does, and knows of sides only what the gateway's headers say. Calls come at their time
whether others are answered or not, as those of many users do; but where far more are under way than usual, a call is
not sent and counted as such, so that a machine that is too slow is not buried.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.rollout.rehearsing.traffic import Escalating, PlannedCall, call_body
from migrator_tui.text_safety import safe_line

if TYPE_CHECKING:
    import aiohttp

PATIENCE_S = 60.0
"""That a call may take; then the application gives up, which is an error that it saw."""
MOST_IN_FLIGHT = 512
BACKLOG_S = 5.0
"""Calls of so many seconds, and of three times the usual answer's, may be under way; beyond it none is sent."""
FEWEST_IN_FLIGHT = 16
"""So many may always be under way."""
USUAL_OF = 10
"""The first answers, of which the usual time is taken."""
DRAINS_S = 20.0
"""How long calls under way are waited for after the last, and three times the usual answer's time; `PATIENCE_S` at
the most."""
_LONGEST_LINE = 1 << 22


@dataclass(frozen=True, slots=True)
class Answered:
    """One call as the application saw it."""

    at: float
    """Seconds after the first call."""
    conversation: str
    stream: bool
    arm: str | None
    """The side its conversation is on, as the gateway says; `None` where it said nothing."""
    served: str | None
    """The side that answered."""
    error: str | None
    """What went wrong; `None` where the answer came whole."""
    latency_ms: float
    first_token_ms: float | None
    tokens: tuple[int, int] | None
    """Of the request and of the answer, where they were told."""


@dataclass(slots=True)
class Sender:
    """One application. Belongs to the event loop it sends in."""

    address: str
    """The gateway's, without `/v1`."""
    key: str
    bodies: Sequence[Mapping[str, Any]]
    """By case."""
    escalating: Escalating
    trouble: Callable[[float], float]
    """The share of the candidate's conversations that is escalated besides, at so many seconds."""
    refusal: Callable[[PlannedCall], str | None] = lambda _: None
    """Why a call must not be made; then nothing more is."""
    settled: Callable[[PlannedCall, Answered], None] = lambda _, __: None
    answered: list[Answered] = field(default_factory=list)
    rate: float = float("inf")
    """Calls a second, by which it is known when too many are under way."""
    draining: Callable[[int, float], None] = lambda _, __: None
    """Hears, after the last call, how many are under way and for how many seconds they are waited for."""
    sent: int = 0
    """Calls that were made, answered or not."""
    not_sent: int = 0
    """Calls whose time came while too many were under way."""
    crowded_at: float | None = None
    """When that was first so, in seconds after the first call."""
    ended_at: float = 0.0
    """When nothing was sent and waited for any more."""
    untold: list[str] = field(default_factory=list)
    """Why it did not take that, each time."""
    refused: str | None = None
    _began: float = 0.0

    @property
    def under_way(self) -> int:
        """Calls that were made and are not over."""
        return self.sent - len(self.answered)

    @property
    def most_under_way(self) -> int:
        """How many calls may be under way at once; so far, where the first answers are not there yet."""
        if len(self.answered) < USUAL_OF or self.rate > MOST_IN_FLIGHT:
            return MOST_IN_FLIGHT
        backlog = round(self.rate * (BACKLOG_S + 3 * self._usual_s))
        return min(MOST_IN_FLIGHT, max(FEWEST_IN_FLIGHT, backlog))

    @property
    def _usual_s(self) -> float:
        return median([call.latency_ms for call in self.answered[:USUAL_OF]] or [0.0]) / 1000

    async def send(self, calls: Iterable[PlannedCall], stop: asyncio.Event, begin: Callable[[], None]) -> bool:
        """Make the calls, each at its time; False where `stop` was set, or `refusal` said no, before all were made.

        `begin` is called right before the first. What is under way in the end is given up after a while.
        """
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        # Shorter than the proxy keeps a connection: one that it closes at this very moment would look like an error.
        connector = aiohttp.TCPConnector(limit=MOST_IN_FLIGHT, keepalive_timeout=1)
        headers = {"Authorization": f"Bearer {self.key}"}
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, headers=headers, read_bufsize=_LONGEST_LINE
        ) as session:
            under_way: set[asyncio.Task[None]] = set()
            begin()
            self._began = time.monotonic()
            try:
                for call in calls:
                    if await _set_within(stop, self._began + call.at - time.monotonic()):
                        return False
                    if self.under_way >= self.most_under_way:
                        self.not_sent += 1
                        if self.crowded_at is None:
                            self.crowded_at = time.monotonic() - self._began
                        continue
                    self.refused = self.refusal(call)
                    if self.refused is not None:
                        break
                    self.sent += 1
                    task = asyncio.create_task(self._ask(session, call))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                if under_way:
                    await self._drain(under_way, stop)
                return not stop.is_set() and self.refused is None
            finally:
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)
                self.ended_at = time.monotonic() - self._began

    async def _drain(self, under_way: set[asyncio.Task[None]], stop: asyncio.Event) -> None:
        """Wait for what is under way, for a while, or until `stop` is set."""
        patience = min(PATIENCE_S, DRAINS_S + 3 * self._usual_s)
        ends = time.monotonic() + patience
        self.draining(self.under_way, patience)
        waiting = asyncio.create_task(stop.wait())
        while under_way and not stop.is_set() and (left := ends - time.monotonic()) > 0:
            await asyncio.wait({waiting, *under_way}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def _ask(self, session: "aiohttp.ClientSession", call: PlannedCall) -> None:
        import aiohttp

        began = time.monotonic()
        reading = _Reading()
        try:
            async with session.post(
                f"{self.address}/v1/chat/completions", json=call_body(self.bodies[call.case], call)
            ) as response:
                reading.headers = response.headers
                if response.status != 200:
                    reading.error = f"status {response.status}: {_message(await response.read())}"
                elif call.stream:
                    await reading.stream(response, began)
                else:
                    reading.whole(await response.read())
        except TimeoutError:
            reading.error = f"no answer within {PATIENCE_S:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reading.error = safe_line(f"{type(error).__name__}: {error}", 200)
        except asyncio.CancelledError:  # it may have been charged all the same
            self.settled(call, self._answered(call, reading, began, "it was not waited for"))
            raise
        answered = self._answered(call, reading, began, reading.error)
        self.answered.append(answered)
        self.settled(call, answered)
        request_id = reading.headers.get("x-litellm-call-id")
        if call.last and request_id and answered.arm:
            await self._tell(session, request_id, answered.arm)

    def _answered(self, call: PlannedCall, reading: "_Reading", began: float, error: str | None) -> Answered:
        return Answered(
            at=began - self._began,
            conversation=call.conversation,
            stream=call.stream,
            arm=reading.headers.get("x-migrator-arm"),
            served=reading.headers.get("x-migrator-served"),
            error=error,
            latency_ms=(time.monotonic() - began) * 1000,
            first_token_ms=reading.first_ms,
            tokens=reading.tokens,
        )

    async def _tell(self, session: "aiohttp.ClientSession", request_id: str, arm: str) -> None:
        """Say of a conversation that ended whether it was escalated, as an application does."""
        import aiohttp

        share = self.trouble(time.monotonic() - self._began) if arm == "candidate" else 0.0
        said = {"request_id": request_id, "name": "escalated", "value": self.escalating.escalates(arm, share)}
        try:
            async with session.post(f"{self.address}/feedback", json=said) as response:
                if response.status != 200:
                    self.untold.append(f"status {response.status}: {_message(await response.read())}")
        except TimeoutError:
            self.untold.append(f"no answer within {PATIENCE_S:g} s")
        except (aiohttp.ClientError, OSError) as error:
            self.untold.append(safe_line(f"{type(error).__name__}: {error}", 200))


@dataclass(slots=True)
class _Reading:
    """An answer while it is read."""

    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    first_ms: float | None = None
    tokens: tuple[int, int] | None = None

    def whole(self, text: bytes) -> None:
        said = json.loads(text)
        if not isinstance(said, dict) or not said.get("choices"):
            self.error = "the answer is none"
            return
        self._count(said)

    async def stream(self, response: "aiohttp.ClientResponse", began: float) -> None:
        done = False
        async for line in response.content:
            if not line.startswith(b"data:"):
                continue
            event = line[5:].strip()
            if event == b"[DONE]":
                done = True
                continue
            if self.first_ms is None:
                self.first_ms = (time.monotonic() - began) * 1000
            said = json.loads(event)
            if isinstance(said, dict) and "error" in said:
                self.error = f"in the stream: {_message(event)}"
            elif isinstance(said, dict):
                self._count(said)
        if not done and self.error is None:
            self.error = "the stream broke off"

    def _count(self, said: Mapping[str, Any]) -> None:
        usage = said.get("usage")
        if isinstance(usage, dict):
            counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
            if all(isinstance(count, int) for count in counts):
                self.tokens = counts  # type: ignore[assignment]


async def warm_up(address: str, key: str, model: str) -> None:
    """Ask once plainly and once for a stream, before it counts: a proxy's first answers take it seconds.

    Raises `ProjectError` where it does not answer.
    """
    asked = {"model": model, "messages": [{"role": "user", "content": "hello"}], "metadata": {"variables": {}}}
    sender = Sender(address, key, [asked], Escalating(), trouble=lambda _: 0.0)
    calls = [PlannedCall(0.0, "warm-up", 0, stream, last=False) for stream in (False, True)]
    await sender.send(calls, asyncio.Event(), lambda: None)
    error = next((call.error for call in sender.answered if call.error is not None), None)
    if error is not None:
        raise ProjectError(f"the gateway does not answer: {error}")


def _message(body: bytes) -> str:
    """What an error says, in one line."""
    try:
        said = json.loads(body)["error"]
        text = said.get("message") if isinstance(said, dict) else said
    except (ValueError, KeyError, TypeError):
        text = body.decode("utf-8", "replace")
    return safe_line(str(text), 200)


async def _set_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long; True where it was set before."""
    if stop.is_set() or seconds <= 0:
        return stop.is_set()
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True
