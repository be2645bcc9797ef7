"""Money and time, drawn: what a call and a run may cost on each model, and how long each model is served."""

from datetime import date, timedelta

from textual.content import Content

from migrator_tui.preflight.dates import SOON_DAYS, Going, day, in_days
from migrator_tui.preflight.looking import Preflight
from migrator_tui.preflight.money import LONGER, Amount, Basis, Cost, dollars, total
from migrator_tui.project.schema import BASELINE
from migrator_tui.running.estimate import USUAL_ANSWER
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES

_WORDS = 22
"""Cells for the date and the days behind a line."""
_SHORTEST, _LONGEST = 120, 540
"""Days that the line of time spans."""


def costs_in_view(found: Preflight, task: str, candidate: str) -> tuple[Cost | None, Cost | None]:
    """The projections for the baseline and one candidate on one task."""
    of_task = {cost.model: cost for cost in found.costs if cost.task == task}
    return of_task.get(BASELINE), of_task.get(candidate)


def money_rows(found: Preflight, task: str, candidate: str, glyphs: Glyphs) -> Content:
    """Baseline beside candidate: a call, a run, and what the whole run takes."""
    old, new = costs_in_view(found, task, candidate)
    lines: list[Content] = [Content.styled(f"{'':<14}{'baseline':>20}{'candidate':>20}", MUTED)]
    for words, one in (("one call", True), ("this run", False)):
        cells = "".join(f"{_cell(cost, glyphs, one=one):>20}" for cost in (old, new))
        lines.append(Content.assemble((f"{words:<14}", STYLES["text"]), (cells, STRONG)))
    lines.append(Content.styled(_difference(old, new), MUTED))
    lines.append(Content.styled(glyphs.fit(_basis(new)), MUTED))
    return Content("\n").join(lines)


def run_words(found: Preflight, task: str, candidate: str, glyphs: Glyphs) -> str:
    """What running everything costs, in a few words; empty where a price is not known."""
    here = [cost for cost in found.costs if cost.task == task]
    amount = total(here, (BASELINE, candidate))
    return "" if amount is None else _amount(amount, glyphs)


def money_line(found: Preflight, task: str, candidate: str, glyphs: Glyphs) -> Content:
    """The same in one line, for narrow screens."""
    old, new = costs_in_view(found, task, candidate)
    sides = (("", old), (f" {glyphs.arrow} ", new))
    parts: list[tuple[str, str]] = [("  this run ", MUTED)]
    for before, cost in sides:
        parts += [(before, FAINT), (_cell(cost, glyphs, one=False), STRONG)]
    return Content.assemble(*parts, (", projected", MUTED))


def _cell(cost: Cost | None, glyphs: Glyphs, *, one: bool) -> str:
    if cost is None:
        return "unknown"
    if not cost.asked and not one:
        return "recorded"
    return _amount(cost.one if one else cost.run, glyphs)


def _amount(amount: Amount | None, glyphs: Glyphs) -> str:
    if amount is None:
        return "unknown"
    low, high = dollars(amount.low), dollars(amount.high)
    return low if low == high else f"{low} {glyphs.more} {high.removeprefix('$')}"


def _difference(old: Cost | None, new: Cost | None) -> str:
    if old is None or new is None or old.one is None or new.one is None or not old.one.high:
        return "the price of one of them is not known"
    low, high = new.one.low / old.one.low - 1 if old.one.low else 0.0, new.one.high / old.one.high - 1
    ends = sorted((low, high), key=abs) if low * high > 0 else sorted((low, high))
    words = ["less" if end < 0 else "more" for end in ends]
    if words[0] == words[1]:
        percents = dict.fromkeys(f"{abs(end):.0%}" for end in ends)
        return f"a call costs {' to '.join(percents)} {words[0]}"
    return f"a call costs from {abs(ends[0]):.0%} {words[0]} to {abs(ends[1]):.0%} {words[1]}"


def _basis(new: Cost | None) -> str:
    if new is None:
        return ""
    said = {
        Basis.MEASURED: "as measured on answers that are there",
        Basis.BASELINE: f"answers as long as the baseline's; ×{LONGER:g} is the top end",
        Basis.GUESSED: f"answers of {USUAL_ANSWER} tokens; ×{LONGER:g} is the top end",
    }[new.basis]
    return f"{said}\nwhat it reasons comes on top" if new.reasons else said


def time_rows(found: Preflight, candidate: str, width: int, rows: int, glyphs: Glyphs) -> Content:
    """A line for each model, from today to its end; baseline and the candidate in view first."""
    goings = sorted(found.going, key=lambda going: (going.name != BASELINE, going.name != candidate))
    room = rows - 1
    shown = goings if len(goings) <= room else goings[: room - 1]
    names = min(14, max((len(safe_line(going.name)) for going in shown), default=8))
    cells = max(8, width - names - 2 - _WORDS)
    days = [(when - found.today).days for going in shown if (when := going.on or going.hint) is not None]
    span = min(_LONGEST, max([_SHORTEST, *(round(1.15 * each) for each in days)]))
    lines = [_months(found.today, span, names, cells)]
    lines += [_bar(going, found.today, span, names, cells, glyphs) for going in shown]
    if len(shown) < len(goings):
        lines.append(Content.styled(f"{'':<{names}}  and {len(goings) - len(shown)} more models", MUTED))
    elif hinted := next((going for going in shown if going.hint is not None), None):
        words = f"?  of {safe_line(hinted.hint_model.rpartition('/')[2], 30)}, its newest dated one"
        lines.append(Content.styled(f"{'':<{names}}  {words}", MUTED))
    return Content("\n").join(lines[:rows])


def _months(today: date, span: int, names: int, cells: int) -> Content:
    """The first letters of months above the line, where there is room."""
    line = [" "] * cells
    first = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    free = 0
    while (first - today).days < span:
        at = round((first - today).days / span * cells)
        if free <= at <= cells - 3:
            line[at : at + 3] = f"{first:%b}"
            free = at + 4
        first = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return Content.styled(f"{'':<{names}}  {''.join(line)}", FAINT)


def _bar(going: Going, today: date, span: int, names: int, cells: int, glyphs: Glyphs) -> Content:
    name = (f"{safe_line(going.name, names):<{names}}  ", STYLES["text"])
    end = going.on or going.hint
    if end is None:
        return Content.assemble(name, (glyphs.rest * (cells - 1) + glyphs.arrow, FAINT), (" no date is known", MUTED))
    days = (end - today).days
    role = "error" if days < 0 else "warning" if days <= SOON_DAYS else "success"
    length = max(0, min(cells - 1, round(days / span * cells)))
    line, point = (glyphs.done, glyphs.now) if going.on is not None else (glyphs.fold, "?")
    words = f" {day(end)}" + (f", {days} days" if days > 0 else ", gone" if days < 0 else ", today")
    return Content.assemble(name, (line * length + point, STYLES[role]), (words, STYLES["text"]))


def time_line(found: Preflight, glyphs: Glyphs) -> Content:
    """The same in one line: who goes first."""
    known = sorted((end, going.name, going.on is None) for going in found.going if (end := going.on or going.hint))
    if not known:
        return Content.styled("  no date of retirement is known" if found.going else "", MUTED)
    end, name, guessed = known[0]
    left = end - found.today
    words = in_days(left.days) if left >= timedelta(0) else "retired"
    doubt = "?  (of its newest dated one)" if guessed else ""
    return Content.assemble(
        (f"  {safe_line(name, 14)} goes first: ", MUTED), (f"{day(end)}, {words}", STRONG), (doubt, MUTED)
    )
