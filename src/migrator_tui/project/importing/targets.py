"""Where an import goes: a new folder, or a task of a project that is there."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from migrator_tui.project.config import CONFIG_NAME, load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project, Task
from migrator_tui.project.trust import is_trusted_config
from migrator_tui.project.words import listed, quoted


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import goes: a new folder, or a task of a project that is there."""

    output: Path
    """Absolute."""
    task: str
    project: Project | None = None
    existing: Task | None = None
    """The task, where the project has one of that name."""
    beside: bool = False
    """A new project in a folder that holds other files, which stay as they are."""


def target_of(output: Path, task: str | None, source: Path, *, beside: bool = False) -> Target:
    """Where an import goes; `ProjectError` where nothing may be written.

    `beside`: a folder that holds other files and no project is fine, too.
    """
    output = output.absolute()
    if output.exists() and not output.is_dir():
        raise ProjectError("is a file; --output names a folder", file=output)
    empty = not output.exists() or not any(output.iterdir())
    if empty or (beside and not os.path.lexists(output / CONFIG_NAME)):
        if task is not None:
            refuse_task_name(task)
        return Target(output, task or task_name(source), beside=not empty)
    if not (output / CONFIG_NAME).is_file():
        what = f"is not empty and holds no {CONFIG_NAME}; --output takes a new folder or a project"
        raise ProjectError(what, file=output)
    if task is not None:
        refuse_task_name(task)
    project = load_project(output, trusted=is_trusted_config(output / CONFIG_NAME))
    names = [each.name for each in project.tasks]
    if task is None and len(names) > 1:
        raise ProjectError(
            f"--task is needed: the project has several ({listed(names)}); a new name makes a new task"
        )
    task = task or names[0]
    existing = project.task(task) if task in names else None
    return Target(project.folder, task, project, existing)


def task_name(source: Path) -> str:
    """A task's name out of a file's."""
    return re.sub(r"[^\w-]+", "-", source.name.split(".")[0]).strip("-_")[:60] or "imported"


def refuse_task_name(name: str) -> None:
    """A task's name that a configuration would refuse."""
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise ProjectError(f"{quoted(name)} is no name for a task: printable, at most 80 characters")
