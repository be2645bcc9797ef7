"""How findings are drawn: what, then what to do, and at the right the one key that does it."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Region

from migrator_tui.preflight.finding import Finding, Severity
from migrator_tui.preflight.looking import Preflight
from migrator_tui.project.schema import BASELINE
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.row_list import ListRow, RowList, head_row

TITLES = {Severity.BLOCKER: "Blockers", Severity.WARNING: "Warnings", Severity.NOTE: "Notes"}
ROLES = {Severity.BLOCKER: "error", Severity.WARNING: "warning", Severity.NOTE: "muted"}
_KEY_CELLS = 15
_LONGEST_NAME, _LONGEST_SUBJECT = 14, 20


def sign_of(severity: Severity, glyphs: Glyphs) -> str:
    """The sign before a finding."""
    return {Severity.BLOCKER: glyphs.failed, Severity.WARNING: glyphs.warning, Severity.NOTE: glyphs.dot}[severity]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What drawing needs besides the findings."""

    width: int
    narrow: bool
    glyphs: Glyphs
    taken: Callable[[Finding], bool]
    """Whether the change that a finding proposes is in the draft."""


class FindingList(RowList):
    """Rows of which several make one finding: all of them stay in sight."""

    def _keep_in_sight(self) -> None:
        super()._keep_in_sight()
        last = self._cursor
        while last + 1 < len(self._rows) and isinstance(self._rows[last + 1], Following):
            last += 1
        self.scroll_to_region(Region(0, self._cursor, 1, last - self._cursor + 1), animate=False, force=True)


class Following(ListRow):
    """A row that goes on with the one before."""


def key_of(number: int, finding: Finding) -> str:
    """Names a finding's row over a look; the number tells equals apart."""
    return f"{finding.model}\0{finding.task}\0{finding.subject}\0{finding.severity}\0{number}"


def keyed(found: Preflight) -> dict[str, Finding]:
    """The findings by the keys of their rows, in order."""
    numbers: dict[tuple[str, str | None, str, Severity], int] = {}
    result = {}
    for finding in found.findings:
        place = finding.model, finding.task, finding.subject, finding.severity
        numbers[place] = numbers.get(place, -1) + 1
        result[key_of(numbers[place], finding)] = finding
    return result


def finding_rows(found: Preflight, drawing: Drawing) -> list[ListRow]:
    """Heads and findings, folded to the width."""
    names = max((len(safe_line(f.model)) for f in found.findings), default=0)
    subjects = max((len(f.subject) for f in found.findings), default=0)
    widths = min(names, _LONGEST_NAME), min(subjects, _LONGEST_SUBJECT)
    several = len(found.project.tasks) > 1
    rows: list[ListRow] = []
    by_key = keyed(found)
    for severity in Severity:
        group = [(key, finding) for key, finding in by_key.items() if finding.severity is severity]
        if group:
            left = sum(not drawing.taken(finding) for _, finding in group)
            rows.append(head_row(TITLES[severity], ROLES[severity], left))
        for key, finding in group:
            rows += _rows(key, finding, widths, drawing, several=several)
    return rows


def _rows(
    key: str, finding: Finding, widths: tuple[int, int], drawing: Drawing, *, several: bool
) -> Sequence[ListRow]:
    glyphs, (names, subjects) = drawing.glyphs, widths
    is_note = finding.severity is Severity.NOTE
    usual = "muted" if is_note else "text"
    # Narrow screens have a line for the name, and the whole width for the words.
    indent = 6 if drawing.narrow else 4 + names + 2 + subjects + 2
    room = max(20, drawing.width - indent - (1 if drawing.narrow else _KEY_CELLS + 1))
    task = f" [{finding.task}]" if several and finding.task is not None else ""
    what = _folded(f"{finding.what}{task}", room, glyphs)
    do = _folded(finding.do, room, glyphs) if finding.do else []
    hint, hint_role = key_hint(finding, drawing)

    def first(width: int, selected: bool) -> Content:
        start = Content.assemble(
            (f"{glyphs.cursor} " if selected else "  ", STYLES["primary"]),
            (f"{sign_of(finding.severity, glyphs)} ", STYLES[ROLES[finding.severity]]),
            (f"{safe_line(finding.model, names):<{names}}  ", STYLES["text"]),
            (f"{safe_line(finding.subject, subjects):<{subjects}}  ", MUTED if is_note else STRONG),
            "" if drawing.narrow else (what[0], STYLES[usual]),
        )
        return _with_key(start, hint, hint_role, width)

    rest = what if drawing.narrow else what[1:]
    rows: list[ListRow] = [ListRow(key, first)]
    rows += [_following(indent, text, usual) for text in rest]
    rows += [_following(indent, text, "muted") for text in do]
    return rows


def _following(indent: int, text: str, role: str) -> ListRow:
    def draw(width: int, selected: bool) -> Content:
        return Content.styled(f"{' ' * indent}{text}", STYLES[role])

    return Following(None, draw)


def _with_key(start: Content, hint: str, role: str, width: int) -> Content:
    gap = max(1, width - start.cell_length - len(hint) - 1)
    return Content.assemble(start, " " * gap, (hint, STYLES[role]))


def _folded(text: str, room: int, glyphs: Glyphs) -> list[str]:
    return textwrap.wrap(glyphs.fit(safe_line(text, 600)), room) or [""]


def key_hint(finding: Finding, drawing: Drawing) -> tuple[str, str]:
    """The one key that does something about it, and its colour role; empty where none does."""
    if finding.change is not None and finding.model != BASELINE:
        if drawing.taken(finding):
            return f"{drawing.glyphs.passed} in the draft", "success"
        return "space take", "primary"
    if finding.line is not None and finding.model != BASELINE and finding.severity is not Severity.NOTE:
        return "e edit there", "primary"
    if finding.subject in ("key", "server", "prompt"):
        return "r look again", "primary"
    if finding.subject == "retirement" and finding.model == BASELINE and finding.severity is Severity.WARNING:
        return "R run all", "primary"
    return "", "muted"


def clear_rows(cost: str, glyphs: Glyphs) -> list[ListRow]:
    """Nothing stands in the way."""

    def draw(width: int, selected: bool) -> Content:
        return Content.assemble((f"  {glyphs.passed} Nothing stands in the way", f"bold {STYLES['success']}"))

    def run(width: int, selected: bool) -> Content:
        return Content.assemble(("    R", "bold"), (f" run all{f': {cost}' if cost else ''}", MUTED))

    def blank(width: int, selected: bool) -> Content:
        return Content.styled("", FAINT)

    return [ListRow(None, draw), ListRow(None, run), ListRow(None, blank)]
