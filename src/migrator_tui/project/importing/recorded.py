"""A project's recorded baseline beside an import's answers: both end in one new recording, the old file stays."""

from collections.abc import Iterator
from pathlib import Path

from migrator_tui.project.cases import iter_cases, json_value, raw_lines
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import decoded
from migrator_tui.project.importing.spool import json_line
from migrator_tui.project.importing.targets import Target
from migrator_tui.project.model_tables import COLUMNS, RECORDED, recorded_file
from migrator_tui.project.recordings import Recording, Row
from migrator_tui.project.schema import Project
from migrator_tui.project.words import listed


def is_recorded(project: Project | None) -> bool:
    """Whether the project's baseline answers out of a file."""
    return project is not None and project.baseline.model.startswith(RECORDED)


def taken_ids(project: Project) -> Iterator[str]:
    """Ids that an answer of another case can't have: it would answer a case that is there, or stand there twice."""
    for row in _rows(project):
        if row.get("id") is not None:
            yield str(row["id"]).strip()
    for task in project.tasks:
        for case in iter_cases(project, task):
            yield case.id


def kept_rows(project: Project) -> Iterator[bytes]:
    """The answers that are there, as rows of a new recording."""
    # Read through first: a row that is wrong is named with its place before anything is made of it.
    Recording.load(_file(project), project.baseline.columns)
    yield from map(json_line, _rows(project))


def refuse_to_lose_answers(target: Target) -> None:
    """Answers as the baseline in place of a model that answers other tasks, too: those would be without any."""
    project = target.project
    if project is None or is_recorded(project):
        return
    others = [task.name for task in project.tasks if task.name != target.task]
    if others:
        what = f"--use-answers would leave {listed(others, 4)} without a baseline: {project.baseline.model} answers"
        raise ProjectError(f"{what} there; import into a new folder instead", file=project.config_file)


def _file(project: Project) -> Path:
    return recorded_file(project.folder, project.baseline.model)


def _rows(project: Project) -> Iterator[Row]:
    """The rows by our names, whatever the file calls its columns; what is no column of ours stays."""
    file, columns = _file(project), project.baseline.columns
    for data, line, _ in raw_lines(file, file.name):
        row = json_value(decoded(data, file.name, line), file.name, line)
        if not isinstance(row, dict):
            continue  # which `kept_rows` refuses with its place
        named = {name: row[columns.get(name, name)] for name in COLUMNS if columns.get(name, name) in row}
        theirs = (*COLUMNS, *columns.values())
        yield {**named, **{key: value for key, value in row.items() if key not in theirs}}
