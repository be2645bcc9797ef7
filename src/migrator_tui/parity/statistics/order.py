"""The interval of a percentile, from the ordered values alone."""

from collections.abc import Sequence
from math import exp, inf, lgamma, log

from migrator_tui.parity.statistics.values import Interval
from migrator_tui.parity.summary import percentile


def percentile_interval(values: Sequence[float], share: float, confidence: float) -> Interval | None:
    """A percentile (`share` 0.95 for p95) with its interval, in the unit of the values; `None` without values.

    W. J. Conover, "Practical Nonparametric Statistics", 3rd ed. (1999), section 3.2: how many of n values lie below
    the true percentile is binomial, whatever their distribution, so each end is the value at that rank beyond which
    it lies with a chance of at most (1 − confidence)/2. `low` is −inf and `high` inf where the values are too few
    for such a rank: that the slowest of 40 is above p95 is not sure to 97.5 % (0.95⁴⁰ = 0.13), of 72 it is.
    A bootstrap would give an end there all the same, and a wrong one: its resamples never exceed the largest value.
    """
    if not values:
        return None
    ordered = sorted(values)
    tail = (1 - confidence) / 2
    below = _least_above(len(ordered), 1 - share, tail)
    above = _least_above(len(ordered), share, tail)
    estimate = percentile(ordered, share)
    assert estimate is not None
    low = ordered[len(ordered) - below] if below is not None else -inf
    high = ordered[above - 1] if above is not None else inf
    return Interval(estimate, min(low, estimate), max(high, estimate), confidence)


def _least_above(n: int, share: float, tail: float) -> int | None:
    """The smallest number that n trials reach with a chance of at most `tail`; `None` where even n is likelier."""
    chance = 0.0
    for rank in range(n, 0, -1):
        ways = lgamma(n + 1) - lgamma(rank + 1) - lgamma(n - rank + 1)
        chance += exp(ways + rank * log(share) + (n - rank) * log(1 - share))
        if chance > tail:
            return rank + 1 if rank < n else None
    return 1
