"""One call, from a planned item to the row that the history keeps of it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from migrator_tui.history.records import NewOutput, RunItem
from migrator_tui.models.requests import (
    Answer,
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
from migrator_tui.project.schema import ModelSpec
from migrator_tui.running.events import RunEvent, TextArrived
from migrator_tui.running.spending import Budget, Prices


class Calls(Protocol):
    """What a run needs of the pool of models."""

    def call(self, request: ModelRequest, lane: Lane = Lane.BULK) -> AsyncGenerator[Event, None]:
        """Events that end with exactly one `Finished` or `Failed`; closing the generator cancels the call."""


@dataclass(frozen=True, slots=True)
class CallEnd:
    """How a call ended, and the number of the attempt that did."""

    event: Finished | Failed
    attempts: int


async def make_call(
    pool: Calls,
    item: RunItem,
    spec: ModelSpec,
    request: ModelRequest,
    *,
    lane: Lane,
    budget: Budget,
    bound: float,
    on_event: Callable[[RunEvent], None],
) -> CallEnd | None:
    """`settled_call` for an item of a plan: what it streams is passed on as `TextArrived`."""

    def tell(event: Event) -> None:
        on_event(TextArrived(item, event))

    return await settled_call(pool, spec, request, lane=lane, budget=budget, bound=bound, on_event=tell)


async def settled_call(
    pool: Calls,
    spec: ModelSpec,
    request: ModelRequest,
    *,
    lane: Lane,
    budget: Budget,
    bound: float,
    on_event: Callable[[Event], None] | None = None,
) -> CallEnd | None:
    """Make one call whose `bound` (USD) has been promised, and settle it; `None` when it was cancelled.

    Cancelling this cancels the call.
    """
    end: Finished | Failed | None = None
    attempts, waiting = 1, True
    try:
        async with aclosing(pool.call(request, lane)) as events:
            async for event in events:
                if isinstance(event, Finished | Failed):
                    end = event
                    break
                if isinstance(event, Sent):
                    attempts, waiting = event.attempt, False
                if isinstance(event, Retrying):
                    if not budget.allows_retry(bound, event.error):
                        end = Failed(request.id, replace(event.error, attempts=event.attempt))
                        break
                    budget.attempt_broke(bound, event.error)
                    waiting = True
                if on_event is not None:
                    on_event(event)
    finally:
        answer = end.answer if isinstance(end, Finished) else None
        # A call that is cancelled on its way may be charged for what the provider had begun.
        error = end.error if isinstance(end, Failed) else CallError(ErrorKind.CUT_OFF, "stopped")
        # A cancelled request may have left in this very moment: it stays counted.
        budget.settle(spec, bound, answer, error, unsent=waiting and isinstance(end, Failed))
    if end is None:
        end = Failed(request.id, CallError(ErrorKind.WORKER, "the call ended without an answer"))
    if isinstance(end, Failed):
        return None if end.error.kind is ErrorKind.CANCELLED else CallEnd(end, end.error.attempts)
    return CallEnd(end, attempts)


def new_output(item: RunItem, spec: ModelSpec, ended: CallEnd, prices: Prices, *, run_id: str | None) -> NewOutput:
    """The row for the history: the answer or why there is none, and the price at the time of the call."""
    end = ended.event
    price = prices.of(spec)
    answer = end.answer if isinstance(end, Finished) else Answer(text=end.error.partial_text)
    error = end.error if isinstance(end, Failed) else None
    return NewOutput(
        call_key=item.call_key,
        task=item.task,
        model_name=item.model_name,
        model=spec.model,
        case_id=item.case_id,
        version_id=item.version_id,
        repeat=item.repeat,
        text=answer.text,
        reasoning=answer.reasoning,
        tool_calls=answer.tool_calls,
        finish_reason=answer.finish_reason,
        error_kind=error.kind.value if error is not None else None,
        error=error.message if error is not None else None,
        error_status=error.status if error is not None else None,
        attempts=ended.attempts,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        reasoning_tokens=answer.reasoning_tokens,
        first_token_ms=answer.first_token_ms,
        latency_ms=answer.latency_ms,
        cost=prices.cost(spec, answer) if error is None else None,
        price_input=price.input if price is not None else None,
        price_output=price.output if price is not None else None,
        imported_passed=answer.passed,
        run_id=run_id,
        item_no=item.no if run_id is not None else None,
    )
