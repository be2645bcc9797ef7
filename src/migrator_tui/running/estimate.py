"""What a run will take, before it starts: calls, money, time. About right, unlike the cap's estimate from above."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import fmean
from typing import TYPE_CHECKING

from migrator_tui.history.records import Output, RunItem
from migrator_tui.project.schema import ModelSpec
from migrator_tui.running.checking.estimate import FRAME_TOKENS, REPLY_TOKENS, CheckCalls, check_calls
from migrator_tui.running.plan import Plan
from migrator_tui.running.spending import Prices, answer_limit, is_free, request_tokens

if TYPE_CHECKING:
    from migrator_tui.history.store import History

SAMPLE = 50
"""Earlier outputs, and rendered requests, that stand for all."""
USUAL_ANSWER = 300
"""Tokens, where nothing is known of a model's answers yet."""
USUAL_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan will take."""

    calls: int
    """To models that answer cases, and to those that checks ask."""
    cached: int
    """Items that are answered already."""
    cost: float | None
    """USD for the calls whose price is known; `None` when that is none of them."""
    unpriced: int
    """Calls whose price is not known: they come on top of `cost`."""
    seconds: float
    checks: CheckCalls = field(default_factory=CheckCalls)
    """What of it is for checks."""

    @property
    def nothing_to_do(self) -> bool:
        """Everything is answered, and every check that had to wait as well."""
        return not self.calls and not self.checks.checks


def estimate(plan: Plan, history: "History", *, concurrency: int) -> Estimate:
    """Estimate a plan from earlier outputs of the same models, else from the requests and usual figures."""
    open_items = plan.open_items
    prices = Prices(plan.project)
    cost, priced, unpriced, seconds = 0.0, False, 0, 0.0
    for spec in plan.models:
        items = [item for item in open_items if item.model_name == spec.name]
        if not items:
            continue
        earlier = _earlier(plan, history, spec.name)
        latencies = [output.latency_ms / 1000 for output in earlier if output.latency_ms is not None]
        price = prices.of(spec)
        if is_free(spec) and price is None:
            priced = True
        elif price is None or price.input is None or price.output is None:
            unpriced += len(items)
        else:
            priced = True
            cost += len(items) * _mean_cost(plan, items, earlier, price.input, price.output)
        side = min(concurrency, spec.concurrency or concurrency)
        each = fmean(latencies) if latencies else 0.1 if is_free(spec) else USUAL_SECONDS
        paced = 60 * len(items) / spec.requests_per_minute if spec.requests_per_minute else 0.0
        seconds = max(seconds, ceil(len(items) / side) * each, paced)
    checks = check_calls(plan, history)
    for spec, calls in checks.models.values():
        price = prices.of(spec)
        if price is None or price.input is None or price.output is None:
            unpriced += 0 if is_free(spec) else calls
            priced = priced or is_free(spec)
        else:
            priced = True
            answers = [o for model in plan.models for o in _earlier(plan, history, model.name)]
            cost += calls * _check_cost(spec, plan, answers, price.input, price.output)
        each = 0.1 if is_free(spec) else USUAL_SECONDS
        seconds = max(seconds, ceil(calls / min(concurrency, spec.concurrency or concurrency)) * each)
    return Estimate(
        calls=len(open_items) + checks.calls,
        cached=len(plan.items) - len(open_items),
        cost=cost if priced or not (open_items or checks.calls) else None,
        unpriced=unpriced,
        seconds=seconds,
        checks=checks,
    )


def _check_cost(spec: ModelSpec, plan: Plan, answers: Sequence[Output], price_in: float, price_out: float) -> float:
    """USD of one call of a check: frame, rubric and an answer of usual length go in."""
    lengths = [output.output_tokens for output in answers if output.output_tokens is not None]
    answer = fmean(lengths) if lengths else USUAL_ANSWER
    if spec is plan.project.embeddings:
        return 2 * price_in * answer / 1e6
    return (price_in * (FRAME_TOKENS + answer) + price_out * REPLY_TOKENS) / 1e6


def _earlier(plan: Plan, history: "History", model_name: str) -> Sequence[Output]:
    linked = [i.output_id for i in plan.items if i.model_name == model_name and i.output_id is not None][:SAMPLE]
    if linked:
        return list(history.outputs(linked).values())
    spec = plan.project.model(model_name)
    for task in plan.tasks:
        ids = list(plan.cases[task.name])[:SAMPLE]
        found = history.current_outputs(task.name, model_name, spec.model, ids)
        if found:
            return [output for outputs in found.values() for output in outputs if not output.failed_call]
    return []


def _mean_cost(
    plan: Plan, items: Sequence[RunItem], earlier: Sequence[Output], price_in: float, price_out: float
) -> float:
    costs = [output.cost for output in earlier if output.cost is not None]
    if costs:
        return fmean(costs)
    step = max(1, len(items) // SAMPLE)
    requests = [plan.request_for(item) for item in items[::step]]
    tokens_in = fmean(request_tokens(request) / 2 for request in requests)
    limit = answer_limit(requests[0].params)
    tokens_out = min(limit, USUAL_ANSWER) if limit is not None else USUAL_ANSWER
    return (price_in * tokens_in + price_out * tokens_out) / 1e6
