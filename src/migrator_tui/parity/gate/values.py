"""The values of the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from migrator_tui.parity.statistics.values import Interval, PairedTable


class Answer(StrEnum):
    """What the gate says."""

    READY = "ready"
    NOT_READY = "not-ready"
    NOT_ENOUGH = "not-enough-evidence"


class RuleState(StrEnum):
    """What became of one rule."""

    MET = "met"
    OPEN = "open"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule of the gate, what it allows, and what was measured."""

    rule: str
    """The key of `[gate]`, or `everything-judged`."""
    title: str
    """`pass rate`, `cost per call`."""
    allowed: str
    """`no more than 3 pt lower`, `0`, `at most +25 %`."""
    measured: str
    """`−10.1  (−15.3 … −4.9)`, `1   T-0042`, `12 % less`."""
    state: RuleState
    reason: str
    """A sentence without a full stop: `passes 10.1 points less often, at best 4.9 less; 3 are allowed`."""
    interval: Interval | None = None
    limit: float | None = None
    """On the same scale as `interval`."""
    cases: Sequence[str] = ()
    """The cases behind it, where there are some to look at."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says about one task and candidate, and why."""

    answer: Answer
    reasons: Sequence[str]
    """Sentences without a full stop, the gravest first."""
    rules: Sequence[RuleResult]
    further_cases: int | None
    """How many more cases like these would decide about the pass rate; `None` where it is decided, or none would."""
    next_step: str
    """One line: the most useful thing to do now."""
    settles: str = ""
    """How many further cases would decide, and which way, in words; empty where `further_cases` is `None`."""


@dataclass(frozen=True, slots=True)
class GateInput:
    """What the gate looks at, all of one task and one candidate."""

    table: PairedTable
    open_cases: int
    """Neither passed nor failed on one of the sides: not judged, an error, not run."""
    errors: int
    """Of the open ones: errors."""
    critical_regressions: Sequence[str]
    cost: Interval | None
    """Relative change of the cost of a call: −0.12 is 12 % less; `None`: unknown. So is the next one."""
    latency_p95: Interval | None
    candidate_latency_p95_ms: Interval | None
    candidate_rate: Interval | None
    largest_cause: tuple[str, int] | None = None
    """A drift as the scorecard names it, and how many of the regressions show it."""
    not_run: int = 0
    """Of the open ones: never asked on one of the sides."""
    error_kinds: Mapping[str, int] = field(default_factory=dict)
    """Cases in which an error stands on either side, by `models.requests.ErrorKind`; `""`: a check that could not be
    carried out."""
    critical_open: Sequence[str] = ()
    """Critical cases among the open ones: nobody knows yet whether they regress."""

    @property
    def to_judge(self) -> int:
        """Open cases that were answered and wait for a verdict; an error here and not run there counts twice."""
        return max(0, self.open_cases - self.errors - self.not_run)
