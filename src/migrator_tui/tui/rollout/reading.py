"""What is read of a rollout, in threads, some times a minute: all of it for its screen, a line of it for its tab."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.rollout_records import EventKind, Lease, Rollout, RolloutEvent, RolloutState, Sample, Slice
from migrator_tui.project.schema import Project

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.rollout.figures import BeforeAndAfter, Look

CALLS_IN_SIGHT = 40
SLOW_IN_SIGHT = 5
"""Of those that were only slow."""
SLOW_TIMES, SLOW_FROM_MS = 3.0, 1_000.0
"""A call is slow that takes so many times what is usual on its side, and long enough for somebody to notice."""
SLOW_OF_TIMEOUT = 0.5
"""Whatever is usual, it is from so much of the time on after which the baseline steps in."""
EVENTS_IN_SIGHT = 200
CALLS_EVERY = timedelta(seconds=5)
"""They are gone through one by one, so not at every look."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Brief:
    """How the newest rollout of a task stands, for its tab."""

    rollout: Rollout | None
    last: RolloutEvent | None = None
    """The newest event."""
    ready: bool = False
    """A person was asked to take the next step."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The candidate's worst calls of late."""

    at: datetime
    calls: Sequence[Sample]
    """The worst first; empty where nothing went wrong."""
    any_came: bool
    """The candidate had calls at all."""
    asked: Mapping[int, str | None]
    """By row of traffic, the first words of what was asked, masked; `None` where it was not kept."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that its screen shows of a rollout."""

    look: "Look"
    """Of now; where it is over, of the moment at which it was."""
    at: datetime
    """When it was read."""
    events: Sequence[RolloutEvent]
    """Newest first."""
    hour: Mapping[str, Sequence[Slice]]
    """By arm, the last hour minute by minute, as far as it is this rollout's; minutes without a call are left out."""
    listed: Listed
    label: str
    """The candidate's version."""
    baseline_label: str
    lease: Lease | None
    since_switch: "Sequence[BeforeAndAfter]"

    @property
    def rollout(self) -> Rollout:
        """It, as it stood at the look."""
        return self.look.rollout

    @property
    def watched(self) -> bool:
        """A monitor acts for it."""
        return self.lease is not None and self.lease.until > self.at


def read_brief(history: "History", task: str) -> Brief:
    """The newest rollout of a task; for threads."""
    rollout = next(iter(history.rollouts(task)), None)
    return _brief(history, rollout) if rollout is not None else Brief(None)


def read_briefs(history: "History") -> dict[str, Brief]:
    """The same of every task that has one, by task."""
    newest: dict[str, Rollout] = {}
    for rollout in history.rollouts():
        newest.setdefault(rollout.task, rollout)
    return {task: _brief(history, rollout) for task, rollout in newest.items()}


def _brief(history: "History", rollout: Rollout) -> Brief:
    events = history.rollout_events(rollout.id, EVENTS_IN_SIGHT)
    live = rollout.state in (RolloutState.RUNNING, RolloutState.SHADOW)
    asked = (event for event in events if event.kind is EventKind.READY and event.step == rollout.step)
    ready = any(event.at >= rollout.since for event in asked)
    return Brief(rollout, events[0] if events else None, live and ready)


def read(history: "History", project: Project, rollout: Rollout, now: datetime, earlier: Seen | None = None) -> Seen:
    """Everything about it, counted up to now; for threads. `earlier`: the look before, whose calls may still do."""
    from migrator_tui.rollout.figures import before_and_after, look

    events = history.rollout_events(rollout.id, EVENTS_IN_SIGHT)
    over = next((event.at for event in events if event.kind in (EventKind.ROLLED_BACK, EventKind.ENDED)), None)
    # What is over is shown as it stood then: what came in later is nothing of its.
    lease = history.lease()
    watched = lease is not None and lease.until > now and lease.looked_at is not None
    seen = look(history, rollout, over or now, project, count=not watched, may_read_only=True)
    rollout = seen.rollout
    if rollout.state is RolloutState.ROLLED_BACK:
        seen = replace(seen, stages=seen.stages[:-1])
    same = earlier is not None and earlier.rollout.id == rollout.id
    listed = earlier.listed if earlier is not None and same and now - earlier.listed.at < CALLS_EVERY else None
    return Seen(
        look=seen,
        at=now,
        events=events,
        hour=history.traffic_slices(rollout.name, seen.at - HOUR, first_revision=rollout.first_revision),
        listed=listed or _listed(history, seen, now, 1000 * project.gateway.candidate_timeout),
        label=history.version(rollout.version_id).label,
        baseline_label=history.version(rollout.baseline_version_id).label,
        lease=lease,
        since_switch=before_and_after(history, rollout),
    )


def _listed(history: "History", look: "Look", now: datetime, timeout_ms: float) -> Listed:
    from migrator_tui.rollout.failed_calls import first_words, troubles

    worst = history.worst_calls(look.rollout, limit=CALLS_IN_SIGHT)
    medians = (stage.candidate.latency_p50_ms for stage in reversed(look.stages))
    least = slow_from(next(filter(None, medians), None), timeout_ms)
    slow = [call for call in worst if not troubles(call) and (call.latency_ms or 0.0) >= least][:SLOW_IN_SIGHT]
    calls = [*(call for call in worst if troubles(call)), *slow]
    return Listed(now, calls, bool(worst), {call.traffic_id: first_words(call) for call in calls})


def slow_from(usual_ms: float | None, timeout_ms: float) -> float:
    """Milliseconds from which on a call is called slow; `usual_ms`: what half of them take."""
    late = SLOW_OF_TIMEOUT * timeout_ms
    return min(late, max(SLOW_FROM_MS, SLOW_TIMES * usual_ms)) if usual_ms is not None else late


class Rollouts:
    """What was read last of each task; knows no widgets."""

    def __init__(self) -> None:
        from datetime import UTC

        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.briefs: dict[str, Brief] = {}
        self.seen: dict[str, Seen] = {}
        self.problem = ""
        """Why the last look came to nothing."""
        self._lock = asyncio.Lock()

    async def look(self, history: "History", project: Project, task: str, *, whole: bool) -> bool:
        """Read a task's newest rollout, all of it where that is wanted; whether anything was read.

        One at a time: a look that begins while another goes on is left out.
        """
        if self._lock.locked():
            return False
        async with self._lock:
            now = self.clock()
            try:
                brief = await asyncio.to_thread(read_brief, history, task)
                if whole and brief.rollout is not None:
                    earlier = self.seen.get(task)
                    self.seen[task] = await asyncio.to_thread(read, history, project, brief.rollout, now, earlier)
                elif brief.rollout is None:
                    self.seen.pop(task, None)
            except HistoryError as error:
                self.problem = str(error)
                return True
            seen = self.seen.get(task)
            if whole and seen is not None:  # a look knows better than the event that once said so
                brief = replace(brief, rollout=seen.rollout, ready=seen.look.ready)
            self.briefs[task], self.problem = brief, ""
            return True

    async def look_at_all(self, history: "History", *, but: str) -> list[str]:
        """Read how the rollout of every task stands; the tasks whose stands otherwise than it did.

        `but`: the task that is looked at by itself, and whose changes are said.
        """
        async with self._lock:
            try:
                found = await asyncio.to_thread(read_briefs, history)
            except HistoryError as error:
                self.problem = str(error)
                return []
            changed = [task for task in found if task != but and found[task] != self.briefs.get(task)]
            self.briefs |= {task: found[task] for task in changed}
            return changed
