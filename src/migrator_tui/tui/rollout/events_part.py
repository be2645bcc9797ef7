"""What happened to a rollout, newest first, and the calls of the candidate that went worst."""

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from migrator_tui.history.rollout_records import RolloutEvent, Sample
from migrator_tui.rollout.failed_calls import troubles
from migrator_tui.rollout.words import named, time_words
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.rollout.reading import Listed, Seen
from migrator_tui.tui.rollout.words import call_words, clock_words, event_look, who_words
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.modal import Sheet
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow

WHAT, WRONG, TOOK = 19, 24, 9


def events_part(seen: Seen, author: str, glyphs: Glyphs) -> Filled:
    """A row an event."""
    times = [clock_words(event.at, seen.at) for event in seen.events]
    cells = max((len(time) for time in times), default=0) + 1
    what = max((len(event_look(event, glyphs)[1]) for event in seen.events), default=0) + 1
    columns = cells, max(WHAT, what)
    rows = [_event_row(event, time, columns, author, glyphs) for event, time in zip(seen.events, times, strict=True)]
    taken = Content.styled(f"looked at {seen.at.astimezone():%H:%M:%S}", MUTED)
    return Filled(heading("Events", f"{len(rows):,}"), rows, None, taken)


def _event_row(event: RolloutEvent, when: str, columns: tuple[int, int], author: str, glyphs: Glyphs) -> ListRow:
    sign, words, role = event_look(event, glyphs)
    cells, what = columns
    why = f"by {who_words(event.who, author)}" + (f": {named(event.why)}" if event.why else "")

    def draw(width: int, selected: bool) -> Content:
        return Content.assemble(
            mark(selected, glyphs),
            cell(when, cells, "muted", right=True),
            (f"{sign} ", STYLES[role]),
            cell(words, what, role if role in ("error", "warning") else "text"),
            cell(glyphs.fit(safe_line(why, 300)), max(10, width - cells - what - 4), "muted"),
        )

    return ListRow(f"e:{event.id}", draw)


def event_sheet(event: RolloutEvent, author: str, glyphs: Glyphs) -> Sheet:
    """An event with all of its reason."""
    sign, words, role = event_look(event, glyphs)
    lines = [
        Content.styled(f"{sign} {words}", f"bold {STYLES[role]}"),
        Content.styled(f"{event.at.astimezone():%Y-%m-%d %H:%M:%S}, by {who_words(event.who, author)}", MUTED),
        Content(""),
        Content(safe(named(event.why)) or "no reason given"),
    ]
    return Sheet("Event", Content("\n").join(lines))


def calls_part(listed: Listed, now: datetime, glyphs: Glyphs, *, held: bool) -> Filled:
    """The worst of the candidate's last calls; those whose input was kept can become cases.

    `held`: there are newer ones, which wait until the cursor is elsewhere.
    """
    calls = listed.calls
    kept = sum(call.input is not None for call in calls)
    bad = sum(bool(troubles(call)) for call in calls)
    rows = [_call_row(call, listed.asked.get(call.traffic_id), now, glyphs) for call in calls]
    none = (
        "Of its last calls none failed, led to a complaint or took long." if listed.any_came else "None came in yet."
    )
    rows = rows or [text_row(none)]
    since = f" {glyphs.dot} as of {listed.at.astimezone():%H:%M:%S}" if held else ""
    of_them = "enter makes cases of them" if kept == len(calls) else "inputs that were kept on top: enter makes cases"
    bottom = of_them if kept else "no input was kept: [rollout] sample_answers keeps some"
    counts = [f"{n:,} {word}" for n, word in ((bad, "went wrong"), (len(calls) - bad, "slow")) if n]
    title = heading("The candidate's worst calls", ", ".join(counts) if counts or not listed.any_came else "none")
    return Filled(title, rows, None, Content.styled(bottom + since if calls else "", MUTED))


def _call_row(call: Sample, asked: str | None, now: datetime, glyphs: Glyphs) -> ListRow:
    words, role = call_words(call)
    sign = glyphs.failed if role == "error" else glyphs.warning if role == "warning" else glyphs.dot
    took = time_words(call.latency_ms) if call.latency_ms is not None else ""
    said = safe_line(asked, 200) if asked is not None else "input not kept"

    def draw(width: int, selected: bool) -> Content:
        wrong = WRONG if width >= 70 else 18
        room = max(8, width - 2 - 7 - 2 - wrong - TOOK)
        return Content.assemble(
            mark(selected, glyphs),
            cell(clock_words(call.at, now)[-5:], 7, "muted"),
            (f"{sign} ", STYLES[role]),
            cell(words, wrong, role if role != "muted" else "text"),
            cell(took, TOOK, "muted", right=True),
            cell(said, room, "text" if asked is not None else "faint"),
        )

    return ListRow(f"c:{call.traffic_id}", draw)


def call_sheet(call: Sample, glyphs: Glyphs, why_no_case: str) -> Sheet:
    """A call that cannot become a case, with what is known of it."""
    words, role = call_words(call)
    lines = [
        Content.styled(words, f"bold {STYLES[role]}"),
        Content.styled(f"{call.at.astimezone():%Y-%m-%d %H:%M:%S}   {safe_line(call.request_id, 80)}", MUTED),
        Content(""),
        Content.styled(glyphs.fit(why_no_case), STRONG),
    ]
    return Sheet("Call", Content("\n").join(lines))


def chosen_call(calls: Sequence[Sample], key: str | None) -> Sample | None:
    """The call of a row."""
    return next((call for call in calls if f"c:{call.traffic_id}" == key), None)
