"""Pass rates with their intervals, and their difference against the margin."""

from textual.content import Content

from migrator_tui.parity.gate.words import allowance, signed
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.parity.statistics.values import Interval
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import UNKNOWN, many, p_words
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.interval_plot import (
    difference_scale,
    interval_line,
    legend_line,
    position_role,
    rate_scale,
    scale_line,
)
from migrator_tui.tui.widgets.parts import Draw, Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow

LABEL, RATE = 11, 9
"""Cells of the name and of the rate; the count takes what it needs."""


def rates_part(card: Scorecard, glyphs: Glyphs, *, full: bool) -> Filled:
    """Two rates on one scale, their difference on another one."""
    title = heading("Pass rate", f"with {card.rules.confidence * 100:g} % intervals, paired by case")
    if card.difference is None:
        rows = [text_row("No case is judged on both models yet."), text_row("enter shows those to judge")]
        return Filled(title, [*rows, _empty_row(glyphs)])
    rates = [rate for rate in (card.baseline.rate, card.new.rate) if rate is not None]
    left = 2 + LABEL + RATE + _count_cells(card)
    margin = -card.rules.margin
    others = [card.per_repeat] if full and card.per_repeat is not None else []

    def plain(draw: Draw) -> ListRow:
        return ListRow(None, lambda width, selected: Content(" " * left) + draw(_cells(width, left)))

    rows = [
        _rate_row("baseline", card.baseline.rate, card, left, glyphs),
        _rate_row("candidate", card.new.rate, card, left, glyphs),
        plain(lambda cells: scale_line(rate_scale(rates, cells), glyphs, signed=False)),
        _difference_row("difference", card.difference, [card.difference, *others], margin, left, glyphs),
    ]
    if others:
        rows.append(_difference_row("per run", others[0], [card.difference, *others], margin, left, glyphs))
    intervals = [card.difference, *others]
    words = f"{allowance(card.rules.margin)} allowed" if card.rules.margin else "none allowed"
    rows += [
        plain(lambda cells: scale_line(difference_scale(intervals, cells, margin=margin), glyphs, signed=True)),
        plain(lambda cells: legend_line(difference_scale(intervals, cells, margin=margin), glyphs, margin, words)),
    ]
    if full:
        rows += _details(card, glyphs)
    return Filled(title, rows, bottom=_bottom(card, glyphs))


def _cells(width: int, left: int) -> int:
    return max(10, width - left - 1)


def _count_cells(card: Scorecard) -> int:
    return 2 * len(f"{card.table.n:,}") + 3


def _rate_row(name: str, rate: Interval | None, card: Scorecard, left: int, glyphs: Glyphs) -> ListRow:
    is_new = name == "candidate"
    passed = card.table.both_pass + (card.table.fixes if is_new else card.table.regressions)
    rates = [each for each in (card.baseline.rate, card.new.rate) if each is not None]

    def draw(width: int, selected: bool) -> Content:
        scale = rate_scale(rates, _cells(width, left))
        role = "text" if is_new else "muted"
        return Content.assemble(
            mark(selected, glyphs),
            cell(name, LABEL, role, bold=is_new),
            cell(_percent(rate), RATE, role, bold=True, right=True),
            cell(f"{passed:,}/{card.table.n:,}", left - 2 - LABEL - RATE, "muted", right=True),
            interval_line(rate, scale, glyphs, role="primary" if is_new else "muted"),
        )

    return ListRow(name, draw)


def _difference_row(
    name: str, interval: Interval, shown: list[Interval], margin: float, left: int, glyphs: Glyphs
) -> ListRow:
    def draw(width: int, selected: bool) -> Content:
        scale = difference_scale(shown, _cells(width, left), margin=margin)
        value = glyphs.fit(signed(interval.estimate, margin))
        return Content.assemble(
            mark(selected, glyphs),
            cell(name, LABEL, "text"),
            cell(f"{value} pt", RATE, position_role(interval, margin), bold=True, right=True),
            " " * (left - 2 - LABEL - RATE),
            interval_line(interval, scale, glyphs, margin=margin, equal=0.0),
        )

    return ListRow(name, draw)


def _empty_row(glyphs: Glyphs) -> ListRow:
    return ListRow(
        "to-judge", lambda width, selected: mark(selected, glyphs) + Content.styled("to judge", STYLES["primary"])
    )


def _percent(rate: Interval | None) -> str:
    if rate is None:
        return UNKNOWN
    text = f"{rate.estimate * 100:.1f}"
    return f"{'99.9' if text == '100.0' and rate.estimate < 1 else text} %"


def _bottom(card: Scorecard, glyphs: Glyphs) -> Content:
    table = card.table
    return Content.assemble(
        (f"{glyphs.failed} {table.regressions:,} regressed", STYLES["error" if table.regressions else "muted"]),
        (f"  {glyphs.added} {table.fixes:,} fixed", STYLES["success" if table.fixes else "muted"]),
        (glyphs.fit(f" · {p_words(card.mcnemar_p)}"), MUTED),
    )


def _details(card: Scorecard, glyphs: Glyphs) -> list[ListRow]:
    """What the full screen has room for."""
    table = card.table
    pairs = (
        f"both pass {table.both_pass:,} · regressed {table.regressions:,} · "
        f"fixed {table.fixes:,} · both fail {table.both_fail:,}"
    )
    lines = [
        "",
        f"{many(table.n, 'case')} judged on both: {pairs}",
        f"exact McNemar test, two-sided: {p_words(card.mcnemar_p)}; it asks whether there is any difference at all,",
        "the interval how large it may be. The decision follows from the interval.",
        "Each rate has Wilson's interval; the difference has its own, since both answered the same cases.",
    ]
    if card.per_repeat is not None:
        lines.append(f"per run: over all {card.repeats} runs of each case, the case as a cluster.")
    if card.open_cases:
        lines.append(f"{many(card.open_cases, 'case')} not decided on both sides, and not counted here.")
    if card.decision.further_cases is not None:
        lines.append(f"{card.decision.settles}.")
    return [text_row(glyphs.fit(line)) for line in lines]
