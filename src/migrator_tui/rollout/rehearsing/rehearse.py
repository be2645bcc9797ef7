"""A rehearsal from its first call to its outcome: traffic, trouble at its moment, and what happens as it happens."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator_tui.history.errors import HistoryError
from migrator_tui.models.simulator.trouble import write_troubles
from migrator_tui.project.schema import BASELINE, Project, Task
from migrator_tui.rollout.figures import look
from migrator_tui.rollout.rehearsing.drill import ESCALATIONS, Drill, trouble_words
from migrator_tui.rollout.rehearsing.money import NO_MONEY, Money
from migrator_tui.rollout.rehearsing.outcome import Rehearsal
from migrator_tui.rollout.rehearsing.sending import Sender
from migrator_tui.rollout.rehearsing.traffic import Escalating, body, planned_calls, shown
from migrator_tui.rollout.values import Rollout, RolloutEvent
from migrator_tui.rollout.words import named

if TYPE_CHECKING:
    from migrator_tui.history.store import History

LOOKS_EVERY_S = 0.5
TELLS_EVERY_S = 10.0
KEEPS_EVERY_S = 2.0
ROWS_S = 1.0
"""Within so many seconds the gateway has written what it served."""
_LAST_LOOK_S = 8.0
"""How long the monitor's look at the last calls is waited for."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a rehearsal takes place."""

    project: Project
    task: Task
    history: "History"
    rollout: Rollout
    address: str
    """The gateway's, without `/v1`."""
    key: str
    trouble: Path
    """The file that the simulator behind that gateway looks at."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rehearsal stands."""

    at_s: float
    """Seconds after the first call."""
    seconds: float
    """For how long calls are made."""
    calls: int
    """That are over."""
    under_way: int
    not_sent: int
    errors: int
    trouble_at_s: float | None
    """When the trouble began; `None` where it has not."""


async def rehearse(
    stage: Stage,
    drill: Drill,
    stop: asyncio.Event,
    tell: Callable[[str], None],
    *,
    stands: Callable[[Standing], None] = lambda _: None,
    money: Money = NO_MONEY,
) -> Rehearsal:
    """Send the traffic and look at what came of it; `tell` hears what happens, `stands` twice a second how it stands.

    Ends early where `stop` is set.
    """
    bodies = await asyncio.to_thread(_bodies, stage, drill)
    sender = _sender(stage, drill, bodies, money, tell)
    last_event = stage.history.rollout_events(stage.rollout.id, 1)[0].id
    telling: asyncio.Task[None] | None = None
    keeping = asyncio.create_task(_keeping(money, stage.history))
    began = datetime.now(UTC)

    def begin() -> None:
        nonlocal began, telling
        began = datetime.now(UTC)
        troubles = drill.simulated_troubles(stage.project.candidate(stage.rollout.candidate).model, began.timestamp())
        if troubles:
            write_troubles(stage.trouble, troubles)
        telling = asyncio.create_task(_Telling(stage, drill, sender, tell, stands, last_event).run(began))

    name = f"rehearsal-{secrets.token_hex(4)}"
    calls = planned_calls(len(bodies), calls=drill.calls, rate=drill.rate, name=name, seed=drill.seed)
    tell(f"traffic begins: {shown(len(bodies), drill.calls)}, {drill.rate:g} a second")
    try:
        complete = await sender.send(calls, stop, begin)
        if complete:
            await _last_look(stage.history, stop)
    finally:
        stage.trouble.unlink(missing_ok=True)
        keeping.cancel()
        if telling is not None:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        await asyncio.gather(keeping, return_exceptions=True)
        await asyncio.to_thread(money.keep, stage.history)
    ended = "" if complete else sender.refused or "stopped"
    return await asyncio.to_thread(_outcome, stage, drill, sender, began, last_event, ended)


def _sender(
    stage: Stage, drill: Drill, bodies: Sequence[Mapping[str, Any]], money: Money, tell: Callable[[str], None]
) -> Sender:
    escalated = drill.share_of(ESCALATIONS) if ESCALATIONS in drill.troubles else 0.0
    return Sender(
        stage.address,
        stage.key,
        bodies,
        Escalating(drill.seed),
        trouble=lambda at: escalated if at >= drill.trouble_after else 0.0,
        refusal=money.refusal,
        settled=money.settled,
        rate=drill.rate,
        draining=lambda under_way, seconds: _tell_of_waiting(tell, drill, under_way, seconds),
    )


def _tell_of_waiting(tell: Callable[[str], None], drill: Drill, under_way: int, seconds: float) -> None:
    if under_way:
        calls = f"{under_way:,} call{'s' if under_way != 1 else ''}"
        tell(f"{drill.seconds:6.1f} s  all is sent; {calls} under way: waited for, {seconds:.0f} s at the most")


def _bodies(stage: Stage, drill: Drill) -> Sequence[Mapping[str, Any]]:
    """What is sent for each case, as many as can have their turn; `ProjectError` where one can't be rendered."""
    from migrator_tui.project.cases import load_cases
    from migrator_tui.running.plan import request_for

    version = stage.history.version(stage.rollout.baseline_version_id)
    cases = load_cases(stage.project, stage.task)[: drill.calls]
    spec = stage.project.model(BASELINE)
    return [body(stage.task, case, request_for(stage.project, stage.task, spec, version, case)) for case in cases]


async def _keeping(money: Money, history: "History") -> None:
    """Write down what was spent while it goes on: whatever ends this program, the day's money knows."""
    while True:
        await asyncio.sleep(KEEPS_EVERY_S)
        # Nothing is lost: the next time writes it too, and the last one tells.
        with contextlib.suppress(HistoryError):
            await asyncio.to_thread(money.keep, history)


async def _last_look(history: "History", stop: asyncio.Event) -> None:
    """Wait until the monitor has looked at the last calls, where one is watching."""
    served = datetime.now(UTC) + timedelta(seconds=ROWS_S)
    ends = time.monotonic() + _LAST_LOOK_S
    while time.monotonic() < ends and not stop.is_set():
        lease = await asyncio.to_thread(history.lease)
        if lease is None or lease.until < datetime.now(UTC) or (lease.looked_at and lease.looked_at > served):
            return
        await asyncio.sleep(LOOKS_EVERY_S / 2)


def _outcome(stage: Stage, drill: Drill, sender: Sender, began: datetime, last_event: int, ended: str) -> Rehearsal:
    seen = look(stage.history, stage.rollout, datetime.now(UTC), stage.project)
    return Rehearsal(
        drill=drill,
        began=began,
        answered=tuple(sender.answered),
        untold=tuple(sender.untold),
        rollout=seen.rollout,
        version=stage.history.version(seen.rollout.version_id).label,
        events=_events_since(stage, last_event),
        blockers=seen.blockers if seen.rollout.state.live else (),
        ended=ended,
        lasted_s=sender.ended_at,
        not_sent=sender.not_sent,
        not_waited_for=sender.under_way,
        crowded_at=sender.crowded_at,
    )


def _events_since(stage: Stage, last_event: int) -> list[RolloutEvent]:
    """Oldest first."""
    events = stage.history.rollout_events(stage.rollout.id)
    return [event for event in reversed(events) if event.id > last_event]


@dataclass(slots=True)
class _Telling:
    """What happens, told as it happens."""

    stage: Stage
    drill: Drill
    sender: Sender
    tell: Callable[[str], None]
    stands: Callable[[Standing], None]
    last_event: int

    async def run(self, began: datetime) -> None:
        """Tell until cancelled."""
        next_count, trouble_told, crowd_told = TELLS_EVERY_S, not self.drill.troubles, False
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            at = (datetime.now(UTC) - began).total_seconds()
            if not trouble_told and at >= self.drill.trouble_after:
                trouble_told = True
                self._say(self.drill.trouble_after, f"trouble begins: {trouble_words(self.drill)}")
            for event in await asyncio.to_thread(_events_since, self.stage, self.last_event):
                self.last_event = event.id
                did = f"{event.kind.value.replace('-', ' ')} by {event.who}"
                self._say((event.at - began).total_seconds(), f"{did}: {named(event.why)}")
            if not crowd_told and self.sender.crowded_at is not None:
                crowd_told = True
                self._say(self.sender.crowded_at, self._crowd(at))
            self._stand(at, began=trouble_told and bool(self.drill.troubles))
            if at >= next_count:
                next_count += TELLS_EVERY_S
                self._say(at, self._count())

    def _stand(self, at: float, *, began: bool) -> None:
        sender = self.sender
        self.stands(
            Standing(
                at_s=round(at, 1),
                seconds=self.drill.seconds,
                calls=len(sender.answered),
                under_way=sender.under_way,
                not_sent=sender.not_sent,
                errors=sum(call.error is not None for call in sender.answered),
                trouble_at_s=self.drill.trouble_after if began else None,
            )
        )

    def _crowd(self, at: float) -> str:
        sender = self.sender
        return (
            f"calls pile up: {sender.under_way:,} under way, so some are not sent; of {self.drill.rate:g} a second "
            f"{len(sender.answered) / at:.1f} are answered"
        )

    def _count(self) -> str:
        calls = self.sender.answered
        arms = [sum(call.arm == arm for call in calls) for arm in ("baseline", "candidate")]
        unsaid = len(calls) - sum(arms)
        rescued = sum(call.arm == "candidate" and call.served == "baseline" for call in calls)
        errors = sum(call.error is not None for call in calls)
        return (
            f"{len(calls):,} calls: {arms[0]:,} of the baseline, {arms[1]:,} of the candidate "
            f"({rescued:,} answered by the baseline)"
            + (f", {unsaid:,} of no known side" if unsaid else "")
            + f"; errors: {errors}; {self.sender.under_way:,} under way"
            + (f"; {self.sender.not_sent:,} not sent" if self.sender.not_sent else "")
        )

    def _say(self, at: float, what: str) -> None:
        self.tell(f"{at:6.1f} s  {what}")
