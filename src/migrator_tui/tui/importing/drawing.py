"""The rows of the import's panes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textual.content import Content

from migrator_tui.project.formats.column_guess import LEFT_OUT, Column
from migrator_tui.project.importing.plan import Import
from migrator_tui.project.words import listed
from migrator_tui.reports.import_preview import example_text, found_lines, row_cells
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.row_list import ListRow

Cell = tuple[str, int, str]
"""Text, width in cells, style."""

ROLES = {"passed": "success", "same": "muted", "similar": "warning", "warning": "warning", "failed": "error"}


def line(cells: Sequence[Cell], width: int, selected: bool, glyphs: Glyphs) -> Content:
    """Cells beside each other, behind the place of the cursor."""
    made = Content.styled(f"{glyphs.cursor} " if selected else "  ", STYLES["primary"])
    for text, room, style in cells:
        made += Content.styled(safe_line(text, 4 * room + 8), style).truncate(room, ellipsis=True, pad=True) + "  "
    return made.truncate(width, ellipsis=True, pad=True)


def column_rows(columns: Sequence[Column], glyphs: Glyphs) -> list[ListRow]:
    """Column, what it becomes, first value; a head above them."""
    rows = [_head(("   column", 20), ("becomes", 18), ("first value", 30))]
    for column in columns:
        rows.append(ListRow(column.path, _column(column, glyphs)))
    return rows


def _column(column: Column, glyphs: Glyphs) -> Callable[[int, bool], Content]:
    left_out = column.becomes == LEFT_OUT
    sign, role = (
        (glyphs.waiting, "muted")
        if left_out
        else (glyphs.passed, "success")
        if column.sure
        else (glyphs.to_judge, "primary")
    )
    shown = example_text(column, 60)
    style = MUTED if left_out else STYLES["text"]

    def draw(width: int, selected: bool) -> Content:
        room = max(8, (width - 12) // 3)
        cells = (
            (sign, 1, STYLES[role]),
            (column.path, room, style),
            (column.word, room, style),
            (shown, room, MUTED),
        )
        return line(cells, width, selected, glyphs)

    return draw


def held_rows(made: Import, glyphs: Glyphs) -> list[ListRow]:
    """In place of columns, for formats whose form is fixed: what the rows hold."""
    found = made.gathering.found
    held = [
        ("models", listed((f"{name} ({count:,})" for name, count in found.models.most_common(6)), 6)),
        ("answers", f"{found.answers:,}"),
        ("tools", listed((tool["function"]["name"] for tool in made.gathering.tools), 8)),
        ("tags", listed((f"{name} ({count:,})" for name, count in found.tags.most_common(8)), 8)),
        ("variables", listed(made.gathering.variables, 8)),
    ]

    def drawn(name: str, text: str) -> Callable[[int, bool], Content]:
        return lambda width, selected: line(
            ((name, 9, STRONG), (text, max(8, width - 15), MUTED)), width, selected, glyphs
        )

    return [ListRow(name, drawn(name, text)) for name, text in held if text]


def found_rows(made: Import, glyphs: Glyphs) -> list[ListRow]:
    """What was found, counted; the key says what `enter` lists."""
    signs = {
        "passed": glyphs.passed,
        "same": glyphs.same,
        "similar": glyphs.carried_over,
        "warning": glyphs.warning,
        "failed": glyphs.failed,
    }

    def drawn(mark: str, count: str, what: str) -> Callable[[int, bool], Content]:
        def draw(width: int, selected: bool) -> Content:
            sign = (signs[mark], 1, STYLES[ROLES[mark]])
            number = Content.styled(f"{count:>7}  ", STRONG)
            made = line((sign,), 5, selected, glyphs) + number + Content.styled(safe_line(what), MUTED)
            return made.truncate(width, ellipsis=True, pad=True)

        return draw

    rows = []
    for mark, count, what in found_lines(made):
        key = "personal" if "personal data" in what else "renamed" if mark == "warning" else mark
        head, _, kinds = what.partition(": ") if key == "personal" else (what, "", "")
        rows.append(ListRow(key, drawn(mark, count, head)))
        if kinds:
            rows.append(ListRow(None, _under(kinds)))
    return rows


def _under(text: str) -> Callable[[int, bool], Content]:
    line_below = Content.styled(" " * 14 + safe_line(text), MUTED)
    return lambda width, selected: line_below.truncate(width, ellipsis=True, pad=True)


def file_rows(made: Import, glyphs: Glyphs) -> list[ListRow]:
    """The files that would be new or changed, then what is to be said about them."""
    listed_files = [("+", file.path, file.what, "success") for file in made.files]
    listed_files += [(glyphs.drift, change.shown, "changed", "warning") for change in made.changes]
    widest = min(34, max(len(path) for _, path, _, _ in listed_files))

    def drawn(sign: str, path: str, what: str, role: str) -> Callable[[int, bool], Content]:
        def draw(width: int, selected: bool) -> Content:
            cells = (
                (sign, 1, STYLES[role]),
                (path, widest, STYLES["text"]),
                (what, max(8, width - widest - 9), MUTED),
            )
            return line(cells, width, selected, glyphs)

        return draw

    def noted(note: str) -> Callable[[int, bool], Content]:
        sign = (glyphs.warning, 1, STYLES["warning"])
        return lambda width, selected: line((sign, (note, max(8, width - 7), MUTED)), width, selected, glyphs)

    rows = [ListRow(path, drawn(sign, path, what, role)) for sign, path, what, role in listed_files]
    return rows + [ListRow(f"note {number}", noted(note)) for number, note in enumerate(made.notes)]


def case_rows(rows: Sequence[Mapping[str, Any]], glyphs: Glyphs) -> list[ListRow]:
    """The first rows as they will be, a head above them."""
    answered = any(row["answer"] is not None for row in rows)

    def widths(width: int) -> tuple[int, int, int, int, int]:
        tags, flag = (18, 12) if width >= 100 else (8, 6)
        rest = max(20, width - 4 - 12 - tags - flag - 8)
        asked = rest * 6 // 10 if answered else rest
        return 12, asked, rest - asked, tags, flag

    def drawn(row: Mapping[str, Any]) -> Callable[[int, bool], Content]:
        identifier, asked, answer, tags, flags = row_cells(row)
        styles = (STRONG, STYLES["text"], MUTED, MUTED, STYLES["warning"])

        def draw(width: int, selected: bool) -> Content:
            texts = (identifier, asked, answer, tags, flags)
            cells = [cell for cell in zip(texts, widths(width), styles, strict=True) if cell[1]]
            return line(cells, width, selected, glyphs)

        return draw

    def head(width: int, selected: bool) -> Content:
        names = ("id", "asks", "baseline answer", "tags", "flag")
        cells = [(name, room, FAINT) for name, room in zip(names, widths(width), strict=True) if room]
        return line(cells, width, False, glyphs)

    return [ListRow(None, head), *(ListRow(row["case"]["id"], drawn(row)) for row in rows)]


def _head(*cells: tuple[str, int]) -> ListRow:
    def draw(width: int, selected: bool) -> Content:
        room = max(8, (width - 12) // 3)
        text = Content("  ")
        for name, _ in cells:
            text += Content.styled(name, FAINT).truncate(room + (3 if name.startswith("   ") else 0), pad=True) + "  "
        return text.truncate(width, pad=True)

    return ListRow(None, draw)
