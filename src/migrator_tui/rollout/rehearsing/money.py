"""What a rehearsal with real models may cost, told before; and a cap that holds before the money is spent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from migrator_tui.project.answers import Answer
from migrator_tui.project.schema import ModelSpec
from migrator_tui.rollout.rehearsing.sending import Answered
from migrator_tui.rollout.rehearsing.traffic import PlannedCall
from migrator_tui.running.estimate import USUAL_ANSWER
from migrator_tui.running.spending import Budget, Prices, answer_limit, request_tokens

if TYPE_CHECKING:
    from migrator_tui.models.requests import ModelRequest


class Money:
    """No money is spent, so nothing stands in the way of a call."""

    def refusal(self, call: PlannedCall) -> str | None:
        """Why the call must not be made; `None` where it may."""
        return None

    def settled(self, call: PlannedCall, answered: Answered) -> None:
        """The call is over."""


NO_MONEY = Money()


@dataclass(slots=True)
class Capped(Money):
    """A cap on all calls together: those in flight count as if both models were asked, as a fallback does."""

    budget: Budget
    models: Sequence[ModelSpec]
    """Baseline and candidate."""
    requests: Sequence[Sequence["ModelRequest"]]
    """What each of the two is asked, by case."""
    _promised: dict[PlannedCall, list[float]] = field(default_factory=dict)

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
            if answered.error is None and served:
                tokens = answered.tokens or (None, None)
                answer = Answer("", input_tokens=tokens[0], output_tokens=tokens[1])
            elif answered.error is not None or answered.arm == ("baseline", "candidate")[place]:
                error = CallError(ErrorKind.CUT_OFF, answered.error or "answered by the other side")
            self.budget.settle(spec, bound, answer, error)


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
