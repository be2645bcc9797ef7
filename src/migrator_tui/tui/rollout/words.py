"""What the rollout screen says: names, limits, figures, and how a rollout stands."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from migrator_tui.history.rollout_records import EventKind, Rollout, RolloutEvent, RolloutState, Sample
from migrator_tui.rollout.failed_calls import troubles
from migrator_tui.rollout.plan import step_name
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.rollout.reading import Brief
from migrator_tui.tui.widgets.tabs import TabNote


def model_words(model: str) -> str:
    """A model's name without its provider."""
    return safe_line(model.rsplit("/", maxsplit=1)[-1].removeprefix("simulated:"), 40)


def percentage(value: float) -> str:
    """`5 %`, `0.5 %`."""
    return f"{value:g} %"


def state_look(rollout: Rollout | None, glyphs: Glyphs, *, ready: bool = False) -> tuple[str, str, str]:
    """Sign, words and colour role of how it stands."""
    if rollout is None:
        return glyphs.to_judge, "not started", "muted"
    at = percentage(rollout.percentage)
    match rollout.state:
        case RolloutState.SHADOW:
            return (glyphs.to_judge, "shadow · ready", "warning") if ready else (glyphs.now, "shadow", "primary")
        case RolloutState.RUNNING:
            return (glyphs.to_judge, f"{at} · ready", "warning") if ready else (glyphs.now, at, "primary")
        case RolloutState.HELD:
            return glyphs.warning, f"{'shadow' if rollout.present.shadow else at} held", "warning"
        case RolloutState.ROLLED_BACK:
            return glyphs.failed, "rolled back", "error"
        case RolloutState.COMPLETE:
            return glyphs.passed, at, "success"
        case RolloutState.ENDED:
            return glyphs.dot, "ended", "muted"


def tab_note(brief: Brief | None, glyphs: Glyphs) -> TabNote | None:
    """What the tab says on every screen."""
    if brief is None:
        return None
    sign, words, role = state_look(brief.rollout, glyphs, ready=brief.ready)
    if brief.rollout is None:
        return TabNote(words)
    return TabNote(glyphs.fit(f"{sign} {words}"), sign, role)


def clock_words(at: datetime, now: datetime) -> str:
    """`13:02`, `yesterday`, `3 Nov`: as short as it can be told from now."""
    at, now = at.astimezone(), now.astimezone()
    if at.date() == now.date():
        return at.strftime("%H:%M")
    if at.date() in (now.date() - timedelta(days=1), now.date() + timedelta(days=1)):
        return f"{'yesterday' if at < now else 'tomorrow'} {at:%H:%M}"
    return f"{at.day} {at:%b %H:%M}"


def event_look(event: RolloutEvent, glyphs: Glyphs) -> tuple[str, str, str]:
    """Sign, words and colour role of what happened."""
    at = "shadow" if event.shadow else percentage(event.percentage)
    return {
        EventKind.STARTED: (glyphs.now, f"{at} started", "primary"),
        EventKind.ADVANCED: (glyphs.now, f"{at} started", "primary"),
        EventKind.STEPPED_BACK: (glyphs.back, f"back to {at}", "warning"),
        EventKind.HELD: (glyphs.warning, f"held at {at}", "warning"),
        EventKind.RESUMED: (glyphs.now, f"goes on at {at}", "primary"),
        EventKind.ROLLED_BACK: (glyphs.failed, "rolled back", "error"),
        EventKind.COMPLETED: (glyphs.passed, f"complete at {at}", "success"),
        EventKind.ENDED: (glyphs.dot, "ended", "muted"),
        EventKind.WARNED: (glyphs.warning, "watch this", "warning"),
        EventKind.READY: (glyphs.to_judge, f"ready at {at}", "warning"),
        # In short: what was said all the same begins in the same column as beside other events.
        EventKind.OVERRIDDEN: (glyphs.drift, f"{at} against advice", "warning"),
    }[event.kind]


def who_words(who: str, author: str) -> str:
    """`you`, `monitor`, or a name."""
    return "you" if who == author else safe_line(who, 30)


def call_words(call: Sample) -> tuple[str, str]:
    """What was wrong with a call, and its colour role."""
    found = troubles(call)
    if found == ["failed"]:
        return safe_line(call.error_class or "failed", 40), "error"
    if not found:
        return "slow", "muted"
    words = ", ".join(safe_line(name, 30).replace("-", " ") for name in found)
    return words, "error" if found[0] in ("escalated", "thumbs-down", "checks-fail") else "warning"


def next_name(rollout: Rollout) -> str:
    """What the next step is called."""
    return step_name(rollout.next) if rollout.next is not None else "complete"


def rollout_signs(g: Glyphs) -> Sequence[tuple[str, str, str]]:
    """What `?` explains: sign, words, colour role."""
    return (
        (g.now, "the step it is at", "primary"),
        (g.passed, "a step that is done; nothing in sight", "success"),
        (g.to_judge, "a later step; ready for the next one", "primary"),
        (g.warning, "near its limit; held", "warning"),
        (g.failed, "tripped; rolled back", "error"),
        (g.drift, "can't tell yet: waited for; a step against advice", "warning"),
        (g.dot, "can't tell, and is not waited for; nothing to go by", "muted"),
        (g.done + g.rest, "how much of the limit, or of the time, is used", "text"),
        ("▁▅", "the last hour, both arms on one scale, calls each on its own", "muted"),
    )
