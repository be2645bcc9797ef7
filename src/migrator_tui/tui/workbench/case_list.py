"""The list of cases, worst first: painted line by line, so that 100,000 rows cost what 40 do.

The list knows an order (case numbers with section heads between them) and asks for the rows in sight when they are
drawn. It never sorts by itself: while a run goes on, rows change where they stand.
"""

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from migrator_tui.history.records import CaseRow, Mark, Section, Standing
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import UNICODE, Glyphs, judged_sign, mark_sign
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES

HEAD = 1 << 31
"""Bit of an order entry that is a section's head; the other bits are the section."""

ROWS_AT_ONCE = 180
"""Rows fetched around the first one that is missing."""

SAME_FROM_WIDTH = 44
"""The similarity column is left out of narrower lists."""

SECTION_TITLES: Mapping[Section, tuple[str, str]] = {
    Section.REGRESSION: ("Regressions", "error"),
    Section.DRIFT: ("Drift, still passing", "warning"),
    Section.TO_JUDGE: ("To judge", "primary"),
    Section.CARRIED_OVER: ("Carried over", "warning"),
    Section.FIXED: ("Fixed", "success"),
    Section.SAME: ("Same", "muted"),
    Section.NOT_RUN: ("Not run", "muted"),
}


class Live(Enum):
    """What a run is doing with a case right now."""

    WAITING = "waiting"
    RUNNING = "running"


class CaseRows(ScrollView, can_focus=True, inherit_bindings=False):
    """The rows; one of them is under the cursor, whatever happens to its rank."""

    DEFAULT_CSS = """
    CaseRows { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; overflow-x: hidden; }
    """

    class Highlighted(Message):
        """Another case is under the cursor."""

        def __init__(self, no: int) -> None:
            super().__init__()
            self.no = no

    def __init__(self, *, glyphs: Glyphs = UNICODE, id: str | None = None) -> None:
        super().__init__(id=id)
        self.glyphs = glyphs
        self.blind = False
        """Hide whatever would tell the models apart."""
        self._revealed: dict[int, str] = {}
        self._order: array[int] = array("I")
        self._heads: list[int] = []
        """Where in the order the section heads are."""
        self._counts: Mapping[Section, int] = {}
        self._rows: dict[int, CaseRow] = {}
        self._fetch: Callable[[Sequence[int]], Sequence[CaseRow]] | None = None
        self._live: dict[str, Live] = {}
        self._cursor = 0
        self._spin = 0
        self.moved = False
        """The user has put the cursor somewhere."""

    # What others ask and tell

    @property
    def highlighted(self) -> int | None:
        """The number of the case under the cursor."""
        if 0 <= self._cursor < len(self._order) and not self._order[self._cursor] & HEAD:
            return self._order[self._cursor]
        return None

    @property
    def shown(self) -> list[int]:
        """The numbers of all cases the list shows, in its order."""
        return [entry for entry in self._order if not entry & HEAD]

    @property
    def shown_count(self) -> int:
        """How many cases the list shows."""
        return len(self._order) - len(self._heads)

    def position(self) -> int:
        """Which of the shown cases is under the cursor, from 1; 0 for none."""
        if self.highlighted is None:
            return 0
        return self._cursor + 1 - sum(1 for head in self._heads if head <= self._cursor)

    def row(self, no: int) -> CaseRow | None:
        """One case's row, fetched if need be."""
        if no not in self._rows and self._fetch is not None:
            self._rows.update({row.no: row for row in self._fetch([no])})
        return self._rows.get(no)

    def show(
        self,
        order: Sequence[tuple[Section | None, Sequence[int]]],
        counts: Mapping[Section, int],
        fetch: Callable[[Sequence[int]], Sequence[CaseRow]],
        *,
        highlight: int | None = None,
    ) -> None:
        """Show cases section by section (`None`: without a head). The cursor stays on its case where it can."""
        kept = highlight if highlight is not None else self.highlighted
        place = self._cursor
        entries = array("I")
        self._heads = []
        for section, numbers in order:
            if section is not None and numbers:
                self._heads.append(len(entries))
                entries.append(HEAD | section)
            entries.extend(numbers)
        self._order = entries
        self._counts = counts
        self._fetch = fetch
        self._rows.clear()
        self.virtual_size = Size(self.size.width, len(entries))
        try:
            self._cursor = entries.index(kept) if kept is not None else 0
        except ValueError:
            self._cursor = min(place, max(0, len(entries) - 1))
        self._leave_head(1)
        self._scroll_to_cursor()
        self.refresh()
        self._tell()

    def update_standings(self, standings: Iterable[Standing]) -> None:
        """New standings of some cases; they keep their places."""
        new = {standing.case_id: standing for standing in standings}
        for no, row in self._rows.items():
            if row.case_id in new:
                self._rows[no] = replace(row, standing=new[row.case_id])
        self._refresh_rows(new)

    def set_live(self, live: Mapping[str, Live]) -> None:
        """Which cases, by id, a run waits for or works on."""
        self._live = dict(live)
        self.refresh()

    def set_live_one(self, case_id: str, live: Live | None) -> None:
        """One case's part in the run under way."""
        if live is None:
            self._live.pop(case_id, None)
        else:
            self._live[case_id] = live
        self._refresh_rows((case_id,))

    def set_blind(self, blind: bool) -> None:
        """Hide outcomes, or show them again."""
        self.blind = blind
        self._revealed.clear()
        self.refresh()

    def set_revealed(self, no: int, words: str | None) -> None:
        """In blind mode: this case is judged, and this is what it was."""
        if words is None:
            self._revealed.pop(no, None)
        else:
            self._revealed[no] = words
        self.refresh()

    def spin(self) -> None:
        """Turn the spinners in sight by one step."""
        if self._live:
            self._spin = (self._spin + 1) % len(self.glyphs.spinner)
            self._refresh_rows([case_id for case_id, live in self._live.items() if live is Live.RUNNING])

    # Moving

    def step(self, by: int) -> None:
        """Move the cursor by so many cases."""
        self._move(self._cursor + by, 1 if by > 0 else -1)

    def step_to(self, wanted: Collection[int], direction: int) -> bool:
        """Move to the next of these cases, by number, once around the list; False if it shows none of them."""
        length = len(self._order) if wanted else 0
        for distance in range(1, length + 1):
            index = (self._cursor + direction * distance) % length
            if self._order[index] in wanted:
                self._move(index, direction)
                return True
        return False

    def go_to(self, no: int) -> bool:
        """Put the cursor on that case; False if the list doesn't show it."""
        try:
            index = self._order.index(no)
        except ValueError:
            return False
        self._move(index, 1)
        return True

    def page(self, direction: int) -> None:
        """Move by a screenful."""
        self.step(direction * max(1, self.size.height - 2))

    def edge(self, end: bool) -> None:
        """Move to the first or the last case."""
        self._move(len(self._order) - 1 if end else 0, -1 if end else 1)

    def _move(self, index: int, direction: int) -> None:
        self.moved = True
        before = self._cursor
        self._cursor = max(0, min(index, len(self._order) - 1))
        self._leave_head(direction)
        if self._cursor == before:
            return
        self._refresh_line(before)
        self._refresh_line(self._cursor)
        self._scroll_to_cursor()
        self._tell()

    def _leave_head(self, direction: int) -> None:
        """A head is no case: go on past it, or back where nothing follows."""
        order = self._order
        if not order:
            self._cursor = 0
            return
        index = self._cursor
        while 0 <= index < len(order) and order[index] & HEAD:
            index += direction
        if not 0 <= index < len(order):
            index = self._cursor
            while 0 <= index < len(order) and order[index] & HEAD:
                index -= direction
        self._cursor = max(0, min(index, len(order) - 1))

    def _scroll_to_cursor(self) -> None:
        top = self._cursor
        if top and self._order[top - 1] & HEAD:
            top -= 1
        self.scroll_to_region(Region(0, top, 1, self._cursor - top + 1), animate=False, force=True)

    def _tell(self) -> None:
        no = self.highlighted
        if no is not None:
            self.post_message(self.Highlighted(no))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if index < len(self._order) and not self._order[index] & HEAD:
            self._move(index, 1)

    # Drawing

    def _refresh_line(self, index: int) -> None:
        self.refresh(Region(0, index - self.scroll_offset.y, self.size.width, 1))

    def _refresh_rows(self, case_ids: Collection[str]) -> None:
        """Paint the rows of these cases anew where they are in sight: a whole list takes a tenth of a second."""
        top = self.scroll_offset.y
        for index in range(top, min(top + self.size.height, len(self._order))):
            row = self._rows.get(self._order[index])
            if row is not None and row.case_id in case_ids:
                self._refresh_line(index)

    def _load_around(self, index: int) -> None:
        if self._fetch is None:
            return
        start = max(0, index - ROWS_AT_ONCE // 3)
        wanted = [e for e in self._order[start : start + ROWS_AT_ONCE] if not e & HEAD and e not in self._rows]
        if len(self._rows) > 40 * ROWS_AT_ONCE:
            self._rows.clear()
        self._rows.update({row.no: row for row in self._fetch(wanted)})

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._order))
        if not self.moved:
            # Scrolled from the top, as far as it takes: the worst cases stay in sight where the cursor is near them.
            self.scroll_to(0, 0, animate=False, immediate=True)
        self._scroll_to_cursor()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + self.scroll_offset.y
        if index >= len(self._order):
            return Strip.blank(width, self.rich_style)
        entry = self._order[index]
        if entry & HEAD:
            line = self._head(Section(entry & ~HEAD), width)
        else:
            if entry not in self._rows:
                self._load_around(index)
            row = self._rows.get(entry)
            line = self._line(row, width, selected=index == self._cursor) if row else Content("")
        strips = Visual.to_strips(self, line.truncate(width, pad=True), width, 1, self.visual_style)
        return strips[0] if strips else Strip.blank(width, self.rich_style)

    def _head(self, section: Section, width: int) -> Content:
        title, role = SECTION_TITLES[section]
        words = f" {title} "
        number = f"{self._counts.get(section, 0):,} "
        rest = max(0, width - 2 - len(words) - len(number))
        style = STYLES[role]
        return Content.assemble(
            ("──", FAINT),
            (words, f"bold {style}" if role != "muted" else style),
            (number, style),
            ("─" * rest, FAINT),
        )

    def _line(self, row: CaseRow, width: int, *, selected: bool) -> Content:
        glyphs = self.glyphs
        standing = row.standing
        live = self._live.get(row.case_id)
        old, old_role = mark_sign(standing.baseline if standing else Mark.NOT_RUN, glyphs)
        new, new_role = mark_sign(standing.candidate if standing else Mark.NOT_RUN, glyphs)
        you, you_role = judged_sign(standing.judged, glyphs) if standing else (" ", "muted")
        regression = standing is not None and standing.section is Section.REGRESSION
        changed = standing.changed if standing else ""
        if live is Live.RUNNING:
            new, new_role, changed = glyphs.spinner[self._spin % len(glyphs.spinner)], "primary", live.value
        elif live is Live.WAITING:
            new, new_role, changed = glyphs.waiting, "faint", live.value
        if self.blind:
            done = row.no in self._revealed
            old, new, you, regression = (glyphs.done if done else glyphs.to_judge), " ", " ", False
            old_role, changed = "muted" if done else "primary", self._revealed.get(row.no, "")
        id_width = id_column_width(width)
        shows_same = width >= SAME_FROM_WIDTH
        text = Content.styled(safe_line(changed), STYLES["text"] if regression else MUTED)
        left = width - 15 - (6 if shows_same else 0)
        # An id may go on where nothing, or little, is told beside it.
        case_id = safe_line(row.case_id)
        id_width = max(id_width, min(cell_len(case_id), left - text.cell_length - 1))
        case_id = _fit_end(case_id, id_width)
        new_style = f"bold {STYLES[new_role]}" if regression else STYLES[new_role]
        parts: list[Content | str | tuple[str, str]] = [
            (glyphs.cursor if selected else " ", STYLES["primary"]),
            " ",
            (old, STYLES[old_role]),
            "   ",
            (new, new_style),
            "   ",
            (you, STYLES[you_role]),
            "  ",
            (case_id, STRONG if regression or selected else MUTED if not changed else STYLES["text"]),
            (glyphs.critical if row.critical else " ", f"bold {STYLES['warning']}"),
            " " * (id_width - cell_len(case_id) + 1),
        ]
        parts.append(text.truncate(max(0, left - id_width), ellipsis=True, pad=True))
        if shows_same:
            same = standing.same if standing and not live and not self.blind else None
            parts.append((f"{round(same * 100):>4}% " if same is not None else " " * 6, MUTED))
        line = Content.assemble(*parts).truncate(width, pad=True)
        return line.stylize_before("on $primary 30%") if selected else line


def id_column_width(width: int) -> int:
    """Cells for the case's id: seven, more where the list has the whole width of the screen."""
    return 7 if width < 60 else 14


def _fit_end(text: str, width: int) -> str:
    """An id too long keeps its end, which is where ids differ."""
    if cell_len(text) <= width:
        return text
    while cell_len(text) > width - 1:
        text = text[1:]
    return "…" + text
