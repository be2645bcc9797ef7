"""What checks that wait may ask for: models, paid from the same money as the run, so many at a time."""

import asyncio
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from migrator_tui.checks.base import CheckFailure, NotAsked
from migrator_tui.history.records import SideCall
from migrator_tui.models.requests import Answer, Event, Finished, Lane, ModelRequest
from migrator_tui.project.schema import Message, ModelSpec
from migrator_tui.running.calls import Calls, settled_call
from migrator_tui.running.spending import OUTPUT_LIMITS, Budget, is_free

ANSWER_TOKENS = 4096
"""What a judge's reply may take where its table says nothing: a sentence, and room for models that think first."""

_numbers = itertools.count(1)


def judge_params(spec: ModelSpec) -> Mapping[str, Any]:
    """The parameters a judge is asked with: at temperature 0, and briefly, unless its table says otherwise.

    A temperature of the program's own is left out for models that are known to take none; a stated one is not.
    """
    ours: dict[str, Any] = {}
    if "temperature" not in spec.params:
        ours |= {"temperature": 0, "drop_params": True}
    if not any(name in spec.params for name in OUTPUT_LIMITS):
        ours["max_tokens"] = ANSWER_TOKENS
    return {**ours, **spec.params}


def assistant_params(spec: ModelSpec) -> Mapping[str, Any]:
    """The parameters an assistant is asked with: as its table states, and briefly where that says nothing."""
    if any(name in spec.params for name in OUTPUT_LIMITS):
        return dict(spec.params)
    return {**spec.params, "max_tokens": ANSWER_TOKENS}


class Services:
    """Asks on behalf of the checks of one run, or of one case. Belongs to the event loop that uses it.

    `on_event` is told of retries and the like, with the model that is asked.
    """

    def __init__(
        self,
        pool: Calls,
        budget: Budget,
        *,
        lane: Lane,
        concurrency: int,
        on_event: Callable[[ModelSpec, Event], None] | None = None,
    ) -> None:
        self._pool = pool
        self._budget = budget
        self._lane = lane
        self._places = asyncio.Semaphore(max(1, concurrency))
        self.processes = asyncio.Semaphore(max(2, os.cpu_count() or 2))
        """Places for processes of checks."""
        self._on_event = on_event
        self._begun: set[tuple[int, str]] = set()
        self._calls: list[SideCall] = []
        self.in_flight = 0
        """Calls that hold money at this moment."""
        self.calls_made = 0
        self.cost = 0.0
        """USD of the answers whose price is known …"""
        self.unpriced = 0
        """… and how many others there were."""
        self._settled = asyncio.Event()
        self.made = 0
        """Calls that were begun."""
        self.refusal: str | None = None
        """Why the last call that was not made was not."""

    def begin(self, output_id: int, check_key: str) -> bool:
        """Take a check on; False where somebody has already."""
        if (output_id, check_key) in self._begun:
            return False
        self._begun.add((output_id, check_key))
        return True

    def give_back(self, output_id: int, check_key: str) -> None:
        """It was not asked after all."""
        self._begun.discard((output_id, check_key))

    def has_begun(self, output_id: int, check_key: str) -> bool:
        """Whether a check was taken on, and not given back."""
        return (output_id, check_key) in self._begun

    def about(self, output_id: int) -> "ServicesAbout":
        """The same for the checks of one output, to whose account the calls go."""
        return ServicesAbout(self, output_id)

    def take_calls(self) -> list[SideCall]:
        """The calls made since this was asked last, for the history."""
        calls, self._calls = self._calls, []
        return calls

    async def settled(self) -> None:
        """Wait until a call has ended: it may turn out cheaper than was feared."""
        self._settled.clear()
        await self._settled.wait()

    async def ask(self, spec: ModelSpec, messages: Sequence[Message], purpose: str) -> Answer:
        """Ask a model about no output, with the parameters that its table states; raises as `call` does."""
        request = _request(spec, messages=list(messages), params=assistant_params(spec))
        return await self.call(spec, request, purpose)

    async def call(
        self, spec: ModelSpec, request: ModelRequest, purpose: str, output_id: int | None = None
    ) -> Answer:
        """Make a call when there is a place and money; raises `CheckFailure` or `NotAsked`."""
        async with self._places:
            bound = self._budget.bound(spec, request)
            while (refusal := self._budget.refusal(spec, bound)) is not None:
                if not self.in_flight:
                    self.refusal = refusal
                    raise NotAsked(refusal)
                await self.settled()
            self._budget.promise(spec, bound)
            self.in_flight += 1
            self.made += 1

            def tell(event: Event) -> None:
                if self._on_event is not None:
                    self._on_event(spec, event)

            try:
                end = await settled_call(
                    self._pool, spec, request, lane=self._lane, budget=self._budget, bound=bound, on_event=tell
                )
            finally:
                self.in_flight -= 1
                self._settled.set()
        if end is None:
            raise NotAsked("stopped")
        if isinstance(end.event, Finished):
            answer = end.event.answer
            cost = self._budget.prices.cost(spec, answer)
            counts = answer.input_tokens, answer.output_tokens
            self._calls.append(SideCall(purpose, spec.model, cost, *counts, output_id=output_id))
            self.calls_made += 1
            self.cost += cost or 0.0
            self.unpriced += cost is None and not is_free(spec)
            return answer
        error = end.event.error
        self._calls.append(SideCall(purpose, spec.model, error_kind=error.kind.value, output_id=output_id))
        raise CheckFailure(f"{spec.model}: {error.message}")


class ServicesAbout:
    """`checks.base.CheckServices` for one output."""

    def __init__(self, services: Services, output_id: int) -> None:
        self._services = services
        self._output_id = output_id

    async def ask(self, spec: ModelSpec, messages: Sequence[Message]) -> Answer:
        """Ask a model; raises `CheckFailure` where no answer came, `NotAsked` where nobody was asked."""
        request = _request(spec, messages=list(messages), params=judge_params(spec))
        return await self._services.call(spec, request, "check", self._output_id)

    async def embed(self, spec: ModelSpec, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector for each text, in order; raises as `ask` does."""
        request = _request(spec, messages=[], params=spec.params, texts=tuple(texts))
        return (await self._services.call(spec, request, "embedding", self._output_id)).vectors

    def process(self) -> AbstractAsyncContextManager[object]:
        """A place for a process of the check's own."""
        return self._services.processes


def _request(spec: ModelSpec, **more: Any) -> ModelRequest:
    return ModelRequest(
        id=f"{os.getpid()}-check-{next(_numbers)}",
        model=spec.model,
        api_base=spec.api_base,
        api_key_env=spec.api_key_env,
        timeout=spec.timeout,
        limits_key=limits_key(spec),
        concurrency=spec.concurrency,
        requests_per_minute=spec.requests_per_minute,
        **more,
    )


def limits_key(spec: ModelSpec) -> str:
    """Calls to one model at one address with one key share its limits, whatever they are for."""
    return f"{spec.model} {spec.api_base or ''} {spec.api_key_env or ''}".strip()
