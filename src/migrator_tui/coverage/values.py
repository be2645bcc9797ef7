"""What coverage says of a task: instructions, shares and edges, each with how far the cases reach, and one figure.

Every count is of folded cases: of cases that are the same, or nearly, one counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from migrator_tui.project.schema import Case, CheckSpec

MOST_IDS = 200
"""Ids of cases that are kept with what they exercise."""


class State(StrEnum):
    """How far something that should be covered is."""

    COVERED = "covered"
    HALF = "half"
    """Something is there, and too little: a looser limit, the form without the value, a single case."""
    GAP = "gap"
    PEOPLE = "not-checkable"
    """No check can tell; people judge it. Counts nowhere."""
    IGNORED = "not-needed"
    """Shown, and counts nowhere: nothing to compare with, or production has hardly any."""

    @property
    def counts(self) -> bool:
        """Whether it is in the figure."""
        return self in (State.COVERED, State.HALF, State.GAP)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a clause of a prompt asks for, as far as it was understood."""

    kind: str
    """`json`, `keys`, `choices`, `value`, `max-words`, `language`, `no-fence` … ; `other` for anything else."""
    key: str = ""
    """The key of the JSON answer it is about; empty: the whole answer."""
    values: tuple[str, ...] = ()
    number: float | None = None
    condition: str = ""
    """The words after `if`, `where`, `when`; empty where it always holds."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One thing that the prompt asks for."""

    line: int
    """Of the prompt file, from 1."""
    text: str
    """The clause as the prompt has it, in one line."""
    demand: Demand
    state: State
    how: str
    """`is-json`; `max-words 80: looser than asked`; `no check`."""
    checks: tuple[str, ...] = ()
    """The checks that look at it, as people name them."""
    cases: int | None = None
    """How many cases exercise it; `None`: that cannot be told."""
    ids: tuple[str, ...] = ()
    """Those cases, the first `MOST_IDS`; empty where it is all of them, or cannot be told."""


@dataclass(frozen=True, slots=True)
class Share:
    """One group of cases against the same group in production."""

    kind: str
    """`tag`, `words`, `language`, `tool`, `turns`."""
    name: str
    cases: int
    share: float
    production: float | None
    """Its share of production; `None`: there is no sample, or nothing in it to compare."""
    state: State
    seen: int = 0
    """Inputs of the sample that are in it."""
    ids: tuple[str, ...] = ()
    """Its cases, the first `MOST_IDS`."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One kind of unusual input."""

    name: str
    """A kebab-case slug of the fixed table."""
    title: str
    cases: tuple[str, ...]
    production: float | None
    state: State
    note: str
    """What to know of it: `longest case 212 words`, `6 % of production`."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Cases that say little, by id; those that are alike in groups, the one that is kept first."""

    unchecked: tuple[str, ...] = ()
    same: tuple[tuple[str, ...], ...] = ()
    near: tuple[tuple[str, ...], ...] = ()
    flaky: tuple[str, ...] = ()
    pass_everywhere: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Cases in trouble; those that pass everywhere, or are critical, are none."""
        alike = {case_id for group in (*self.same, *self.near) for case_id in group[1:]}
        return len({*self.unchecked, *self.flaky, *alike})


@dataclass(frozen=True, slots=True)
class PastFacts:
    """What the history adds."""

    judged: frozenset[str] = frozenset()
    """Cases with a verdict of a person."""
    flaky: frozenset[str] = frozenset()
    pass_everywhere: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sample:
    """The production sample."""

    rows: int
    looked_at: int
    """A large one is looked at in part: drawn evenly, and always the same."""


@dataclass(frozen=True, slots=True)
class CheckProposal:
    """A check that would close a gap."""

    spec: CheckSpec
    title: str
    line: int
    """Of the prompt: what it fills."""
    replaces: str = ""
    """The looser check beside which it stands."""


@dataclass(frozen=True, slots=True)
class CaseProposal:
    """Cases that would close a gap."""

    kind: str
    """`tag`, `words`, `language`, `tool`, `turns`, `edge`."""
    name: str
    title: str
    number: int
    """How many it takes."""
    candidates: tuple[str, ...] = ()
    """Ids in the production sample, most different first; empty: they have to be written."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the cases of a task exercise, and what they do not."""

    task: str
    cases: int
    """Folded."""
    all_cases: int
    instructions: Sequence[Instruction] = ()
    shares: Sequence[Share] = ()
    edges: Sequence[Edge] = ()
    trouble: Trouble = field(default_factory=Trouble)
    sample: Sample | None = None
    judged: int = 0
    """Cases with a verdict of a person."""
    checks: Sequence[CheckProposal] = ()
    fills: Sequence[CaseProposal] = ()
    prompt: str = ""
    """The prompt file that was read, as the project names it."""
    drawn: Mapping[str, Case] = field(default_factory=dict)
    """The inputs of production that are proposed as cases, by id."""

    @property
    def _states(self) -> list[State]:
        parts: list[Instruction | Share | Edge] = [*self.instructions, *self.shares, *self.edges]
        return [part.state for part in parts]

    @property
    def needed(self) -> int:
        """Instructions that can be checked, shares that can be compared, edges that make sense."""
        return sum(state.counts for state in self._states)

    @property
    def covered(self) -> int:
        """Those that are covered whole."""
        return self._states.count(State.COVERED)

    @property
    def gaps(self) -> int:
        """Those that are not covered at all, and shares that are too small."""
        return self._states.count(State.GAP)

    @property
    def halves(self) -> int:
        """Those covered by half."""
        return self._states.count(State.HALF)
