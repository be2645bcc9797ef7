"""All candidates of the task in one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content

from migrator_tui.parity.gate.words import signed
from migrator_tui.parity.scorecard import FigureName, Scorecard
from migrator_tui.tui.cards import Counted
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import UNKNOWN, look_of
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.figures import percent
from migrator_tui.tui.widgets.interval_plot import (
    Scale,
    difference_scale,
    interval_line,
    position_role,
    scale_line,
)
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark
from migrator_tui.tui.widgets.row_list import ListRow

PLOT_FROM = 16
"""Cells from which on an interval is drawn."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column."""

    name: int
    decision: int
    number: int
    """Of rate, points and each count and share."""
    fixed: bool
    """Whether there is room for the fixes."""

    @property
    def left(self) -> int:
        """Cells of all columns before the plot."""
        return 2 + self.name + self.decision + (7 + self.fixed) * self.number + 1


NARROW = Columns(12, 14, 7, fixed=False)
USUAL = Columns(16, 15, 8, fixed=True)


def columns(width: int) -> Columns:
    """Those that fit."""
    return USUAL if width >= USUAL.left else NARROW


def candidates_part(counted: Sequence[tuple[str, Counted | None]], in_view: str, glyphs: Glyphs) -> Filled:
    """A row a candidate, by name; `in_view` is the one that the rest of the screen is about."""
    cards = [one.card for _, one in counted if one is not None and one.card is not None]
    shown = [card.difference for card in cards if card.difference is not None]
    margin = min((-card.rules.margin for card in cards), default=-0.03)

    def scale(width: int) -> Scale:
        cells = max(PLOT_FROM, width - columns(width).left - 1)
        return difference_scale(shown[:1], cells, margin=margin, others=shown[1:])

    def heads(width: int) -> Content:
        c = columns(width)
        numbers = ["new", "diff", "worse", *(["fixed"] if c.fixed else []), "open", "cost", "p95"]
        words = f"  {'candidate':<{c.name}}{'decision':<{c.decision}}"
        words += "".join(f"{word:>{c.number - 1}} " for word in numbers) + f"{'ver.':<{c.number + 1}}"
        plot = scale_line(scale(width), glyphs, signed=True) if _has_plot(width) and shown else Content("")
        return Content.styled(words, MUTED) + plot

    rows = [_row(name, one, name == in_view, scale, margin, glyphs) for name, one in counted]
    return Filled(
        heading("Candidates", f"{len(counted)} on this task"),
        rows,
        heads,
        Content.styled("enter puts one in view", MUTED),
    )


def _has_plot(width: int) -> bool:
    return width - columns(width).left - 1 >= PLOT_FROM


def _row(
    name: str, counted: Counted | None, in_view: bool, scale: Callable[[int], Scale], margin: float, glyphs: Glyphs
) -> ListRow:
    look = look_of(counted, glyphs)
    card = counted.card if counted is not None else None

    def draw(width: int, selected: bool) -> Content:
        c = columns(width)
        decision = f"{look.sign} {look.short or look.words}"
        start = Content.assemble(
            mark(selected, glyphs),
            cell(f"{glyphs.now if in_view else ' '} {name}", c.name, "text", bold=in_view),
            cell(decision, c.decision, look.role, bold=True),
        )
        if card is None or card.nothing_run:
            return start
        return start + _figures(card, width, scale, margin, glyphs)

    return ListRow(name, draw)


def _figures(card: Scorecard, width: int, scale: Callable[[int], Scale], margin: float, glyphs: Glyphs) -> Content:
    found = card.difference
    c = columns(width)
    role = position_role(found, margin) if found is not None else "muted"
    critical = glyphs.critical if card.critical_regressions else " "
    worse = len(card.regressions)
    return Content.assemble(
        cell(percent(card.new.rate.estimate) if card.new.rate else UNKNOWN, c.number, "text", right=True),
        cell(glyphs.fit(signed(found.estimate, margin)) if found else UNKNOWN, c.number, role, right=True, bold=True),
        cell(f"{worse:,}", c.number, "error" if worse else "muted", right=True, bold=True)[:-1],
        (critical, STYLES["warning"]),
        cell(f"{len(card.fixes):,}", c.number, "muted", right=True) if c.fixed else "",
        cell(f"{card.open_cases:,}", c.number, "primary" if card.open_cases else "muted", right=True),
        cell(_share(card, "cost", glyphs), c.number, "muted", right=True),
        cell(_share(card, "latency_p95", glyphs), c.number, "muted", right=True),
        cell(card.version.label if card.version is not None else UNKNOWN, c.number + 1, "text"),
        interval_line(found, scale(width), glyphs, margin=margin, equal=0.0) if _has_plot(width) else "",
    )


def _share(card: Scorecard, name: FigureName, glyphs: Glyphs) -> str:
    """`−12%`, `+31%`."""
    figure = card.figures[name]
    if not figure.old or figure.new is None:
        return UNKNOWN
    value = round((figure.new / figure.old - 1) * 100)
    return f"{'+' if value > 0 else glyphs.removed if value < 0 else ''}{abs(value)}%"
