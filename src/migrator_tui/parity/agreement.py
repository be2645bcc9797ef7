"""Judges are judged: how far a check that asks a model agrees with the people who judged the same outputs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from migrator_tui.parity.statistics.kappa import cohens_kappa

ENOUGH = 30
"""Outputs judged by both from which on a judge's agreement says something."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One check that asks a model, beside people's verdicts on the same outputs: a table of counts and its kappa."""

    label: str
    """What screens and reports call the check."""
    both_pass: int
    judge_only_pass: int
    """The judge passed what a person failed."""
    human_only_pass: int
    """The judge failed what a person passed."""
    both_fail: int
    kappa: float | None
    """Cohen's kappa: 1 is full agreement, 0 is what chance would give; `None` where it has no value."""

    @property
    def n(self) -> int:
        """Outputs that both judged."""
        return self.both_pass + self.judge_only_pass + self.human_only_pass + self.both_fail

    @property
    def agreed(self) -> float | None:
        """The share of them on which both say the same; `None` without any. Overstates where nearly all pass."""
        return (self.both_pass + self.both_fail) / self.n if self.n else None

    @property
    def proven(self) -> bool:
        """Whether there are enough outputs to say how good the judge is. That is not to say that it is good."""
        return self.n >= ENOUGH

    @property
    def words(self) -> str:
        """A line for a person: `kappa 0.71 on 48 outputs`, or that the judge is unproven."""
        outputs = f"{self.n} output{'' if self.n == 1 else 's'}"
        if not self.n:
            return "unproven: nobody has judged an output that it judged"
        if not self.proven:
            return f"unproven: only {outputs} judged by people too, {ENOUGH} are needed"
        if self.kappa is None:
            return f"no kappa: judge or people say the same of all {outputs}"
        return f"kappa {self.kappa:.2f} on {outputs}"


def agreement(label: str, pairs: Iterable[tuple[bool, bool]]) -> Agreement:
    """The agreement of one check; `pairs` hold, by output, whether the judge and whether a person passed it."""
    counts = Counter(pairs)
    table = (counts[True, True], counts[True, False], counts[False, True], counts[False, False])
    return Agreement(label, *table, kappa=cohens_kappa(*table))
