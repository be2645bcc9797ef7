"""What the history hands out and takes in: plain immutable values, so that nobody else needs the database.

Times are UTC and timezone-aware. Money is USD. Unknown is `None`, never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from migrator_tui.project.answers import ToolCall


class Origin(StrEnum):
    """Where a prompt version came from."""

    FILE = "file"
    EDITOR = "editor"
    SUGGESTION = "suggestion"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Version:
    """A prompt version: template plus parameters for one task and one model, immutable."""

    id: int
    number: int
    """1, 2, … within its task and model; screens write `v4`."""
    task: str
    model_name: str
    """`baseline` or the candidate's name."""
    template: str
    params: Mapping[str, Any]
    digest: str
    parent_id: int | None
    author: str
    origin: Origin
    kept: bool
    """Kept on purpose (ctrl+s, a file, an accepted suggestion), not merely tried in the editor."""
    name: str | None
    note: str | None
    created_at: datetime

    @property
    def label(self) -> str:
        """`v4`."""
        return f"v{self.number}"


@dataclass(frozen=True, slots=True)
class Draft:
    """Unsaved editor text of one program window."""

    task: str
    model_name: str
    template: str
    params_text: str
    """TOML as typed, valid or not."""
    base_version_id: int | None
    window: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewOutput:
    """An output on its way into the history."""

    call_key: str
    """Digest of everything that was sent, the repeat's number included (`running.cache`)."""
    task: str
    model_name: str
    model: str
    case_id: str
    version_id: int
    repeat: int
    text: str = ""
    reasoning: str = ""
    tool_calls: Sequence[ToolCall] = ()
    finish_reason: str | None = None
    error_kind: str | None = None
    error: str | None = None
    error_status: int | None = None
    attempts: int = 1
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    first_token_ms: float | None = None
    latency_ms: float | None = None
    cost: float | None = None
    price_input: float | None = None
    price_output: float | None = None
    """USD per million tokens at the time of the call."""
    imported_passed: bool | None = None
    """A verdict that came with a recording."""
    run_id: str | None = None
    item_no: int | None = None
    """Which item of the run's plan it answers."""


@dataclass(frozen=True, slots=True)
class Output(NewOutput):
    """An output as stored."""

    id: int = 0
    created_at: datetime | None = None

    @property
    def failed_call(self) -> bool:
        """The call ended in an infrastructure error: there is no answer to judge."""
        return self.error_kind is not None


class Figures(NamedTuple):
    """An output without its text: what sums over many cases need. A tuple, since there may be 200,000 of them."""

    output_id: int
    case_id: str
    version_id: int
    repeat: int
    error_kind: str | None
    latency_ms: float | None
    first_token_ms: float | None
    cost: float | None
    output_tokens: int | None

    @property
    def failed_call(self) -> bool:
        """The call ended in an infrastructure error."""
        return self.error_kind is not None


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """The result of one check on one output."""

    check_key: str
    """Digest of the check and of what it compares with; a changed check is run again."""
    label: str
    passed: bool
    score: float
    weight: float
    reason: str
    """One line; empty when it passed without remark."""
    error: bool = False
    """The check could not be carried out (`reason` says why): the outcome is an error, not a fail."""
    waiting: bool = False
    """It needs a model or a process that nobody has asked yet. Never stored: without a result there is no row."""


class SideCall(NamedTuple):
    """A call that answers no case: a judge's, embeddings, the assistant's, a rehearsal's. Kept for its money."""

    purpose: str
    """`check`, `embedding`, `assistant` or `rehearsal`."""
    model: str
    cost: float | None = None
    """USD; `None` where the price is unknown."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    error_kind: str | None = None
    output_id: int | None = None
    """The output it was about, where it was about one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's pass or fail on an output. Rows are only ever added; an undo is a row of its own."""

    id: int
    task: str
    model_name: str
    case_id: str
    output_id: int
    text_digest: str
    """Of what was judged (text and tool calls): the verdict belongs to that, whichever call gave it."""
    passed: bool | None
    """`None` takes back: the verdict named by `undoes` no longer counts."""
    undoes: int | None
    group: str | None
    """Verdicts given by one key press share it, and one undo takes them all back."""
    note: str | None
    blind: bool
    author: str
    created_at: datetime


class GivenVerdict(NamedTuple):
    """A verdict on its way into the history."""

    output: Output
    passed: bool
    author: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RunItem:
    """One planned call of a run."""

    no: int
    task: str
    model_name: str
    case_id: str
    version_id: int
    repeat: int
    call_key: str
    output_id: int | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One pass over some cases."""

    id: str
    """Sortable by time, unique without the database's help."""
    state: str
    """`running`, `finished`, `stopped`."""
    settings: Mapping[str, Any]
    """What was asked for, so that a resume asks for the same: tasks, candidates, cases, repeat, versions."""
    author: str
    created_at: datetime
    finished_at: datetime | None
    items: int
    done: int


class Section(IntEnum):
    """Where a case stands in the list, worst first."""

    REGRESSION = 0
    DRIFT = 1
    TO_JUDGE = 2
    CARRIED_OVER = 3
    FIXED = 4
    SAME = 5
    NOT_RUN = 6


class Mark(IntEnum):
    """One glyph of a case row: the outcome of a model on it."""

    NOT_RUN = 0
    PASSED = 1
    FAILED = 2
    UNJUDGED = 3
    ERROR = 4
    ASSUMED = 5
    """A baseline output that nobody judged and no check looks at, taken as a pass."""
    FLAKY = 6


class Judged(IntEnum):
    """The `you` column: what became of your verdict on the candidate's output."""

    NO = 0
    PASS = 1
    FAIL = 2
    CARRIED_PASS = 3
    CARRIED_FAIL = 4
    STALE_PASS = 5
    STALE_FAIL = 6


class DriftMark(NamedTuple):
    """A drift that was found on a case, and on which side it shows."""

    name: str
    """A slug of the contract's table, such as `fences`."""
    baseline: bool
    candidate: bool

    @property
    def differs(self) -> bool:
        """Exactly one side shows it: that is a difference between the models."""
        return self.baseline != self.candidate


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one case stands for one candidate: a row of the list, kept up to date with every output and verdict."""

    case_id: str
    section: Section
    baseline: Mark
    candidate: Mark
    judged: Judged
    changed: str = ""
    """What changed, worst first, in words short enough for a column."""
    same: float | None = None
    """Similarity of the two outputs, 0 to 1."""
    baseline_output_id: int | None = None
    candidate_output_id: int | None = None
    drift: tuple[DriftMark, ...] = ()
    """Of the two outputs above; what both sides show is in it too."""
    baseline_source: str = ""
    """What decided the outcome, a value of `parity.outcomes.Source`; empty where nothing was run."""
    candidate_source: str = ""
    baseline_repeats: tuple[int, int] = (0, 0)
    """Of the case's repeats, how many passed and how many passed or failed."""
    candidate_repeats: tuple[int, int] = (0, 0)
    baseline_words: int | None = None
    """Words of the answer proper; `None` where there is no answer."""
    candidate_words: int | None = None


@dataclass(frozen=True, slots=True)
class StandingBasis:
    """What the standings of a task and candidate rest on."""

    rules: str
    """Digest of all but outputs and verdicts: checks, cases, models."""
    last_output: int
    """Everything placed up to this number is in them."""
    last_verdict: int


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case as the list draws it."""

    no: int
    """Its number in the case files of the task, from 1."""
    case_id: str
    title: str
    tags: Sequence[str]
    critical: bool
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class SessionState:
    """Where the user was: restored at the next start."""

    screen: str = "workbench"
    task: str | None = None
    candidate: str | None = None
    case_id: str | None = None
    sizes: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else a screen wants to find again: theme, open tab, filter, list width."""
