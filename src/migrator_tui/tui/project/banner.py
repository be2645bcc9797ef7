"""How far the project is: a line for each candidate, and what the best of them comes to."""

from collections.abc import Mapping, Sequence

from textual.content import Content

from migrator_tui.running.overview import Overview, State
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.project.order import Place, Section, section_of
from migrator_tui.tui.project.rows import SHORT, STATES, Piece, state_sign
from migrator_tui.tui.theme import MUTED, STRONG, STYLES

SIGNS = 24
"""Tasks whose signs are drawn; the counts beside them are of all."""
_RANK = {State.READY: 3, State.NOT_ENOUGH: 2, State.NOT_READY: 1, State.NOT_RUN: 0}


def tasks_by_section(rows: Mapping[Place, Overview], candidates: int) -> dict[Section, int]:
    """How many tasks stand in each section, of those that are counted."""
    tasks: dict[str, list[State]] = {}
    for place, row in rows.items():
        tasks.setdefault(place.task, []).append(row.state)
    sections = [section_of(states, candidates) for states in tasks.values()]
    return {section: sections.count(section) for section in Section if section in sections}


def ready_words(sections: Mapping[Section, int], tasks: int, glyphs: Glyphs) -> tuple[str, str, str]:
    """Sign, words and colour role for the whole: `✗`, `7 of 12 tasks ready`, error."""
    ready = sections.get(Section.SOME, 0) + sections.get(Section.ALL, 0)
    if sections.get(Section.NOT_RUN, 0) == tasks:
        return glyphs.to_judge, "nothing run yet", "primary"
    sign, role = glyphs.drift, "warning"
    if ready == tasks:
        sign, role = glyphs.passed, "success"
    elif sections.get(Section.NONE):
        sign, role = glyphs.failed, "error"
    alone = {"success": "ready", "error": "not ready"}.get(role, "not enough evidence")
    return sign, alone if tasks == 1 else f"{ready} of {tasks} tasks ready", role


def banner(
    candidates: Sequence[tuple[str, str]], rows: Mapping[Place, Overview], tasks: int, width: int, glyphs: Glyphs
) -> Content:
    """How far each candidate is over all tasks, in so many cells; `candidates` are names and models."""
    for short in (False, True):
        lines = _lines(candidates, rows, tasks, glyphs, short=short)
        if all(line.cell_length <= width for line in lines):
            break
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines)


def _lines(
    candidates: Sequence[tuple[str, str]], rows: Mapping[Place, Overview], tasks: int, glyphs: Glyphs, *, short: bool
) -> list[Content]:
    name_cells = max((len(safe_line(name, 16)) for name, _ in candidates), default=0) + 2
    model_cells = max((len(_bare(model)) for _, model in candidates), default=0) + 2
    best_first = {
        name: sorted(
            (row for place, row in rows.items() if place.candidate == name), key=lambda row: -_RANK[row.state]
        )
        for name, _ in candidates
    }
    counts = {name: _counts(mine, short=short) for name, mine in best_first.items()}
    count_cells = max((content.cell_length for content in counts.values()), default=0)
    lines: list[Content] = []
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
                (f"{'   ' if short else '     '}{_saving(best_first[name])}", MUTED),
            )
        )
    if len(candidates) > 1 and tasks > 1:
        sections = tasks_by_section(rows, len(candidates))
        lines.append(Content.styled(_together(sections, len(candidates), tasks), MUTED))
    return lines


def _together(sections: Mapping[Section, int], candidates: int, tasks: int) -> str:
    """`with the better of the two, 7 of 12 tasks are ready; 4 are on neither, 1 has not run`."""
    best = "the better of the two" if candidates == 2 else "the best candidate of each"
    ready = sections.get(Section.SOME, 0) + sections.get(Section.ALL, 0)
    none, waiting = sections.get(Section.NONE, 0), sections.get(Section.NOT_RUN, 0)
    parts = []
    if none:
        parts.append(f"{none} {'is' if none == 1 else 'are'} on {'neither' if candidates == 2 else 'none'}")
    if waiting:
        parts.append(f"{waiting} {'has' if waiting == 1 else 'have'} not run")
    rest = f"; {', '.join(parts)}" if parts else ""
    return f"with {best}, {ready} of {tasks} tasks {'is' if ready == 1 else 'are'} ready{rest}"


def _counts(rows: Sequence[Overview], *, short: bool) -> Content:
    """`6 ready   3 not enough evidence   1 not run`, best first."""
    return Content("  " if short else "   ").join(
        [
            Content.styled(f"{number} {SHORT.get(state, words) if short else words}", STYLES[role])
            for state, (_, role, words) in sorted(STATES.items(), key=lambda item: -_RANK[item[0]])
            if (number := sum(row.state is state for row in rows))
        ]
    )


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
