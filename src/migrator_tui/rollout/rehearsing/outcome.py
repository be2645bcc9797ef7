"""What came of a rehearsal: what the application saw, what became of the rollout, and was that as it should be."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from migrator_tui.rollout.rehearsing.drill import WATCHED_BY, Drill
from migrator_tui.rollout.rehearsing.sending import BACKLOG_S, Answered
from migrator_tui.rollout.values import EventKind, Rollout, RolloutEvent
from migrator_tui.rollout.words import named

REACHES_S = 2.0
"""Within so many seconds a change reaches every gateway; until then either percentage may hold."""
MONITOR = "monitor"
CHECKED = "check-pass-rate"
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
class Unsaid:
    """The calls of which the gateway never said on which side they are: no answer came."""

    calls: int
    conversations: int
    errors: int


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
    lasted_s: float | None = None
    """Seconds from the first call until nothing was sent and waited for any more; `None`: all of the drill's."""
    not_sent: int = 0
    """Calls whose time came while too many were under way."""
    not_waited_for: int = 0
    """Calls that were made, and still under way when it ended."""
    crowded_at: float | None = None
    """When too many were under way for the first time, in seconds after the first call."""

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
    def unsaid(self) -> Unsaid:
        """The calls of neither side."""
        mine = [call for call in self.answered if call.arm is None]
        told = {call.conversation for call in self.answered if call.arm is not None}
        return Unsaid(
            calls=len(mine),
            conversations=len({call.conversation for call in mine} - told),
            errors=sum(call.error is not None for call in mine),
        )

    @property
    def answers_a_second(self) -> float:
        """How many calls came to an end in a second, on the whole."""
        lasted = self.drill.seconds if self.lasted_s is None else self.lasted_s
        return len(self.answered) / max(lasted, 1.0)

    @property
    def too_fast(self) -> str:
        """That calls piled up which this machine could not answer, in words; empty where it kept up.

        A candidate alone that is slow, or hangs, lets calls pile up too; then the baseline's come as fast as ever.
        """
        since = self.crowded_at
        if since is None:
            return ""
        late = [
            call.latency_ms / 1000
            for call in self.answered
            if call.arm != "candidate" and call.at + call.latency_ms / 1000 >= since
        ]
        if late and median(late) < BACKLOG_S / 2:
            return ""
        can = self.answers_a_second
        few = f"{can:.0f}" if can >= 2 else f"{can:.1f}"
        return f"this machine answers {few} calls a second, not {self.drill.rate:g}: take a lower rate"

    @property
    def unfinished(self) -> str:
        """Why nothing follows from it; empty where something does."""
        if self.ended:
            return self.ended
        back = self.rolled_back
        if back is not None and back.who != MONITOR and not self._missed():
            return f"rolled back by {back.who}, so the guardrails had no say any more"
        return self.too_fast if self.too_fast and self._found() else ""

    @property
    def complete(self) -> bool:
        """It went on to its end, nobody stopped it, no cap was reached, and the machine kept up with it."""
        return not self.unfinished

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
        """When the trouble began, where it did."""
        after = self.drill.trouble_after
        if not self.drill.troubles or (self.lasted_s is not None and self.lasted_s < after):
            return None
        return self.began + timedelta(seconds=after)

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
    def unchecked(self) -> bool:
        """Whether the answers were right was not judged: none was sampled, or no guardrail goes by that."""
        watched = any(rule.metric == CHECKED for rule in self.rollout.guardrails)
        return not watched or not self.rollout.sample_answers

    @property
    def wrong(self) -> Sequence[str]:
        """What was not as it should be, in words. What calls that pile up bring about is nobody's failure."""
        return self._moved() if self.too_fast else self._found()

    def _found(self) -> list[str]:
        found = []
        if self.errors:
            found.append(f"applications saw {_many(len(self.errors), 'error')}, such as: {self.errors[0]}")
        if self.untold:
            refused = _many(len(self.untold), "piece")
            found.append(f"the gateway did not take {refused} of feedback, such as: {self.untold[0]}")
        return [*found, *self._moved(), *(() if self.ended else self._missed())]

    def _moved(self) -> list[str]:
        moved = _many(self.moved, "conversation")
        return [f"{moved} changed sides while no percentage changed"] if self.moved else []

    def _missed(self) -> list[str]:
        """What the guardrails did and should not, or should and did not; what people did is theirs to know."""
        acted = [event for event in self.events if event.who == MONITOR]
        back = next((event for event in acted if event.kind is EventKind.ROLLED_BACK), None)
        held = next((event for event in acted if event.kind is EventKind.HELD), None)
        if not self.drill.troubles:
            stopped = back or held
            return [f"{_did(stopped)} without trouble: {named(stopped.why)}"] if stopped is not None else []
        watching = {rule.metric: rule.action for rule in reversed(self.rollout.guardrails)}
        expected = [metric for trouble in self.drill.troubles for metric in WATCHED_BY[trouble] if metric in watching]
        if not expected:
            return [f"no guardrail watches what was done ({', '.join(self.drill.troubles)})"]
        rolls_back = any(rule.action == "roll-back" for rule in self.rollout.guardrails if rule.metric in expected)
        done = back if rolls_back else back or held
        if done is None and self.rolled_back is not None:
            return []
        if done is None:
            return [
                f"{'not rolled back' if rolls_back else 'not held'} within {self._watched_s():.0f} s of the trouble"
            ]
        if self.trouble_at is not None and done.at < self.trouble_at:
            return [f"{_did(done)} before the trouble began: {named(done.why)}"]
        if not any(f"{metric}:" in done.why for metric in expected):
            return [f"{_did(done)} for something else: {named(done.why)}"]
        return []

    def _watched_s(self) -> float:
        return max([call.at for call in self.answered], default=0.0) - self.drill.trouble_after

    def _first(self, kind: EventKind) -> RolloutEvent | None:
        return next((event for event in self.events if event.kind is kind), None)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("s" if count != 1 else "")


def _did(event: RolloutEvent) -> str:
    """`rolled back`, `held`."""
    return event.kind.value.replace("-", " ")


def _between(one: Answered, change: float, two: Answered) -> bool:
    """Whether a change can have come between two calls: each was put on a side at some time before its answer."""
    answered = max(call.at + call.latency_ms / 1000 for call in (one, two))
    return one.at - REACHES_S <= change <= answered
