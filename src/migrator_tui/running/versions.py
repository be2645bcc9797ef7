"""The prompt of record as a version: the file is what counts, the history remembers what it said.

A file edited outside becomes a version at the next look; one that says what a known version says is that version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator_tui.history.records import Origin, Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project, Task
from migrator_tui.project.words import listed, quoted

if TYPE_CHECKING:
    from migrator_tui.history.store import History


@dataclass(frozen=True, slots=True)
class DraftPrompt:
    """What is in the editor, or in a file given for one run: not yet a version."""

    template: str
    params: Mapping[str, Any]
    parent_id: int | None = None
    """The version it was made from."""
    kept: bool = False
    origin: Origin = Origin.EDITOR


def newest_kept(history: "History", task: str, model_name: str) -> Version | None:
    """The newest version that was kept on purpose: the parent of what a file says next."""
    return next((version for version in history.versions(task, model_name) if version.kept), None)


def version_of_record(project: Project, history: "History", task: Task, model_name: str, *, author: str) -> Version:
    """The version that the prompt file and the configured parameters of `model_name` amount to, recorded if new."""
    from migrator_tui.project.prompts import read_template

    template = read_template(project.prompt_file(task, model_name))
    params = dict(project.model(model_name).params_for(task.name))
    parent = newest_kept(history, task.name, model_name)
    return history.record_version(
        task=task.name,
        model_name=model_name,
        template=template,
        params=params,
        parent_id=parent.id if parent else None,
        origin=Origin.FILE,
        author=author,
    )


def version_of_draft(history: "History", task: str, model_name: str, draft: DraftPrompt, *, author: str) -> Version:
    """The version a draft amounts to, recorded if new; the same text read from a file is the same version."""
    from migrator_tui.project.prompts import normal

    return history.record_version(
        task=task,
        model_name=model_name,
        template=normal(draft.template),
        params=dict(draft.params),
        parent_id=draft.parent_id,
        origin=draft.origin,
        author=author,
        kept=draft.kept,
    )


def version_of_file(
    project: Project, history: "History", task: Task, model_name: str, file: Path, *, author: str
) -> Version:
    """The version that `file` instead of the prompt of record amounts to, with the configured parameters.

    The file is named by whoever starts the program, so it may lie anywhere.
    """
    from migrator_tui.project.prompts import read_template

    parent = newest_kept(history, task.name, model_name)
    draft = DraftPrompt(
        template=read_template(file),
        params=dict(project.model(model_name).params_for(task.name)),
        parent_id=parent.id if parent else None,
        origin=Origin.FILE,
    )
    return version_of_draft(history, task.name, model_name, draft, author=author)


def named_version(history: "History", task: str, model_name: str, text: str) -> Version:
    """The version called `text` (`v4`, `4`, its name); a `ProjectError` names the nearest ones otherwise."""
    found = history.find_version(task, model_name, text)
    if found is not None:
        return found
    known = [version.name or version.label for version in history.versions(task, model_name)]
    there = f"there is {listed(known)}" if known else "none has been recorded yet"
    raise ProjectError(f"no version {quoted(text)} of task {quoted(task)} for {model_name}; {there}")
