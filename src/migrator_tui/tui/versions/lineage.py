"""Draws which version came from which: one lane for each line of work, newest on top."""

from collections.abc import Sequence
from dataclasses import dataclass

from migrator_tui.tui.glyphs import Glyphs

LANES = 5
"""Lanes drawn at most; what lies further right is drawn in the last one."""


@dataclass(frozen=True, slots=True)
class LineageRow:
    """One line of the drawing. The sign of the version itself goes between `before` and `after`."""

    key: str | None
    """`None`: a line that only joins two lanes; all of it is in `before`."""
    before: str
    after: str = ""

    @property
    def width(self) -> int:
        """Cells, the version's sign included."""
        return len(self.before) + len(self.after) + (self.key is not None)


def lineage(nodes: Sequence[tuple[str, str | None]], glyphs: Glyphs) -> list[LineageRow]:
    """Lay out versions, each with the key of its parent; a parent stands below all that came from it.

    A parent that is not among the nodes counts as none.
    """
    known = {key for key, _ in nodes}
    lanes: list[str | None] = []
    rows: list[LineageRow] = []
    for key, parent in nodes:
        waiting = [lane for lane, awaited in enumerate(lanes) if awaited == key]
        if len(waiting) > 1:
            rows.append(LineageRow(None, _joining(lanes, waiting, glyphs)[: 2 * LANES]))
            for lane in waiting[1:]:
                lanes[lane] = None
        if waiting:
            mine = waiting[0]
        elif None in lanes:
            mine = lanes.index(None)
        else:
            mine = len(lanes)
            lanes.append(None)
        cells = [f"{glyphs.line if awaited else ' '} " for awaited in lanes]
        shown = min(mine, LANES - 1)
        rows.append(LineageRow(key, "".join(cells[:shown]), (" " + "".join(cells[mine + 1 : LANES])).rstrip()))
        lanes[mine] = parent if parent in known else None
        while lanes and lanes[-1] is None:
            lanes.pop()
    return rows


def _joining(lanes: Sequence[str | None], waiting: Sequence[int], glyphs: Glyphs) -> str:
    first, last = waiting[0], waiting[-1]
    line = ""
    for lane, awaited in enumerate(lanes):
        if lane == first:
            sign = glyphs.fork
        elif lane == last:
            sign = glyphs.bend
        elif lane in waiting:
            sign = glyphs.join
        elif first < lane < last:
            sign = glyphs.rest
        else:
            sign = glyphs.line if awaited else " "
        line += sign + (glyphs.rest if first <= lane < last else " ")
    return line.rstrip()
