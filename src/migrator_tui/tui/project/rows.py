"""What the project screen draws for each task and candidate: the decision, its interval, and what hangs on it."""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.content import Content

from migrator_tui.parity.gate.words import signed
from migrator_tui.running.overview import Change, FileState, Overview, State
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.project.live import CELLS
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.interval_plot import Scale, interval_line, position_role, scale_line
from migrator_tui.tui.widgets.sizes import Size

UNKNOWN = "–"
WIDEST_PLOT = 40

Piece = Content | str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of the columns whose width depends on the screen, the gap behind each included."""

    task: int
    candidate: int
    decision: int
    rate: int
    """Of each of the two."""
    points: int
    worse: int
    """Without the mark of critical cases behind it."""
    open: int
    share: int
    """Of cost and p95."""
    file: int
    """Of version and file together."""


COLUMNS: Mapping[Size, Columns] = {
    Size.WIDE: Columns(21, 12, 23, 6, 8, 7, 7, 8, 28),
    Size.MEDIUM: Columns(17, 9, 22, 5, 7, 7, 6, 6, 27),
    Size.NARROW: Columns(15, 7, 13, 5, 7, 6, 5, 6, 5),
}

WITH_LIVE: Mapping[Size, Columns] = {
    Size.WIDE: Columns(18, 9, 22, 5, 8, 7, 7, 7, 23),
    Size.MEDIUM: Columns(17, 9, 22, 5, 7, 7, 5, 6, 23),
}
"""Those where a task is being rolled out: another column stands at the end."""

STATES: Mapping[State, tuple[str, str, str]] = {
    State.NOT_READY: ("failed", "error", "not ready"),
    State.NOT_ENOUGH: ("drift", "warning", "not enough evidence"),
    State.READY: ("passed", "success", "ready"),
    State.NOT_RUN: ("to_judge", "muted", "not run"),
}
"""State to the name of its sign, its colour role, and its words."""
SHORT = {State.NOT_ENOUGH: "not enough"}


def state_sign(state: State, glyphs: Glyphs) -> tuple[str, str]:
    """A state's sign and its colour role."""
    name, role, _ = STATES[state]
    return getattr(glyphs, name), role


def columns(size: Size, *, live: bool) -> Columns:
    """The columns of a row. `live`: a rollout stands at its end."""
    return WITH_LIVE[size] if live else COLUMNS[size]


def plot_cells(width: int, size: Size, *, live: bool) -> int:
    """Cells of the interval plot in a row of that width; 0 where there is none."""
    if size is not Size.WIDE:
        return 0
    c = columns(size, live=live)
    left = 2 + c.task + c.candidate + c.decision + 2 * c.rate + c.points + 2
    right = c.worse + 1 + c.open + 2 * c.share + c.file + (CELLS[size] if live else 0)
    room = width - left - right
    return min(WIDEST_PLOT, room) if room >= 12 else 0


def heads(size: Size, scale: Scale | None, glyphs: Glyphs, *, live: bool) -> Content:
    """The line over the list."""
    c = columns(size, live=live)
    p95 = f"{'p95':>{c.share}}" if size is Size.WIDE else ""
    version = f" {'ver.':<{c.file - 1}}" if size is Size.NARROW else f"   {'version':<9}file"
    if live:
        version = f"   {'ver.':<5}{'file':<{c.file - 8}}{'live':>{6 if size is Size.WIDE else 5}}"
    plot = Content.assemble("  ", scale_line(scale, glyphs, signed=True)) if scale is not None else Content("")
    return Content.assemble(
        (f"  {'task':<{c.task}}{'cand.':<{c.candidate}}{'decision':<{c.decision}}", MUTED),
        (f"{'old':>{c.rate}}{'new':>{c.rate}}{'points':>{c.points}}", MUTED),
        plot,
        (f"{'worse':>{c.worse}} {'open':>{c.open}}{'cost':>{c.share}}{p95}{version}", MUTED),
    )


def overview_row(
    row: Overview | None,
    task: str,
    candidate: str,
    *,
    again: bool,
    problem: str,
    size: Size,
    scale: Scale | None,
    selected: bool,
    glyphs: Glyphs,
    live: Content | None = None,
) -> Content:
    """One task on one candidate. `again`: the row above is of the same task, whose name steps back; `live`: how its
    rollout stands, where the list has a column for that."""
    c = columns(size, live=live is not None)
    # A row that is ready is grey from end to end: colour is left for work.
    quiet = row is not None and row.state is State.READY
    name_style = STRONG if selected else FAINT if again else MUTED if quiet else STYLES["text"]
    start: list[Piece] = [
        (glyphs.cursor if selected else " ", STYLES["primary"]),
        " ",
        _cell(task, c.task, name_style),
        _cell(candidate, c.candidate, MUTED if quiet and not selected else STYLES["text"]),
    ]
    if problem:
        return Content.assemble(*start, (f"{glyphs.warning} {safe_line(problem)}", STYLES["warning"]))
    if row is None:
        return Content.assemble(*start, ("…", FAINT))
    sign, role = state_sign(row.state, glyphs)
    words = SHORT.get(row.state, row.state.value) if size is Size.NARROW else row.state.value
    decision = Content.assemble((f"{sign} ", STYLES[role]), (words, MUTED if quiet else STYLES[role]))
    parts = [*start, decision.truncate(c.decision, ellipsis=True, pad=True)]
    parts += _comparison(row, c, scale, glyphs, quiet=quiet)
    parts += _counts(row, c, size, glyphs, quiet=quiet)
    label = row.version.label if row.version is not None else UNKNOWN
    file_sign, file_role, file_word = file_words(row, glyphs)
    if size is Size.NARROW:
        parts += [" ", (label, STYLES["text"]), (file_sign, STYLES[file_role])]
    else:
        parts += ["   ", _cell(label, 9 if live is None else 5, MUTED if quiet else STYLES["text"])]
        file = Content.styled(f"{file_sign} {file_word}", STYLES[file_role])
        parts += [file] if live is None else [file.truncate(c.file - 8, ellipsis=True, pad=True), live]
    return Content.assemble(*parts)


def _comparison(row: Overview, c: Columns, scale: Scale | None, glyphs: Glyphs, *, quiet: bool) -> list[Piece]:
    old, new, found = row.pairs.old_rate, row.pairs.new_rate, row.difference
    role = "muted" if found is None or quiet else position_role(found, -row.margin)
    shown = glyphs.fit(signed(found.estimate, -row.margin)) if found is not None else UNKNOWN
    parts: list[Piece] = [
        (f"{_rate(old):>{c.rate}}", MUTED),
        (f"{_rate(new):>{c.rate}}", MUTED if quiet else STRONG),
        (f"{shown:>{c.points}}", STYLES[role]),
    ]
    if scale is not None:
        plain = "muted" if quiet else None
        line = interval_line(found, scale, glyphs, margin=-row.margin, equal=0.0, role=plain)
        parts += ["  ", line if found is not None else Content(" " * scale.cells)]
    return parts


def _counts(row: Overview, c: Columns, size: Size, glyphs: Glyphs, *, quiet: bool) -> list[Piece]:
    worse = len(row.pairs.worse)
    counted = UNKNOWN if row.state is State.NOT_RUN else f"{worse:,}"
    parts: list[Piece] = [
        (f"{counted:>{c.worse}}", f"bold {STYLES['error']}" if worse and not quiet else FAINT),
        (glyphs.critical if row.critical else " ", f"bold {STYLES['warning']}"),
        (f"{row.open or glyphs.waiting:>{c.open}}", STYLES["primary"] if row.open and not quiet else FAINT),
        (f"{_share(row.cost, glyphs):>{c.share}}", MUTED),
    ]
    if size is Size.WIDE:
        parts.append((f"{_share(row.latency_p95, glyphs):>{c.share}}", MUTED))
    return parts


def _cell(text: str, cells: int, style: str) -> Content:
    return Content.styled(safe_line(text), style).truncate(cells - 1, ellipsis=True, pad=True) + " "


def _rate(rate: float | None) -> str:
    """`91%`; `100%` only where nothing failed."""
    if rate is None:
        return UNKNOWN
    return f"{int(rate * 100 + 0.5) if rate < 0.995 or rate >= 1 else 99}%"


def _share(change: Change | None, glyphs: Glyphs) -> str:
    """`−12%`, `+31%`; `–` where it is not known."""
    share = change.share if change is not None else None
    if share is None:
        return UNKNOWN
    value = round(share * 100)
    return f"{'+' if value > 0 else glyphs.removed if value < 0 else ''}{abs(value)}%"


def file_words(row: Overview, glyphs: Glyphs) -> tuple[str, str, str]:
    """Sign, colour role and words for how version and file agree."""
    held = row.file_version.label if row.file_version is not None else "another version"
    return {
        FileState.IN_FILE: (glyphs.same, "muted", "in file"),
        FileState.TASKS_PROMPT: (glyphs.same, "muted", "task's prompt"),
        FileState.BEHIND: (glyphs.to_judge, "primary", f"file has {held}"),
        FileState.CHANGED: (glyphs.warning, "warning", "file changed"),
        FileState.UNREADABLE: (glyphs.warning, "warning", "file unreadable"),
    }[row.file]
