"""The monitor: looks at every rollout that lives, rolls back and holds by itself, and asks a person to advance.

Of several monitors of a project one acts, the one that has the lease; where it falls silent another takes over within
seconds. What it does, it does as everybody does: on what it saw, and not if somebody else was faster.
"""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from migrator_tui.crash_log import crash_line
from migrator_tui.history.errors import HistoryError, OvertakenError
from migrator_tui.project.schema import Project
from migrator_tui.rollout import control
from migrator_tui.rollout.alerts import Alert
from migrator_tui.rollout.figures import SHARES, BeforeAndAfter, Look, before_and_after, drifted, look
from migrator_tui.rollout.plan import step_name
from migrator_tui.rollout.sampling import findings
from migrator_tui.rollout.started import METRIC as AS_STARTED
from migrator_tui.rollout.values import EventKind, GuardrailResult, Rollout, RolloutState

if TYPE_CHECKING:
    from migrator_tui.history.rollout_records import Finding
    from migrator_tui.history.store import History

LOOK_EVERY_S = 2.0
LEASE_S = 6.0
"""How long a monitor that says nothing keeps the others from acting."""
MONITOR = "monitor"
"""Who the events say it was."""
FORGETS_EVERY = timedelta(hours=1)
COMPARES_EVERY = timedelta(minutes=1)
SAMPLES, SAMPLES_S = 50, 1.0
"""Sampled answers that one look puts to the checks, and the seconds after which it leaves the rest for the next."""

STOPS = ("sample-ratio", AS_STARTED)
"""What of the traffic's health holds until a person resumes. The rest stands in the way of the next step as long as
it lasts: a quiet night ends by itself."""


class Monitor:
    """One monitor. Not safe to use from several threads at once."""

    def __init__(
        self,
        project: Project,
        history: "History",
        *,
        owner: str,
        tell: Callable[[str], None],
        alert: Callable[[Alert], None] | None = None,
        clock: Callable[[], datetime] | None = None,
        stated: Callable[[], Project] | None = None,
    ) -> None:
        """`stated`: what the configuration says now, where it may change while the monitor runs."""
        from migrator_tui.history.columns import now

        self._project = project
        self._history = history
        self._owner = owner
        self._tell = tell
        self._alert = alert
        self._clock = clock or now
        self._stated = stated or (lambda: project)
        self._acts: bool | None = None
        self._trouble = ""
        self._checked = 0
        self._forgets_at: datetime | None = None
        self._compared: dict[int, datetime] = {}
        """When each rollout was held against the days before its switch."""

    def run(self, stop: threading.Event, *, every_s: float = LOOK_EVERY_S) -> None:
        """Look until `stop` is set. A database that is away is waited for."""
        while not stop.is_set():
            try:
                self.look_once()
                if self._trouble:
                    self._tell("watching again")
                self._trouble = ""
            except HistoryError as error:
                if self._is_new(error):
                    self._tell(f"{error}; it is tried again")
            except Exception as error:  # whatever it is, it must not end the automatic rollback
                if self._is_new(error):
                    self._tell(crash_line(error, folder=self._project.folder))
            stop.wait(every_s)
        try:
            self.give_way()
        except HistoryError as error:  # then the lease runs out by itself
            self._tell(str(error))

    def give_way(self) -> None:
        """Let another monitor act at once."""
        if self._acts:
            self._history.give_lease_back(self._owner, at=self._clock())
        self._acts = None

    def _is_new(self, error: Exception) -> bool:
        """Whether this trouble has not been told yet: it may come again with every look."""
        known, self._trouble = self._trouble, repr(error)
        return known != self._trouble

    def look_once(self) -> bool:
        """Look at everything once, and act; False where another monitor does."""
        acts = self._history.take_lease(self._owner, LEASE_S, at=self._clock())
        if acts is not self._acts:
            self._tell("watching" if acts else "another monitor is watching; this one takes over if it falls silent")
        self._acts = acts
        if not acts:
            return False
        trouble: Exception | None = None
        for rollout in self._history.rollouts():
            if rollout.state.live:
                try:
                    self._watch(look(self._history, rollout, self._clock(), self._stated()))
                except OvertakenError as error:
                    self._tell(str(error))
                except HistoryError:
                    raise
                except Exception as error:  # a bug that one rollout finds must not end the watch over the others
                    trouble = error
        self._put_samples_to_checks()
        self._forget_what_is_old()
        if trouble is not None:
            raise trouble
        self._history.note_look(self._owner, at=self._clock())
        return True

    def _watch(self, seen: Look) -> None:
        rollout, decision = seen.rollout, seen.decision
        if decision.answer == "roll-back":
            self._say(
                control.roll_back(self._history, rollout, who=MONITOR, why="; ".join(decision.reasons), at=seen.at),
                EventKind.ROLLED_BACK,
                "; ".join(decision.reasons),
            )
            return
        events = self._history.rollout_events(rollout.id)
        stops = [
            result
            for result in (*seen.results, *seen.health)
            if result.state == "tripped" and (result not in seen.health or result.metric in STOPS)
        ]
        # What a person has seen and resumed in spite of holds no second time at the same step.
        seen_before = " ".join(
            event.why for event in events if event.kind is EventKind.HELD and event.who == MONITOR
            if event.step == rollout.step
        )  # fmt: skip
        new = [result for result in stops if _known(result) not in seen_before]
        if new and rollout.state in (RolloutState.RUNNING, RolloutState.SHADOW):
            why = _told(new) + self._by_whose_file(new)
            held = control.hold(self._history, rollout, who=MONITOR, why=why, at=seen.at)
            self._say(held, EventKind.HELD, why)
            return
        self._warn(seen, [event.why for event in events if event.step == rollout.step])
        if seen.ready:
            here = [event for event in events if event.step == rollout.step and event.at >= rollout.since]
            self._next_step(seen, asked=any(event.kind is EventKind.READY for event in here))

    def _next_step(self, seen: Look, *, asked: bool) -> None:
        rollout = seen.rollout
        following = step_name(rollout.next) if rollout.next is not None else "to complete it"
        if rollout.auto_advance:
            changed = control.advance(self._history, rollout, who=MONITOR, blockers=(), at=seen.at)
            done = EventKind.COMPLETED if changed.state is RolloutState.COMPLETE else EventKind.ADVANCED
            self._say(
                changed, done, f"from {step_name(rollout.present)}, held long enough, enough calls, nothing tripped"
            )
        elif not asked:
            what = f"next is {following}; a person has to take it"
            self._note(seen, EventKind.READY, what)

    def _warn(self, seen: Look, said: Sequence[str]) -> None:
        """Say once a step what is near its limit, out of order, or worse than before the switch."""
        lines = {
            result.metric: f"{result.metric}: {result.why or _near(result)}{self._by_whose_file([result])}"
            for result in (*seen.results, *seen.health)
            if result.state == "near" or (result.state == "tripped" and result.action == "hold")
        }
        limits = {rule.metric: rule.limit for rule in seen.rollout.guardrails if rule.action == "hold"}
        for found in self._since_the_switch(seen):
            shares = found.metric in SHARES
            if found.worse_by > limits.get(found.metric, 0.02 if shares else 0.25):
                what = (
                    f"worse by {100 * found.worse_by:.1f} {'points' if shares else '%'} than in the seven days before"
                )
                lines[f"{found.metric} since"] = f"{found.metric} since the switch: {what}"
        lines |= {name: f"{name}: {words}" for name, words in drifted(seen).items()}
        for line in lines.values():
            if not any(earlier.startswith(f"{line.partition(':')[0]}:") for earlier in said):
                self._note(seen, EventKind.WARNED, line)

    def _by_whose_file(self, results: Sequence[GuardrailResult]) -> str:
        """Of what is found in the configuration, in whose: several checkouts may share a history, and one acts."""
        if all(result.metric != AS_STARTED for result in results):
            return ""
        return f" (by the file in {self._project.folder} on {socket.gethostname()})"

    def _note(self, seen: Look, kind: EventKind, what: str) -> None:
        """Say what changes nothing, unless this look took so long that another monitor says it meanwhile."""
        self._history.note_rollout(seen.rollout, kind=kind, who=MONITOR, why=what, at=seen.at, owner=self._owner)
        self._say(seen.rollout, kind, what)

    def _since_the_switch(self, seen: Look) -> Sequence[BeforeAndAfter]:
        """Seldom: after some months there is much to sum, and what it tells changes slowly."""
        last = self._compared.get(seen.rollout.id)
        if last is not None and seen.at - last < COMPARES_EVERY:
            return ()
        self._compared[seen.rollout.id] = seen.at
        return before_and_after(self._history, seen.rollout)

    def _put_samples_to_checks(self) -> None:
        """Some of them: whatever a stranger's answer costs to look at, the next look at the traffic is not late."""
        tasks = {task.name: task for task in self._project.tasks}
        ends = time.monotonic() + SAMPLES_S
        found: list[Finding] = []
        samples, up_to = self._history.unchecked_samples(tasks, SAMPLES)
        for n, sample in enumerate(samples, start=1):
            try:
                found += findings(tasks[sample.name], sample)
            except Exception as error:  # a bug that one answer finds must not end the watch over all the others
                self._tell(crash_line(error, folder=self._project.folder))
            if n < len(samples) and time.monotonic() > ends:
                up_to = sample.traffic_id
                break
        self._history.add_findings(found, at=self._clock())
        if up_to != self._checked:
            self._history.samples_checked(up_to)
        self._checked = up_to

    def _forget_what_is_old(self) -> None:
        """A little with each look until nothing is left, then again in an hour."""
        now, settings = self._clock(), self._stated().rollout
        if self._forgets_at is not None and now < self._forgets_at:
            return
        # Calls go on coming where no rollout lives, and only counted ones are forgotten.
        self._history.sum_up_traffic(at=now)
        kept = timedelta(days=settings.keep_days)
        texts = timedelta(days=min(settings.keep_days, settings.keep_samples_days))
        done = self._history.forget_traffic(before=now - kept, texts_before=now - texts)
        self._forgets_at = None if done else now + FORGETS_EVERY

    def _say(self, rollout: Rollout, kind: EventKind, what: str) -> None:
        alert = Alert(
            project=self._project.name,
            rollout=rollout.name,
            kind=kind.value,
            what=what,
            state=rollout.state.value,
            percentage=rollout.percentage,
            at=self._clock(),
        )
        self._tell(alert.line)
        if self._alert is not None:
            self._alert(alert)


def _known(result: GuardrailResult) -> str:
    """What an event says of it that a person has seen: figures change with every look, another model is another."""
    return _told([result]) if result.metric == AS_STARTED else f"{result.metric}:"


def _told(results: Sequence[GuardrailResult]) -> str:
    return "; ".join(f"{result.metric}: {result.why}" for result in results)


def _near(result: GuardrailResult) -> str:
    return f"{100 * result.used:.0f} % of its limit is used"
