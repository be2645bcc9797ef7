"""What came of a rehearsal, in the forms that others read: JSON, and a few lines for a terminal."""

from typing import Any, TextIO

from migrator_tui.rollout.rehearsing.drill import trouble_words
from migrator_tui.rollout.rehearsing.outcome import Rehearsal, Side
from migrator_tui.rollout.values import EventKind
from migrator_tui.rollout.words import UNKNOWN
from migrator_tui.text_safety import safe, safe_line

ARMS = ("baseline", "candidate")
_SHOWN = (EventKind.READY, EventKind.WARNED, EventKind.HELD, EventKind.ADVANCED, EventKind.ROLLED_BACK)


def rehearsal_json(done: Rehearsal) -> dict[str, Any]:
    """Everything that was seen. Times are seconds after the first call; what did not happen is null."""
    rollout, back = done.rollout, done.rolled_back
    return {
        "task": rollout.task,
        "candidate": rollout.candidate,
        "version": done.version,
        "began": done.began.isoformat(),
        "rate": done.drill.rate,
        "seconds": done.drill.seconds,
        "calls": len(done.answered),
        "arms": {arm: _side_json(done.side(arm)) for arm in ARMS},
        "errors": len(done.errors),
        "feedback_refused": len(done.untold),
        "moved": done.moved,
        "trouble": list(done.drill.troubles),
        "trouble_at_s": done.drill.trouble_after if done.drill.troubles else None,
        "rolled_back_at_s": None if back is None else round(done.seconds(back), 2),
        "rolled_back_after_s": None if done.rolled_back_after_s is None else round(done.rolled_back_after_s, 2),
        "held_at_s": None if done.held is None else round(done.seconds(done.held), 2),
        "asked_to_advance_at_s": None if done.asked is None else round(done.seconds(done.asked), 2),
        "state": rollout.state.value,
        "percentage": rollout.percentage,
        "blockers": list(done.blockers),
        "events": [
            {"at_s": round(done.seconds(event), 2), "kind": event.kind.value, "who": event.who, "why": event.why}
            for event in done.events
        ],
        "complete": done.complete,
        "wrong": list(done.wrong),
    }


def _side_json(side: Side) -> dict[str, Any]:
    return {
        "calls": side.calls,
        "conversations": side.conversations,
        "rescued": side.rescued,
        "errors": side.errors,
        "latency_p50_ms": side.latency_p50_ms,
        "latency_p95_ms": side.latency_p95_ms,
    }


def print_rehearsal(done: Rehearsal, out: TextIO) -> None:
    """The same in some lines."""
    rollout, drill = done.rollout, done.drill
    sides = [done.side(arm) for arm in ARMS]
    lines = [
        f"{rollout.task}: rehearsed with {rollout.candidate} {done.version}, {len(done.answered):,} calls "
        f"at {drill.rate:g} a second",
        "",
        f"  {'':<24}{'baseline':>12}{'candidate':>12}",
    ]
    for name, cells in (
        ("calls", [f"{side.calls:,}" for side in sides]),
        ("conversations", [f"{side.conversations:,}" for side in sides]),
        ("answered by the other", [f"{side.rescued:,}" for side in sides]),
        ("errors at applications", [f"{side.errors:,}" for side in sides]),
        ("latency p50", [_ms(side.latency_p50_ms) for side in sides]),
        ("latency p95", [_ms(side.latency_p95_ms) for side in sides]),
    ):
        lines.append(f"  {name:<24}{cells[0]:>12}{cells[1]:>12}")
    happened = [
        (done.seconds(event), f"{event.kind.value}: {safe_line(event.why, 300)}")
        for event in done.events
        if event.kind in _SHOWN
    ]
    if drill.troubles:
        happened.append((drill.trouble_after, f"trouble: {trouble_words(done.drill)}"))
    if happened:
        lines += ["", *(f"  {at:6.1f} s  {what}" for at, what in sorted(happened))]
    if done.rolled_back_after_s is not None and done.rolled_back_after_s >= 0:
        lines += ["", f"  rolled back {done.rolled_back_after_s:.1f} s after the trouble began"]
    elif rollout.state.live and done.blockers:
        lines += ["", "  the next step still needs:", *(f"    {safe_line(each, 300)}" for each in done.blockers)]
    fine = "✓ everything was as it should be" if done.complete else f"~ not finished: {safe_line(done.ended, 300)}"
    lines += ["", *([f"✗ {safe_line(each, 400)}" for each in done.wrong] or [fine])]
    for line in lines:
        out.write(safe(line) + "\n")


def _ms(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value / 1000:.2f} s"
