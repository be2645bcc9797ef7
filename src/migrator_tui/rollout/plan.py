"""What a rollout's present step still needs before the next one: time and calls."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from migrator_tui.rollout.values import Rollout, StageFigures, Step


@dataclass(frozen=True, slots=True)
class Needs:
    """What a step needs, and what it has by now."""

    until: datetime
    """When it has been held for long enough."""
    hold_left_s: float
    """Seconds until then; 0 where it has."""
    min_sample: int
    baseline: int | None
    """Calls of the baseline in this step; `None` where the step leaves it none, so that none are needed."""
    candidate: int
    """The same of the candidate; in the shadow step, copies."""

    @property
    def met(self) -> bool:
        """The step has been held for long enough, and has its calls."""
        return not self.missing

    @property
    def missing(self) -> list[str]:
        """What it still needs, in words."""
        found = [f"{duration(self.hold_left_s)} more at this step"] if self.hold_left_s > 0 else []
        for arm, calls in (("baseline", self.baseline), ("candidate", self.candidate)):
            if calls is not None and calls < self.min_sample:
                left = self.min_sample - calls
                found.append(f"{left:,} more call{'s' if left != 1 else ''} on the {arm}")
        return found


def needs(rollout: Rollout, stages: Sequence[StageFigures], now: datetime) -> Needs:
    """What the present step of a rollout still needs."""
    step = rollout.present
    mine = [stage for stage in stages if stage.step == rollout.step and stage.since >= rollout.since]
    until = rollout.since + timedelta(seconds=step.hold_s)
    return Needs(
        until=until,
        hold_left_s=max(0.0, (until - now).total_seconds()),
        min_sample=step.min_sample,
        baseline=sum(stage.baseline.requests for stage in mine) if rollout.percentage < 100 else None,
        candidate=sum(stage.candidate.requests for stage in mine),
    )


def step_name(step: Step) -> str:
    """`shadow`, `5 %`."""
    return "shadow" if step.shadow else f"{step.percentage:g} %"


def whole_time(seconds: float) -> str:
    """`2 days 16 h`, `64 min`: what steps are held for together, to the hour and not rounded up to days."""
    days, rest = divmod(int(seconds), 86_400)
    if days and seconds >= 2 * 86_400:
        return duration(86_400 * days) + (f" {duration(rest)}" if rest else "")
    return duration(seconds)


def duration(seconds: float, *, whole: Callable[[float], int] = math.ceil) -> str:
    """`42 min`, `2 h`, `3 days`: rounded up to say what is missing, down (`math.floor`) to say what there was."""
    for size, name in ((86_400.0, "days"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size or (seconds >= size and name != "days"):
            return f"{whole(seconds / size)} {name}"
    return f"{whole(seconds)} s"
