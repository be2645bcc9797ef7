"""What is asked of a model and what comes back: the vocabulary shared by pool, worker and simulator.

A call is one `ModelRequest`; its answer is a stream of events that ends with exactly one `Finished` or
`Failed`. All of these cross a process boundary as one JSON line each (`models.protocol`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from migrator_tui.project.answers import Answer, ToolCall
from migrator_tui.project.schema import Message

__all__ = [
    "RETRIED",
    "Answer",
    "CallError",
    "ErrorKind",
    "Event",
    "Failed",
    "Finished",
    "Lane",
    "ModelRequest",
    "ReasoningDelta",
    "Retrying",
    "Sent",
    "TextDelta",
    "ToolCall",
    "ToolCallDelta",
]


class Lane(StrEnum):
    """Which worker process serves a call."""

    WAITED_FOR = "waited-for"
    """A person is looking: few calls, streamed, never behind a bulk run."""
    BULK = "bulk"
    """Part of a run over many cases; not streamed."""


class ErrorKind(StrEnum):
    """Why a call ended without an answer. None of them is the model's opinion: an error is never a fail."""

    RATE_LIMITED = "rate-limited"
    TIMED_OUT = "timed-out"
    SERVER = "server"
    CONNECTION = "connection"
    CUT_OFF = "cut-off"
    """The stream broke after it had begun."""
    MALFORMED = "malformed"
    """The provider's answer could not be read."""
    KEY = "key"
    """Missing, wrong or not permitted."""
    REJECTED = "rejected"
    """The provider refuses this request: a parameter, the model's name, the length."""
    CANCELLED = "cancelled"
    WORKER = "worker"
    """The worker process ended while the call was under way."""
    RECORDING = "recording"
    """A recorded model has no answer for this case."""


RETRIED = frozenset(
    {
        ErrorKind.RATE_LIMITED,
        ErrorKind.TIMED_OUT,
        ErrorKind.SERVER,
        ErrorKind.CONNECTION,
        ErrorKind.CUT_OFF,
        ErrorKind.MALFORMED,
    }
)
"""Kinds that another attempt may cure."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call: everything a worker needs, and nothing it could not read from a JSON line."""

    id: str
    """Unique among the calls of one program; events carry it."""
    model: str
    messages: Sequence[Message]
    params: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[Mapping[str, Any]] = ()
    response_format: Mapping[str, Any] | None = None
    stream: bool = False
    api_base: str | None = None
    api_key_env: str | None = None
    timeout: float = 600.0
    """Seconds one attempt may take."""
    limits_key: str = ""
    """Calls with the same key share `concurrency` and `requests_per_minute`."""
    concurrency: int | None = None
    requests_per_minute: int | None = None
    case_id: str | None = None
    """For recorded models, which answer by case, and for messages in the log."""
    texts: Sequence[str] = ()
    """To be turned into vectors: then the model is asked for embeddings, and there are no messages."""


@dataclass(frozen=True, slots=True)
class CallError:
    """Why there is no answer, in words for a person."""

    kind: ErrorKind
    message: str
    """One line, no key in it."""
    status: int | None = None
    attempts: int = 1
    retry_after: float | None = None
    """Seconds the provider asked to wait."""
    partial_text: str = ""
    """What had arrived before it broke."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the reasoning, which some models stream before their answer."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of the `index`-th tool call; `name` comes whole, `arguments` piece by piece."""

    id: str
    index: int
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The request left for the provider (attempt 1, 2, …); what an earlier attempt streamed is void."""

    id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """An attempt failed and another follows after `wait` seconds."""

    id: str
    attempt: int
    wait: float
    error: CallError


@dataclass(frozen=True, slots=True)
class Finished:
    """The call is over and has an answer."""

    id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Failed:
    """The call is over without an answer."""

    id: str
    error: CallError


Event = TextDelta | ReasoningDelta | ToolCallDelta | Sent | Retrying | Finished | Failed
