"""How each step of a rollout stands: how long it was really held, and whether it was left against advice."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from migrator_tui.project.rollout_settings import Step
from migrator_tui.rollout.plan import duration
from migrator_tui.rollout.values import EventKind, Rollout, RolloutEvent, RolloutState

StepState = Literal["done", "against-advice", "here", "held", "rolled-back", "ended", "to-come"]
MARKS: Mapping[StepState, str] = {
    "done": "✓",
    "against-advice": "~",
    "here": "●",
    "held": "!",
    "rolled-back": "✗",
    "ended": "·",
    "to-come": "○",
}
"""What reports put before a step; the screen has the same signs."""
_COMES = (EventKind.STARTED, EventKind.ADVANCED, EventKind.OVERRIDDEN, EventKind.STEPPED_BACK)
_LEAVES = (EventKind.COMPLETED, EventKind.ROLLED_BACK, EventKind.ENDED)
_AGAINST = "(against: "


@dataclass(frozen=True, slots=True)
class Left:
    """A step that is past."""

    held_s: float
    early: bool
    """Somebody went on against what the program advised."""


def left_steps(events: Sequence[RolloutEvent]) -> dict[int, Left]:
    """By step, how it was left last; steps whose beginning is not among the events (newest first) are left out."""
    found: dict[int, Left] = {}
    step: int | None = None
    since: datetime | None = None
    for event in reversed(events):
        comes = event.kind in _COMES and event.step != step
        if not comes and event.kind not in _LEAVES:
            continue
        if step is not None and since is not None:
            # To complete it against advice is an event like any other completion; its reason says so.
            early = event.kind is EventKind.OVERRIDDEN or _AGAINST in event.why
            found[step] = Left(max(0.0, (event.at - since).total_seconds()), early)
        if comes:
            step, since = event.step, event.at
    return found


def step_state(rollout: Rollout, number: int, left: Mapping[int, Left]) -> StepState:
    """How a step stands."""
    if number < rollout.step or rollout.state is RolloutState.COMPLETE:
        return "against-advice" if number in left and left[number].early else "done"
    if number > rollout.step:
        return "to-come"
    if rollout.state is RolloutState.HELD:
        return "held"
    if rollout.state is RolloutState.ROLLED_BACK:
        return "rolled-back"
    return "ended" if rollout.state is RolloutState.ENDED else "here"


def is_past(rollout: Rollout, number: int) -> bool:
    """It is held no longer: a later one is, or none is."""
    over = rollout.state in (RolloutState.COMPLETE, RolloutState.ROLLED_BACK, RolloutState.ENDED)
    return number < rollout.step or (over and number == rollout.step)


def held_share(step: Step, left: Left | None) -> float:
    """How much of its time a past step was held; all of it where nobody knows."""
    return 1.0 if left is None or step.hold_s <= 0 else min(1.0, left.held_s / step.hold_s)


def short_words(step: Step, left: Left | None) -> str:
    """`20 s of 24 h`, of a step that was left before its time; empty of others."""
    if left is None or left.held_s >= step.hold_s:
        return ""
    return f"{duration(left.held_s, whole=math.floor)} of {duration(step.hold_s)}"
