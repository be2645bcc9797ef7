"""What a rehearsal with real models may cost, told before; caps that hold before the money is spent; and what it did
cost, kept in the history, so that it counts in the day's money like every other call of the program's."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from migrator_tui.history.records import SideCall
from migrator_tui.project.answers import Answer
from migrator_tui.project.schema import ModelSpec
from migrator_tui.rollout.rehearsing.sending import Answered
from migrator_tui.rollout.rehearsing.traffic import PlannedCall
from migrator_tui.running.estimate import USUAL_ANSWER
from migrator_tui.running.spending import Budget, Prices, answer_limit, request_tokens

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.models.requests import ModelRequest

PURPOSE = "rehearsal"
"""What the history calls these calls."""


class Money:
    """No money is spent, so nothing stands in the way of a call."""

    def refusal(self, call: PlannedCall) -> str | None:
        """Why the call must not be made; `None` where it may."""
        return None

    def settled(self, call: PlannedCall, answered: Answered) -> None:
        """The call is over."""

    def keep(self, history: "History") -> None:
        """Write down what was spent since the last time; for threads."""


NO_MONEY = Money()


@dataclass(slots=True)
class Counted(Money):
    """Real money, under the caps of its budget: calls in flight count as if both models were asked, as a fallback
    does."""

    budget: Budget
    models: Sequence[ModelSpec]
    """Baseline and candidate."""
    requests: Sequence[Sequence["ModelRequest"]]
    """What each of the two is asked, by case."""
    shadow: bool = False
    """The candidate gets a copy of each call. Its answer nobody sees: it counts as long as the baseline's."""
    _promised: dict[PlannedCall, list[float]] = field(default_factory=dict)
    _spent: list[SideCall] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refusal(self, call: PlannedCall) -> str | None:
        """Promise what it may cost, unless that is too much."""
        bounds = [
            self.budget.bound(spec, of_model[call.case])
            for spec, of_model in zip(self.models, self.requests, strict=True)
        ]
        dearer = max(range(len(bounds)), key=bounds.__getitem__)
        refusal = self.budget.refusal(self.models[dearer], sum(bounds))
        if refusal is None:
            for spec, bound in zip(self.models, bounds, strict=True):
                self.budget.promise(spec, bound)
            self._promised[call] = bounds
        return refusal

    def settled(self, call: PlannedCall, answered: Answered) -> None:
        """Count what was answered by its tokens; what may have been charged besides counts as promised."""
        from migrator_tui.models.requests import CallError, ErrorKind

        for place, (spec, bound) in enumerate(zip(self.models, self._promised.pop(call), strict=True)):
            answer, error = None, None
            served = ("baseline", "candidate")[place] == answered.served
            tokens = answered.tokens or (None, None)
            if answered.error is None and (served or self.shadow):
                answer = Answer("", input_tokens=tokens[0], output_tokens=tokens[1])
                self._spent.append(SideCall(PURPOSE, spec.model, self.budget.prices.cost(spec, answer), *tokens))
            elif answered.error is not None or answered.arm == ("baseline", "candidate")[place]:
                error = CallError(ErrorKind.CUT_OFF, answered.error or "answered by the other side")
                self._spent.append(SideCall(PURPOSE, spec.model, error_kind=error.kind.value))
            self.budget.settle(spec, bound, answer, error)

    def keep(self, history: "History") -> None:
        """Write down what was spent since the last time."""
        with self._lock:
            kept = len(self._spent)
            history.add_side_calls(self._spent[:kept])
            del self._spent[:kept]


def likely_cost(
    prices: Prices,
    models: Sequence[ModelSpec],
    requests: Sequence[Sequence["ModelRequest"]],
    shares: Sequence[float],
    calls: int,
) -> float | None:
    """USD, about, of so many calls of which each model answers its share; `None` where a price is unknown."""
    total = 0.0
    for spec, asked, share in zip(models, requests, shares, strict=True):
        price = prices.of(spec)
        if price is None or price.input is None or price.output is None:
            return None
        tokens_in = fmean(request_tokens(request) / 2 for request in asked)
        limit = answer_limit(asked[0].params)
        tokens_out = min(limit, USUAL_ANSWER) if limit is not None else USUAL_ANSWER
        total += calls * share * (price.input * tokens_in + price.output * tokens_out) / 1e6
    return total
