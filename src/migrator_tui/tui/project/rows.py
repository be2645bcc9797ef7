"""What the project screen draws: a line for each candidate, a row for each task and candidate, and one in detail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from textual.content import Content

from migrator_tui.running.overview import Change, FileState, Overview, State
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.figures import fitted, percent, points

UNKNOWN = "–"
LINE_CELLS = 21
LINE_FROM = 0.6
"""The line runs from 60 to 100 %, as the bars of the versions do."""

Piece = Content | str | tuple[str, str]


class Size(Enum):
    """How much of a row there is room for."""

    WIDE = "wide"
    MEDIUM = "medium"
    NARROW = "narrow"


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of the columns whose width depends on the screen."""

    task: int
    candidate: int
    number: int
    """Of each rate."""
    share: int
    """Of cost and p95."""


COLUMNS: Mapping[Size, Columns] = {
    Size.WIDE: Columns(24, 14, 7, 8),
    Size.MEDIUM: Columns(22, 13, 6, 8),
    Size.NARROW: Columns(18, 9, 6, 6),
}

STATES: Mapping[State, tuple[str, str, str]] = {
    State.WORSE: ("failed", "error", "worse"),
    State.OPEN: ("to_judge", "primary", "open"),
    State.NOTHING_WORSE: ("passed", "success", "nothing worse"),
    State.NOT_RUN: ("waiting", "muted", "not run"),
}
"""State to the name of its sign, its colour role, and the words for a number of tasks."""


def state_sign(state: State, glyphs: Glyphs) -> tuple[str, str]:
    """A state's sign and its colour role."""
    name, role, _ = STATES[state]
    return getattr(glyphs, name), role


def heads(size: Size) -> Content:
    """The line over the list."""
    c = COLUMNS[size]
    line = f"{'60%':<{LINE_CELLS - 4}}100%  " if size is Size.WIDE else ""
    p95 = f"{'p95':>{c.share}}" if size is Size.WIDE else ""
    fixed = f"{'fixed':>7}" if size is Size.WIDE else ""
    version = f"  {'ver.':<5}" if size is Size.NARROW else f"   {'version':<9}file"
    return Content.assemble(
        (f"  {'task':<{c.task}}{'cand.':<{c.candidate}}{'old':>{c.number}}{'new':>{c.number}}", MUTED),
        (f"{'points':>8}   " if size is Size.WIDE else f"{'points':>7}", MUTED),
        (line, FAINT),
        (f"{'worse':>7} {fixed}{'open':>6}{'cost':>{c.share}}{p95}{version}", MUTED),
    )


def overview_row(
    row: Overview | None,
    task: str,
    candidate: str,
    *,
    again: bool,
    problem: str,
    size: Size,
    selected: bool,
    glyphs: Glyphs,
) -> Content:
    """One task on one candidate. `again`: the row above is of the same task, whose name steps back."""
    c = COLUMNS[size]
    quiet = row is not None and row.state is State.NOTHING_WORSE
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
        return Content.assemble(*start, ("   …", FAINT))
    old, new, difference = row.pairs.old_rate, row.pairs.new_rate, row.pairs.difference
    bad = bool(row.pairs.worse)
    parts: list[Piece] = [
        *start,
        (f"{_rate(old, size):>{c.number}}", MUTED),
        (f"{_rate(new, size):>{c.number}}", MUTED if quiet else STRONG),
    ]
    shown = points(difference, glyphs) if difference is not None else UNKNOWN
    role = "muted" if not difference or quiet else "error" if difference < 0 else "success"
    parts.append((f"{shown:>8}" if size is Size.WIDE else f"{shown:>7}", STYLES[role]))
    if size is Size.WIDE:
        parts += ["   ", rate_line(old, new, glyphs, quiet=quiet), "  "]
    parts += [
        (f"{_count(len(row.pairs.worse), row):>7}", f"bold {STYLES['error']}" if bad else FAINT),
        (glyphs.critical if row.critical else " ", f"bold {STYLES['warning']}"),
    ]
    if size is Size.WIDE:
        parts.append((f"{_count(len(row.pairs.better), row):>7}", MUTED if row.pairs.better else FAINT))
    parts += [
        (f"{row.open or glyphs.waiting:>6}", STYLES["primary"] if row.open else FAINT),
        (f"{_share(row.cost, glyphs):>{c.share}}", STYLES["success"] if _less(row.cost) and not quiet else MUTED),
    ]
    if size is Size.WIDE:
        parts.append((f"{_share(row.latency_p95, glyphs):>{c.share}}", MUTED))
    label = row.version.label if row.version is not None else UNKNOWN
    sign, file_role, words = file_words(row, glyphs)
    if size is Size.NARROW:
        parts += ["  ", (label, STYLES["text"]), (sign, STYLES[file_role])]
    else:
        parts += ["   ", _cell(label, 9, STYLES["text"]), (f"{sign} {words}", STYLES[file_role])]
    return Content.assemble(*parts)


def _cell(text: str, cells: int, style: str) -> Content:
    return Content.styled(safe_line(text), style).truncate(cells - 1, ellipsis=True, pad=True) + " "


def _rate(rate: float | None, size: Size) -> str:
    if rate is None:
        return UNKNOWN
    return percent(rate) if size is Size.WIDE else f"{int(rate * 100 + 0.5) if rate < 0.995 or rate >= 1 else 99}%"


def _count(number: int, row: Overview) -> str:
    return UNKNOWN if row.state is State.NOT_RUN else f"{number:,}"


def _share(change: Change | None, glyphs: Glyphs) -> str:
    """`−12%`, `+31%`; `–` where it is not known."""
    share = change.share if change is not None else None
    if share is None:
        return UNKNOWN
    value = round(share * 100)
    return f"{'+' if value > 0 else glyphs.removed if value < 0 else ''}{abs(value)}%"


def _less(change: Change | None) -> bool:
    return change is not None and change.share is not None and change.share <= -0.005


def rate_line(old: float | None, new: float | None, glyphs: Glyphs, *, quiet: bool) -> Content:
    """Where the new rate is (`●`, `←` below the scale) and where the old one (`┊`), on a line from 60 to 100 %."""
    cells: list[tuple[str, str]] = [(" ", FAINT)] * LINE_CELLS
    if old is None or new is None:
        return Content(" " * LINE_CELLS)
    target, here = _place(old), _place(new)
    for place in range(min(target, here), max(target, here)):
        cells[place] = (glyphs.rest, FAINT)
    cells[target] = (glyphs.target, MUTED)
    role = "muted" if quiet else "error" if new < old else "success"
    cells[here] = (glyphs.now if new >= LINE_FROM else glyphs.left, STYLES[role])
    return Content.assemble(*cells)


def _place(rate: float) -> int:
    share = (max(LINE_FROM, min(1.0, rate)) - LINE_FROM) / (1 - LINE_FROM)
    return round(share * (LINE_CELLS - 1))


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


# The banner: one line a candidate


def banner(candidates: Sequence[tuple[str, str]], rows: Sequence[Overview], tasks: int, glyphs: Glyphs) -> Content:
    """How far each candidate is over all tasks; `candidates` are names and models."""
    name_cells = max((len(safe_line(name, 16)) for name, _ in candidates), default=0) + 2
    model_cells = max((len(_bare(model)) for _, model in candidates), default=0) + 2
    best_first = {
        name: sorted((row for row in rows if row.candidate.name == name), key=lambda row: -_RANK[row.state])
        for name, _ in candidates
    }
    counts = {name: _counts(mine) for name, mine in best_first.items()}
    count_cells = max((content.cell_length for content in counts.values()), default=0)
    lines = []
    for name, model in candidates:
        signs: list[Piece] = []
        for row in best_first[name][:SIGNS]:
            sign, role = state_sign(row.state, glyphs)
            signs += [(sign, STYLES[role]), " "]
        lines.append(
            Content.assemble(
                (f"{safe_line(name, 16):<{name_cells}}", STRONG),
                (f"{_bare(model):<{model_cells}}", MUTED),
                Content.assemble(*signs).truncate(2 * min(tasks, SIGNS), pad=True),
                "  ",
                counts[name].truncate(count_cells, pad=True),
                (f"     {_saving(best_first[name])}", MUTED),
            )
        )
    return Content("\n").join(lines)


def _counts(rows: Sequence[Overview]) -> Content:
    """`6 nothing worse   2 open   1 not run`, best first."""
    return Content("   ").join(
        [
            Content.styled(f"{number} {words}", STYLES[role])
            for state, (_, role, words) in sorted(STATES.items(), key=lambda item: -_RANK[item[0]])
            if (number := sum(row.state is state for row in rows))
        ]
    )


SIGNS = 24
"""Tasks whose signs are drawn in the banner; the counts beside them are of all."""
_RANK = {State.NOTHING_WORSE: 3, State.OPEN: 2, State.WORSE: 1, State.NOT_RUN: 0}


def _bare(model: str) -> str:
    return safe_line(model.rsplit("/", maxsplit=1)[-1].removeprefix("simulated:").removeprefix("recorded:"), 28)


def _saving(rows: Sequence[Overview]) -> str:
    """`12 % less per call`, over the cases of all tasks whose prices are known."""
    known = [(row.cost.old * row.cases, row.cost.new * row.cases) for row in rows if row.cost is not None]
    old, new = sum(pair[0] for pair in known), sum(pair[1] for pair in known)
    if not old or len(known) < sum(row.state is not State.NOT_RUN for row in rows):
        return ""
    value = round(abs(new / old - 1) * 100)
    return f"{value} % {'less' if new < old else 'more'} per call" if value else "costs the same"


# One row in detail


def detail_title(row: Overview, glyphs: Glyphs) -> Content:
    """`triage on sonnet v4`."""
    version = f" {row.version.label}" if row.version is not None else ""
    return Content.assemble(
        (safe_line(row.task, 32), STRONG), (f" on {safe_line(row.candidate.name, 24)}{version}", MUTED)
    )


def detail_lines(row: Overview, width: int, glyphs: Glyphs, file_name: str) -> list[Content]:
    """What keeps it from moving, what causes it, and what to do next; most pressing first."""
    lines: list[Content] = []
    worse = row.pairs.worse
    if worse:
        critical = set(row.critical)
        ids = [*row.critical, *(case_id for case_id in worse if case_id not in critical)]
        shown = fitted([f"{case_id}{glyphs.critical if case_id in critical else ''}" for case_id in ids], width - 20)
        lines.append(_line(glyphs.failed, "error", f"{len(worse)} regressed", Content.styled(shown, STYLES["text"])))
    if row.causes and worse:
        causes = ", ".join(f"{name} in {number} of {len(worse)}" for name, number in row.causes[:3])
        lines.append(_line(" ", "muted", "causes", Content.styled(safe_line(causes), MUTED)))
    if row.state is State.NOT_RUN:
        note = f"{row.cases:,} cases wait · R runs them, and says first what it takes"
        lines.append(_line(glyphs.to_judge, "primary", "not run", Content.styled(note, MUTED)))
    elif row.open:
        waiting = (
            (row.to_judge, "to judge"),
            (row.errors, "error" if row.errors == 1 else "errors"),
            (row.not_run, "not run on both"),
        )
        words = " · ".join(f"{number:,} {word}" for number, word in waiting if number)
        lines.append(_line(glyphs.to_judge, "primary", f"{row.open:,} open", Content.styled(words, MUTED)))
    if row.measured is not None and row.version is not None and row.measured.id != row.version.id:
        note = f"the figures are those of {row.measured.label}; {row.version.label} was not run last"
        lines.append(_line(glyphs.warning, "warning", "older", Content.styled(note, STYLES["text"])))
    lines.append(_file_line(row, glyphs, file_name))
    if row.state is State.NOTHING_WORSE:
        note = f"nothing worse on {row.pairs.decided:,} cases, {len(row.pairs.better):,} fixed"
        lines.insert(0, _line(glyphs.passed, "success", "so far", Content.styled(note, MUTED)))
    return lines


def _line(sign: str, role: str, label: str, rest: Content) -> Content:
    return Content.assemble((f"{sign} ", STYLES[role]), (f"{label:<15}", STRONG), "  ", rest)


def _file_line(row: Overview, glyphs: Glyphs, file_name: str) -> Content:
    sign, role, _ = file_words(row, glyphs)
    label = row.version.label if row.version is not None else "it"
    held = row.file_version.label if row.file_version is not None else "another version"
    words = {
        FileState.IN_FILE: f"{file_name} says {label}",
        FileState.TASKS_PROMPT: f"{label} is the task's own prompt, {file_name}",
        FileState.BEHIND: f"{file_name} has {held} · w writes {label}",
        FileState.CHANGED: f"{file_name} was changed outside: that is {label}, and it has not been run",
        FileState.UNREADABLE: row.problem,
    }[row.file]
    return _line(sign, role, "file", Content.styled(safe_line(words), MUTED))
