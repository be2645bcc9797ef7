"""The candidate against the baseline over all stages of a rollout, so that a changed percentage does not bias.

Pooling the stages would: if the baseline's own rate rises during a rollout in which the percentage rises too, most of
the candidate's conversations lie in the worse time, and an equal candidate looks worse. So the arms are compared
within each stage, where chance alone decides who is on which, and the differences are combined.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from migrator_tui.rollout.statistics.sequences import Comparison

if TYPE_CHECKING:
    from migrator_tui.rollout.statistics.sequences import Numbers

Scale = Literal["points", "alone", "logs", "ratio"]
"""How harm is measured: as a difference of shares; as the candidate's share alone, where the baseline has none; as a
difference of means of logarithms; as the logarithm of a ratio of means."""

FEWEST = 10
"""Conversations of each arm that a stage needs to be counted: with fewer, its spread is a guess."""


LARGER = 2.0
"""How many times the other arm's conversations make an arm one that may have missed what is rare."""


@dataclass(frozen=True, slots=True)
class Sums:
    """`Measure` for many at once: arrays of one shape, the last axis of which runs over the stages."""

    units: "Numbers"
    values: "Numbers"
    total: "Numbers"
    squares: "Numbers"
    value_squares: "Numbers"
    cross: "Numbers"


def compare(baseline: Sums, candidate: Sums, scale: Scale) -> Comparison:
    """How much worse the candidate is, over all stages.

    A stage with b and c conversations on the arms counts with the weight b·c/(b + c), as in N. Mantel and W. Haenszel
    (J. Natl. Cancer Inst. 22 (1959) 719-748; S. Greenland and J. M. Robins, Biometrics 41 (1985) 55-68, for
    differences of rates). Weight times difference is the sum over its conversations of (W − c/(b + c))·(Y − Ȳ), where
    W is 1 on the candidate and Ȳ the stage's mean: up to terms that vanish in the limit, of (W − p)(Y − m), with the
    known chance p of being on the candidate. Whatever m, whatever the baseline's rate at that hour, and whatever
    happened before, the expectation of such a term is p(1 − p) times the effect on that conversation. So the sum over
    all stages, less that, is a martingale through every change of p, which is what `sequences.ends` asks for; the
    stages with the surest differences count most; and what is estimated is the mean effect, conversations weighted by
    p(1 − p). The weights hang on who is assigned where, never on what came of it. Weighting each conversation by 1/p
    and 1/(1 − p) instead is valid too, and lets a stage at 1 % drown all that later ones say.

    Units are conversations: variances are those of ratios of sums over conversations, so that calls of one
    conversation are not taken for independent ones. Shares are taken to vary no less than independent calls with half
    a failure more would, since no failure seen does not make one impossible; and an arm with less than half of the
    other's conversations no less than the other, since it may have missed what is rare. Without the latter, 1 % of
    failing calls on either arm look like harm in every tenth rollout that has 90 % on the candidate.

    Simulated over 1,000 conversations each at 1, 5, 25 and 50 %, looked at all along at a stated error of 5 %, while
    the rate of both arms rises from 5 to 20 %: an equal candidate trips in 1.3 of 100 rollouts; compared without
    stages, in 80. Where the same keys come back in every stage (users, not conversations), their repetition is not
    allowed for: of 2,000 users with rates of their own, who differ much, in 3 of 100.
    """
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        mean, new_variance = _arm(candidate, scale)
        variance = new_variance
        if scale == "alone":
            weight = np.where(candidate.units >= FEWEST, candidate.units, 0.0)
        else:
            old_mean, old_variance = _arm(baseline, scale)
            by_old, by_new = old_variance * baseline.units, new_variance * candidate.units
            old_variance = _no_less(old_variance, baseline.units, by_new, candidate.units)
            new_variance = _no_less(new_variance, candidate.units, by_old, baseline.units)
            mean, variance = mean - old_mean, new_variance + old_variance
            counted = (np.minimum(baseline.units, candidate.units) >= FEWEST) & np.isfinite(mean)
            units = baseline.units + candidate.units
            weight = np.where(counted, baseline.units * candidate.units / units, 0.0)
        everything = weight.sum(axis=-1)
        harm, spread, own = (
            np.where(weight > 0, weight**power * each, 0.0).sum(axis=-1)
            for power, each in ((1, mean), (2, variance), (2, new_variance))
        )
        return Comparison(harm / everything, np.sqrt(spread) / everything, 4 * everything, own / spread)


def _no_less(variance: "Numbers", units: "Numbers", other: "Numbers", other_units: "Numbers") -> "Numbers":
    """A variance, made that of the other arm (`other`: of one unit) where there are few units and it is larger."""
    import numpy as np

    return np.where(units < other_units / LARGER, np.fmax(variance, other / units), variance)


def _arm(sums: Sums, scale: Scale) -> tuple["Numbers", "Numbers"]:
    """Mean by value in each stage, on the scale, and the variance of that mean.

    The variance is the linearised one of a ratio of sums (W. G. Cochran, Sampling Techniques, 1977, section 6.3).
    """
    import numpy as np

    mean = sums.total / sums.values
    residue = np.maximum(sums.squares - 2 * mean * sums.cross + mean**2 * sums.value_squares, 0.0)
    variance = residue * sums.units / (sums.units - 1) / sums.values**2
    if scale in ("points", "alone"):
        share = (sums.total + 0.5) / (sums.values + 1)
        variance = np.maximum(variance, share * (1 - share) / sums.values)
    if scale == "ratio":
        return np.log(mean), variance / mean**2
    return mean, variance
