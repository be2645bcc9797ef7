"""The parent's side of one worker: starts it, hands calls in, hands events out, starts it again when it dies."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from migrator_tui.models.child import Child
from migrator_tui.models.dry_run import DryRun, ParameterSet, dry_run_from_json, set_to_json
from migrator_tui.models.protocol import DRY_RUN, encode, lines, request_to_json
from migrator_tui.models.requests import Lane, ModelRequest

_TRIES = 3
"""Starts in a row that may fail before the worker counts as dead."""
_FIRST_WAIT = 0.25
"""Seconds before the second start; doubles."""
_SILENT_FOR = 20.0
"""Seconds without a line, a call being overdue, after which a worker counts as stuck."""


_DRY_RUN = 60.0
"""Seconds a dry run may take: it takes milliseconds, behind whatever the worker has in hand."""
_ENDING = "the program is ending"


class PoolState(StrEnum):
    """How it stands with a worker."""

    NOT_STARTED = "not started"
    STARTING = "starting"
    READY = "ready"
    RESTARTED = "restarted"
    """Ready again after it had died."""
    DEAD = "dead"
    """Could not be started. The next call tries again."""


class WorkerGone(Exception):
    """The worker ended before it answered; `str()` says how."""


class WorkerProcess:
    """One worker and the calls it has in hand. Belongs to the event loop it was made in."""

    def __init__(
        self,
        lane: Lane,
        environment: Mapping[str, str],
        log: logging.Logger,
        scrub: Callable[[str], str],
        on_state: Callable[[], None],
        module: str = "migrator_tui.models.worker",
    ) -> None:
        self._module = module
        self._lane = lane
        self._environment = environment
        self._log = log
        self._scrub = scrub
        self._on_state = on_state
        self.state = PoolState.NOT_STARTED
        self.ready_after: Mapping[str, float] | None = None
        """Seconds the newest start took: `total_s`, and of these `import_s` and `warm_up_s`."""
        self._child: Child | None = None
        self._calls: dict[int, asyncio.Queue[dict[str, Any] | WorkerGone]] = {}
        self._changed = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        self._why_dead = ""
        self._heard = 0.0
        self._closed = False

    @property
    def usable(self) -> bool:
        """It answers."""
        return self.state in (PoolState.READY, PoolState.RESTARTED)

    @property
    def in_hand(self) -> int:
        """Calls it has not answered yet."""
        return len(self._calls)

    @property
    def pid(self) -> int | None:
        """Process id, while there is one."""
        return self._child.process.pid if self._child else None

    def _become(self, state: PoolState) -> None:
        self.state = state
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._on_state()

    def start(self) -> None:
        """Begin to start it, unless it runs."""
        if not self._closed and (self._supervisor is None or self._supervisor.done()):
            self._become(PoolState.STARTING)
            self._supervisor = asyncio.create_task(self._supervise())

    async def ready(self) -> None:
        """Start it if need be and wait until it answers; `WorkerGone` if it can't be started."""
        self.start()
        while not self.usable:
            if self._closed or self.state is PoolState.DEAD:
                raise WorkerGone(_ENDING if self._closed else self._why_dead)
            await self._changed.wait()

    async def _supervise(self) -> None:
        failures = 0
        again = False
        while failures < _TRIES:
            if failures:
                await asyncio.sleep(_FIRST_WAIT * 2 ** (failures - 1))
            try:
                answered, why = await self._live(again)
            except Exception as error:  # whatever it is, calls must end and not wait for ever
                answered, why = False, f"the model worker could not be read: {type(error).__name__}: {error}"
            failures = 1 if answered else failures + 1
            again = True
            self._why_dead = why
            self._log.info("%s", why)
            self._become(PoolState.STARTING if failures < _TRIES else PoolState.DEAD)
            self._lose_calls(why)

    async def _live(self, again: bool) -> tuple[bool, str]:
        """One life of the process, from start to end: whether it ever answered, and how it ended."""
        answered = False
        began = time.monotonic()
        arguments = ["--bulk"] if self._lane is Lane.BULK else []
        name = f"worker ({self._lane})"
        try:
            child = await Child.start(
                self._module,
                arguments,
                self._environment,
                name=name,
                log=self._log,
                scrub=self._scrub,
            )
        except OSError as error:
            return False, f"the model worker could not be started: {error.strerror or error}"
        self._child = child
        try:
            async for line in lines(child.stdout):
                self._heard = time.monotonic()
                try:
                    message = json.loads(line)
                except ValueError:  # the worker guards its stdout, but native code might find a way
                    self._log.info("%s wrote a line that is no JSON", name)
                    continue
                if "ready" in message:
                    answered = True
                    self.ready_after = {**message["ready"], "total_s": round(time.monotonic() - began, 3)}
                    self._log.info("%s ready: %s", name, self.ready_after)
                    self._become(PoolState.RESTARTED if again else PoolState.READY)
                elif (queue := self._calls.get(message["call"])) is not None:
                    queue.put_nowait(message)
            self._take_no_more()
            status = await child.ended()
        finally:
            self._child = None
            await child.end()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        said = f": {child.last_words[-1]}" if child.last_words and status > 0 else ""
        return answered, f"the model worker {how}{said}"

    def _take_no_more(self) -> None:
        """It is on its way out: calls wait for the next one."""
        if self.usable:
            self._become(PoolState.STARTING)

    def _lose_calls(self, why: str) -> None:
        for queue in self._calls.values():
            queue.put_nowait(WorkerGone(why))

    @contextlib.asynccontextmanager
    async def attempt(self, number: int, attempt: int, request: ModelRequest) -> Any:
        """Hand one attempt in; gives its `Attempt`. Leaving the block before its end cancels it.

        Raises `WorkerGone`, `TimeoutError` if the worker doesn't take it, `TypeError` if it is no JSON.
        """
        message = {"do": "call", "call": number, "attempt": attempt, "request": request_to_json(request)}
        async with self._handed_in(number, message, request.timeout) as under_way:
            yield under_way

    async def try_out(self, number: int, sets: Sequence[ParameterSet]) -> list[DryRun]:
        """What would become of these parameters; nothing is sent anywhere. Raises as `attempt` does."""
        message = {"do": "dry-run", "call": number, "sets": [set_to_json(each) for each in sets]}
        async with asyncio.timeout(_DRY_RUN), self._handed_in(number, message, _DRY_RUN) as under_way:
            return [dry_run_from_json(run) for run in (await under_way.next_line())["runs"]]

    @contextlib.asynccontextmanager
    async def _handed_in(self, number: int, message: dict[str, Any], seconds: float) -> Any:
        child = self._child
        if child is None or not self.usable:
            raise WorkerGone(self._why_dead or "the model worker ended")
        queue: asyncio.Queue[dict[str, Any] | WorkerGone] = asyncio.Queue()
        self._calls[number] = queue
        under_way = Attempt(queue)
        try:
            line = encode(message)
            try:
                # A stopped worker takes no more than the pipe holds.
                async with asyncio.timeout(seconds):
                    await child.send(line)
            except ConnectionError as error:
                self._take_no_more()
                raise WorkerGone("the model worker ended") from error
            yield under_way
        finally:
            del self._calls[number]
            if not under_way.over:
                child.post(encode({"do": "cancel", "call": number}))

    def kill_if_stuck(self) -> bool:
        """End a worker that has not said a word for a while, though a call is overdue; it is started again."""
        stuck = self._child is not None and time.monotonic() - self._heard > _SILENT_FOR
        if stuck and self._child is not None:
            self._log.info("worker (%s) said nothing for %.0f s and is ended", self._lane, _SILENT_FOR)
            self._take_no_more()
            with contextlib.suppress(ProcessLookupError):
                self._child.process.kill()
        return stuck

    async def close(self) -> None:
        """End it for good; calls under way end as errors."""
        self._closed = True
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
        self._lose_calls(_ENDING)
        self.state = PoolState.NOT_STARTED
        self._changed.set()


class Attempt:
    """The lines of one attempt as they come."""

    def __init__(self, queue: "asyncio.Queue[dict[str, Any] | WorkerGone]") -> None:
        self._queue = queue
        self.over = False

    async def next_line(self) -> dict[str, Any]:
        """The next event's line; `WorkerGone` if none will follow."""
        line = await self._queue.get()
        if isinstance(line, WorkerGone):
            self.over = True
            raise line
        self.over = line["event"] in ("Finished", "Failed", DRY_RUN)
        return line
