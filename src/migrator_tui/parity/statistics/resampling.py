"""Intervals for costs, times and lengths, whose distributions have no formula: the bootstrap."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

from migrator_tui.parity.statistics.values import Interval, quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

Statistic = Literal["mean", "median", "p95"]

FEWEST = 5
"""With fewer values the resamples say nothing about the population."""

_MOST_DRAWN = 10_000_000
"""Values drawn in all; above 5,000 values there are fewer resamples instead, 1,000 of 10,000."""
_AT_ONCE = 1_000_000
"""Values drawn at a time, to stay small in memory."""
_SHARES = {"median": 0.5, "p95": 0.95}


def bootstrap_ratio(
    old: Sequence[float],
    new: Sequence[float],
    statistic: Statistic,
    confidence: float,
    *,
    seed: int = 1,
    resamples: int = 2000,
) -> Interval | None:
    """The relative change new/old − 1 of a statistic: −0.12 is 12 % less. Paired by position.

    `None` below five pairs, and where the old statistic is not positive in the sample or in a resample.
    """
    if len(old) != len(new):
        raise ValueError(f"{len(old)} old values and {len(new)} new ones are not pairs")
    if len(old) < FEWEST:
        return None
    import numpy as np

    columns = np.array([old, new], dtype=np.float64)
    before, after = _of_sample(columns, statistic)
    drawn = _resampled(columns, statistic, seed, resamples)
    if before <= 0 or not bool((drawn[0] > 0).all()):
        return None
    return _interval(float(after / before - 1), drawn[1] / drawn[0] - 1, len(old), confidence)


def bootstrap_value(
    values: Sequence[float], statistic: Statistic, confidence: float, *, seed: int = 1, resamples: int = 2000
) -> Interval | None:
    """A statistic of one sample, in the unit of the values; `None` below five of them."""
    if len(values) < FEWEST:
        return None
    import numpy as np

    columns = np.array([values], dtype=np.float64)
    drawn = _resampled(columns, statistic, seed, resamples)
    return _interval(float(_of_sample(columns, statistic)[0]), drawn[0], len(values), confidence)


def _of_sample(columns: "Numbers", statistic: Statistic) -> "Numbers":
    import numpy as np

    if statistic == "mean":
        return np.asarray(columns.mean(axis=1))
    return np.asarray(np.quantile(columns, _SHARES[statistic], axis=1))


def _resampled(columns: "Numbers", statistic: Statistic, seed: int, resamples: int) -> "Numbers":
    """The statistic of each column in each resample; all columns take the same positions."""
    import numpy as np

    n = columns.shape[1]
    count = max(1, min(resamples, _MOST_DRAWN // n))
    random = np.random.default_rng(seed)
    found = np.empty((len(columns), count))
    step = max(1, _AT_ONCE // n)
    for start in range(0, count, step):
        size = min(step, count - start)
        places = random.integers(0, n, size=(size, n))
        for row, column in enumerate(columns):
            taken = column[places]
            found[row, start : start + size] = (
                taken.mean(axis=1) if statistic == "mean" else _quantiles(taken, _SHARES[statistic])
            )
    return found


def _quantiles(taken: "Numbers", share: float) -> "Numbers":
    import numpy as np

    place = share * (taken.shape[1] - 1)
    below = int(place)
    above = min(below + 1, taken.shape[1] - 1)
    taken.partition((below, above), axis=1)
    return np.asarray(taken[:, below] + (taken[:, above] - taken[:, below]) * (place - below))


def _interval(estimate: float, drawn: "Numbers", n: int, confidence: float) -> Interval:
    import numpy as np

    tail = _tail(n, confidence)
    low, high = (float(end) for end in np.quantile(drawn, (tail, 1 - tail)))
    return Interval(estimate, min(low, estimate), max(high, estimate), confidence)


def _tail(n: int, confidence: float) -> float:
    z = quantile(confidence)
    return NormalDist().cdf(-sqrt(n / (n - 1)) * _student(z, n - 1))


def _student(z: float, degrees: int) -> float:
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3
