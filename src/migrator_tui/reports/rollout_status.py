"""Where a rollout stands, in the forms that others read: JSON, and a few lines for a terminal."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TextIO

from migrator_tui.history.rollout_records import LOOKED, Lease
from migrator_tui.rollout.figures import BeforeAndAfter, Look, interval
from migrator_tui.rollout.plan import duration, step_name
from migrator_tui.rollout.values import (
    ArmFigures,
    GuardrailResult,
    GuardrailRule,
    Rollout,
    RolloutEvent,
    RolloutState,
)
from migrator_tui.rollout.walked import MARKS, Left, is_past, left_steps, short_words, step_state
from migrator_tui.rollout.words import (
    NAMES,
    UNKNOWN,
    action_words,
    figure_words,
    happened_words,
    harm_words,
    health_words,
    limit_words,
    name_of,
    named,
    range_words,
    time_words,
    unit_of,
)
from migrator_tui.text_safety import safe, safe_line

_LOGS = ("latency", "first-token")
_MARKS = {"ok": "✓", "near": "!", "tripped": "✗", "inconclusive": "~"}
EVENTS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that a report of a rollout tells."""

    look: Look
    events: Sequence[RolloutEvent]
    """Newest first."""
    models: Mapping[str, str]
    """By arm."""
    versions: Mapping[str, str]
    """By arm, `v4`."""
    lease: Lease | None
    after: Sequence[BeforeAndAfter] = ()

    @property
    def watched(self) -> bool:
        """A monitor looks at it."""
        return self.lease is not None and self.lease.until > self.look.at

    @property
    def since(self) -> datetime:
        """When it came to where it is: the step's beginning, or what held, ended or completed the rollout."""
        rollout = self.look.rollout
        if rollout.state in (RolloutState.RUNNING, RolloutState.SHADOW):
            return rollout.since
        return min((event.at for event in self.events if event.revision == rollout.revision), default=rollout.since)


def status_json(status: Status) -> dict[str, Any]:
    """The contract's `rollout status`, and more."""
    seen, rollout, lease = status.look, status.look.rollout, status.lease
    return {
        "name": rollout.name,
        "task": rollout.task,
        "candidate": rollout.candidate,
        "state": rollout.state.value,
        "ready": seen.ready,
        "uncounted": seen.uncounted or None,
        "blockers": seen.blockers if rollout.state.live else [],
        "step": rollout.step,
        "steps": [asdict(step) for step in rollout.steps],
        "percentage": rollout.percentage,
        "hold_back": rollout.hold_back,
        "revision": rollout.revision,
        "since": rollout.since.isoformat(),
        "needs": {
            "until": seen.needs.until.isoformat(),
            "hold_left_s": round(seen.needs.hold_left_s, 1),
            "min_sample": seen.needs.min_sample,
            "baseline": seen.needs.baseline,
            "candidate": seen.needs.candidate,
        },
        "arms": {
            arm: {"model": status.models[arm], "version": status.versions[arm]} | _arm(figures)
            for arm, figures in seen.arms.items()
        },
        "guardrails": [_guardrail(result) for result in seen.results],
        "health": [_guardrail(result) for result in seen.health],
        "since_the_switch": [
            {"metric": found.metric, "before": found.before, "after": found.after, "worse_by": found.worse_by}
            for found in status.after
        ],
        "events": [_happened(event) for event in status.events],
        "monitor": {"watching": status.watched, "looked_at": _moment(lease.looked_at if lease else None)},
    }


def _happened(event: RolloutEvent) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "kind": event.kind.value,
        "who": event.who,
        "why": event.why,
        "step": event.step,
        "percentage": event.percentage,
        "revision": event.revision,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _arm(figures: ArmFigures) -> dict[str, Any]:
    metrics = {}
    for name, measure in sorted(figures.measures.items()):
        found = interval(name, measure)
        back = math.exp if name in _LOGS else float
        metrics[name] = {
            "estimate": None if measure.mean is None else back(measure.mean),
            "low": None if found is None else back(found.low),
            "high": None if found is None else back(found.high),
            "conversations": measure.units,
        }
    return {
        "requests": figures.requests,
        "conversations": figures.conversations,
        "unkeyed": figures.unkeyed,
        "failures": figures.failures,
        "fallbacks": figures.fallbacks,
        "client_errors": figures.client_errors,
        "latency_p50_ms": figures.latency_p50_ms,
        "latency_p95_ms": figures.latency_p95_ms,
        "first_token_p50_ms": figures.first_token_p50_ms,
        "first_token_p95_ms": figures.first_token_p95_ms,
        "metrics": metrics,
        "last_at": _moment(figures.last_at),
    }


def _guardrail(result: GuardrailResult) -> dict[str, Any]:
    return {
        "metric": result.metric,
        "estimate": result.estimate,
        "low": result.low,
        "high": result.high,
        "limit": result.limit,
        "unit": unit_of(result.metric),
        "state": result.state,
        "used": result.used,
        "smallest_harm": result.smallest_harm,
        "action": result.action,
        "why": result.why,
    }


def print_status(status: Status, out: TextIO) -> None:
    """The same in some lines."""
    for line in _lines(status):
        out.write(safe(line) + "\n")


def _lines(status: Status) -> Sequence[str]:
    seen, rollout = status.look, status.look.rollout
    return [
        *_standing(status),
        "",
        *_arms(status),
        "",
        f"  {'guardrail':<23}{'limit':<35}{'if it trips':<13}{'now':>9}   interval",
        *_guardrails(rollout.guardrails, seen.results),
        *([""] if seen.health else ()),
        *(
            f"  {_MARKS[result.state]} {name_of(result.metric):<21}{_safe(result.why) or health_words(result)}"
            for result in seen.health
        ),
        *_since_the_switch(status.after),
        "",
        "  events",
        *(f"    {_event(event, seen.at)}" for event in status.events[:EVENTS_SHOWN]),
    ]


def _standing(status: Status) -> list[str]:
    """Where it stands, and what comes next."""
    seen, rollout = status.look, status.look.rollout
    left = left_steps(status.events)
    ladder = [_step(rollout, number, left) for number in range(len(rollout.steps))]
    lines = [
        f"{rollout.name}: {rollout.state.value.replace('-', ' ')}, {rollout.percentage:g} % of the conversations on "
        f"{rollout.candidate} {status.versions['candidate']}, for {duration(_seconds_since(status.since, seen.at))}",
        "  " + "  ".join(ladder),
    ]
    going = rollout.state in (RolloutState.RUNNING, RolloutState.SHADOW)
    if not going:
        # What brought it here may be hours old, and other events may stand before it.
        lines += [f"  {_event(event, seen.at)}" for event in status.events if event.revision == rollout.revision][-1:]
    if going or rollout.state is RolloutState.HELD:
        after = step_name(rollout.next) if rollout.next is not None else "to complete it"
        if seen.ready:
            by = "the monitor takes it" if rollout.auto_advance else "`rollout advance` takes it"
            lines.append(f"  ready for the next step, {after}: {by}")
        else:
            lines.append(f"  next is {after}; what stands in the way:")
            lines += [f"    {_safe(blocker)}" for blocker in seen.blockers]
    elif rollout.state is RolloutState.COMPLETE:
        lines.append("  still watched; `rollout rollback` puts everything back on the baseline")
    if seen.uncounted:
        lines.append(f"  ! what came in last is not counted: {_safe(seen.uncounted)}")
    if not status.watched and rollout.state.live:
        lines.append("  ! no monitor is watching, so nothing rolls back by itself: `monitor` starts one")
    return lines


def _step(rollout: Rollout, number: int, left: Mapping[int, Left]) -> str:
    """`✓ 1 %`, `~ 5 % (20 s of 24 h)`."""
    step = rollout.steps[number]
    short = short_words(step, left.get(number)) if is_past(rollout, number) else ""
    return f"{MARKS[step_state(rollout, number, left)]} {step_name(step)}{f' ({short})' if short else ''}"


def _arms(status: Status) -> list[str]:
    arms = [status.look.arms["baseline"], status.look.arms["candidate"]]
    models = [safe_line(f"{status.models[arm]} {status.versions[arm]}", 26) for arm in ("baseline", "candidate")]
    when = "in the present step" if status.look.rollout.state.live else "in its last step"
    lines = [
        f"  {'':<23}{'baseline':>28}{'candidate':>28}",
        f"  {when:<23}{models[0]:>28}{models[1]:>28}",
    ]
    for name, cells in (
        ("calls", [f"{arm.requests:,}" for arm in arms]),
        ("conversations", [f"{arm.conversations:,}" for arm in arms]),
        *((name_of(metric), [_told(metric, arm) for arm in arms]) for metric in _known(arms)),
        ("latency p95", [time_words(arm.latency_p95_ms) for arm in arms]),
    ):
        lines.append(f"  {safe_line(name, 22):<23}{cells[0]:>28}{cells[1]:>28}")
    return lines


def _known(arms: Sequence[ArmFigures]) -> list[str]:
    """The metrics of either arm, in a fixed order."""
    names = {name for arm in arms for name in arm.measures} - {"client-errors", LOOKED}
    return [name for name in NAMES if name in names] + sorted(names - set(NAMES))


def _told(metric: str, arm: ArmFigures) -> str:
    measure = arm.measures.get(metric)
    if measure is None or measure.mean is None:
        return UNKNOWN
    back = math.exp if metric in _LOGS else float
    value, found = back(measure.mean), interval(metric, measure)
    mean = figure_words(metric, value)
    if found is None:
        return mean
    low, high = (figure_words(metric, back(end), like=value) for end in (found.low, found.high))
    return f"{mean} ({low.split()[0]} … {high.split()[0]})"


def _guardrails(rules: Sequence[GuardrailRule], results: Sequence[GuardrailResult]) -> list[str]:
    stated = {(rule.metric, rule.limit, rule.action): rule for rule in rules}
    lines = []
    for result in results:
        limit = limit_words(stated[result.metric, result.limit, result.action])
        head = f"  {_MARKS[result.state]} {name_of(result.metric):<21}{limit:<35}{action_words(result.action):<13}"
        now = harm_words(result.metric, result.estimate)
        figures = "" if result.estimate is None else f"{now:>9}   {range_words(result):<17}"
        lines.append(f"{head}{figures}{'  ' if figures and result.why else ''}{_safe(result.why)}".rstrip())
    return lines


def _since_the_switch(after: Sequence[BeforeAndAfter]) -> list[str]:
    if not after:
        return []
    return [
        "",
        f"  {'since the switch':<23}{'seven days before':>20}{'since':>12}{'change':>12}",
        *(
            f"  {name_of(found.metric):<23}{figure_words(found.metric, found.before):>20}"
            f"{figure_words(found.metric, found.after):>12}{harm_words(found.metric, found.worse_by):>12}"
            for found in after
        ),
    ]


def _event(event: RolloutEvent, now: datetime) -> str:
    who, why = safe_line(event.who, 40), _safe(event.why)
    what = happened_words(event.kind, event.percentage)
    return f"{duration(_seconds_since(event.at, now)):>8} ago  {what}, by {who}{f': {why}' if why else ''}"


def _safe(why: str) -> str:
    return safe_line(named(why), 2_000)


def _seconds_since(at: datetime, now: datetime) -> float:
    return max(1.0, (now - at).total_seconds())
