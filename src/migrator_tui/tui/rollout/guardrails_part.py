"""The guardrails: each limit, how much of it is used, and what happens where it trips. Rows keep their order."""

from collections.abc import Sequence

from textual.content import Content

from migrator_tui.history.rollout_records import Measure, RolloutState
from migrator_tui.project.rollout_settings import GuardrailRule
from migrator_tui.rollout.guardrails import error, merged, waits
from migrator_tui.rollout.values import GuardrailResult
from migrator_tui.rollout.words import (
    MEASURED,
    NAMES,
    TRIPWIRE,
    UNKNOWN,
    action_words,
    harm_words,
    health_words,
    limit_words,
    range_words,
    short_limit,
)
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.rollout.reading import Seen
from migrator_tui.tui.rollout.words import clock_words
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES, chip
from migrator_tui.tui.widgets.modal import Sheet
from migrator_tui.tui.widgets.parts import Filled, cell, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow

MARKS, NOW, RANGE, SEEN, USED = 4, 10, 17, 15, 6
"""Cells of the columns; name and limit are wider where there is room, and the bar takes what is left."""
WIDE, MEDIUM = 140, 100
INDENT = 6
STATES = {"ok": "no harm in sight", "near": "near its limit", "tripped": "tripped", "inconclusive": "can't tell yet"}


def sign_of(result: GuardrailResult, glyphs: Glyphs) -> tuple[str, str]:
    """The sign of its state and the colour role."""
    if result.state == "ok":
        return glyphs.passed, "success"
    if result.state == "near":
        return glyphs.warning, "warning"
    if result.state == "tripped":
        return glyphs.failed, "error"
    return (glyphs.drift, "warning") if waits(result) else (glyphs.dot, "muted")


def guardrails_part(seen: Seen, glyphs: Glyphs, room: int | None = None) -> Filled:
    """A row a guardrail, as the rollout has them, and one for the health of the comparison.

    `room`: cells of a line, where all that is known of each stands under it.
    """
    look = seen.look
    ruled = _paired(look.rollout.guardrails, look.results)
    rows: list[ListRow] = []
    for number, (rule, result) in enumerate(ruled):
        rows.append(_row(rule, result, number, glyphs))
        if room is not None:
            said = [result.why] if result.why and (result.estimate is not None or room < WIDE) else []
            rows += _below([*said, *_more(seen, rule, result)], room, glyphs)
    if look.health:
        rows.append(_health_row(look.health, glyphs))
        if room is not None:
            for each in look.health:
                rows += _below(
                    [f"{NAMES.get(each.metric, each.metric)}: {each.why or health_words(each)}"], room, glyphs
                )
    off = [result for result in look.health if result.state == "tripped"]
    return Filled(_title([*(each for _, each in ruled), *off], glyphs), rows, _heads, _bottom(seen, glyphs))


def _paired(
    rules: Sequence[GuardrailRule], results: Sequence[GuardrailResult]
) -> list[tuple[GuardrailRule, GuardrailResult]]:
    """Rules with what they say; the shadow step leaves some out."""
    said = {(result.metric, result.limit, result.action): result for result in results}
    found = [(rule, said.get((rule.metric, rule.limit, rule.action))) for rule in rules]
    return [(rule, result) for rule, result in found if result is not None]


def _title(results: Sequence[GuardrailResult], glyphs: Glyphs) -> Content:
    states = [result.state for result in results]
    tripped, near = (states.count(state) for state in ("tripped", "near"))
    # As often as the text status names one: two limits of a metric that wait for the same are one reason.
    open_ = len({(result.metric, result.why) for result in results if waits(result)})
    words, role = f"{glyphs.passed} none near its limit", "success"
    if tripped:
        words, role = f"{glyphs.failed} {tripped} tripped", "error"
    elif near:
        words, role = f"{glyphs.warning} {near} near {'its' if near == 1 else 'their'} limit", "warning"
    elif open_:
        words, role = f"{glyphs.drift} {open_} can't tell yet", "warning"
    state = Content.styled(words, STYLES["muted"]) if role == "success" else chip(words, role)
    return Content.assemble(("Guardrails", STRONG), "   ", state, " ")


def _bottom(seen: Seen, glyphs: Glyphs) -> Content:
    lease = seen.lease
    if seen.rollout.state in (RolloutState.ROLLED_BACK, RolloutState.ENDED):
        return Content("")
    if not seen.watched:
        last = f"; it looked last {clock_words(lease.looked_at, seen.at)}" if lease and lease.looked_at else ""
        if seen.look.uncounted:
            last = f", and new calls can't be counted: {safe_line(seen.look.uncounted, 80)}"
        return Content.styled(glyphs.fit(f"{glyphs.warning} no monitor runs{last}"), STYLES["warning"])
    assert lease is not None
    ago = (seen.at - lease.looked_at).total_seconds() if lease.looked_at else None
    looked = f"; the monitor looked {max(0, round(ago))} s ago" if ago is not None and ago < 3600 else ""
    return Content.styled(f"a guardrail acts by itself{looked}", MUTED)


def _names(room: int) -> tuple[int, int]:
    """Cells of a guardrail's name and of its limit, which is in short where there is less room."""
    return (17, 35) if room >= WIDE else (17, 9) if room >= MEDIUM else (15, 8)


def _figures(room: int) -> int:
    """Cells between a limit and what happens where it trips."""
    return room - MARKS - sum(_names(room)) - len(_then(room))


def _then(room: int) -> str:
    """The head over what happens; its cells are that column's."""
    return "if it trips" if room >= MEDIUM else "then".ljust(len("roll back"))


def _bar(room: int) -> int:
    columns = NOW + (RANGE if room >= MEDIUM else 0) + (SEEN if room >= WIDE else 0)
    return max(4, _figures(room) - columns - 1 - USED - 2)


def _heads(room: int) -> Content:
    name, limit = _names(room)
    line = f"{'':<{MARKS}}{'guardrail':<{name}}{'limit':<{limit}}{'now':>{NOW - 1}} "
    if room >= MEDIUM:
        line += f"{'interval':>{RANGE - 1}} "
    if room >= WIDE:
        line += f"{'sees harm from':>{SEEN - 1}} "
    return Content.styled(f"{line} {'used of the limit':<{_bar(room) + USED + 2}}{_then(room)}", MUTED)


def _row(rule: GuardrailRule, result: GuardrailResult, number: int, glyphs: Glyphs) -> ListRow:
    sign, role = sign_of(result, glyphs)
    loud = result.state in ("tripped", "near")
    name = NAMES.get(result.metric, result.metric)

    def draw(width: int, selected: bool) -> Content:
        name_cells, limit_cells = _names(width)
        limit = limit_words(rule) if width >= WIDE else short_limit(rule)
        head = [
            mark(selected, glyphs),
            Content.styled(f"{sign} ", STYLES[role]),
            cell(name, name_cells, role if loud else "text" if waits(result) else "muted", bold=loud),
            cell(glyphs.fit(limit), limit_cells, "muted"),
        ]
        action = Content.styled(action_words(result.action), STYLES["text"] if loud else MUTED)
        if result.estimate is None:
            why = cell(glyphs.fit(safe_line(result.why, 200)), _figures(width), "muted")
            return Content.assemble(*head, why, action)
        sees = result.smallest_harm
        return Content.assemble(
            *head,
            cell(glyphs.fit(harm_words(result.metric, result.estimate)), NOW, role if loud else "text", right=True),
            cell(glyphs.fit(range_words(result)), RANGE, "muted", right=True) if width >= MEDIUM else "",
            cell(glyphs.fit(_sees(result.metric, sees)), SEEN, "muted", right=True) if width >= WIDE else "",
            " ",
            used_bar(result, _bar(width), glyphs),
            "  ",
            action,
        )

    return ListRow(f"{number}:{result.metric}", draw)


def _more(seen: Seen, rule: GuardrailRule, result: GuardrailResult) -> list[str]:
    """What is measured, of how many, and with which error."""
    metric = rule.metric
    if metric == TRIPWIRE:
        return [MEASURED[metric], f"looks from {rule.min_sample:,} calls on"]
    old, new = _conversations(seen, metric)
    each = "" if metric == "fallbacks" else " each"
    return [
        MEASURED[metric],
        f"conversations: baseline {old:,}, candidate {new:,}; looks from {rule.min_sample:,}{each}",
        f"errs in {_error(seen, rule)} of rollouts at most",
        *([f"sees harm from {_sees(metric, result.smallest_harm)}"] if result.smallest_harm is not None else []),
    ]


def _conversations(seen: Seen, metric: str) -> tuple[int, int]:
    """Of how many conversations of each side something is known."""
    stages, nothing = merged(seen.look.stages), Measure()
    old, new = (
        sum(getattr(stage, arm).measures.get(metric, nothing).units for stage in stages)
        for arm in ("baseline", "candidate")
    )
    return int(old), int(new)


def _error(seen: Seen, rule: GuardrailRule) -> str:
    return f"{100 * error(seen.rollout.guardrails, rule.action):.2g} %"


def _below(words: Sequence[str], room: int, glyphs: Glyphs) -> list[ListRow]:
    """Lines under a row, broken between words."""
    text = glyphs.fit(safe_line(f" {glyphs.dot} ".join(words), 1_000))
    lines = Content(text).wrap(max(20, room - INDENT))
    return [text_row(line.plain.strip(), indent=INDENT) for line in lines]


def guardrail_sheet(seen: Seen, key: str, glyphs: Glyphs) -> Sheet | None:
    """All that the guardrail of a row says, which has no room in it; `None` where there is no such row any more."""
    look = seen.look
    if key == "health":
        lines = [_told(NAMES.get(each.metric, each.metric), each.why or health_words(each)) for each in look.health]
        return Sheet("Is the comparison sound?", Content("\n").join(lines))
    number, _, metric = key.partition(":")
    ruled = _paired(look.rollout.guardrails, look.results)
    found = ruled[int(number)] if int(number) < len(ruled) else None
    if found is None or found[0].metric != metric:
        return None
    rule, result = found
    sign, role = sign_of(result, glyphs)
    sees = _sees(metric, result.smallest_harm)
    lines = [
        Content.styled(f"{sign} {STATES[result.state]}", f"bold {STYLES[role]}"),
        Content(""),
        _told("limit", limit_words(rule)),
        _told("now", harm_words(metric, result.estimate)),
        _told("interval", range_words(result) or UNKNOWN),
        _told("of the limit", f"{result.used:.0%} used" if result.estimate is not None else UNKNOWN),
        _told("if it trips", action_words(rule.action)),
        _told("looks from", f"{rule.min_sample} {'calls' if metric == TRIPWIRE else 'conversations on each side'}"),
        _told("measured", MEASURED[metric]),
    ]
    if metric != TRIPWIRE:
        old, new = _conversations(seen, metric)
        lines += [
            _told("conversations", f"{old:,} of the baseline, {new:,} of the candidate"),
            _told("errs in", f"{_error(seen, rule)} of rollouts at most, however often it is looked at"),
        ]
    if sees:
        lines += [Content(""), Content(f"By now it would see harm from {sees} on; what is smaller could hide.")]
    if result.why:
        lines += [Content(""), Content(safe_line(result.why, 600))]
    return Sheet(f"Guardrail on {NAMES.get(metric, metric)}", Content("\n").join(lines))


def _told(name: str, words: str) -> Content:
    return Content.assemble((f"{name:<20}", MUTED), safe_line(words, 300))


def _sees(metric: str, harm: float | None) -> str:
    """The smallest harm that could be seen by now, whichever way harm lies."""
    return "" if harm is None else harm_words(metric, harm)


def used_bar(result: GuardrailResult, cells: int, glyphs: Glyphs) -> Content:
    """`━━━━──────────  27%`."""
    share = max(0.0, result.used)
    filled = min(cells, max(int(share > 0.005), int(share * cells + 0.5)))
    role = {"tripped": "error", "near": "warning", "inconclusive": "warning"}.get(result.state, "text")
    used = "over" if share >= 10 else f"{share:.0%}"
    return Content.assemble(
        (glyphs.done * filled, STYLES[role]),
        (glyphs.rest * (cells - filled), FAINT),
        (f"{used:>{USED}}", STYLES[role if role != "text" else "muted"]),
    )


def _health_row(health: Sequence[GuardrailResult], glyphs: Glyphs) -> ListRow:
    """Whether the comparison is sound: one row, whatever is wrong."""
    off = [result for result in health if result.state == "tripped"]
    near = [result for result in health if result.state == "near"]
    sign, role = (glyphs.failed, "error") if off else (glyphs.passed, "success")
    if near and not off:
        sign, role = glyphs.warning, "warning"
    words = "; ".join(result.why for result in off or near) or "shares as stated, conversations named, calls come in"

    def draw(width: int, selected: bool) -> Content:
        name_cells, limit_cells = _names(width)
        return Content.assemble(
            mark(selected, glyphs),
            (f"{sign} ", STYLES[role]),
            cell("sound traffic", name_cells, role if off else "muted", bold=bool(off)),
            cell(glyphs.fit(safe_line(words, 300)), limit_cells + _figures(width), "text" if off else "muted"),
            (action_words("hold"), MUTED),
        )

    return ListRow("health", draw)
