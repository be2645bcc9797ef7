"""A promptfoo configuration on disk, for tests to write and to read."""

import json
from pathlib import Path
from typing import Any

from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.formats.promptfoo.converting import native_files, read_promptfoo
from migrator_tui.project.formats.promptfoo.values import Converted
from migrator_tui.project.prompts import read_template, render
from migrator_tui.project.schema import Case, Project
from migrator_tui.running.plan import validate_checks

TWO = "providers: [openai:gpt-4o, anthropic:messages:claude-sonnet-5]\n"
"""Two models, for configurations that are about something else."""


def write(folder: Path, files: dict[str, Any]) -> Path:
    """Write files: texts as they are, everything else as JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else _text(content).encode())
    return folder


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def converted(folder: Path, config: str | dict[str, Any], **files: Any) -> Converted:
    """What a configuration comes to, with the files beside it."""
    name = "promptfooconfig.yaml" if isinstance(config, str) else "promptfooconfig.json"
    write(folder, {name: config, **files})
    return read_promptfoo(folder, trusted=False)


def native(found: Converted, folder: Path) -> Project:
    """The project of ours that it makes, read from disk like any other; cases rendered, checks looked at."""
    write(folder, native_files(found))
    project = load_project(folder, trusted=False)
    for task in project.tasks:
        cases = load_cases(project, task)
        validate_checks(task, cases)
        for case in cases:
            render(read_template(task.prompt), case, file=task.name)
    return project


def sent(project: Project, task: int = 0, case: int = 0) -> list[dict[str, Any]]:
    """The messages that one case of one task comes to."""
    return render(read_template(project.tasks[task].prompt), cases_of(project, task)[case])


def cases_of(project: Project, task: int = 0) -> list[Case]:
    """The cases of one task."""
    return load_cases(project, project.tasks[task])


def notes_of(found: Converted) -> str:
    """Everything noted, in lines."""
    return "\n".join(note.what for note in found.notes)
