"""The values that the parts of a rollout hand to each other. What is stored lies with the history."""

from dataclasses import dataclass
from typing import Literal

from migrator_tui.history.rollout_records import (
    ArmFigures,
    EventKind,
    Measure,
    Rollout,
    RolloutEvent,
    RolloutState,
    Slice,
    StageFigures,
)
from migrator_tui.project.rollout_settings import Action, GuardrailRule, Step

__all__ = [
    "Action",
    "ArmFigures",
    "EventKind",
    "GuardrailResult",
    "GuardrailRule",
    "GuardrailState",
    "Measure",
    "Rollout",
    "RolloutEvent",
    "RolloutState",
    "Slice",
    "StageFigures",
    "Step",
]

GuardrailState = Literal["ok", "near", "tripped", "inconclusive"]


@dataclass(frozen=True, slots=True)
class GuardrailResult:
    """What a guardrail says at one look. Harm is positive here whichever way it lies."""

    metric: str
    estimate: float | None
    """How much worse the candidate is: in points, or as a share of the baseline's; `None`: not enough data."""
    low: float | None
    high: float | None
    """The interval at any time; `None` where there is not enough data."""
    limit: float
    state: GuardrailState
    """`inconclusive` where there is not enough data: never `ok`."""
    used: float
    """How much of the limit is used up, 0 to 1 and beyond."""
    smallest_harm: float | None
    """The smallest true harm that could have been seen by now; `None` where there is not enough data."""
    action: Action
    why: str = ""
    """In words: what tripped, or what is missing."""
    unfed: bool = False
    """Nothing has come that it could go by, from either arm: no such feedback, no call that streams, no sample."""
