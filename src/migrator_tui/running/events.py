"""What a run tells whoever looks on: past-tense values, posted in the order in which things happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrator_tui.history.records import CheckRecord, Output, RunItem, Standing, Version
from migrator_tui.models.requests import Event


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The call of this item was handed to the pool."""

    item: RunItem


@dataclass(frozen=True, slots=True)
class TextArrived:
    """A call made progress: text, reasoning, a tool call, a new attempt. Never its end: that is `OutputRecorded`."""

    item: RunItem
    event: Event


@dataclass(frozen=True, slots=True)
class OutputRecorded:
    """An output is in the history, and checked. `standing` is the case's new row for the item's candidate.

    For a baseline output `standings` holds one row for each candidate of the run.
    """

    item: RunItem
    output: Output
    checks: Mapping[str, CheckRecord]
    """By check key."""
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """By candidate name."""
    cached: bool = False

    @property
    def standing(self) -> Standing | None:
        """The row for the item's own candidate; for a baseline's output, of the first candidate."""
        return self.standings.get(self.item.model_name) or next(iter(self.standings.values()), None)


@dataclass(frozen=True, slots=True)
class OutputJudged:
    """The checks that had to wait have answered about an output told of before; fields as of `OutputRecorded`."""

    item: RunItem
    output: Output
    checks: Mapping[str, CheckRecord]
    standings: Mapping[str, Standing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunProgressed:
    """How far a run is. `cost` is the USD of the calls made in it; `rate` is calls and checks a second; `eta` is
    seconds."""

    done: int
    total: int
    cached: int
    errors: int
    cost: float
    unpriced: int
    """Answered calls whose price is not known: `cost` leaves them out."""
    rate: float | None
    eta: float | None
    checks_done: int = 0
    """Checks that a model or a process has answered in this run."""
    checks_open: int = 0
    """Those known so far that still wait."""

    @property
    def steps(self) -> tuple[int, int]:
        """Calls and checks together: how many are done, and of how many that are known so far."""
        return self.done + self.checks_done, self.total + self.checks_done + self.checks_open


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run is over: everything asked, or stopped and why."""

    result: "RunResult"


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended."""

    run_id: str
    state: str
    """`finished` or `stopped`."""
    done: int
    total: int
    made: int
    """Calls made by this process; what came from the cache or an earlier part of the run is not among them."""
    cached: int
    errors: int
    cost: float
    unpriced: int
    seconds: float
    stopped_because: str | None = None
    """A line for a person: the cap was reached, somebody stopped it."""
    checks_done: int = 0
    checks_open: int = 0
    """Checks of outputs that nobody was asked about, since the run was stopped before."""
    check_calls: int = 0
    """Calls that checks made, answered; `cost` holds theirs too."""
    check_cost: float = 0.0
    check_unpriced: int = 0
    """Of these calls, those whose price is not known: `check_cost` leaves them out."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What `run_case` did for one case."""

    version: Version
    candidate: Output | None
    """`None` when it was stopped before an answer came."""
    baseline: Output | None
    baseline_cached: bool
    standing: Standing | None
    unmade: Sequence[str] = ()
    """Model names whose call was stopped."""


RunEvent = CallStarted | TextArrived | OutputRecorded | OutputJudged | RunProgressed | RunFinished
