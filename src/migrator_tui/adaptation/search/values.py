"""What a search is given, what it tells while it goes on, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from migrator_tui.adaptation.values import Advice, Edit, Flips, Suggestion

PATIENCE = 3
"""Tries in a row without a better one, after which a search ends by itself."""


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """What a search may take."""

    budget_calls: int = 200
    """Requests to any model, the assistant included; answers from the cache are not counted. Never exceeded."""
    max_cost: float | None = None
    """USD; never exceeded."""
    patience: int = PATIENCE
    seed: int = 0
    concurrency: int = 16


@dataclass(frozen=True, slots=True)
class SearchEstimate:
    """What a search will take at least and at most, before it starts."""

    calls: tuple[int, int]
    cost: tuple[float, float] | None
    """USD; `None` where a price is unknown."""
    held_out_calls: int
    """Kept back for the end, so that the search cannot eat the test."""
    smallest_budget: int
    """With fewer calls not one proposal could be tried."""
    held_out_cost: float | None = None
    """USD of the calls kept back, roughly; `None` where a price is unknown."""


@dataclass(frozen=True, slots=True)
class HeadRoom:
    """Whether a search is likely to help."""

    likely: bool
    why: str
    """One line."""
    failing: int
    of: int
    first_try_tells: bool = False
    """Likely only if the first proposal moves something."""


@dataclass(frozen=True, slots=True)
class Spent:
    """How much of the budget is gone."""

    calls: int
    """Earlier calls of a resumed search included."""
    budget_calls: int
    assistant_calls: int
    held_back: int
    """Calls kept for the held-out cases."""
    cost: float | None
    max_cost: float | None


@dataclass(frozen=True, slots=True)
class Try:
    """One prompt of a search. Number 1 is the one it starts from."""

    number: int
    parent: int | None
    title: str
    """What changed, in a few words."""
    template: str
    version_id: int | None
    """`None` where guards refused it, so that it was never asked about a case."""
    label: str | None
    """The version's, `v7`."""
    score: float | None
    """Pass rate on the cases to learn from, 0 to 1; of a try that was dropped early, on those it was asked about."""
    done: int
    of: int
    """Cases asked about, of so many."""
    accepted: bool
    """Kept as a parent of further tries."""
    why: str
    """Why it was kept or dropped; one line."""
    edits: tuple[Edit, ...] = ()
    flips: Flips | None = None
    """Against its parent, on the cases both were asked about."""
    calls_before: int = 0
    """Calls spent when it began: its place on the chart."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The result that counts: both prompts asked anew about cases that neither proposal nor choice has seen."""

    cases: int
    before: float | None
    """Pass rates, 0 to 1; `None` where nothing is judged."""
    after: float | None
    baseline: float | None
    flips: Flips
    low: float | None
    high: float | None
    """The 95 % interval of after − before, as a fraction."""
    looks: int
    """How often held-out cases of this task were looked at, this time included."""


# Events, in the order in which they may come; each is told from the event loop.


@dataclass(frozen=True, slots=True)
class SearchBegan:
    """The search stands: what it may take, and what is known before the first try."""

    search_id: str
    learn: int
    held_out: int
    baseline_rate: float | None
    """Of the baseline on the cases to learn from, where it was run."""
    estimate: SearchEstimate
    resumed: bool


@dataclass(frozen=True, slots=True)
class TryBegan:
    """A proposal is about to be tried."""

    a_try: Try


@dataclass(frozen=True, slots=True)
class TryAdvanced:
    """Some more of its cases are answered."""

    a_try: Try


@dataclass(frozen=True, slots=True)
class TryEnded:
    """It was kept or dropped."""

    a_try: Try


@dataclass(frozen=True, slots=True)
class SpentChanged:
    """Calls or money were spent."""

    spent: Spent


@dataclass(frozen=True, slots=True)
class HeldOutBegan:
    """The search is over; start and winner are asked about the held-out cases."""

    winner: int


@dataclass(frozen=True, slots=True)
class SearchNoticed:
    """Something to know: a refused answer of the assistant, an error of a call."""

    text: str


SearchEvent = SearchBegan | TryBegan | TryAdvanced | TryEnded | SpentChanged | HeldOutBegan | SearchNoticed


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What came of a search."""

    search_id: str
    complete: bool
    """False where it was stopped or ran into its cap before it was through; `resume` goes on."""
    ended: str
    """Why it ended; one line."""
    tries: Sequence[Try]
    best: Try
    """The first one where nothing helped."""
    helped: bool
    held_out: HeldOut | None
    """`None` where there are no held-out cases, or they were not asked."""
    spent: Spent
    seconds: float
    head_room: HeadRoom | None = None
    """`None` where it ended before that was known."""
    suggestion: Suggestion | None = None
    """The way from the start to the best, as edits to be reviewed; `None` where nothing helped."""
    advice: tuple[Advice, ...] = ()
    """What the assistant said no prompt can fix."""
