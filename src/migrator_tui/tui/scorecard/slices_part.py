"""The difference by tag, as a forest plot: where is it worse than on the whole?"""

from textual.content import Content

from migrator_tui.parity.gate.words import signed
from migrator_tui.parity.scorecard import ALL_CASES, SMALLEST_SLICE, Scorecard, Slice
from migrator_tui.parity.statistics.values import Interval
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import UNKNOWN
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.interval_plot import (
    Scale,
    difference_scale,
    interval_line,
    position_role,
    scale_line,
)
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow

TAG, CASES, RATE, POINTS, P = 20, 7, 6, 8, 9


def slices_part(card: Scorecard, glyphs: Glyphs, *, full: bool, width: int) -> Filled:
    """All cases first, then the tags, worst first; on the full screen with p values. `width` of the pane."""
    tags = card.slices[1:]
    title = heading("Slices", "difference in points, by tag")
    if not card.judged:
        return Filled(title, [text_row("No case is judged on both models yet.")])
    margin = -card.rules.margin
    tag_cells = TAG if width < 140 else TAG + 6
    left = 2 + tag_cells + CASES + 2 * RATE + POINTS + 2 + (2 * P if full else 0)
    whole = [one.difference for one in card.slices[:1] if one.difference is not None]
    others = [one.difference for one in tags if one.difference is not None]

    def scale(width: int) -> Scale:
        return difference_scale(whole, max(12, width - left - 1), margin=margin, others=others)

    def heads(width: int) -> Content:
        ps = f"{'p':>{P - 1}} {'adjusted':>{P - 1}} " if full else ""
        names = f"  {'tag':<{tag_cells}}{'cases':>{CASES - 1}} {'old':>{RATE - 1}} {'new':>{RATE - 1}} "
        return Content.assemble(
            (f"{names}{'diff':>{POINTS - 1}}   {ps}", MUTED), scale_line(scale(width), glyphs, signed=True)
        )

    def row(one: Slice) -> ListRow:
        return _row(one, card, glyphs, tag_cells, scale, full=full)

    rows = [row(one) for one in card.slices]
    if not tags:
        tagged = any(case.tags for case in card.cases)
        hint = (
            f"No tag has {SMALLEST_SLICE} cases judged on both models." if tagged else "Cases with tags make slices."
        )
        rows += [text_row(""), text_row(hint)]
    if full and tags:
        rows += [
            text_row(""),
            text_row(glyphs.fit("p: exact McNemar test of that tag; adjusted for so many tags (Benjamini–Hochberg)")),
        ]
    return Filled(title, rows, heads, _bottom(card, glyphs))


def stands_out(one: Slice, card: Scorecard) -> bool:
    """Whether the tag differs even if one allows for how many tags were looked at."""
    return one.tag != ALL_CASES and one.adjusted_p < 1 - card.rules.confidence


def _bottom(card: Scorecard, glyphs: Glyphs) -> Content:
    number = len(card.slices) - 1
    if any(stands_out(one, card) for one in card.slices):
        return Content.assemble(
            (glyphs.warning, STYLES["warning"]),
            (glyphs.fit(f" no accident among {number} tags · small groups are for looking, not for deciding"), MUTED),
        )
    return Content.styled("small groups are for looking, not for deciding" if number else "", MUTED)


def _row(one: Slice, card: Scorecard, glyphs: Glyphs, tag_cells: int, scale: object, *, full: bool) -> ListRow:
    assert callable(scale)
    margin = -card.rules.margin
    whole = one.tag == ALL_CASES
    interval: Interval | None = one.difference
    role = position_role(interval, margin) if interval is not None else "muted"
    difference = glyphs.fit(signed(interval.estimate, margin)) if interval is not None else UNKNOWN
    sign = glyphs.warning if stands_out(one, card) else " "

    def draw(width: int, selected: bool) -> Content:
        ps = [cell(f"{p:.4f}" if p >= 0.0001 else "<0.0001", P, "muted", right=True) for p in (one.p, one.adjusted_p)]
        return Content.assemble(
            mark(selected, glyphs),
            cell(one.tag, tag_cells, "text", bold=whole),
            cell(f"{one.table.n:,}", CASES, "muted", right=True),
            cell(_share(one.table.old_rate), RATE, "muted", right=True),
            cell(_share(one.table.new_rate), RATE, "text", right=True),
            cell(difference, POINTS, role, right=True, bold=whole),
            (f"{sign} ", STYLES["warning"]),
            *(ps if full else ()),
            interval_line(interval, scale(width), glyphs, margin=margin, equal=0.0),
        )

    return ListRow(one.tag, draw)


def _share(rate: float | None) -> str:
    """`91%`; 100 % only where all pass."""
    if rate is None:
        return UNKNOWN
    return f"{int(rate * 100 + 0.5) if rate < 0.995 or rate >= 1 else 99}%"
