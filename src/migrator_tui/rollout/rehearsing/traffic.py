"""Traffic made of cases: which conversation calls when, and what each call says, as an application would."""

import heapq
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrator_tui.models.requests import ModelRequest
from migrator_tui.project.schema import Case, Task

PAUSE_S = 2.0
"""Between two calls of one conversation."""
MOST_CALLS = 3
"""Of one conversation; one at least."""
STREAMED = 6
"""Every so many-th conversation streams. A streamed call takes a proxy several times the work of a plain one."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call of a conversation."""

    at: float
    """Seconds after the first."""
    conversation: str
    """Its key: each conversation has its own, though several have one case."""
    case: int
    """Index into the cases."""
    stream: bool
    last: bool
    """The conversation ends with it."""


def planned_calls(cases: int, *, calls: int, rate: float, name: str, seed: int = 0) -> Iterator[PlannedCall]:
    """So many calls at an even pace, of conversations that begin all the time and call one to three times.

    Every case has had its turn before one comes again; `name` begins the key of each conversation.
    """
    dice = random.Random(seed)  # noqa: S311 (nothing secret hangs on it)
    order: list[int] = []
    begun = 0
    # When it goes on, its number, its case, and how many calls it has left.
    waiting: list[tuple[float, int, int, int]] = []
    for n in range(calls):
        at = n / rate
        if waiting and waiting[0][0] <= at:
            _, number, case, left = heapq.heappop(waiting)
        else:
            if not order:
                order = dice.sample(range(cases), cases)
            number, case, left = begun, order.pop(), dice.randint(1, MOST_CALLS)
            begun += 1
        if left > 1:
            heapq.heappush(waiting, (at + PAUSE_S, number, case, left - 1))
        yield PlannedCall(at, f"{name}-{number}", case, number % STREAMED == 0, left == 1)


def body(task: Task, case: Case, request: ModelRequest) -> dict[str, Any]:
    """What an application of the old model sends for a case; `request` is what the baseline is asked in a run.

    The variables go along, so that the candidate's own prompt can be made of them.
    """
    said: dict[str, Any] = {**request.params, "model": task.name, "messages": list(request.messages)}
    if request.tools:
        said["tools"] = list(request.tools)
    if request.response_format is not None:
        said["response_format"] = dict(request.response_format)
    return {**said, "metadata": {"variables": dict(case.vars)}}


def call_body(of_case: Mapping[str, Any], call: PlannedCall) -> dict[str, Any]:
    """The same for one call: with its conversation's key, streamed or not."""
    said = {**of_case, "metadata": {**of_case["metadata"], "conversation_id": call.conversation}}
    if call.stream:
        said |= {"stream": True, "stream_options": {"include_usage": True}}
    return said


class Escalating:
    """Which conversations their users escalate: of either side the same few, and those that trouble befalls.

    Counted and not drawn: chance would make one side worse than the other while conversations are few.
    """

    EVERY = 25

    def __init__(self, seed: int = 0) -> None:
        self._dice = random.Random(seed)  # noqa: S311
        self._ended = {"baseline": 0, "candidate": 0}

    def escalates(self, arm: str, trouble: float) -> bool:
        """Whether a conversation that ends now on that arm is escalated; `trouble`: the share that is besides."""
        self._ended[arm] = self._ended.get(arm, 0) + 1
        usual = self._ended[arm] % self.EVERY == self.EVERY // 2
        return usual or self._dice.random() < trouble


def shown(cases: int, calls: int) -> str:
    """How much traffic of how many cases, in words."""
    return f"{calls:,} calls of {cases:,} case{'s' if cases != 1 else ''}"
