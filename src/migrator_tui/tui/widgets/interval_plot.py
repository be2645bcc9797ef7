"""Intervals drawn on one line of cells: `├──●──┤` against `┊`, the margin, and `│`, equal.

Pure functions from numbers to `Content`. Rounding to cells tells no lie about what matters: an interval touches the
margin, or the line of equality, exactly where its numbers do.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from textual.content import Content

from migrator_tui.parity.gate.words import NEARLY
from migrator_tui.parity.statistics.values import Interval
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STYLES

STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1.0)
"""Distances between two ticks, as fractions: a tenth of a point to a hundred."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low`, in the first of so many cells, to `high` in the last; ticks every `step`."""

    low: float
    high: float
    cells: int
    step: float

    def cell(self, value: float) -> int:
        """The nearest cell; below 0 or from `cells` on where the value lies outside."""
        return math.floor((value - self.low) / (self.high - self.low) * (self.cells - 1) + 0.5)

    @property
    def ticks(self) -> list[float]:
        """The values with a label, lowest first."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return [round(number * self.step, 9) for number in range(first, last + 1)]


def difference_scale(
    whole: Iterable[Interval], cells: int, *, margin: float | None = None, others: Iterable[Interval] = ()
) -> Scale:
    """A scale of differences, with 0 and the margin (−0.03) on it.

    The intervals `whole` are in sight from end to end; of `others` the estimates are as far as possible, and their
    ends as far as they do not press the rest together: what is wider is cut off.
    """
    intervals = list(whole)
    marks = [0.0] if margin is None else [0.0, margin]
    low = min([*marks, *(one.low for one in intervals)])
    high = max([*marks, *(one.high for one in intervals)])
    least = max(high - low, 0.02)
    far = list(others)
    # Small groups reach far: on each side they get one and a half times the room that the rest needs, and no more.
    low = min([low, *(max(one.low, low - 1.5 * least, -1.0) for one in far)])
    high = max([high, *(min(one.high, high + 1.5 * least, 1.0) for one in far)])
    return _rounded(low, high, cells, -1.0, 1.0, label=5)


def rate_scale(intervals: Iterable[Interval], cells: int) -> Scale:
    """A scale of pass rates around these intervals, from 0 to 1 at most."""
    known = list(intervals)
    low = min((one.low for one in known), default=0.0)
    high = max((one.high for one in known), default=1.0)
    return _rounded(low, high, cells, 0.0, 1.0, label=4)


def _rounded(low: float, high: float, cells: int, least: float, most: float, *, label: int) -> Scale:
    """Widened to whole steps; steps as small as the labels have room for, and a cell of air at both ends."""
    for step in STEPS:
        bottom = math.floor(low / step + 1e-9) * step
        top = math.ceil(high / step - 1e-9) * step
        air = (top - bottom) / max(1, cells - 1) or step
        # What ends on the first tick, or the margin itself, would stand in the corner.
        if low - bottom < air and bottom > least:
            bottom -= step
        if top - high < air and top < most:
            top += step
        bottom, top = max(least, bottom), min(most, top)
        number = (top - bottom) / step
        if number and cells / number >= label + 2:
            break
    return Scale(round(bottom, 9), round(top, 9), max(2, cells), step)


def position_role(interval: Interval, margin: float | None) -> str:
    """The colour role by position: wholly right of the margin, across it, wholly left of it."""
    if margin is None:
        return "primary"
    if interval.low >= margin - NEARLY:
        return "success"
    return "error" if interval.high < margin - NEARLY else "warning"


@dataclass(frozen=True, slots=True)
class _Marks:
    """The two vertical lines, by value and cell; never both in one cell, for the order of values to be kept."""

    equal: tuple[float, int] | None
    margin: tuple[float, int] | None

    @classmethod
    def on(cls, scale: Scale, margin: float | None, equal: float | None) -> "_Marks":
        line = (equal, scale.cell(equal)) if equal is not None else None
        limit = (margin, scale.cell(margin)) if margin is not None else None
        if line is not None and limit is not None and line[1] == limit[1] and line[0] != limit[0]:
            limit = (limit[0], line[1] + (1 if limit[0] > line[0] else -1))
        return cls(line, limit)

    def place(self, value: float, scale: Scale) -> int:
        """The value's cell, on the same side of both lines as the value is; the margin counts most."""
        cell = scale.cell(value)
        for mark in (self.equal, self.margin):
            if mark is None:
                continue
            if value > mark[0] + NEARLY:
                cell = max(cell, mark[1] + 1)
            elif value < mark[0] - NEARLY:
                cell = min(cell, mark[1] - 1)
            else:
                cell = mark[1]
        return cell


def interval_line(
    interval: Interval | None,
    scale: Scale,
    glyphs: Glyphs,
    *,
    margin: float | None = None,
    equal: float | None = None,
    role: str | None = None,
) -> Content:
    """One interval, with the margin and the line of equality behind it; as many cells as the scale has.

    Without an interval only the two lines. The colour follows from the position, unless a role is given.
    """
    marks = _Marks.on(scale, margin, equal)
    cells: list[tuple[str, str]] = [(" ", FAINT)] * scale.cells
    lines: set[int] = set()
    for mark, sign, style in ((marks.equal, glyphs.line, FAINT), (marks.margin, glyphs.target, STYLES["warning"])):
        if mark is not None and 0 <= mark[1] < scale.cells:
            cells[mark[1]] = (sign, style)
            lines.add(mark[1])
    if interval is None:
        return Content.assemble(*cells)
    style = STYLES[role or position_role(interval, margin)]
    last = scale.cells - 1
    low, at, high = (marks.place(value, scale) for value in (interval.low, interval.estimate, interval.high))
    if high < 0 or low > last:  # out of sight altogether; a line that it does not reach stays
        edge, sign = (0, glyphs.left) if high < 0 else (last, glyphs.arrow)
        if edge not in lines:
            cells[edge] = (sign, style)
        return Content.assemble(*cells)
    for place in range(max(low, 0), min(high, last) + 1):
        cells[place] = (glyphs.cross if place in lines else glyphs.rest, style)
    cells[max(low, 0)] = (glyphs.left if low < 0 else glyphs.low_end, style)
    cells[min(high, last)] = (glyphs.arrow if high > last else glyphs.high_end, style)
    if 0 <= at <= last:
        cells[at] = (glyphs.now, style)
    return Content.assemble(*cells)


def scale_line(scale: Scale, glyphs: Glyphs, *, signed: bool) -> Content:
    """The numbers under or over a plot, in points or per cent: `−18  −15 … 0  +3`; without room one is left out."""
    cells = [" "] * scale.cells
    # Zero first: without it the others say little.
    ticks = sorted(scale.ticks, key=lambda tick: (tick != 0, tick))
    for tick in ticks:
        text = _number(tick, scale.step, glyphs, signed=signed)
        # The last digit or the middle of the number stands under its cell; at the edges it moves in.
        start = max(0, min(scale.cell(tick) - (len(text) - 1) // 2 - (text[0] in "+-−"), scale.cells - len(text)))
        around = cells[max(0, start - 1) : start + len(text) + 1]
        if all(cell == " " for cell in around):
            cells[start : start + len(text)] = text
    return Content.styled("".join(cells), MUTED)


def _number(value: float, step: float, glyphs: Glyphs, *, signed: bool) -> str:
    shown = value * 100
    digits = f"{abs(shown):.0f}" if step >= 0.01 else f"{abs(shown):.1f}"
    if not value:
        return "0"
    return digits if not signed else ("+" if value > 0 else glyphs.removed) + digits


def legend_line(scale: Scale, glyphs: Glyphs, margin: float, words: str) -> Content:
    """What the two lines are: `3 allowed ┊     │ equal`.

    Where there is no room beside the margin, it is explained at the right: `┊  │ equal   ┊ 3 allowed`. Words without
    room anywhere are left out.
    """
    base = interval_line(None, scale, glyphs, margin=margin, equal=0.0)
    marks = _Marks.on(scale, margin, 0.0)
    assert marks.margin is not None and marks.equal is not None
    left, right = marks.margin[1], marks.equal[1]
    parts = [base[: max(0, left)], base[max(0, left) : right + 1], base[right + 1 :]]
    aside = ""
    if left < len(words) + 1 and right - left >= len(words) + 4:
        label = Content.styled(f" {words}".ljust(right - left - 1), STYLES["warning"])
        parts[1] = parts[1][:1] + label + parts[1][-1:]
    elif left >= len(words) + 1:
        label = Content.styled(words + " ", STYLES["warning"])
        parts[0] = Content(" " * (left - label.cell_length)) + label
    else:
        aside = f"   {glyphs.target} {words}"
    room = scale.cells - right - 1
    if room >= len(" equal"):
        explained = Content.styled(aside if room >= len(" equal" + aside) else "", STYLES["warning"])
        rest = Content(" " * (room - len(" equal") - explained.cell_length))
        parts[2] = Content.styled(" equal", MUTED) + explained + rest
    return Content("").join(parts)
