"""Cost, time and length on both sides, with the spread of the candidate's answers where there is room."""

from collections.abc import Sequence

from textual.content import Content

from migrator_tui.parity.scorecard import Figure, Scorecard
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import FIGURES, UNKNOWN, change_role, change_words, figure_value, many
from migrator_tui.tui.theme import FAINT, MUTED, STYLES
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow

TITLE, VALUE, CHANGE = 14, 11, 14
SPREAD_FROM = 14
"""Cells from which on a spread is drawn."""
LOW, LOW_HALF, MEDIAN, HIGH_HALF, HIGH = 1, 2, 3, 4, 5
"""Places in a figure's spread: 5, 25, 50, 75 and 95 %."""


def figures_part(card: Scorecard, glyphs: Glyphs, *, full: bool, width: int) -> Filled:
    """A row a figure; on the full screen the baseline's spread and the interval of the change as well.

    `width` of a row, which decides whether spreads are drawn.
    """
    rows: list[ListRow] = []
    for name, title, less, more in FIGURES:
        figure = card.figures[name]
        if figure.pairs or name in ("cost", "latency_p50", "words"):
            rows.append(_row(figure, title, (less, more), glyphs))
            if full:
                rows += _details(figure, (less, more), glyphs, drawn=_spread_cells(width) >= SPREAD_FROM)
    rows.append(_errors_row(card, glyphs))
    pairs = max((figure.pairs for figure in card.figures.values()), default=0)
    if full:
        rows += [
            text_row(""),
            text_row(f"each case counts once, on both sides; the interval is a bootstrap over {many(pairs, 'pair')}"),
            text_row("latency and first token are compared only where both answers were streamed, or neither was"),
        ]

    def heads(width: int) -> Content:
        drawn = _spread_cells(width) >= SPREAD_FROM
        return Content.assemble(
            (f"{'':<{TITLE + 2}}{'baseline':>{VALUE - 1}} {'candidate':>{VALUE - 1}}  ", MUTED),
            (f"{'':<{CHANGE - 1}}from 0" if drawn else "", FAINT),
        )

    return Filled(
        heading("Cost, time, length"), rows, heads, _legend(pairs, glyphs, _spread_cells(width) >= SPREAD_FROM)
    )


def _legend(pairs: int, glyphs: Glyphs, drawn: bool) -> Content:
    if not drawn:
        return Content.styled(f"over {many(pairs, 'pair')}", MUTED)
    return Content.assemble(
        (f"{glyphs.now}", STYLES["text"]),
        (" candidate  ", MUTED),
        (glyphs.done, STYLES["text"]),
        (" half of its answers  ", MUTED),
        (f"{glyphs.target} baseline · {many(pairs, 'pair')}", MUTED),
    )


def _spread_cells(width: int) -> int:
    return width - 2 - TITLE - 2 * VALUE - 1 - CHANGE - 1


def _row(figure: Figure, title: str, words: tuple[str, str], glyphs: Glyphs) -> ListRow:
    share = figure.change.estimate if figure.change is not None else _plain_change(figure)
    role = change_role(figure)
    changed = glyphs.fit(change_words(share, *words)) if figure.pairs else "not known"

    def draw(width: int, selected: bool) -> Content:
        cells = _spread_cells(width)
        return Content.assemble(
            mark(selected, glyphs),
            cell(title, TITLE, "text"),
            cell(glyphs.fit(figure_value(figure.name, figure.old)), VALUE, "muted", right=True),
            cell(glyphs.fit(figure_value(figure.name, figure.new)), VALUE, "text", right=True, bold=True),
            " ",
            cell(changed, CHANGE, role),
            spread(figure, cells, glyphs, role) if cells >= SPREAD_FROM else "",
        )

    return ListRow(figure.name, draw)


def _plain_change(figure: Figure) -> float | None:
    """The change without an interval, where there are too few pairs for one."""
    return figure.new / figure.old - 1 if figure.old and figure.new is not None else None


def spread(figure: Figure, cells: int, glyphs: Glyphs, role: str = "text") -> Content:
    """The candidate's answers from 5 to 95 %, the half in the middle thicker, and the baseline's figure as `┊`."""
    return _line(figure.new_spread, figure.new, figure.old, _longest(figure), cells, glyphs, role)


def _longest(figure: Figure) -> float:
    ends = [spread[HIGH] for spread in (figure.old_spread, figure.new_spread) if spread]
    return max([*ends, figure.old or 0.0, figure.new or 0.0])


def _line(
    values: Sequence[float],
    at: float | None,
    target: float | None,
    most: float,
    cells: int,
    glyphs: Glyphs,
    role: str,
) -> Content:
    if not values or at is None or most <= 0 or cells < 2:
        return Content(" " * max(0, cells))

    def place(value: float) -> int:
        return min(cells - 1, round(value / most * (cells - 1)))

    drawn: list[tuple[str, str]] = [(" ", FAINT)] * cells
    for thin in range(place(values[LOW]), place(values[HIGH]) + 1):
        drawn[thin] = (glyphs.rest, FAINT)
    for thick in range(place(values[LOW_HALF]), place(values[HIGH_HALF]) + 1):
        drawn[thick] = (glyphs.done, MUTED)
    if target is not None:
        drawn[place(target)] = (glyphs.target, STYLES["text"])
    drawn[place(at)] = (glyphs.now, STYLES["text" if role == "muted" else role])
    return Content.assemble(*drawn)


def _details(figure: Figure, words: tuple[str, str], glyphs: Glyphs, *, drawn: bool) -> list[ListRow]:
    """The baseline's spread under the candidate's, and how sure the change is."""
    if not figure.pairs:
        return [text_row("")]

    def baseline(width: int, selected: bool) -> Content:
        left = 2 + TITLE + 2 * VALUE + 1
        told = "baseline's spread"[: CHANGE + 4]
        cells = max(0, _spread_cells(width))
        start = Content.styled(f"{'':<{left - 4}}{told:<{CHANGE + 4}}", FAINT)
        return start + _line(figure.old_spread, figure.old, None, _longest(figure), cells, glyphs, "muted")

    lines = [ListRow(None, baseline)] if drawn else []
    if figure.change is not None:
        low, high = (change_words(end, *words) for end in (figure.change.low, figure.change.high))
        told = f"{figure.change.confidence * 100:g} % interval: {low} … {high}"
        told += "" if figure.pairs == 1 else f" · {figure.pairs:,} pairs"
    else:
        told = f"too few pairs for an interval: {figure.pairs}"
    five, ninety_five = (figure_value(figure.name, figure.new_spread[place]) for place in (LOW, HIGH))
    lines.append(text_row(glyphs.fit(f"{told} · candidate 5 to 95 %: {five} … {ninety_five}"), indent=4))
    return [*lines, text_row("")]


def _errors_row(card: Scorecard, glyphs: Glyphs) -> ListRow:
    old, new = card.baseline.errors, card.new.errors
    failed = card.new.failed_calls
    told = many(failed, "failed call") if failed > new else ("" if old or new else "none")

    def draw(width: int, selected: bool) -> Content:
        return Content.assemble(
            mark(selected, glyphs),
            cell("errors", TITLE, "text"),
            cell(f"{old:,}", VALUE, "muted", right=True),
            cell(f"{new:,}", VALUE, "warning" if new else "text", right=True, bold=bool(new)),
            " ",
            cell(told if told != "none" else UNKNOWN if not card.cases else "", CHANGE + 6, "muted"),
        )

    return ListRow("errors", draw)
