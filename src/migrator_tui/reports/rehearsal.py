"""What came of a rehearsal, in the forms that others read: JSON, and a few lines for a terminal."""

from typing import Any, TextIO

from migrator_tui.rollout.rehearsing.drill import trouble_words
from migrator_tui.rollout.rehearsing.outcome import MONITOR, Rehearsal, Side
from migrator_tui.rollout.values import EventKind, RolloutEvent
from migrator_tui.rollout.words import UNKNOWN, named
from migrator_tui.text_safety import safe, safe_line

UNCHECKED = "(the answers themselves were not judged: none was sampled)"
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
        "planned": done.drill.calls,
        "not_sent": done.not_sent,
        "not_waited_for": done.not_waited_for,
        "arms": {arm: _side_json(done.side(arm)) for arm in ARMS},
        "no_known_side": {
            "calls": done.unsaid.calls,
            "conversations": done.unsaid.conversations,
            "errors": done.unsaid.errors,
        },
        "errors": len(done.errors),
        "feedback_refused": len(done.untold),
        "moved": done.moved,
        "trouble": list(done.drill.troubles),
        "trouble_at_s": done.drill.trouble_after if done.trouble_at is not None else None,
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
        "answers_a_second": round(done.answers_a_second, 2),
        "answers_judged": not done.unchecked,
        "complete": done.complete,
        "unfinished": done.unfinished or None,
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
    unsaid = done.unsaid
    lines = [
        f"{rollout.task}: rehearsed with {rollout.candidate} {done.version}, {_calls(done)} "
        f"at {drill.rate:g} a second",
        "",
        f"  {'':<24}{'baseline':>12}{'candidate':>12}" + (f"{'side unknown':>15}" if unsaid.calls else ""),
    ]
    for name, cells, other in (
        ("calls", [f"{side.calls:,}" for side in sides], f"{unsaid.calls:,}"),
        ("conversations", [f"{side.conversations:,}" for side in sides], f"{unsaid.conversations:,}"),
        ("answered by the other", [f"{side.rescued:,}" for side in sides], ""),
        ("errors at applications", [f"{side.errors:,}" for side in sides], f"{unsaid.errors:,}"),
        ("latency p50", [_ms(side.latency_p50_ms) for side in sides], ""),
        ("latency p95", [_ms(side.latency_p95_ms) for side in sides], ""),
    ):
        more = f"{other:>15}" if unsaid.calls else ""
        lines.append(f"  {name:<24}{cells[0]:>12}{cells[1]:>12}{more}".rstrip())
    happened = [(done.seconds(event), _happened(event)) for event in done.events if event.kind in _SHOWN]
    if done.trouble_at is not None:
        happened.append((drill.trouble_after, f"trouble: {trouble_words(done.drill)}"))
    if happened:
        lines += ["", *(f"  {at:6.1f} s  {what}" for at, what in sorted(happened))]
    if done.rolled_back_after_s is not None and done.rolled_back_after_s >= 0:
        lines += ["", f"  rolled back {done.rolled_back_after_s:.1f} s after the trouble began"]
    elif rollout.state.live and done.blockers:
        needs = [named(safe_line(each, 300)) for each in done.blockers]
        lines += ["", "  the next step still needs:", *(f"    {each}" for each in needs)]
    lines += ["", *_verdict(done)]
    for line in lines:
        out.write(safe(line) + "\n")


def _calls(done: Rehearsal) -> str:
    """`400 calls`, `310 of 400 calls (80 not sent: too many under way; 10 not waited for)`."""
    planned, over = done.drill.calls, len(done.answered)
    if planned == over:
        return f"{over:,} calls"
    why = [f"{done.not_sent:,} not sent: too many under way"] if done.not_sent else []
    why += [f"{done.not_waited_for:,} not waited for"] if done.not_waited_for else []
    unmade = planned - over - done.not_sent - done.not_waited_for
    why += [f"{unmade:,} not made any more"] if unmade > 0 else []
    return f"{over:,} of {planned:,} calls ({'; '.join(why)})"


def _happened(event: RolloutEvent) -> str:
    """What happened, in people's words; who did it where that was a person."""
    by = "" if event.who == MONITOR else f" by {safe_line(event.who, 40)}"
    return f"{event.kind.value.replace('-', ' ')}{by}: {named(safe_line(event.why, 300))}"


def _verdict(done: Rehearsal) -> list[str]:
    """Was all as it should be, and what was not judged at all."""
    lines = [f"✗ {safe_line(each, 400)}" for each in done.wrong]
    if not done.complete and (not lines or not done.ended):
        lines.append(f"~ {'not finished' if done.ended else 'undecided'}: {safe_line(done.unfinished, 300)}")
    elif not lines:
        lines.append("✓ everything was as it should be")
        lines += [f"! {done.too_fast}"] if done.too_fast else []
        lines += [f"  {UNCHECKED}"] if done.unchecked else []
    return lines


def _ms(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value / 1000:.2f} s"
