"""Cases that were asked several times: how often each passes, and how much of the difference is noise.

Repeats of one case are not cases: they share its input, so the case is the cluster (E. Miller, "Adding error bars to
evals", 2024, sections 2.2 and 3.1). Everything here takes the mean within a case first, and then over cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from migrator_tui.parity.statistics.paired import bounds
from migrator_tui.parity.statistics.proportions import score_interval
from migrator_tui.parity.statistics.values import Interval, quantile


class Stability(StrEnum):
    """What a model does with a case from repeat to repeat."""

    STABLE_PASS = "stable-pass"  # noqa: S105 - an outcome, no password
    FLAKY = "flaky"
    STABLE_FAIL = "stable-fail"


@dataclass(frozen=True, slots=True)
class CaseRepeats:
    """One case on both sides: how many repeats passed, of how many that passed or failed."""

    old_passed: int
    old_judged: int
    new_passed: int
    new_judged: int

    @property
    def old_rate(self) -> float | None:
        """Share of the baseline's repeats that pass; `None` where none is judged."""
        return self.old_passed / self.old_judged if self.old_judged else None

    @property
    def new_rate(self) -> float | None:
        """Share of the candidate's repeats that pass; `None` where none is judged."""
        return self.new_passed / self.new_judged if self.new_judged else None


def stability(passed: int, judged: int) -> Stability | None:
    """What the judged repeats of one case say; `None` where there are none. A single repeat cannot be flaky."""
    if not judged:
        return None
    return Stability.STABLE_FAIL if not passed else Stability.STABLE_PASS if passed == judged else Stability.FLAKY


def clustered_difference(cases: Sequence[CaseRepeats], confidence: float) -> Interval | None:
    """Mean over cases of (new rate − old rate), with its interval; `None` where no case has both.

    The interval is that of `paired_difference` for the counts with the same mean and the same spread: if the cases
    that differ do so by s, typically, then d/s are differences of whole cases, and s times their interval is wanted.
    s is Σd²/Σ|d|, which gives d/s the mean and the mean square of the counts Σd⁺/s and Σd⁻/s. One more case that
    differs by 1 is supposed in both sums: that none was seen does not make it impossible. With one repeat a side
    s is 1, and the result that of `paired_difference`.
    """
    differences = [c.new_rate - c.old_rate for c in cases if c.new_rate is not None and c.old_rate is not None]
    if not differences:
        return None
    n = len(differences)
    fixing = sum(max(0.0, d) for d in differences)
    regressing = sum(max(0.0, -d) for d in differences)
    step = (sum(d * d for d in differences) + 1) / (fixing + regressing + 1)
    estimate = (fixing - regressing) / n
    low, high = bounds(regressing / step, fixing / step, n, quantile(confidence))
    return Interval(estimate, min(estimate, low * step), max(estimate, high * step), confidence)


def self_disagreement(cases: Sequence[tuple[int, int]], confidence: float) -> Interval | None:
    """The share of cases on which a model disagrees with itself: the noise floor of every comparison with it.

    `cases` holds (passed, judged) of each case; those with fewer than two judged repeats say nothing, and without
    any other there is no answer. For each case it is the chance that two of its repeats, drawn at random, differ:
    2·p·(k − p) / (k·(k − 1)) of p passes in k, which estimates the same for every k; so it can be set beside
    (regressions + fixes) / n. The interval is Wilson's, with the sum of these chances as the count: a value between
    0 and 1 spreads at most as far as a yes or no with the same mean.
    """
    chances = [2 * passed * (judged - passed) / (judged * (judged - 1)) for passed, judged in cases if judged > 1]
    return score_interval(sum(chances), len(chances), confidence) if chances else None
