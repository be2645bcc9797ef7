"""Intervals over repeats and from resampling, and the number of further cases: sampled, with a fixed seed."""

from collections.abc import Callable

import numpy as np

from migrator_tui.parity.statistics.paired import paired_difference
from migrator_tui.parity.statistics.repeats import CaseRepeats, clustered_difference
from migrator_tui.parity.statistics.resampling import Statistic, bootstrap_ratio
from migrator_tui.parity.statistics.samples import further_cases
from migrator_tui.parity.statistics.values import Interval, PairedTable

RATIO = 1.3
"""By how much the new side of a simulated pair is larger."""


def ratio_misses(statistic: Statistic, n: int, draws: int) -> tuple[float, float]:
    """Shares of 95 % intervals that lie above and below the true ratio, for lognormal pairs with correlation ½."""
    random = np.random.default_rng(5)
    found = []
    for _ in range(draws):
        shared = random.normal(size=n)
        old, new = (np.exp(0.6 * np.sqrt(0.5) * (shared + random.normal(size=n))) for _ in range(2))
        change = bootstrap_ratio(old.tolist(), (RATIO * new).tolist(), statistic, 0.95, resamples=1000)
        assert change is not None
        found.append(change)
    return _misses(found, RATIO - 1)


def cluster_misses(n: int, repeats: int, draws: int) -> tuple[float, float]:
    """Likewise for the difference over repeats: most cases flaky in their own way, 3 of 100 lost altogether."""
    random = np.random.default_rng(6)
    found = []
    for _ in range(draws):
        rates = random.beta(8, 2, n)
        lost = np.where(random.random(n) < 0.03, 0.0, rates)
        old, new = random.binomial(repeats, rates), random.binomial(repeats, lost)
        cases = [CaseRepeats(int(a), repeats, int(b), repeats) for a, b in zip(old, new, strict=True)]
        difference = clustered_difference(cases, 0.95)
        assert difference is not None
        found.append(difference)
    return _misses(found, -0.03 * 0.8)


def decided_after(
    n: int, regressing: float, fixing: float, times: float, draws: int, margin: float = 0.03
) -> tuple[float, int]:
    """The share of open comparisons that so many times the further cases decided, and how many were open."""
    random = np.random.default_rng(7)
    chances = [regressing, fixing, 1 - regressing - fixing]
    asked = decided = 0
    for _ in range(draws):
        seen = random.multinomial(n, chances)
        more = further_cases(_table(seen), margin=margin, confidence=0.95)
        if more:
            asked += 1
            after = paired_difference(_table(seen + random.multinomial(int(more * times), chances)), 0.95)
            assert after is not None
            decided += after.low >= -margin or after.high < -margin
    return (decided / asked if asked else float("nan")), asked


def _table(counts: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> PairedTable:
    regressions, fixes, others = (int(count) for count in counts)
    return PairedTable(others, regressions, fixes, 0)


def _misses(found: list[Interval], truth: float) -> tuple[float, float]:
    return (
        sum(interval.low > truth for interval in found) / len(found),
        sum(interval.high < truth for interval in found) / len(found),
    )


def chance_error(share: float, draws: int) -> float:
    """Three standard errors of a share."""
    return 3 * (share * (1 - share) / draws) ** 0.5


def print_samples(say: Callable[[str], None], draws: int = 1000) -> None:
    """The figures in the docstrings of `resampling`, `repeats` and `samples`."""
    for statistic, sizes in (("mean", (10, 20, 50, 200)), ("median", (10, 20, 50, 200)), ("p95", (20, 36, 80, 200))):
        for n in sizes:
            above, below = ratio_misses(statistic, n, draws)
            say(f"ratio of {statistic}s, n {n:3}: above the truth {above:.3f}, below {below:.3f}")
    for n in (20, 50, 200):
        for repeats in (1, 2, 5):
            above, below = cluster_misses(n, repeats, draws)
            say(f"over {repeats} repeats, n {n:3}: above the truth {above:.3f}, below {below:.3f}")
    for n in (40, 100, 200):
        for rates in ((0.02, 0.02), (0.05, 0.05), (0.03, 0.06), (0.08, 0.02), (0.01, 0.01)):
            shares = [f"{decided_after(n, *rates, times, draws // 4)[0]:.2f} of ×{times:g}" for times in (1, 1.5, 2)]
            say(f"n {n:3}, regressing and fixed {rates}: decided after the further cases {', '.join(shares)}")
