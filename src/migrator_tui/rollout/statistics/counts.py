"""Counts that should not be: too many conversations on one arm, too many failures in the last minutes."""

from collections.abc import Sequence
from math import exp, inf, lgamma, log

CONCENTRATION = 1000
"""How near to the stated share other shares are supposed to lie, in conversations; a tuning fixed beforehand."""


def sample_ratio_p(stages: Sequence[tuple[int, int, float]]) -> float:
    """A p of "conversations were assigned by the stated shares", at most as small as it says at all looks together.

    Of each stage the conversations on baseline and candidate, and the share that the candidate should have, above 0
    and below 1. M. Lindon and A. Malek, "Anytime-valid inference for multinomial count data", NeurIPS 35 (2022),
    arXiv 2011.03567: the Bayes factor of a beta prior around the share against the share itself is a martingale if
    the share is right, so it passes 1/p with at most the chance p, ever. A stage has a factor of its own and takes
    1/(k(k + 1)) of the error, the k-th; these sum up to all of it.
    """
    smallest = 1.0
    for k, (baseline, candidate, share) in enumerate(stages, start=1):
        mine, others = CONCENTRATION * share, CONCENTRATION * (1 - share)
        logarithm = (
            _log_beta(mine + candidate, others + baseline)
            - _log_beta(mine, others)
            - candidate * log(share)
            - baseline * log(1 - share)
        )
        smallest = min(smallest, exp(min(0.0, log(k * (k + 1)) - logarithm)))
    return smallest


def chance_of_so_many(count: int, expected: float) -> float:
    """At most this is the chance of `count` or more of independent events, however many, of which `expected` happen.

    H. Chernoff, Ann. Math. Stat. 23 (1952) 493-507, in its form for events of unequal chances (M. Mitzenmacher and
    E. Upfal, Probability and Computing, 2017, theorem 4.4): exp(count − expected)·(expected/count)^count.
    """
    if count <= expected:
        return 1.0
    return exp(count - expected - count * log(count / expected))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b) if min(a, b) > 0 else -inf
