"""What changed, by name: in how many cases, and in how many of those the candidate fails."""

from textual.content import Content

from migrator_tui.parity.drift.ranking import DriftRow
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.figures import fitted
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow

TITLE, CASES, FAILING = 24, 7, 9
LONGEST_BAR = 40
"""Cells, where the ids of the cases stand beside the bars."""


def drift_part(card: Scorecard, glyphs: Glyphs, *, full: bool) -> Filled:
    """A row a drift, those first that fail most often; on the full screen with the counts of both sides."""
    drifts = card.drift_by_harm
    title = heading("What changed")
    if not drifts:
        return Filled(title, [text_row("Nothing changed that has a name.")])
    most = max(len(row.cases) for row in drifts)
    sides = full

    def heads(width: int) -> Content:
        both = f"{'old':>7}{'new':>7}" if sides else ""
        return Content.styled(f"  {'drift':<{TITLE}}{'cases':>{CASES - 1}} {both}  of them failing", MUTED).truncate(
            width
        )

    rows = [_row(row, most, glyphs, sides=sides) for row in drifts]
    if full:
        rows += [
            text_row(""),
            text_row("cases: exactly one of the two answers shows it; old, new: how many answers do at all"),
            text_row("what a graver drift explains is not counted again: fences are taken off before length is"),
        ]
    bottom = Content.assemble(
        (glyphs.done, STYLES["error"]),
        (" fails  ", STYLES["error"]),
        (glyphs.fold, STYLES["warning"]),
        (" still passes", STYLES["warning"]),
        ("  enter lists the cases", MUTED),
    )
    return Filled(title, rows, heads, bottom)


def _row(row: DriftRow, most: int, glyphs: Glyphs, *, sides: bool) -> ListRow:
    count, failing = len(row.cases), len(row.failing)

    def draw(width: int, selected: bool) -> Content:
        both = f"{row.baseline:>7,}{row.candidate:>7,}" if sides else ""
        left = 2 + TITLE + CASES + len(both) + FAILING
        fails = f"{failing:,} {glyphs.failed}" if failing else ""
        return Content.assemble(
            mark(selected, glyphs),
            cell(glyphs.fit(row.title), TITLE, "text", bold=bool(failing)),
            cell(f"{count:,}", CASES, "text", right=True, bold=True),
            (both, MUTED),
            cell(fails, FAILING, "error", right=True),
            bar(count, failing, most, width - left - 1, glyphs)
            if not sides
            else _bar_and_ids(row, most, width - left, glyphs),
        )

    return ListRow(row.name, draw)


def _bar_and_ids(row: DriftRow, most: int, room: int, glyphs: Glyphs) -> Content:
    """The bar, and as many ids as there is room for, failing ones first."""
    cells = min(LONGEST_BAR, room // 2)
    drawn = bar(len(row.cases), len(row.failing), most, cells, glyphs)
    rest = [case_id for case_id in row.cases if case_id not in set(row.failing)]
    ids = fitted([*row.failing, *rest], room - cells - 3)
    return drawn + " " * (cells - drawn.cell_length + 2) + Content.styled(glyphs.fit(ids), MUTED)


def bar(count: int, failing: int, most: int, cells: int, glyphs: Glyphs) -> Content:
    """Failing, then still passing, on the scale of the longest row; what is not none has at least a cell."""
    if cells < 2:
        return Content("")
    length = max(1 + (0 < failing < count), round(cells * count / most))
    thick = round(length * failing / count)
    if failing:
        thick = max(1, thick)
    if failing < count:
        thick = min(thick, length - 1)
    return Content.assemble(
        (glyphs.done * thick, STYLES["error"]), (glyphs.fold * (length - thick), STYLES["warning"])
    )
