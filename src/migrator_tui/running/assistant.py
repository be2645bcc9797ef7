"""Asks an assistant, and keeps every word: written down before it is sent, keys blotted out, the answer after."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from migrator_tui.checks.base import CheckFailure, NotAsked
from migrator_tui.history.adaptation_records import Exchange
from migrator_tui.history.digests import exchange_digest
from migrator_tui.models.requests import Answer, Lane
from migrator_tui.models.secrets import scrubber, secrets_in
from migrator_tui.project.schema import Message, ModelSpec
from migrator_tui.running.calls import Calls
from migrator_tui.running.checking.services import Services, assistant_params
from migrator_tui.running.spending import Budget

if TYPE_CHECKING:
    from migrator_tui.history.store import History

_SHORTEST = 8
"""Characters of a secret that is not the history's to know; shorter ones would be found in ordinary text."""


class AssistantJob:
    """One question to an assistant, once."""

    def __init__(self, history: "History", pool: Calls, budget: Budget, *, author: str, lane: Lane) -> None:
        self._history = history
        self._author = author
        self._budget = budget
        self._services = Services(pool, budget, lane=lane, concurrency=1)
        self._asking: asyncio.Task[Answer] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Cancel the call."""
        self._stopped = True
        if self._asking is not None:
            self._asking.cancel()

    async def run(
        self,
        spec: ModelSpec,
        messages: Sequence[Message],
        *,
        purpose: str,
        task: str | None,
        candidate: str | None,
        search_id: str | None,
    ) -> tuple[Exchange, Answer]:
        """See `Runner.exchange`."""
        exchange = await asyncio.to_thread(
            self._history.begin_exchange,
            purpose=purpose,
            model=spec.model,
            params=assistant_params(spec),
            messages=cleared(self._history, messages),
            author=self._author,
            task=task,
            candidate=candidate,
            search_id=search_id,
        )
        sent = [dict(message) for message in exchange.messages]
        answer: Answer | None = None
        error = "stopped"
        try:
            if self._stopped:
                raise NotAsked(error)
            self._asking = asyncio.create_task(self._services.ask(spec, sent, "assistant"))
            try:
                await asyncio.wait([self._asking])
            except asyncio.CancelledError:  # this very question was given up
                if not self._asking.cancel() and self._asking.exception() is None:
                    answer = self._asking.result()  # it was paid in that moment
                raise
            if self._asking.cancelled():
                raise NotAsked(error)
            answer = self._asking.result()
        except (CheckFailure, NotAsked) as failure:
            error = str(failure)
            raise
        finally:
            # Shielded: what was paid for is kept even if it is stopped in that moment.
            storing = asyncio.ensure_future(asyncio.to_thread(self._store, exchange.id, spec, answer, error))
            try:
                exchange = await asyncio.shield(storing)
            except asyncio.CancelledError:
                await asyncio.wait([storing])
                raise
        return exchange, answer

    def _store(self, id: int, spec: ModelSpec, answer: Answer | None, error: str) -> Exchange:
        self._history.add_side_calls(self._services.take_calls())
        if answer is None:
            return self._history.end_exchange(id, error=error)
        return self._history.end_exchange(id, answer=answer.text, cost=self._budget.prices.cost(spec, answer))


def cleared(history: "History", messages: Sequence[Message]) -> list[Message]:
    """The messages as they may be sent: keys that are known, and words that look like keys, blotted out."""
    # The environment holds plain words too under such names (`AUTH=password`): a prompt may say them.
    around = {value for value in secrets_in(os.environ) if len(value) >= _SHORTEST and not value.isalpha()}
    scrub = scrubber({*history.secrets, *around})
    return [_cleared(dict(message), scrub) for message in messages]


def question_digest(history: "History", spec: ModelSpec, messages: Sequence[Message]) -> str:
    """By which an exchange that asked the same can be found (`history.exchange_of`)."""
    return exchange_digest(spec.model, assistant_params(spec), cleared(history, messages))


def _cleared(value: Any, scrub: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {name: _cleared(inner, scrub) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleared(inner, scrub) for inner in value]
    return value
