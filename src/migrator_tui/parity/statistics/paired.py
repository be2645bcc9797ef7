"""Two models on the same cases: is there a difference, and how large may it be?"""

from math import sqrt

from migrator_tui.parity.statistics.values import Interval, PairedTable, quantile

_HALVINGS = 60
"""Of an interval of width 1 they leave less than a float can tell."""
_CORRECTION = 0.5
"""Of a case: half of the step in which fixes − regressions moves."""


def mcnemar_exact(table: PairedTable) -> float:
    """The two-sided p of "regressions and fixes are equally likely"; 1.0 where there are neither.

    Q. McNemar, Psychometrika 12 (1947) 153-157, in its exact form: of the discordant cases half would be
    regressions, so twice the smaller tail of a binomial with p = ½.
    """
    discordant = table.regressions + table.fixes
    fewer = min(table.regressions, table.fixes)
    ways = tail = 1
    for k in range(fewer):
        ways = ways * (discordant - k) // (k + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << discordant))


def paired_difference(table: PairedTable, confidence: float) -> Interval | None:
    """New rate minus old rate with its interval, fractions; `None` where nothing is judged."""
    if not table.n:
        return None
    low, high = bounds(table.regressions, table.fixes, table.n, quantile(confidence))
    return Interval((table.fixes - table.regressions) / table.n, low, high, confidence)


def bounds(regressions: float, fixes: float, n: float, z: float) -> tuple[float, float]:
    """The two ends for counts that need not be whole numbers."""
    return _lower(regressions, fixes, n, z), -_lower(fixes, regressions, n, z)


def _lower(regressions: float, fixes: float, n: float, z: float) -> float:
    """The smallest difference that the score test does not reject."""
    reject, keep = -1.0, (fixes - regressions) / n
    for _ in range(_HALVINGS):
        middle = (reject + keep) / 2
        if _score(middle, regressions, fixes, n) > z:
            reject = middle
        else:
            keep = middle
    return keep


def _score(difference: float, regressions: float, fixes: float, n: float) -> float:
    """Tango's T: how many standard errors the observed difference lies above a supposed one."""
    distance = fixes - regressions - n * difference - _CORRECTION
    linear = (2 * n - fixes + regressions) * difference - regressions - fixes
    constant = -regressions * difference * (1 - difference)
    regressing = (sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * regressing + difference * (1 - difference))
    if variance <= 0:
        return float("inf") if distance > 0 else float("-inf")
    return distance / sqrt(variance)
