"""Small charts as inline SVG. Places are percentages and strokes plain pixels, so that a chart is as wide as its
cell on any screen and its text stays as large as the text around it; colours come from the page's style sheet.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from migrator_tui.parity.scorecard import SPREAD
from migrator_tui.parity.statistics.values import Interval

ROW = 24
"""Pixels."""
_INSET = 3.0
"""Percent that are left free at both ends, so that dots and labels at the edge are whole."""
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of numbers, with round ones to label."""

    low: float
    high: float
    ticks: Sequence[float]

    def place(self, value: float) -> float:
        """Where a number is, in percent of the width; what lies outside is at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return round(_INSET + (100 - 2 * _INSET) * min(1.0, max(0.0, share)), 2)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across all rows of a chart, such as the margin."""

    value: float
    style: str
    label: str


def axis_over(values: Sequence[float], *, at_most: int = 7) -> Axis:
    """An axis on which all the values lie, its ends and ticks round."""
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 0.01, high + 0.01
    step = _step((high - low) / (at_most - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(number * step, 12) for number in range(first, last + 1)]
    return Axis(ticks[0], ticks[-1], ticks)


def axis_for(intervals: Sequence[Interval], marks: Sequence[Mark], *, widest: float = 0.25) -> Axis:
    """An axis for intervals around zero: it holds every estimate, and ends at most `widest` beyond them.

    The first interval is on it whole. A few cases give intervals from one end to the other; such a one ends in an
    arrow rather than making all others small.
    """
    estimates = [interval.estimate for interval in intervals]
    low = max(min(one.low for one in intervals), min(estimates) - widest)
    high = min(max(one.high for one in intervals), max(estimates) + widest)
    whole = [intervals[0].low, intervals[0].high]
    # Zero is never at the edge: its name needs the room, and whoever looks wants to see what would be better.
    room = 0.12 * (max(high, 0.0) - min(low, 0.0))
    return axis_over([low, high, *whole, *(mark.value for mark in marks), room])


def _step(least: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least - 1e-12)


def interval_row(axis: Axis, interval: Interval | None, tone: str, marks: Sequence[Mark], label: str) -> Markup:
    """One interval as a line with a dot at the estimate; `label` is what it says in words."""
    parts = [_mark_line(axis, mark) for mark in marks]
    if interval is not None:
        low, dot, high = (axis.place(value) for value in (interval.low, interval.estimate, interval.high))
        middle = ROW // 2
        parts.append(
            Markup('<line class="span" x1="{}%" x2="{}%" y1="{}" y2="{}"/>').format(low, high, middle, middle)
        )
        for value, end, arrow in ((interval.low, low, "◂"), (interval.high, high, "▸")):
            if axis.low - 1e-9 <= value <= axis.high + 1e-9:
                parts.append(Markup('<line class="span" x1="{0}%" x2="{0}%" y1="7" y2="17"/>').format(end))
            else:
                parts.append(Markup('<text class="arrow" x="{}%" y="16">{}</text>').format(end, arrow))
        parts.append(Markup('<circle class="dot" cx="{}%" cy="{}" r="4.5"/>').format(dot, middle))
    return _svg(parts, ROW, tone, label)


def axis_row(axis: Axis, say: Callable[[float], str], marks: Sequence[Mark] = (), *, named: bool = False) -> Markup:
    """The numbers under a chart; `named` says below them what the marks are."""
    parts = [_mark_line(axis, mark, 5) for mark in marks]
    # Where there is little room every other number is hidden; zero stays.
    kept = next((place for place, tick in enumerate(axis.ticks) if abs(tick) < 1e-12), 0) % 2
    parts += [
        Markup('<text{} x="{}%" y="16">{}</text>').format(
            Markup("") if place % 2 == kept else Markup(' class="minor"'), axis.place(tick), say(tick)
        )
        for place, tick in enumerate(axis.ticks)
    ]
    if named:
        # Margin and zero are close to each other: their names stand on the outer sides.
        for mark in marks:
            side = "after" if mark is marks[-1] else "before"
            parts.append(
                Markup('<text class="named {}" x="{}%" y="31">{}</text>').format(
                    side, axis.place(mark.value), mark.label
                )
            )
    return _svg(parts, 36 if named else 20, "axis", "", hidden=True)


def _mark_line(axis: Axis, mark: Mark, height: int = ROW) -> Markup:
    return Markup('<line class="mark {}" x1="{}%" x2="{}%" y1="0" y2="{}"/>').format(
        mark.style, axis.place(mark.value), axis.place(mark.value), height
    )


def spread_rows(axis: Axis, old: Sequence[float], new: Sequence[float], label: str) -> Markup:
    """Two distributions under each other: 5 to 95 % as a line, the middle half as a box, the median as a stroke."""
    parts: list[Markup] = []
    for row, (values, style) in enumerate(((old, "old"), (new, "new"))):
        if not values:
            continue
        at = dict(zip(SPREAD, values, strict=True))
        top = 3 + row * 20
        parts.append(
            Markup('<line class="whisker {}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>').format(
                style, axis.place(at[0.05]), axis.place(at[0.95]), top + 7, top + 7
            )
        )
        left, right = axis.place(at[0.25]), axis.place(at[0.75])
        parts.append(
            Markup('<rect class="box {}" x="{}%" y="{}" width="{}%" height="14" rx="2"/>').format(
                style, left, top, round(max(right - left, 0.6), 2)
            )
        )
        parts.append(
            Markup('<line class="median" x1="{0}%" x2="{0}%" y1="{1}" y2="{2}"/>').format(
                axis.place(at[0.5]), top - 1, top + 15
            )
        )
    return _svg(parts, 44, "spread", label)


def bar(share_failing: float, share: float, label: str) -> Markup:
    """How many cases show a drift, the failing ones in front; shares of the longest bar."""
    failing, whole = round(100 * share_failing, 2), round(100 * share, 2)
    parts = [Markup('<rect class="passing" x="0" y="5" width="{}%" height="10" rx="2"/>').format(max(whole, 0.5))]
    if failing:
        parts.append(Markup('<rect class="failing" x="0" y="5" width="{}%" height="10" rx="2"/>').format(failing))
    return _svg(parts, 20, "bar", label)


def _svg(parts: Sequence[Markup], height: int, style: str, label: str, *, hidden: bool = False) -> Markup:
    described = Markup('aria-hidden="true"') if hidden else Markup('role="img" aria-label="{}"').format(label)
    return Markup('<svg class="chart {}" width="100%" height="{}" {}>{}</svg>').format(
        style, height, described, Markup("").join(parts)
    )
