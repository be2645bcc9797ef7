"""Rollouts and what their traffic came to, as plain values. Apart from the others, which the first paint needs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from migrator_tui.project.rollout_settings import GuardrailRule, Step

GATEWAY_SCHEMA = 1
"""Number of the form of the tables that the gateway's plugin reads and writes; the plugin compares it with its."""

LOOKED = "drift:any"
"""The finding that every answer has in which drift was looked for: whether any showed."""
COMPARED_DAYS = 7
"""Before the switch, with which what came since is compared."""


class RolloutState(StrEnum):
    """Where a rollout stands."""

    SHADOW = "shadow"
    """The candidate answers too, and nobody sees it."""
    RUNNING = "running"
    HELD = "held"
    """The percentage stays; nothing advances until it is resumed."""
    ROLLED_BACK = "rolled-back"
    """All traffic is on the baseline again. Final."""
    COMPLETE = "complete"
    """All but the share that is held back is on the candidate; it is still watched."""
    ENDED = "ended"
    """Another rollout took its place: nobody watches. Final."""

    @property
    def live(self) -> bool:
        """Guardrails watch it."""
        return self not in (RolloutState.ROLLED_BACK, RolloutState.ENDED)


class EventKind(StrEnum):
    """What happened to a rollout."""

    STARTED = "started"
    ADVANCED = "advanced"
    STEPPED_BACK = "stepped-back"
    HELD = "held"
    RESUMED = "resumed"
    ROLLED_BACK = "rolled-back"
    COMPLETED = "completed"
    ENDED = "ended"
    WARNED = "warned"
    """Something is near its limit or out of order; nothing was changed."""
    READY = "ready"
    """The next step may be taken; a person was asked to."""
    OVERRIDDEN = "overridden"
    """Somebody went on against what the program advised, and said why."""


@dataclass(frozen=True, slots=True)
class NewRollout:
    """What is to be moved over and how, on its way into the history."""

    name: str
    """The model name that applications ask the gateway for: the task's."""
    task: str
    candidate: str
    version_id: int
    """The candidate's prompt version."""
    baseline_version_id: int
    steps: Sequence[Step]
    guardrails: Sequence[GuardrailRule]
    hold_back: float
    auto_advance: bool
    sample_answers: float
    models: Mapping[str, Mapping[str, Any]] | None = field(default=None, kw_only=True)
    """By arm, what the configuration said of its model at the start; `None` where nobody kept it."""


@dataclass(frozen=True, slots=True)
class Rollout(NewRollout):
    """One task on its way from the baseline to a candidate's named version, as it stands at one `revision`."""

    id: int
    state: RolloutState
    step: int
    """Index into `steps`."""
    percentage: float
    """Of conversations that the candidate serves now, 0 to 100."""
    revision: int
    """Counts every change. It goes on counting where another rollout of the same name follows, so that a name and a
    revision are unique."""
    first_revision: int
    """The one it began with."""
    salt: str
    """Goes into the hash that assigns conversations: another rollout chooses others for its first percent."""
    since: datetime
    """When the present step began."""
    author: str
    created_at: datetime

    @property
    def present(self) -> Step:
        """The step it is at."""
        return self.steps[self.step]

    @property
    def shadow(self) -> bool:
        """The candidate answers a copy of each call now, and nobody sees it."""
        return self.present.shadow and self.state.live

    @property
    def next(self) -> Step | None:
        """The step after it; `None` at the last."""
        return self.steps[self.step + 1] if self.step + 1 < len(self.steps) else None


@dataclass(frozen=True, slots=True)
class RolloutEvent:
    """Something that happened to a rollout: who, when, why. Never changed, never deleted."""

    id: int
    at: datetime
    kind: EventKind
    who: str
    """A person, or `monitor`."""
    why: str
    step: int
    percentage: float
    """After it."""
    revision: int
    """After it; an event that changed nothing has that of the one before."""
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """Which of several monitors acts."""

    owner: str
    until: datetime
    """It says so again before, or another one acts."""
    looked_at: datetime | None
    """When it last was through with everything."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric of one arm in one stage, summed by unit: a conversation c has n_c values that come to y_c.

    `mean` is the ratio estimate sum(y)/sum(n); `spread` the deviation of one conversation from it, so that several
    values of one conversation are not taken for independent ones (the linearised variance of a ratio; Cochran,
    Sampling Techniques, 1977, section 6.3).
    """

    units: int = 0
    """Conversations that have a value."""
    values: int = 0
    """sum(n)"""
    total: float = 0.0
    """sum(y)"""
    squares: float = 0.0
    """sum(y²)"""
    value_squares: int = 0
    """sum(n²)"""
    cross: float = 0.0
    """sum(y·n)"""

    @property
    def mean(self) -> float | None:
        """Per value; `None` where there is none."""
        return self.total / self.values if self.values else None

    @property
    def spread(self) -> float | None:
        """Standard deviation by conversation, in the unit of `mean`; `None` below two conversations.

        The variance of `mean` is `spread² / units`.
        """
        if self.units < 2 or not self.values:
            return None
        m = self.total / self.values
        residue = self.squares - 2 * m * self.cross + m * m * self.value_squares
        size = self.values / self.units
        return math.sqrt(max(residue, 0.0) / (self.units - 1)) / size

    def __add__(self, other: "Measure") -> "Measure":
        return Measure(
            self.units + other.units,
            self.values + other.values,
            self.total + other.total,
            self.squares + other.squares,
            self.value_squares + other.value_squares,
            self.cross + other.cross,
        )


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """What the conversations assigned to one arm came to, in one stage or over several.

    `measures` by name: `failures`, `fallbacks`, `client-errors`, `cost` (USD a call), `latency` and `first-token`
    (natural logarithm of milliseconds), `escalations`, `thumbs-down`, `check-pass-rate`, `drift:NAME`, and any other
    feedback as `feedback:NAME`. What is of no conversation's, or has no value, is in none of them.
    """

    requests: int = 0
    """Calls; in the shadow step, those of the candidate are copies that nobody sees."""
    conversations: int = 0
    """By key; a call without a key is one of its own."""
    unkeyed: int = 0
    """Calls that named no conversation."""
    failures: int = 0
    """Calls that failed, or were rescued by another attempt or arm; mistakes of the application are none."""
    fallbacks: int = 0
    """Calls that the other arm served."""
    client_errors: int = 0
    """Calls that were refused as malformed or unauthorised."""
    measures: Mapping[str, Measure] = field(default_factory=dict)
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    """Within some percent: read off a histogram."""
    first_token_p50_ms: float | None = None
    first_token_p95_ms: float | None = None
    last_at: datetime | None = None
    """When its last call came in."""


@dataclass(frozen=True, slots=True)
class StageFigures:
    """Both arms in one stage: the time during which the percentage did not change."""

    revision: int
    """The one it began with."""
    step: int
    percentage: float
    shadow: bool
    since: datetime
    until: datetime | None
    """`None`: it still goes on."""
    baseline: ArmFigures
    candidate: ArmFigures


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check or a drift detector found on one sampled answer."""

    traffic_id: int
    name: str
    """Of the rollout."""
    signal: str
    """`check-pass` or `drift:NAME`."""
    value: float
    """1 or 0."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A call whose answer, or error, can be looked at."""

    traffic_id: int
    at: datetime
    name: str
    request_id: str
    arm: str
    """The one it was assigned to."""
    served: str | None
    kind: str
    error_class: str | None
    latency_ms: float | None
    cost: float | None
    input: str | None
    """JSON of `vars` and `messages`, where the call was drawn for the sample."""
    output: str | None
    """JSON of the answer: its text, or `content` and `tool_calls`."""
    signals: Mapping[str, float] = field(default_factory=dict)
    """What feedback and checks say of it."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One arm during a short time, for a line of small bars."""

    at: datetime
    """Its beginning."""
    requests: int
    failures: int
    latency_ms: float | None = None
    """Geometric mean."""
    cost: float | None = None
    """USD a call."""
    passed: int = 0
    checked: int = 0
    """Answers of it that checks looked at, and those that passed."""
    failing: frozenset[str] = frozenset()
    """Digests of the conversations that had a failure; told of the last minutes only."""
