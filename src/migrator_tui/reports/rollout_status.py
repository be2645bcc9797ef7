"""Where a rollout stands, in the forms that others read: JSON, and a few lines for a terminal."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TextIO

from migrator_tui.history.rollout_records import Lease
from migrator_tui.rollout.figures import SHARES, BeforeAndAfter, Look, interval
from migrator_tui.rollout.plan import duration, step_name
from migrator_tui.rollout.values import ArmFigures, GuardrailResult, RolloutEvent, RolloutState
from migrator_tui.text_safety import safe, safe_line

_LOGS = ("latency", "first-token")
_MARKS = {"ok": "✓", "near": "!", "tripped": "✗", "inconclusive": "~"}
_POINTS = (*SHARES, "sample-ratio", "unkeyed")
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
    seen, rollout = status.look, status.look.rollout
    return {
        "name": rollout.name,
        "task": rollout.task,
        "candidate": rollout.candidate,
        "state": rollout.state.value,
        "ready": seen.ready,
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
        "events": [
            {
                "at": event.at.isoformat(),
                "kind": event.kind.value,
                "who": event.who,
                "why": event.why,
                "step": event.step,
                "percentage": event.percentage,
                "revision": event.revision,
            }
            for event in status.events
        ],
        "monitor": {
            "watching": status.watched,
            "looked_at": None
            if status.lease is None or status.lease.looked_at is None
            else status.lease.looked_at.isoformat(),
        },
    }


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
        "last_at": None if figures.last_at is None else figures.last_at.isoformat(),
    }


def _guardrail(result: GuardrailResult) -> dict[str, Any]:
    return {
        "metric": result.metric,
        "estimate": result.estimate,
        "low": result.low,
        "high": result.high,
        "limit": result.limit,
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
    ladder = [
        f"{'✓' if n < rollout.step else '●' if n == rollout.step else '○'} {step_name(step)}"
        for n, step in enumerate(rollout.steps)
    ]
    now = seen.at
    lines = [
        f"{rollout.name}: {rollout.state.value} at {rollout.percentage:g} % on {rollout.candidate} "
        f"{status.versions['candidate']}, since {_ago(status.since, now)}",
        "  " + "  ".join(ladder),
    ]
    if rollout.state in (RolloutState.RUNNING, RolloutState.SHADOW, RolloutState.HELD):
        after = step_name(rollout.next) if rollout.next is not None else "complete"
        if seen.ready:
            lines.append(f"  ready for the next step, {after}: `rollout advance` takes it")
        else:
            lines.append(f"  next: {after}, and until then:")
            lines += [f"    {safe_line(blocker, 300)}" for blocker in seen.blockers]
    if not status.watched and rollout.state.live:
        lines.append("  ! no monitor is watching, so nothing rolls back by itself: `monitor` starts one")
    lines += ["", f"  {'':<16}{'baseline':>25}{'candidate':>25}"]
    arms = [seen.arms["baseline"], seen.arms["candidate"]]
    for name, cells in (
        ("calls", [f"{arm.requests:,}" for arm in arms]),
        ("conversations", [f"{arm.conversations:,}" for arm in arms]),
        *((metric, [_told(metric, arm) for arm in arms]) for metric in _known(arms)),
        ("latency p95", [_ms(arm.latency_p95_ms) for arm in arms]),
    ):
        lines.append(f"  {name:<16}{cells[0]:>25}{cells[1]:>25}")
    lines += ["", f"  {'guardrail':<18}{'limit':>8}{'now':>10}{'interval':>20}   if it trips"]
    lines += [_guardrail_line(result) for result in (*seen.results, *seen.health)]
    if status.after:
        lines += ["", "  since the switch, against the days before"]
        lines += [f"    {found.metric:<16}{_signed(found.metric, found.worse_by):>10}" for found in status.after]
    lines += ["", "  events"]
    for event in status.events[:EVENTS_SHOWN]:
        what = f"{event.kind.value} by {safe_line(event.who, 40)}"
        lines.append(f"    {_ago(event.at, now):>12}  {what}: {safe_line(event.why, 300)}")
    return lines


def _known(arms: Sequence[ArmFigures]) -> list[str]:
    """The metrics of either arm, in a fixed order."""
    order = (
        "failures",
        "fallbacks",
        "escalations",
        "thumbs-down",
        "check-pass-rate",
        "latency",
        "first-token",
        "cost",
    )
    names = {name for arm in arms for name in arm.measures} - {"client-errors"}
    return [name for name in order if name in names] + sorted(names - set(order))


def _told(metric: str, arm: ArmFigures) -> str:
    measure = arm.measures.get(metric)
    if measure is None or measure.mean is None:
        return "–"
    found = interval(metric, measure)
    if metric in _LOGS:
        return _ms(math.exp(measure.mean))
    if metric == "cost":
        return f"${measure.mean:.4g}"
    if metric in SHARES or metric.startswith("drift:"):
        around = f" ({found.low:.1%} … {found.high:.1%})" if found is not None else ""
        return f"{measure.mean:.1%}{around}"
    return f"{measure.mean:.3g}"


def _guardrail_line(result: GuardrailResult) -> str:
    def told(value: float | None) -> str:
        return "–" if value is None else _signed(result.metric, value)

    around = f"{told(result.low)} … {told(result.high)}" if result.low is not None else "–"
    limit = _signed(result.metric, result.limit)
    what = f"  {safe_line(result.why, 200)}" if result.why else ""
    return (
        f"  {_MARKS[result.state]} {result.metric:<16}{limit:>8}{told(result.estimate):>10}{around:>20}   "
        f"{result.action}{what}"
    )


def _signed(metric: str, value: float) -> str:
    if metric == "no-traffic":
        return duration(value)
    if metric in _POINTS or metric == "tripwire":
        return f"{100 * value:+.1f} pt" if metric not in ("sample-ratio", "unkeyed", "tripwire") else f"{value:.3g}"
    return f"{100 * value:+.0f} %"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value / 1000:.2f} s"


def _ago(at: datetime, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    return f"{duration(seconds)} ago" if seconds >= 1 else "now"
