"""The numbers of a task: how many cases passed on each model, what regressed, what it cost, how long it took."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migrator_tui.history.records import Figures, Output
from migrator_tui.parity.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Summary:
    """One model over the cases of a task. Counts are of cases; unknown numbers are `None`, never 0."""

    cases: int
    passed: int
    """Assumed passes included."""
    failed: int
    """Flaky cases included."""
    errors: int
    unjudged: int
    """Cases that were not run included, so that the four add up to `cases`."""
    assumed: int
    pass_rate: float | None
    """passed / (passed + failed)."""
    cost: float | None
    """USD over all outputs, repeats included."""
    latency_p50_ms: float | None
    latency_p95_ms: float | None


def summarise(outcomes: Mapping[str, Outcome], outputs: Iterable[Output | Figures]) -> Summary:
    """The numbers of one model, from the outcome of each case and all outputs behind them."""
    kinds = list(outcomes.values())
    passed = sum(outcome.passed is True for outcome in kinds)
    failed = sum(outcome.passed is False for outcome in kinds)
    errors = kinds.count(Outcome.ERROR)
    answered = list(outputs)
    latencies = sorted(o.latency_ms for o in answered if o.latency_ms is not None and not o.failed_call)
    return Summary(
        cases=len(kinds),
        passed=passed,
        failed=failed,
        errors=errors,
        unjudged=len(kinds) - passed - failed - errors,
        assumed=kinds.count(Outcome.ASSUMED),
        pass_rate=passed / (passed + failed) if passed + failed else None,
        cost=total_cost(answered),
        latency_p50_ms=percentile(latencies, 0.50),
        latency_p95_ms=percentile(latencies, 0.95),
    )


def total_cost(outputs: Iterable[Output | Figures]) -> float | None:
    """USD of all outputs; `None` if one that was answered has no known price, or there are none.

    A call that ended in an error counts where its cost is known.
    """
    costs = [output.cost for output in outputs if output.cost is not None or not output.failed_call]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which that share of ascending numbers lies, interpolated linearly; `None` without numbers.

    Hyndman and Fan's definition 7, the default of numpy.
    """
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
