"""Everything that asks a model asks here: lanes, limits, retries, and which process or file answers."""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from migrator_tui.models import recorded, simulator_process
from migrator_tui.models.child import open_log
from migrator_tui.models.dry_run import DryRun, ParameterSet
from migrator_tui.models.environment import child_environment
from migrator_tui.models.limits import Limits
from migrator_tui.models.protocol import event_from_json
from migrator_tui.models.requests import (
    CallError,
    ErrorKind,
    Event,
    Failed,
    Finished,
    Lane,
    ModelRequest,
    Retrying,
    Sent,
)
from migrator_tui.models.retries import Pace
from migrator_tui.models.secrets import scrubber, secrets_in
from migrator_tui.models.simulator_process import SimulatorGone, SimulatorProcess
from migrator_tui.models.worker_process import PoolState, WorkerGone, WorkerProcess

_GRACE = 15.0
"""Seconds beyond its time-out after which a call is given up from this side: the worker itself seems stuck."""


_LENT = 8
"""Calls of a bulk run that the other lane's worker takes meanwhile: so many at once delay a key press by 50 ms."""


class ModelPool:
    """The models of one project. Enter it in the event loop that uses it; leaving ends its processes.

    `environment` is all that a worker learns of keys (`None`: this process's own); `recordings` loads a
    `recorded:` model; `on_state` is told whenever `state` changes.
    """

    def __init__(
        self,
        *,
        project_folder: Path,
        log_file: Path,
        environment: Mapping[str, str] | None = None,
        recordings: Callable[[str], Any] | None = None,
        pace: Pace | None = None,
        on_state: Callable[[PoolState], None] | None = None,
    ) -> None:
        self._folder = project_folder
        self._log_file = log_file
        self._environment = child_environment(environment)
        self._recordings = recorded.Recordings(recordings, project_folder)
        self._pace = pace or Pace()
        self.on_state = on_state
        self._told = PoolState.NOT_STARTED
        self._limits = Limits()
        self._numbers = itertools.count(1)
        self._scrub = scrubber(secrets_in(self._environment))

    async def __aenter__(self) -> "ModelPool":
        self._log = open_log(self._log_file)
        self._simulator = SimulatorProcess(self._folder, child_environment({}), self._log)
        self._workers = {
            lane: WorkerProcess(lane, self._environment, self._log, self._scrub, self._tell) for lane in Lane
        }
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(worker.close() for worker in self._workers.values()), self._simulator.close())
        for handler in self._log.handlers:
            handler.close()

    @property
    def state(self) -> PoolState:
        """Of the workers that were started: the one that needs attention most."""
        states = {worker.state for worker in self._workers.values()}
        order = (PoolState.DEAD, PoolState.STARTING, PoolState.RESTARTED, PoolState.READY)
        return next((state for state in order if state in states), PoolState.NOT_STARTED)

    def worker(self, lane: Lane) -> WorkerProcess:
        """The worker of a lane, for its process id and its starting times."""
        return self._workers[lane]

    def _tell(self) -> None:
        if self.state is not self._told:
            self._told = self.state
            if self.on_state is not None:
                self.on_state(self._told)

    async def warm(self, lane: Lane = Lane.WAITED_FOR) -> None:
        """Start the lane's worker and wait until it answers; raises `WorkerGone`."""
        await self._workers[lane].ready()

    async def dry_run(self, sets: Sequence[ParameterSet]) -> list[DryRun]:
        """What would become of each set of parameters, in their order; no model is asked.

        Starts the worker where it does not run yet, which takes seconds. Raises `WorkerGone`.
        """
        worker = self._workers[Lane.WAITED_FOR]
        await worker.ready()
        try:
            return await worker.try_out(next(self._numbers), sets)
        except TimeoutError as error:
            raise WorkerGone("the model worker did not answer") from error

    async def ask(self, request: ModelRequest, lane: Lane = Lane.BULK) -> Finished | Failed:
        """Make a call and wait for its end."""
        last: Event | None = None
        async with aclosing(self.call(request, lane)) as events:
            async for event in events:
                last = event
        assert isinstance(last, (Finished, Failed))
        return last

    async def call(self, request: ModelRequest, lane: Lane = Lane.BULK) -> AsyncGenerator[Event, None]:
        """Make a call: `Sent`, deltas and `Retrying` as they happen, then exactly one `Finished` or `Failed`.

        Closing the generator (`contextlib.aclosing`), or cancelling the task that reads it, cancels the call.
        """
        if request.model.startswith(recorded.PREFIX):
            for event in await self._recordings.call(request):
                yield event
            return
        attempt, resent = 1, False
        while True:
            error: CallError | None = None
            sent = False
            slot = self._limits.slot(
                request.limits_key or request.model,
                concurrency=request.concurrency,
                requests_per_minute=request.requests_per_minute,
                first=lane is Lane.WAITED_FOR,
            )
            async with slot, aclosing(self._attempt(request, lane, attempt)) as events:
                async for event in events:
                    if isinstance(event, Failed):
                        error = replace(event.error, attempts=attempt)
                        break
                    sent = sent or isinstance(event, Sent)
                    yield event
                    if isinstance(event, Finished):
                        return
            assert error is not None
            if error.kind is ErrorKind.WORKER and not sent and not resent:
                resent = True  # nothing had left for the provider
                continue
            wait = self._pace.wait_after(error, attempt)
            if wait is None:
                yield Failed(request.id, error)
                return
            if error.kind is ErrorKind.RATE_LIMITED and error.retry_after:
                self._limits.pause(request.limits_key or request.model, error.retry_after)
            yield Retrying(request.id, attempt, wait, error)
            await asyncio.sleep(wait)
            attempt += 1

    async def _attempt(self, request: ModelRequest, lane: Lane, attempt: int) -> AsyncGenerator[Event, None]:
        """One attempt's events, the last of them `Finished` or `Failed`."""
        worker: WorkerProcess | None = None
        try:
            routed = await self._routed(request)
            worker = await self._ready_worker(lane)
            async with worker.attempt(next(self._numbers), attempt, routed) as under_way:
                # Not one timeout around the loop: it would fire in the middle of what our caller awaits.
                deadline = time.monotonic() + request.timeout + _GRACE
                while not under_way.over:
                    # Not `wait_for`: until Python 3.12 it loses a cancellation that comes together with a line.
                    async with asyncio.timeout(deadline - time.monotonic()):
                        line = await under_way.next_line()
                    yield event_from_json(line, request.id)
        except WorkerGone as error:
            yield Failed(request.id, CallError(ErrorKind.WORKER, str(error)))
        except SimulatorGone as error:
            yield Failed(request.id, CallError(ErrorKind.WORKER, str(error)))
        except TypeError as error:  # a date in TOML parameters, say
            yield Failed(request.id, CallError(ErrorKind.REJECTED, f"the request can't be sent as JSON: {error}"))
        except TimeoutError:
            if worker is not None:
                worker.kill_if_stuck()
            words = f"no answer within {request.timeout:g} s"
            yield Failed(request.id, CallError(ErrorKind.TIMED_OUT, words))

    async def _ready_worker(self, lane: Lane) -> WorkerProcess:
        """The lane's worker, started if need be; while bulk's is starting, a few of its calls go to the other one."""
        worker, other = self._workers[lane], self._workers[Lane.WAITED_FOR]
        if lane is Lane.BULK and not worker.usable and other.usable and other.in_hand < _LENT:
            worker.start()
            return other
        await worker.ready()
        return worker

    async def _routed(self, request: ModelRequest) -> ModelRequest:
        """A simulated model asked as what it is to the worker: an OpenAI-compatible server on this machine."""
        if not request.model.startswith(simulator_process.PREFIX):
            return request
        name = request.model.removeprefix(simulator_process.PREFIX)
        return replace(request, model=f"openai/{name}", api_base=await self._simulator.address(), api_key_env=None)
