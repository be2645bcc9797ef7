"""Turns what was taken into changes of files: checks of the configuration, cases at the end of the task's case file.

What a case file holds stays to the byte. New cases come without checks and expected values: people judge them.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from migrator_tui.project.case_values import case_to_json
from migrator_tui.project.cases import MAX_WHOLE
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import decoded, read_bytes, shown_path
from migrator_tui.project.importing.adding import free_name
from migrator_tui.project.prompts import render
from migrator_tui.project.schema import Case, CheckSpec, Project, Task
from migrator_tui.project.words import one_line
from migrator_tui.project.write_back import FileChange, config_change, put, refuse_foreign
from migrator_tui.project.write_checks import checks_edit

_LINES = (".jsonl", ".ndjson")
_BOM = "\ufeff"


def new_cases(drawn: Sequence[Case], cases: Sequence[Case]) -> list[Case]:
    """The cases as they enter the file: unjudged, with ids of their own, with settings that all others have.

    Those whose input is among the cases already are left out.
    """
    from migrator_tui.coverage.inputs import input_of, shared_variables

    settings = shared_variables(cases)
    usual = {name: value for name, value in (cases[0].vars if cases else {}).items() if name in settings}
    taken = {case.id for case in cases}
    inputs = {(input_of(case, settings), len(case.messages)) for case in cases}
    found = []
    for case in drawn:
        said = input_of(case, settings), len(case.messages)
        if said in inputs:
            continue
        inputs.add(said)
        new_id, number = case.id, 2
        while new_id in taken:
            new_id, number = f"{case.id}-{number}", number + 1
        taken.add(new_id)
        found.append(
            replace(
                case, id=new_id, vars={**usual, **case.vars}, checks=(), expected=None, critical=False, threshold=None
            )
        )
    return found


def unusable(case: Case, template: str) -> str:
    """Why a case cannot be sent with that prompt, in a line; empty where it can."""
    try:
        render(template, case)
    except ProjectError as error:
        return str(error)
    return ""


def changes(project: Project, task: Task, checks: Sequence[CheckSpec], cases: Sequence[Case]) -> list[FileChange]:
    """What writing these checks and cases would change, for `write_back.apply`; empty for none of either.

    `ProjectError` where a file can't be read or edited, or the task has one of the checks already.
    """
    if cases or checks:
        refuse_foreign(project)
    found: list[FileChange] = []
    new_file: str | None = None
    if cases:
        place = _case_file(project, task)
        if place is None:
            first = task.cases[0].parent
            folder = first if first.is_relative_to(project.folder) else project.folder / "cases"
            stem = one_line(task.name, 60).replace("/", "-").replace(" ", "-")
            new_file = free_name(project.folder, shown_path(folder / f"{stem}-added.jsonl", project.folder))
            text = "".join(_line(case) + "\n" for case in cases)
            found.append(FileChange(project.folder / new_file, None, text, new_file))
        else:
            found.append(_appended(place, project, cases))
    if checks or new_file is not None:
        found.append(config_change(project, _edit(task, checks, new_file)))
    return found


def _case_file(project: Project, task: Task) -> Path | None:
    """The last case file of the task that takes lines and lies in the project; `None` where there is none."""
    fitting = [file for file in task.cases if file.suffix.lower() in _LINES and file.is_relative_to(project.folder)]
    return fitting[-1] if fitting else None


def _appended(file: Path, project: Project, cases: Sequence[Case]) -> FileChange:
    shown = shown_path(file, project.folder)
    data = read_bytes(file, shown, MAX_WHOLE)
    before = (_BOM if data.startswith(_BOM.encode()) else "") + decoded(data, shown)
    end = "\r\n" if before.endswith("\r\n") else "\n"
    gap = "" if not before or before.endswith("\n") else end
    return FileChange(file, before, before + gap + "".join(_line(case) + end for case in cases), shown)


def _line(case: Case) -> str:
    # A lone surrogate, which no file can hold, stays the escape that it came as.
    text = json.dumps(case_to_json(case), ensure_ascii=False)
    return text if text.isascii() or _is_sound(text) else json.dumps(case_to_json(case))


def _is_sound(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _edit(task: Task, checks: Sequence[CheckSpec], new_file: str | None) -> Any:
    add_checks = checks_edit(task, checks)

    def edit(document: Any, expected: dict[str, Any]) -> None:
        add_checks(document, expected)
        if new_file is None:
            return
        number = next(n for n, each in enumerate(expected["tasks"]) if each.get("name") == task.name)
        stated = expected["tasks"][number]["cases"]
        files = [*([stated] if isinstance(stated, str) else stated), new_file]
        put(document["tasks"][number], "cases", files)
        expected["tasks"][number]["cases"] = files

    return edit
