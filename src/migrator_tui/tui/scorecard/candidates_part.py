"""All candidates of the task in one table."""

from collections.abc import Callable, Sequence

from textual.content import Content

from migrator_tui.parity.gate.words import signed
from migrator_tui.parity.scorecard import FigureName, Scorecard
from migrator_tui.tui.cards import Counted
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.parts import Filled, cell, heading, mark
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
from migrator_tui.tui.widgets.row_list import ListRow

NAME, DECISION, RATE, POINTS, COUNT, SHARE, VERSION = 14, 15, 8, 8, 8, 8, 7
LEFT = 2 + NAME + DECISION + RATE + POINTS + 1 + 3 * COUNT + 2 * SHARE + VERSION
PLOT_FROM = 16


def candidates_part(counted: Sequence[tuple[str, Counted | None]], in_view: str, glyphs: Glyphs) -> Filled:
    """A row a candidate, by name; `in_view` is the one that the rest of the screen is about."""
    cards = [one.card for _, one in counted if one is not None and one.card is not None]
    shown = [card.difference for card in cards if card.difference is not None]
    margin = min((-card.rules.margin for card in cards), default=-0.03)

    def scale(width: int) -> Scale:
        return difference_scale(shown[:1], max(PLOT_FROM, width - LEFT - 1), margin=margin, others=shown[1:])

    def heads(width: int) -> Content:
        words = (
            f"  {'candidate':<{NAME}}{'decision':<{DECISION}}{'new':>{RATE - 1}} {'diff':>{POINTS - 1}}  "
            f"{'worse':>{COUNT - 1}} {'fixed':>{COUNT - 1}} {'open':>{COUNT - 1}} "
            f"{'cost':>{SHARE - 1}} {'p95':>{SHARE - 1}} {'ver.':<{VERSION}}"
        )
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
    return width - LEFT - 1 >= PLOT_FROM


def _row(
    name: str, counted: Counted | None, in_view: bool, scale: Callable[[int], Scale], margin: float, glyphs: Glyphs
) -> ListRow:
    look = look_of(counted, glyphs)
    card = counted.card if counted is not None else None

    def draw(width: int, selected: bool) -> Content:
        decision = f"{look.sign} {look.short or look.words}"
        start = Content.assemble(
            mark(selected, glyphs),
            cell(f"{glyphs.now if in_view else ' '} {name}", NAME, "text", bold=in_view),
            cell(decision, DECISION, look.role, bold=True),
        )
        if card is None or card.nothing_run:
            return start
        return start + _figures(card, width, scale, margin, glyphs)

    return ListRow(name, draw)


def _figures(card: Scorecard, width: int, scale: Callable[[int], Scale], margin: float, glyphs: Glyphs) -> Content:
    found = card.difference
    role = position_role(found, margin) if found is not None else "muted"
    critical = glyphs.critical if card.critical_regressions else " "
    return Content.assemble(
        cell(percent(card.new.rate.estimate) if card.new.rate is not None else UNKNOWN, RATE, "text", right=True),
        cell(glyphs.fit(signed(found.estimate, margin)) if found else UNKNOWN, POINTS, role, right=True, bold=True),
        " ",
        cell(
            f"{len(card.regressions):,}", COUNT - 1, "error" if card.regressions else "muted", right=True, bold=True
        ),
        (critical, STYLES["warning"]),
        cell(f"{len(card.fixes):,}", COUNT, "muted", right=True),
        cell(f"{card.open_cases:,}", COUNT, "primary" if card.open_cases else "muted", right=True),
        cell(_share(card, "cost", glyphs), SHARE, "muted", right=True),
        cell(_share(card, "latency_p95", glyphs), SHARE, "muted", right=True),
        cell(card.version.label if card.version is not None else UNKNOWN, VERSION, "text"),
        interval_line(found, scale(width), glyphs, margin=margin, equal=0.0) if _has_plot(width) else "",
    )


def _share(card: Scorecard, name: FigureName, glyphs: Glyphs) -> str:
    """`−12%`, `+31%`."""
    figure = card.figures[name]
    if not figure.old or figure.new is None:
        return UNKNOWN
    value = round((figure.new / figure.old - 1) * 100)
    return f"{'+' if value > 0 else glyphs.removed if value < 0 else ''}{abs(value)}%"
