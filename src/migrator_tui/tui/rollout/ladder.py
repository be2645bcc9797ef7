"""The ladder: which step it is at, how long it has been held, and what happens next."""

from collections.abc import Mapping
from datetime import datetime

from textual.content import Content

from migrator_tui.history.rollout_records import EventKind, Rollout, RolloutState
from migrator_tui.rollout.plan import duration, step_name
from migrator_tui.rollout.walked import Left, held_share, is_past, left_steps, short_words, step_state
from migrator_tui.rollout.words import NAMES, figure_words, named
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.rollout.reading import Seen
from migrator_tui.tui.rollout.words import clock_words, next_name, percentage, state_look, who_words
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES, chip

NARROWEST_BARS = 110
"""Cells from which on steps have bars and times under them."""
READY = "held long enough, enough calls, nothing tripped"
FINAL = (RolloutState.ROLLED_BACK, RolloutState.ENDED)


def ladder_title(seen: Seen, model: str, glyphs: Glyphs) -> Content:
    """`Rollout triage   ● 5 % on claude-sonnet-5 v4`."""
    rollout = seen.rollout
    sign, words, role = state_look(rollout, glyphs, ready=seen.look.ready)
    words = f"{sign} {words}"
    head = Content.assemble(("Rollout", STRONG), (f" {safe_line(rollout.name, 40)}   ", MUTED))
    state = Content.styled(words, MUTED) if role == "muted" else chip(glyphs.fit(words), role)
    return Content.assemble(head, state, (f" {model} {seen.label} ", MUTED))


def ladder_bottom(seen: Seen, baseline: str, glyphs: Glyphs) -> Content:
    """That the old model stays behind; or that nobody watches, where that is so."""
    if seen.rollout.state in FINAL:
        return Content.styled(f"all traffic is on {baseline}", MUTED)
    if not seen.watched:
        words = f"{glyphs.warning} nobody watches: nothing rolls back by itself {glyphs.dot} migrator-tui monitor"
        return Content.styled(glyphs.fit(words), STYLES["warning"])
    back = seen.rollout.hold_back
    kept = f" {glyphs.dot} {percentage(back)} stay on it to the end" if back else ""
    return Content.styled(f"fallback {baseline} stays warm{kept}", MUTED)


def ladder_lines(seen: Seen, author: str, glyphs: Glyphs, width: int, *, rows: int) -> Content:
    """The steps, the times they are held, and what follows, in so many rows."""
    lines = _bars(seen, glyphs, width) if width >= NARROWEST_BARS else [_names(seen, glyphs)]
    room = width - 4
    told: list[Content] = []
    for line in _following(seen, author, glyphs):
        wrapped = line.wrap(room)
        told += [Content("  ") + part for part in wrapped]
    left = rows - len(lines)
    if len(told) > left > 0:
        told = [*told[: left - 1], told[left - 1].truncate(room, ellipsis=True, pad=False)]
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in [*lines, *told])


def _sign(rollout: Rollout, number: int, left: Mapping[int, Left], glyphs: Glyphs) -> tuple[str, str]:
    """The sign of a step and its colour role."""
    return {
        "done": (glyphs.passed, "success"),
        "against-advice": (glyphs.drift, "warning"),
        "here": (glyphs.now, "primary"),
        "held": (glyphs.warning, "warning"),
        "rolled-back": (glyphs.failed, "error"),
        "ended": (glyphs.dot, "muted"),
        "to-come": (glyphs.to_judge, "muted"),
    }[step_state(rollout, number, left)]


def _names(seen: Seen, glyphs: Glyphs) -> Content:
    rollout, left = seen.rollout, left_steps(seen.events)
    parts: list[Content | str] = ["  "]
    for number, step in enumerate(rollout.steps):
        sign, role = _sign(rollout, number, left, glyphs)
        here = number == rollout.step
        style = f"bold {STYLES[role]}" if here else STYLES[role]
        parts += [
            Content.styled(f"{sign} ", STYLES[role]),
            Content.styled(step_name(step), style if here else MUTED),
            f" {glyphs.rest} " if number + 1 < len(rollout.steps) else "",
        ]
    return Content.assemble(*parts)


def _bars(seen: Seen, glyphs: Glyphs, width: int) -> list[Content]:
    """Two lines: steps with a bar that fills as they are held, and under each its time."""
    rollout, left = seen.rollout, left_steps(seen.events)
    count = len(rollout.steps)
    room = width - 2
    upper: list[Content] = [Content("  ")]
    lower: list[Content] = [Content("  ")]
    for number, step in enumerate(rollout.steps):
        cells = room // count + (1 if number < room % count else 0)
        sign, role = _sign(rollout, number, left, glyphs)
        here = number == rollout.step and rollout.state is not RolloutState.COMPLETE
        name = step_name(step)
        bar = max(0, cells - len(name) - 4) if number + 1 < count or here else 0
        past = is_past(rollout, number)
        full = int(bar * held_share(step, left.get(number))) if past else 0
        if here and rollout.state not in FINAL:
            full = int(bar * _held_share(seen))
        upper.append(
            Content.assemble(
                (f"{sign} ", STYLES[role]),
                (name, f"bold {STYLES[role]}" if here else MUTED if role == "muted" else STYLES["text"]),
                " ",
                (glyphs.done * full, STYLES["primary"]),
                (glyphs.rest * (bar - full), FAINT),
            ).truncate(cells, pad=True)
        )
        time = duration(step.hold_s) if step.hold_s else "no time"
        if here and rollout.state not in FINAL:
            time = f"{_held_words(seen)} of {time}" if seen.look.needs.hold_left_s else f"{time} held"
        elif past:
            time = short_words(step, left.get(number)) or time
        lower.append(Content.styled(f"  {time}", "" if here else FAINT).truncate(cells, pad=True))
    return [Content("").join(upper), Content("").join(lower)]


def _held_share(seen: Seen) -> float:
    hold = seen.rollout.present.hold_s
    return 1.0 if hold <= 0 else min(1.0, max(0.0, 1 - seen.look.needs.hold_left_s / hold))


def _held_words(seen: Seen) -> str:
    return duration(max(0.0, seen.rollout.present.hold_s - seen.look.needs.hold_left_s))


def _following(seen: Seen, author: str, glyphs: Glyphs) -> list[Content]:
    """What happens next, or what happened last."""
    rollout, now = seen.rollout, seen.at
    match rollout.state:
        case RolloutState.ROLLED_BACK:
            return _last(seen, EventKind.ROLLED_BACK, "rolled back", "error", author, now, "> starts another one")
        case RolloutState.ENDED:
            return _last(seen, EventKind.ENDED, "ended", "muted", author, now, "> starts another one")
        case RolloutState.HELD:
            return _last(seen, EventKind.HELD, "held", "warning", author, now, "space goes on, B rolls back")
        case RolloutState.COMPLETE:
            return [_complete(seen, glyphs)]
        case _:
            return _going(seen, glyphs)


def _last(seen: Seen, kind: EventKind, word: str, role: str, author: str, now: datetime, keys: str) -> list[Content]:
    event = next((each for each in seen.events if each.kind is kind), None)
    if event is None:
        return [Content.styled(keys, MUTED)]
    who = f"{word} by {who_words(event.who, author)}, {clock_words(event.at, now)}"
    return [
        Content.assemble((f"{who}   ", f"bold {STYLES[role]}"), (keys, MUTED)),
        Content.styled(safe_line(named(event.why), 400), STYLES["text"]),
    ]


def _complete(seen: Seen, glyphs: Glyphs) -> Content:
    rollout = seen.rollout
    back = rollout.hold_back
    kept = f"; {percentage(back)} stay on the baseline to compare with" if back else "; nothing is held back"
    told = [f"complete: {percentage(rollout.percentage)} on the candidate{kept}"]
    for found in seen.since_switch:
        before, after = (figure_words(found.metric, value) for value in (found.before, found.after))
        told.append(f"{NAMES[found.metric]} {before} before the switch, {after} since")
    return Content.styled(glyphs.fit(f" {glyphs.dot} ".join(told)), STYLES["text"])


def _going(seen: Seen, glyphs: Glyphs) -> list[Content]:
    rollout, look = seen.rollout, seen.look
    name = next_name(rollout)
    if look.ready:
        if rollout.auto_advance:
            return [Content.styled(f"next: {name}, by itself: {READY}", MUTED)]
        words = Content.styled(f"  {READY}", MUTED)
        return [chip(f"{glyphs.to_judge} > takes {name}", "warning") + words]
    until = f" from {clock_words(look.needs.until, seen.at)}" if look.needs.hold_left_s else ""
    by = "by itself" if rollout.auto_advance else "you take it"
    needs = look.needs
    sample = f" and both arms have {needs.min_sample:,} calls"
    have = [f"candidate {needs.candidate:,}"] if needs.candidate < needs.min_sample else []
    if needs.baseline is None:
        sample = f" and the candidate has {needs.min_sample:,} calls"
    elif needs.baseline < needs.min_sample:
        have.append(f"baseline {needs.baseline:,}")
    again = f" since {clock_words(rollout.since, seen.at)}" if _came_back(seen) else ""
    lacking = f"{sample}{again} ({', '.join(have)})" if have else ""
    lines = [
        Content.assemble(
            ("next: ", MUTED), (name, STRONG), (f"{until} if nothing trips{lacking}; {by}", STYLES["text"])
        )
    ]
    reasons = list(look.decision.reasons)
    if reasons:
        more = f" {glyphs.dot} and {len(reasons) - 1} more below" if len(reasons) > 1 else ""
        waits = glyphs.fit(f"waits for {safe_line(named(reasons[0]), 200)}{more}")
        lines.append(Content.styled(waits, STYLES["warning" if _tripped(seen) else "muted"]))
    return lines


def _came_back(seen: Seen) -> bool:
    """It was at this step before: the calls of that time don't count for the next one."""
    return any(stage.step == seen.rollout.step and stage.since < seen.rollout.since for stage in seen.look.stages)


def _tripped(seen: Seen) -> bool:
    return any(result.state == "tripped" for result in (*seen.look.results, *seen.look.health))
