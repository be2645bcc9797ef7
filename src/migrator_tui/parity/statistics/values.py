"""The values that the statistics take and give."""

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the two ends of its interval, all on one scale; `low` ≤ `estimate` ≤ `high`."""

    estimate: float
    low: float
    high: float
    confidence: float
    """Of the two-sided interval, a fraction: 0.95."""


@dataclass(frozen=True, slots=True)
class PairedTable:
    """Counts of the cases that are judged on both sides."""

    both_pass: int
    regressions: int
    """Passed before, fails now."""
    fixes: int
    """Failed before, passes now."""
    both_fail: int

    @property
    def n(self) -> int:
        """How many cases are judged on both sides."""
        return self.both_pass + self.regressions + self.fixes + self.both_fail

    @property
    def old_rate(self) -> float | None:
        """The share that passed before; `None` where nothing is judged."""
        return (self.both_pass + self.regressions) / self.n if self.n else None

    @property
    def new_rate(self) -> float | None:
        """The share that passes now; `None` where nothing is judged."""
        return (self.both_pass + self.fixes) / self.n if self.n else None

    @property
    def difference(self) -> float | None:
        """New rate minus old rate, a fraction; `None` where nothing is judged."""
        return (self.fixes - self.regressions) / self.n if self.n else None


@cache
def quantile(confidence: float) -> float:
    """The standard normal quantile that leaves (1 − confidence)/2 above it: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)
