"""The rows of the set-up: what was found, what is proposed, what is missing, each with where it comes from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from textual.content import Content

from migrator_tui.models.key_names import key_state
from migrator_tui.project.discovery import Discovery
from migrator_tui.project.formats.promptfoo.reading import configs_named_otherwise
from migrator_tui.project.words import listed
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.setup.proposal import Proposal, TaskChoice, facts_of, files_of, retires
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES

LABEL_WIDTH = 12

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the set-up."""

    id: str
    """`baseline`, `candidate`, `prompt`, `cases-0` …; empty where there is nothing to choose."""
    sign: str = ""
    role: str = "muted"
    label: str = ""
    value: str = ""
    note: str = ""
    note_role: str = "muted"
    action: str = ""
    """What `enter` does here."""
    button: bool = False
    rule: bool = False
    airy: bool = False
    """An empty line that small terminals do without."""


def looking_rows(glyphs: Glyphs) -> list[Row]:
    """While the folder is looked through."""
    return [
        Row("", glyphs.waiting, "faint", label, "looking …" if label == "baseline" else "", "")
        for label in ("baseline", "candidate", "prompt", "cases")
    ]


def all_rows(
    proposal: Proposal,
    found: Discovery,
    available: Collection[str],
    today: date,
    glyphs: Glyphs,
    problem: str = "",
) -> list[Row]:
    """Every row, the ones that can be chosen with an id. `problem`: what keeps `.env` from being read."""
    rows = [*_models(proposal, today, glyphs), _prompts(proposal, glyphs)]
    for number, task in enumerate(proposal.tasks):
        rows += _cases(number, task, len(proposal.tasks) > 1, glyphs, _tables(found))
    rows.append(Row(""))
    rows += _keys(proposal, available, glyphs)
    rows += _remarks(found, problem, glyphs)
    rows += [Row("", airy=True), Row("", rule=True), Row("", airy=True)]
    rows.append(Row("create", label="Create project", note=_what_is_written(proposal), button=True))
    demo_note = "two simulated models, no key, no network"
    rows.append(Row("", airy=True))
    rows.append(Row("demo", label="d", value="open the demo instead", note=demo_note))
    return rows


def _models(proposal: Proposal, today: date, glyphs: Glyphs) -> list[Row]:
    rows = []
    for name, choice in (("baseline", proposal.baseline), ("candidate", proposal.candidate)):
        sign, role = (glyphs.passed, "success") if choice.found else (glyphs.to_judge, "primary")
        rows.append(Row(name, sign, role, name, choice.name, choice.why, action="change"))
        if retiring := retires(facts_of(choice.name), today):
            rows.append(Row("", note=retiring, note_role="warning"))
    return rows


def _prompts(proposal: Proposal, glyphs: Glyphs) -> Row:
    first = proposal.tasks[0].prompt
    if len(proposal.tasks) > 1:
        names = listed((task.name for task in proposal.tasks), 6)
        value = f"{len(proposal.tasks)} files, a task each"
        problem = next((task.prompt.problem for task in proposal.tasks if task.prompt.problem), "")
        sign, role = (glyphs.failed, "error") if problem else (glyphs.passed, "success")
        return Row(
            "prompt", sign, role, "prompts", value, problem or names, "error" if problem else "muted", "change"
        )
    if first.problem:
        return Row("prompt", glyphs.failed, "error", "prompt", first.shown, first.problem, "error", "change")
    if first.starter:
        note = f"an example is written to {first.shown}"
        return Row("prompt", glyphs.failed, "error", "prompt", "none found", note, action="change")
    count = len(first.variables)
    words = f"{count} variable{'s' if count > 1 else ''}: {listed(first.variables, 5)}" if count else "no variables"
    if first.text is not None:
        words = f"written here, {words}"
    sign, role = (glyphs.passed, "success") if first.text is not None else (glyphs.to_judge, "primary")
    return Row("prompt", sign, role, "prompt", first.shown, words, action="change")


def _tables(found: Discovery) -> list[str]:
    """Files that an import may make cases of."""
    return [shown for shown in found.files if Path(shown).suffix.lower() in TABLES]


def _cases(number: int, task: TaskChoice, named: bool, glyphs: Glyphs, tables: Sequence[str]) -> list[Row]:
    row_id = f"cases-{number}"
    label = "cases" if number == 0 else ""
    before = f"{safe_line(task.name, 24)}: " if named else ""
    if not task.cases and not task.written:
        rows = [Row(row_id, glyphs.failed, "error", label, f"{before}none found", action="add")]
        if not named:
            rows.append(Row("", note="enter writes one here; else two examples are written"))
            if tables:
                rows.append(
                    Row("", note=f"I imports {listed(tables, 2)}, prompt and old answers too", note_role="primary")
                )
        return rows
    names = [file.shown for file in task.cases]
    counts = [file.count for file in task.cases if not file.problem]
    total = sum(filter(None, counts)) + len(task.written)
    parts = [f"{total:,} case{'' if total == 1 else 's'}" if None not in counts else "many cases"]
    if task.written and task.cases:
        parts.append(f"{len(task.written)} of them written here")
    value = before + (listed(names, 2) if names else "written here")
    problem = next((file.problem for file in task.cases if file.problem), "")
    if problem:
        return [Row(row_id, glyphs.failed, "error", label, value, problem, "error", "change")]
    if task.unmet:
        note = f"no value for {listed(task.unmet, 3)}"
        return [Row(row_id, glyphs.warning, "warning", label, value, note, "warning", "change")]
    return [Row(row_id, glyphs.passed, "success", label, value, " · ".join(parts), action="change")]


def _keys(proposal: Proposal, available: Collection[str], glyphs: Glyphs) -> list[Row]:
    rows: dict[tuple[str, ...], Row] = {}
    for choice in (proposal.baseline, proposal.candidate):
        facts = facts_of(choice.name)
        state = key_state(choice.name, facts.provider if facts else None, available)
        if not state.variables:
            continue
        if state.is_set:
            rows[state.variables] = Row("", glyphs.passed, "success", "key", f"{listed(state.variables)} is set")
        else:
            value = f"{listed(state.missing)} is not set"
            note = "in .env or the environment"
            rows[state.variables] = Row("", glyphs.warning, "warning", "key", value, note)
    return list(rows.values()) or [Row("", glyphs.passed, "success", "key", "no key is needed")]


PROMPTFOO_PROGRAMS = tuple(f"promptfooconfig{end}" for end in (".js", ".cjs", ".mjs", ".ts", ".py"))


def promptfoo_program(folder: Path) -> str | None:
    """The name of a promptfoo configuration in the folder that is a program; one that is data opens as it is."""
    return next((name for name in PROMPTFOO_PROGRAMS if (folder / name).is_file()), None)


def _remarks(found: Discovery, problem: str, glyphs: Glyphs) -> list[Row]:
    rows = [Row("", glyphs.warning, "warning", "keys", problem)] if problem else []
    if name := promptfoo_program(found.folder):
        told = f"{name} is a program and is not run; save what it makes as promptfooconfig.yaml"
        rows.append(Row("", glyphs.warning, "warning", "promptfoo", told))
    if other := configs_named_otherwise(found.folder):
        rows.append(Row("", glyphs.warning, "warning", "promptfoo", f"{listed(other, 2)} can be opened"))
        rows.append(Row("", note="by `migrator-tui import promptfoo FILE --output DIR`", note_role="primary"))
    if not found.complete:
        value = "a large folder: not all of it was looked at"
        rows.append(Row("", glyphs.warning, "warning", "files", value, "a path can be typed"))
    return rows


def _what_is_written(proposal: Proposal) -> str:
    from migrator_tui.project.errors import ProjectError

    try:
        names = [path.relative_to(proposal.folder).as_posix() for path in files_of(proposal)]
    except ProjectError:
        return "once the prompt above can be read"
    return f"writes {listed(names, 3)}"


def painted(rows: Sequence[Row], chosen: str, width: int, glyphs: Glyphs) -> list[Content]:
    """The rows as lines of that width, each one cell high."""
    return [_line(row, bool(row.id) and row.id == chosen, width, glyphs) for row in rows]


def _line(row: Row, chosen: bool, width: int, glyphs: Glyphs) -> Content:
    if row.rule:
        return Content.styled(glyphs.rest * width, FAINT)
    cursor = (f"{glyphs.cursor} " if chosen else "  ", STYLES["primary"])
    note_style = STYLES[row.note_role]
    value, note = safe_line(row.value), safe_line(row.note)
    if row.button:
        label = (f" {row.label} ", "bold $text-primary on $primary-muted")
        line = Content.assemble(cursor, label, "   ", (note, note_style))
    elif row.id == "demo":
        line = Content.assemble(cursor, (row.label, "bold $text-primary"), f" {value}", "   ", (note, note_style))
    else:
        # On narrow terminals the footer alone says what `enter` does.
        action = Content("")
        if row.action and width >= 84:
            action = Content.assemble(("enter", "bold $text-primary"), (f" {row.action}", MUTED))
        room = width - action.cell_length - (2 if action.plain else 0)
        head = Content.assemble(cursor, (f"{row.sign:<2}", STYLES[row.role]), (f"{row.label:<{LABEL_WIDTH}}", STRONG))
        between = "   " if value and note else ""
        body = Content.assemble(head, value, between, (note, note_style)).truncate(room, ellipsis=True, pad=True)
        line = body + ("  " + action if action.plain else Content(""))
    line = line.truncate(width, ellipsis=True, pad=True)
    return line.stylize("on $primary 30%") if chosen else line
