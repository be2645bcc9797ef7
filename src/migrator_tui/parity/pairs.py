"""Two sides on the same cases: what became better, what became worse, and by how many points.

The sides may be the old and the new model, or two versions of one prompt. Only cases that are decided on both count,
so that the two rates and their difference are about the same cases.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrator_tui.history.records import Mark
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.statistics.values import PairedTable

_OUTCOMES = {outcome.mark: outcome for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Case ids by what became of them, in the order of the cases."""

    both_pass: Sequence[str]
    worse: Sequence[str]
    """Passed before, fails now."""
    better: Sequence[str]
    """Failed before, passes now."""
    both_fail: Sequence[str]
    undecided: Sequence[str]
    """Run on both sides, but an error, or nobody has judged it, on one of them."""

    @property
    def decided(self) -> int:
        """How many cases are judged on both sides."""
        return len(self.both_pass) + len(self.worse) + len(self.better) + len(self.both_fail)

    @property
    def old_rate(self) -> float | None:
        """Share of the decided cases that passed before; `None` where none is decided."""
        return (len(self.both_pass) + len(self.worse)) / self.decided if self.decided else None

    @property
    def new_rate(self) -> float | None:
        """Share of the decided cases that passes now; `None` where none is decided."""
        return (len(self.both_pass) + len(self.better)) / self.decided if self.decided else None

    @property
    def difference(self) -> float | None:
        """New rate minus old rate, a fraction: better minus worse over the decided cases."""
        return (len(self.better) - len(self.worse)) / self.decided if self.decided else None

    @property
    def table(self) -> PairedTable:
        """The counts."""
        return PairedTable(
            both_pass=len(self.both_pass),
            regressions=len(self.worse),
            fixes=len(self.better),
            both_fail=len(self.both_fail),
        )


def pair(old: Mapping[str, Outcome], new: Mapping[str, Outcome]) -> Pairs:
    """Set two sides against each other, over the cases that were run on both."""
    found: dict[tuple[bool, bool] | None, list[str]] = {}
    for case_id, before in old.items():
        after = new.get(case_id, Outcome.NOT_RUN)
        if Outcome.NOT_RUN in (before, after):
            continue
        was, now = before.passed, after.passed
        found.setdefault(None if was is None or now is None else (was, now), []).append(case_id)
    return Pairs(
        both_pass=found.get((True, True), []),
        worse=found.get((True, False), []),
        better=found.get((False, True), []),
        both_fail=found.get((False, False), []),
        undecided=found.get(None, []),
    )


def outcome_of_mark(mark: Mark) -> Outcome:
    """The outcome that a glyph of a case row stands for."""
    return _OUTCOMES[mark]
