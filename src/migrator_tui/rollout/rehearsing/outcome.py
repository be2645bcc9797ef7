"""What came of a rehearsal: what the application saw, what became of the rollout, and was that as it should be."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from migrator_tui.rollout.rehearsing.drill import WATCHED_BY, Drill
from migrator_tui.rollout.rehearsing.sending import Answered
from migrator_tui.rollout.values import EventKind, Rollout, RolloutEvent

REACHES_S = 2.0
"""Within so many seconds a change reaches every gateway; until then either percentage may hold."""
MONITOR = "monitor"
_STAY = (EventKind.STARTED, EventKind.HELD, EventKind.RESUMED, EventKind.WARNED, EventKind.READY)
"""Events after which the percentage is what it was."""


@dataclass(frozen=True, slots=True)
class Side:
    """The calls of the conversations on one side, as the application saw them."""

    calls: int
    conversations: int
    rescued: int
    """Answered by the other side."""
    errors: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A rehearsal that is over."""

    drill: Drill
    began: datetime
    """When the first call was made."""
    answered: Sequence[Answered]
    untold: Sequence[str]
    """Why the gateway did not take feedback, each time."""
    rollout: Rollout
    """As it stands now."""
    version: str
    """The candidate's, `v4`."""
    events: Sequence[RolloutEvent]
    """Those since the beginning, oldest first."""
    blockers: Sequence[str]
    """What the next step still needs; empty where it may be taken, or nothing is left to take."""
    ended: str = ""
    """Why it ended before all calls were made and answered, in words; empty where they were."""

    def side(self, arm: str) -> Side:
        """Of `baseline` or `candidate`."""
        mine = [call for call in self.answered if call.arm == arm]
        times = sorted(call.latency_ms for call in mine if call.error is None)
        return Side(
            calls=len(mine),
            conversations=len({call.conversation for call in mine}),
            rescued=sum(call.error is None and call.served not in (None, arm) for call in mine),
            errors=sum(call.error is not None for call in mine),
            latency_p50_ms=times[len(times) // 2] if times else None,
            latency_p95_ms=times[len(times) * 95 // 100] if times else None,
        )

    @property
    def complete(self) -> bool:
        """Nobody stopped it, and no cap was reached."""
        return not self.ended

    @property
    def errors(self) -> Sequence[str]:
        """What the application saw go wrong: nothing, where the fallback did its work."""
        return [call.error for call in self.answered if call.error is not None]

    @property
    def moved(self) -> int:
        """Conversations that changed sides while no percentage changed."""
        changes = [self.seconds(event) for event in self.events if event.kind not in _STAY]
        by_conversation: dict[str, list[Answered]] = defaultdict(list)
        for call in self.answered:
            if call.arm is not None:
                by_conversation[call.conversation].append(call)
        found = 0
        for calls in by_conversation.values():
            calls.sort(key=lambda call: call.at)
            found += any(
                one.arm != two.arm and not any(_between(one, change, two) for change in changes)
                for one, two in pairwise(calls)
            )
        return found

    def seconds(self, event: RolloutEvent) -> float:
        """When an event was, after the first call."""
        return (event.at - self.began).total_seconds()

    @property
    def trouble_at(self) -> datetime | None:
        """When the trouble began."""
        return self.began + timedelta(seconds=self.drill.trouble_after) if self.drill.troubles else None

    @property
    def rolled_back(self) -> RolloutEvent | None:
        """The rollback."""
        return self._first(EventKind.ROLLED_BACK)

    @property
    def held(self) -> RolloutEvent | None:
        """The first time it was held."""
        return self._first(EventKind.HELD)

    @property
    def asked(self) -> RolloutEvent | None:
        """The first time a person was asked to take the next step, or it was taken by itself."""
        return self._first(EventKind.READY) or self._first(EventKind.ADVANCED)

    @property
    def rolled_back_after_s(self) -> float | None:
        """Seconds from the trouble to the rollback."""
        if self.rolled_back is None or self.trouble_at is None:
            return None
        return (self.rolled_back.at - self.trouble_at).total_seconds()

    @property
    def wrong(self) -> Sequence[str]:
        """What was not as it should be, in words."""
        found = []
        if self.errors:
            found.append(f"applications saw {len(self.errors)} errors, such as: {self.errors[0]}")
        if self.untold:
            found.append(f"the gateway did not take {len(self.untold)} pieces of feedback, such as: {self.untold[0]}")
        if self.moved:
            found.append(f"{self.moved} conversations changed sides while no percentage changed")
        return [*found, *(self._missed() if self.complete else ())]

    def _missed(self) -> list[str]:
        """What the guardrails did and should not, or should and did not."""
        if not self.drill.troubles:
            stopped = self.rolled_back or self.held
            return [f"{stopped.kind.value} without trouble: {stopped.why}"] if stopped is not None else []
        watching = {rule.metric: rule.action for rule in reversed(self.rollout.guardrails)}
        expected = [metric for trouble in self.drill.troubles for metric in WATCHED_BY[trouble] if metric in watching]
        if not expected:
            return [f"no guardrail watches what was done ({', '.join(self.drill.troubles)})"]
        rolls_back = any(rule.action == "roll-back" for rule in self.rollout.guardrails if rule.metric in expected)
        done = self.rolled_back if rolls_back else self.rolled_back or self.held
        if done is None:
            return [
                f"{'not rolled back' if rolls_back else 'not held'} within {self._watched_s():.0f} s of the trouble"
            ]
        if self.trouble_at is not None and done.at < self.trouble_at:
            return [f"{done.kind.value} before the trouble began: {done.why}"]
        if done.who != MONITOR:
            return [f"{done.kind.value} by {done.who}, not by a guardrail"]
        if not any(f"{metric}:" in done.why for metric in expected):
            return [f"{done.kind.value} for something else: {done.why}"]
        return []

    def _watched_s(self) -> float:
        return max([call.at for call in self.answered], default=0.0) - self.drill.trouble_after

    def _first(self, kind: EventKind) -> RolloutEvent | None:
        return next((event for event in self.events if event.kind is kind), None)


def _between(one: Answered, change: float, two: Answered) -> bool:
    """Whether a change can have come between two calls: each was put on a side at some time before its answer."""
    answered = max(call.at + call.latency_ms / 1000 for call in (one, two))
    return one.at - REACHES_S <= change <= answered
