"""How often the ends of the paired interval lie on the wrong side of the truth: enumerated, not sampled."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from migrator_tui.parity.statistics.paired import CORRECTION, bounds
from migrator_tui.parity.statistics.values import quantile

SIZES = (20, 50, 200, 400)
CONFIDENCES = (0.9, 0.95, 0.99)
DISCORDANT = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4)


@dataclass(frozen=True, slots=True)
class Level:
    """Chances of an interval to miss the true difference."""

    above: float
    """The lower end is at or above it: at the margin, a gate that says ready."""
    below: float
    """The upper end is below it."""

    @property
    def coverage(self) -> float:
        """The chance that the interval holds the truth."""
        return 1 - self.above - self.below


def level(n: int, difference: float, discordant: float, confidence: float, correction: float = CORRECTION) -> Level:
    """For `n` cases of which a share is discordant, at a true difference of at most that share."""
    regressing, fixing = (discordant - difference) / 2, (discordant + difference) / 2
    return Level(
        above=_reached(n, difference, regressing, fixing, confidence, correction),
        # Old and new changed over, the upper end is the lower one with its sign turned.
        below=_reached(n, -difference, fixing, regressing, confidence, correction),
    )


def _reached(
    n: int, difference: float, regressing: float, fixing: float, confidence: float, correction: float
) -> float:
    """The chance that the lower end is at or above `difference`."""
    least = _least_fixes(n, difference, confidence, correction)
    regressions = np.arange(n + 1)
    others = n - regressions
    enough = binom.sf(least - 1, others, min(1.0, max(0.0, fixing) / (1 - regressing)))
    return float(np.sum(binom.pmf(regressions, n, max(0.0, regressing)) * np.where(least <= others, enough, 0.0)))


@cache
def _least_fixes(n: int, difference: float, confidence: float, correction: float) -> NDArray[np.int64]:
    """For each number of regressions, how many fixes put the lower end at or above `difference`; n + 1: none do.

    More fixes never lower it, and with more regressions no fewer are needed.
    """
    z = quantile(confidence)
    found, fixes = [], 0
    for regressions in range(n + 1):
        while fixes <= n - regressions and bounds(regressions, fixes, n, z, correction=correction)[0] < difference:
            fixes += 1
        found.append(fixes if fixes <= n - regressions else n + 1)
    return np.array(found)


def newcombe_lower(
    both_pass: NDArray[np.float64],
    regressions: NDArray[np.float64],
    fixes: NDArray[np.float64],
    both_fail: NDArray[np.float64],
    z: float,
) -> NDArray[np.float64]:
    """The lower end of R. G. Newcombe's method 10, Stat. Med. 17 (1998) 2635-2650, that was not chosen."""
    n = both_pass + regressions + fixes + both_fail
    old, new = (both_pass + regressions) / n, (both_pass + fixes) / n

    def ends(share: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return middle - half, middle + half

    product = both_pass * both_fail - regressions * fixes
    product = np.where(product > n / 2, product - n / 2, np.minimum(product, 0.0))
    scale = np.sqrt((both_pass + regressions) * (fixes + both_fail) * (both_pass + fixes) * (regressions + both_fail))
    phi = np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)
    down, up = new - ends(new)[0], ends(old)[1] - old
    return new - old - np.sqrt(np.maximum(0.0, down**2 - 2 * phi * down * up + up**2))


def print_levels(say: Callable[[str], None]) -> None:
    """The table in `paired_difference`, and where each worst case lies."""
    differences = (-0.1, -0.05, -0.03, -0.02, -0.01, 0.0)
    for confidence in CONFIDENCES:
        for correction in (0.0, 0.25, 0.5):
            for n in SIZES:
                places = [(d, share) for d in differences for share in DISCORDANT if share >= -d]
                levels = {place: level(n, *place, confidence, correction) for place in places}
                above, below, least = (
                    max(places, key=lambda place: levels[place].above),
                    max(places, key=lambda place: levels[place].below),
                    min(places, key=lambda place: levels[place].coverage),
                )
                say(
                    f"{confidence:.0%} correction {correction:4} n {n:3}: lower end above the truth at most"
                    f" {levels[above].above:.4f} at {above}, upper end below at most {levels[below].below:.4f} at"
                    f" {below}, covers at least {levels[least].coverage:.4f} at {least}"
                )
        for n in SIZES:
            say(f"{confidence:.0%} Newcombe 10      n {n:3}: {_newcombe(n, confidence)}")


def _newcombe(n: int, confidence: float, draws: int = 40_000) -> str:
    random = np.random.default_rng(1)
    worst, place = 0.0, (0.0, 0.0, 0.0)
    for margin in (0.01, 0.03, 0.05, 0.1):
        for discordant in (share for share in DISCORDANT if share >= margin):
            for passing in (0.5, 0.8, 0.95, 1.0):
                chances = [(1 - discordant) * passing, (discordant + margin) / 2, (discordant - margin) / 2]
                drawn = random.multinomial(n, [*chances, (1 - discordant) * (1 - passing)], draws).T.astype(float)
                share = float((newcombe_lower(*drawn, quantile(confidence)) >= -margin).mean())
                if share > worst:
                    worst, place = share, (-margin, discordant, passing)
    return f"lower end above the truth in about {worst:.4f} at {place} (difference, discordant, of the rest passing)"
