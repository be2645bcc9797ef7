"""Intervals that hold at all times at once: whoever looks after every call errs no more often than who looks once.

An interval for one look, looked at again and again until it says something, in the end says something about two equal
models in every fifth rollout. A confidence sequence is a sequence of intervals of which, with the stated chance, all
hold the truth.
"""

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.float64]

FAMILY_ERROR = 0.05
"""The chance that any of the guardrails with one action trips though the candidate does no harm beyond its limit."""
TIGHTEST_AT = 1000
"""Conversations, half of them on each arm, at which the intervals are tightest for what they allow elsewhere.

A tuning that is fixed beforehand. With 2000 a harm of 30 points at a baseline of 5 % is caught after 140
conversations at 50/50, not after 120, and 5 points are after 1,180, not 1,135; with 500 it is 120 and 1,140, and
5 points over a baseline of 20 % are missed a little more often.
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much worse the candidate is, in as many rollouts as the arrays hold; NaN: nothing to compare."""

    harm: "Numbers"
    error: "Numbers"
    """Standard error of `harm`."""
    size: "Numbers"
    """Conversations that would tell as much if half of them were on each arm."""
    own: "Numbers"
    """Share of `error`² that comes of the candidate's conversations."""


def ends(found: Comparison, error: float) -> tuple["Numbers", "Numbers"]:
    """The lower and the upper end; each alone lies beyond the truth at any time with at most the chance `error`.

    I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and A. Ramdas, "Time-uniform central limit theory and
    asymptotic confidence sequences", Ann. Statist. 52 (2024), arXiv 2103.06476: the Gaussian mixture boundary,
    one-sided, around an estimate that is a mean of martingale differences, in the limit of many conversations. At
    size t and with ρ² of `_tuning`, an end lies √(2 (tρ² + 1)/(tρ²) · log(1 + √(tρ² + 1)/(2·error))) standard errors
    away.
    """
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        mixed = found.size * _tuning(error)
        away = np.sqrt(2 * (mixed + 1) / mixed * np.log(1 + np.sqrt(mixed + 1) / (2 * error)))
        return found.harm - away * found.error, found.harm + away * found.error


def _tuning(error: float) -> float:
    """ρ² that makes the interval tightest at `TIGHTEST_AT`: the paper's approximation, for one side."""
    doubled = -2 * log(2 * error)
    return (doubled + log(doubled + 1)) / TIGHTEST_AT
