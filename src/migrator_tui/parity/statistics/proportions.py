"""The interval of one proportion."""

from math import sqrt

from migrator_tui.parity.statistics.values import Interval, quantile


def wilson(passed: int, n: int, confidence: float) -> Interval | None:
    """The share that passes, with Wilson's score interval; `None` where `n` is 0.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209-212:
    the proportions p that the score test does not reject, (p̂ + z²/2n ± z √(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n).
    """
    if not n:
        return None
    z = quantile(confidence)
    share = passed / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if passed == 0 else middle - half
    high = 1.0 if passed == n else middle + half
    return Interval(share, low, high, confidence)
