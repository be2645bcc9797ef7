"""Decisions and approvals as plain values. Apart from the other records, which the first paint waits for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A person's decision about a candidate, on its way into the history."""

    task: str
    candidate: str
    version_id: int
    go: bool
    """Whether the candidate may take over."""
    gate: str
    """What the gate said at that moment: `ready`, `not-ready` or `not-enough-evidence`."""
    reason: str
    author: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What the decision rested on, as it was then: counts, difference, the gate's reasons."""
    run_id: str | None = None

    @property
    def override(self) -> bool:
        """The person decided otherwise than the gate."""
        return self.go != (self.gate == "ready")


@dataclass(frozen=True, slots=True)
class SignedDecision(NewDecision):
    """A decision as signed. Rows are only ever added; the newest one counts."""

    id: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """A run that somebody marked as the one that later runs are compared with."""

    run_id: str
    author: str
    note: str | None
    created_at: datetime
