"""The tables of rollouts: what was decided, what the gateway's plugin reads and writes, and what that sums up to.

The plugin runs inside another program and knows these tables by plain SQL, by the names and units told here and by
`rollout_records.GATEWAY_SCHEMA`: it reads `GatewayRolloutRow` and adds to `TrafficRow` and `FeedbackRow`. Moments
there are seconds since 1970 (`ts`), which every driver writes alike.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from migrator_tui.history.columns import JsonText, RawText, UtcDateTime
from migrator_tui.history.schema_version import TABLE_PREFIX
from migrator_tui.history.tables import Base, IdType, id_column


class RolloutRow(Base, table=True):
    """A task on its way to a candidate's version. `revision` is what changes are compared and set on."""

    __tablename__ = f"{TABLE_PREFIX}rollout"
    __table_args__ = (UniqueConstraint("name", "first_revision"), Index(None, "project_id", "task"))
    id: int = id_column()
    project_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}project.id")
    name: str
    task: str = Field(sa_type=RawText)
    candidate: str = Field(sa_type=RawText)
    version_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    baseline_version_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}prompt_version.id")
    state: str
    step: int
    percentage: float
    revision: int
    first_revision: int
    salt: str
    settings: dict[str, Any] = Field(sa_type=JsonText)
    since: datetime = Field(sa_type=UtcDateTime)
    author: str = Field(sa_type=RawText)
    created_at: datetime = Field(sa_type=UtcDateTime)


class RolloutEventRow(Base, table=True):
    """Something that happened to a rollout. Never changed, never deleted."""

    __tablename__ = f"{TABLE_PREFIX}rollout_event"
    __table_args__ = (Index(None, "rollout_id"),)
    id: int = id_column()
    rollout_id: int = Field(sa_type=IdType, foreign_key=f"{TABLE_PREFIX}rollout.id")
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    who: str = Field(sa_type=RawText)
    why: str = Field(sa_type=RawText)
    step: int
    percentage: float
    shadow: bool
    revision: int


class GatewayRolloutRow(Base, table=True):
    """What the plugin does for one model name: the row of its newest rollout, replaced with every change.

    `arms` is what `rollout.gateway.publishing` makes of both versions; the candidate serves the conversations whose
    hash of salt and key lies below `percentage` (0 to 100).
    """

    __tablename__ = f"{TABLE_PREFIX}gateway_rollout"
    name: str = Field(primary_key=True)
    schema_number: int
    revision: int
    state: str
    percentage: float
    shadow: bool
    """The candidate answers a copy of each call, and nobody sees it."""
    salt: str
    hold_back: float
    sample_answers: float
    """Share of the calls whose input and answer are to be written along, 0 to 1."""
    arms: dict[str, Any] = Field(sa_type=JsonText)
    updated_ts: float


class TrafficRow(Base, table=True):
    """One call of an application (`ok`, `failed`), one attempt that failed on the way (`attempt-failed`), or the
    candidate's answer to a copy (`shadow`).

    On `ok` rows, `error_class` and `client_error` tell of the last attempt that failed before, if one did.
    """

    __tablename__ = f"{TABLE_PREFIX}traffic"
    __table_args__ = (Index(None, "name", "ts"), Index(None, "request_id"), Index(None, "response_id"))
    id: int = id_column()
    row_id: str = Field(unique=True)
    """Chosen by the plugin, so that a batch that is written twice counts once (`on conflict do nothing`)."""
    ts: float
    """When the call came in."""
    name: str
    revision: int
    """Of the rollout's row that assigned it."""
    request_id: str = Field(sa_type=Text)
    response_id: str | None = Field(sa_type=Text)
    key_digest: str
    """Of the conversation; where `keyed` is false, of this call alone."""
    keyed: bool
    assigned: str
    """`baseline` or `candidate`."""
    served: str | None
    """The arm that answered; null where none did."""
    kind: str
    error_class: str | None = Field(sa_type=Text)
    client_error: bool
    """The error is the application's: 400, 401, 403, 404, 413, 422."""
    latency_ms: float | None
    """From the call's arrival to its last token, by the plugin's own clock."""
    first_token_ms: float | None
    """The same to the first token; of streams only."""
    stream: bool
    attempts: int
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None
    """USD of all attempts; null where it is unknown."""
    sampled_input: str | None = Field(sa_type=Text)
    """JSON of the messages as the application sent them, where this call was drawn for the sample."""
    sampled_output: str | None = Field(sa_type=Text)
    gateway: str
    """Host and process that wrote it."""


class FeedbackRow(Base, table=True):
    """What became of a call: said by the application, or found by the monitor. Of one call and signal, the newest
    counts, so that the same said twice changes nothing."""

    __tablename__ = f"{TABLE_PREFIX}feedback"
    __table_args__ = (Index(None, "traffic_id", "signal"), Index(None, "reference", "signal"))
    id: int = id_column()
    ts: float
    name: str
    """Of the rollout, where it is known; else empty."""
    reference: str = Field(sa_type=Text)
    """The call's `request_id` or `response_id`, as it was told."""
    signal: str = Field(sa_type=Text)
    """`escalated` (1 or 0), `thumbs` (1 up, 0 down), or any other name; `check-pass` and `drift:NAME` are the
    monitor's."""
    value: float
    source: str
    """`client` or `monitor`."""
    traffic_id: int | None = Field(sa_type=IdType)
    """The `traffic` row it is about, once found; 0 where none was within a quarter of an hour. Left null by the
    plugin."""


class ConversationRow(Base, table=True):
    """The calls of one conversation in one stage, summed. `*_n` counts values, `*_sum` adds them up."""

    __tablename__ = f"{TABLE_PREFIX}traffic_conversation"
    name: str = Field(primary_key=True)
    stage: int = Field(primary_key=True)
    arm: str = Field(primary_key=True)
    key_digest: str = Field(primary_key=True)
    requests: int
    unkeyed: int
    client_errors: int
    failures: int
    fallbacks: int
    latency_n: int
    latency_sum: float
    """Of natural logarithms of milliseconds."""
    first_token_n: int
    first_token_sum: float
    cost_n: int
    cost_sum: float


class ConversationSignalRow(Base, table=True):
    """What feedback says of one conversation in one stage."""

    __tablename__ = f"{TABLE_PREFIX}traffic_conversation_signal"
    name: str = Field(primary_key=True)
    stage: int = Field(primary_key=True)
    arm: str = Field(primary_key=True)
    key_digest: str = Field(primary_key=True)
    signal: str = Field(sa_column=Column(Text, primary_key=True))
    n: int
    total: float


class MeasureRow(Base, table=True):
    """A metric summed over the conversations of one arm in one stage (`rollout_records.Measure`)."""

    __tablename__ = f"{TABLE_PREFIX}traffic_measure"
    name: str = Field(primary_key=True)
    stage: int = Field(primary_key=True)
    arm: str = Field(primary_key=True)
    measure: str = Field(sa_column=Column(Text, primary_key=True))
    units: int = Field(sa_type=IdType)
    n: int = Field(sa_type=IdType)
    total: float
    squares: float
    n_squares: int = Field(sa_type=IdType)
    products: float


class LatencyRow(Base, table=True):
    """How many calls of one arm in one stage took about so long: a histogram of logarithms."""

    __tablename__ = f"{TABLE_PREFIX}traffic_latency"
    name: str = Field(primary_key=True)
    stage: int = Field(primary_key=True)
    arm: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    """`latency` or `first-token`."""
    bucket: int = Field(primary_key=True)
    n: int


class SliceRow(Base, table=True):
    """One minute of one arm, for lines of small bars and for what was before."""

    __tablename__ = f"{TABLE_PREFIX}traffic_slice"
    name: str = Field(primary_key=True)
    minute: int = Field(primary_key=True)
    """Minutes since 1970."""
    arm: str = Field(primary_key=True)
    stage: int = Field(primary_key=True)
    requests: int
    failures: int
    fallbacks: int
    latency_n: int
    latency_sum: float
    cost_n: int
    cost_sum: float
    checked: int
    passed: int
    last_ts: float


class TrafficMarkRow(Base, table=True):
    """Up to which traffic row a piece of work has come."""

    __tablename__ = f"{TABLE_PREFIX}traffic_mark"
    purpose: str = Field(primary_key=True)
    traffic_id: int = Field(sa_type=IdType)
    gap_since: datetime | None = Field(sa_type=UtcDateTime)
    """Since when the number after it is missing, though later ones are there."""


class MonitorLeaseRow(Base, table=True):
    """Which of several monitors of a project acts, and until when it does without saying so again."""

    __tablename__ = f"{TABLE_PREFIX}monitor_lease"
    project_id: int = Field(sa_type=IdType, primary_key=True, foreign_key=f"{TABLE_PREFIX}project.id")
    owner: str = Field(sa_type=RawText)
    until: datetime = Field(sa_type=UtcDateTime)
    looked_at: datetime | None = Field(sa_type=UtcDateTime)
