"""The interval of one proportion."""

from math import sqrt

from migrator_tui.parity.statistics.values import Interval, quantile


def wilson(passed: int, n: int, confidence: float) -> Interval | None:
    """The share that passes, with Wilson's score interval; `None` where `n` is 0.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209-212:
    the proportions p that the score test does not reject, (p̂ + z²/2n ± z √(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n).
    """
    return score_interval(passed, n, confidence) if n else None


def score_interval(count: float, n: int, confidence: float) -> Interval:
    """The same for a count that need not be a whole number, 0 ≤ count ≤ n, n > 0."""
    z = quantile(confidence)
    share = count / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # With none or all passed, an end is the estimate itself; rounding must not move it inside.
    return Interval(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)), confidence)
