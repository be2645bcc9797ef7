"""What adapting prompts left behind, as plain values. Apart from the others, which the first paint waits for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class CasePart(StrEnum):
    """What a case of a task serves when its prompt is adapted."""

    LEARN = "learn"
    """The assistant may see it."""
    HELD_OUT = "held-out"
    """The assistant never sees it; it tests what was proposed."""
    EXAMPLE = "example"
    """Quoted in a prompt: it proves nothing any more."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent to an assistant and what came back, keys blotted out on both ways."""

    id: int
    purpose: str
    """`suggestion`, `search`, `case-writing` …: what it was asked for."""
    task: str | None
    candidate: str | None
    search_id: str | None
    """The search that asked, where one did."""
    model: str
    params: Mapping[str, Any]
    messages: Sequence[Mapping[str, Any]]
    digest: str
    """Of model, parameters and messages: the same question has the same."""
    answer: str | None
    """`None` where no answer came, or the program ended before."""
    error: str | None
    """Why no answer came; one line."""
    cost: float | None
    """USD; `None` where it is unknown."""
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RejectedEdit:
    """An edit that somebody turned down, and why."""

    edit: Mapping[str, Any]
    reason: str
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How a version came out of accepted edits: these with their reasons, who proposed them, how trying them went."""

    version_id: int
    details: Mapping[str, Any]
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredSearch:
    """A search for a better prompt, as far as it got."""

    id: str
    """Sortable by time, unique without the database's help."""
    task: str
    candidate: str
    base_version_id: int
    state: str
    """`running`, `finished` or `stopped`."""
    settings: Mapping[str, Any]
    """What was asked for, so that going on asks for the same."""
    calls: int
    """Requests to any model so far, the assistant's included."""
    assistant_calls: int
    cost: float | None
    result: Mapping[str, Any] | None
    author: str
    created_at: datetime
    updated_at: datetime
