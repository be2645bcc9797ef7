"""The best pass rate so far as a staircase over the calls it took: flat means stop, and that is what it is for.

Pure functions from numbers to `Content`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from textual.content import Content

from migrator_tui.adaptation.search.values import Try
from migrator_tui.tui.adaptation.search_words import rate_words
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES

LABEL = 10
"""Cells of the rates at the left."""
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)
"""Distances between two rates that are written, as fractions."""
FEW = 8
"""Rows; in fewer there is no room for whole steps above and below."""
NEARLY = 1e-9
CHOSEN = "bold $text-primary on $primary-muted"


@dataclass(frozen=True, slots=True)
class Heights:
    """Pass rates from `low`, in the last of so many rows, to `high` in the first."""

    low: float
    high: float
    rows: int
    step: float | None
    """Between two rates that are written; `None`: only the lowest is."""
    baseline: float | None = None

    def row(self, rate: float) -> int:
        """The nearest row, 0 on top; on the baseline's own only what equals it."""
        row = self._nearest(rate)
        if self.baseline is None or abs(rate - self.baseline) < NEARLY or row != self._nearest(self.baseline):
            return row
        return max(0, row - 1) if rate > self.baseline else min(self.rows - 1, row + 1)

    def _nearest(self, rate: float) -> int:
        share = (self.high - rate) / (self.high - self.low)
        return min(self.rows - 1, max(0, math.floor(share * (self.rows - 1) + 0.5)))

    @property
    def ticks(self) -> list[float]:
        """The rates that are written."""
        if self.step is None:
            return [self.low]
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return [round(number * self.step, 9) for number in range(first, last + 1)]


def heights(rates: Sequence[float], rows: int, baseline: float | None = None) -> Heights:
    """Room for all of these, between whole steps, with two rows of air between what is written."""
    rates = [*rates, *([baseline] if baseline is not None else [])]
    low, high = min(rates, default=0.0), max(rates, default=1.0)
    if rows < FEW and high - low > NEARLY:
        return Heights(low, high, rows, None, baseline)
    for step in STEPS:
        bottom = math.floor(low / step + 1e-9) * step
        top = min(1.0, math.ceil(high / step - 1e-9) * step)
        if top - bottom < step:
            bottom, top = (bottom - step, top) if top >= 1.0 else (bottom, bottom + step)
        if (top - bottom) / step * 3 <= max(3, rows - 1):
            break
    return Heights(max(0.0, round(bottom, 9)), round(top, 9), rows, step, baseline)


def call_step(budget: int, cells: int) -> int:
    """Calls between two numbers below: 1, 2 or 5 with noughts, as near to each other as there is room for."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if budget / step * (len(f"{budget:,}") + 6) <= cells:
                return step
        size *= 10


class _Canvas:
    """Cells that are written one after the other; what comes later stands."""

    def __init__(self, cells: int, rows: int) -> None:
        self.cells, self.rows = cells, rows
        self._grid: list[list[tuple[str, str]]] = [[(" ", "")] * cells for _ in range(rows)]

    def put(self, row: int, column: int, text: str, style: str) -> None:
        for at, sign in enumerate(text, column):
            if 0 <= row < self.rows and 0 <= at < self.cells:
                self._grid[row][at] = (sign, style)

    def lines(self) -> list[Content]:
        return [
            Content.assemble(*(("".join(sign for sign, _ in run), style) for style, run in groupby(row, _style)))
            for row in self._grid
        ]


def _style(cell: tuple[str, str]) -> str:
    return cell[1]


def staircase(
    tries: Sequence[Try],
    *,
    baseline: float | None,
    calls: int,
    budget: int,
    cells: int,
    rows: int,
    glyphs: Glyphs,
    chosen: int | None = None,
) -> Content:
    """The picture, in so many cells and rows; `calls` are spent of `budget`, `chosen` is the try to point at.

    Tries without a rate have no place in it. Below six rows the legend goes, below four the numbers of calls.
    """
    shown = sorted((one for one in tries if one.score is not None), key=lambda one: (one.calls_before, one.number))
    below = 2 if rows >= 6 else 1 if rows >= 4 else 0
    known = [one.score for one in shown if one.score is not None]
    scale = heights(known, rows - below, baseline)
    canvas = _Canvas(cells, rows)
    plot = max(2, cells - LABEL - 1)
    most = max(budget, calls, *(one.calls_before for one in shown), 1)

    def column(spent: int) -> int:
        return LABEL + round(spent / most * (plot - 1))

    written: set[int] = set()
    if baseline is not None:
        row = scale.row(baseline)
        canvas.put(row, 0, f"{rate_words(baseline):>{LABEL - 1}}", MUTED)
        canvas.put(row, LABEL, glyphs.fold * plot, FAINT)
        canvas.put(row, LABEL + plot - 13, " baseline ", MUTED)
        written = {row - 1, row, row + 1}
    for tick in scale.ticks:
        row = scale.row(tick)
        if row not in written:
            text = rate_words(tick) if scale.step is None else f"{tick * 100:.0f} %"
            canvas.put(row, 0, f"{text:>{LABEL - 1}}", FAINT)
    _draw_line(canvas, shown, scale, column, calls, glyphs)
    for kept in (False, True):
        for one in shown:
            if one.accepted is kept and one.score is not None:
                sign, style = (glyphs.now, STYLES["primary"]) if kept else (glyphs.failed, MUTED)
                style = CHOSEN if one.number == chosen else style
                canvas.put(scale.row(one.score), column(one.calls_before), sign, style)
    if below:
        step = call_step(most, plot)
        for number in range(0, most + 1, step):
            text = f"{number:,}"
            canvas.put(rows - below, min(column(number), cells - len(text)), text, FAINT)
    lines = canvas.lines()
    if below == 2:
        legend = (" " * LABEL, f"{'calls':<11}", f"{glyphs.now} kept", "  ", f"{glyphs.failed} dropped")
        styles = (FAINT, FAINT, STYLES["primary"], FAINT, MUTED)
        parts = [Content.styled(text, style) for text, style in zip(legend, styles, strict=True)]
        lines[-1] = Content("").join(parts).truncate(cells, ellipsis=True)
    return Content("\n").join(lines)


def _draw_line(
    canvas: _Canvas, shown: Sequence[Try], scale: Heights, column: Callable[[int], int], calls: int, glyphs: Glyphs
) -> None:
    """The best of what was kept, from each better one to the next."""
    best: Try | None = None
    line = STYLES["primary"]
    for one in shown:
        if not one.accepted or one.score is None or (best is not None and one.score <= (best.score or 0.0)):
            continue
        if best is not None and best.score is not None:
            low, high = scale.row(best.score), scale.row(one.score)
            left, right = column(best.calls_before), column(one.calls_before)
            canvas.put(low, left, glyphs.done * (right - left), line)
            if low != high:
                canvas.put(low, right, glyphs.bend, line)
            for row in range(high + 1, low):
                canvas.put(row, right, glyphs.line, line)
        best = one
    if best is not None and best.score is not None:
        left = column(best.calls_before)
        canvas.put(scale.row(best.score), left, glyphs.done * max(0, column(calls) - left + 1), line)


def chart_bottom(start: Try | None, best: Try | None, label: str, glyphs: Glyphs) -> Content:
    """`v4 77.9 % → 87.9 %`."""
    if start is None or start.score is None or best is None:
        return Content("")
    return Content.assemble(
        (f"{label} {rate_words(start.score)}", MUTED),
        (f" {glyphs.arrow} ", FAINT),
        (rate_words(best.score), STRONG),
    )
