"""A prompt that nobody has written yet: its placeholder is never sent, and what is written counts on both sides.

Another tool's folder may leave a prompt to a program. Ours runs none of them, so the task opens with a placeholder.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.placeholders import placeholder_in
from migrator_tui.project.schema import BASELINE, ModelSpec, Project, Task
from migrator_tui.running.spending import is_recorded
from migrator_tui.running.versions import DraftPrompt, version_of_draft, version_of_record

if TYPE_CHECKING:
    from migrator_tui.history.store import History


def refuse_placeholders(specs: Iterable[ModelSpec], versions: Mapping[tuple[str, str], Version]) -> None:
    """Raise `ProjectError` where one of the models would be sent a placeholder; recorded ones are sent nothing."""
    names = {spec.name for spec in specs if not is_recorded(spec)}
    for (task, name), version in versions.items():
        if name in names and (found := placeholder_in(version.template)) is not None:
            # What to do comes early: the header has little room.
            what = f"the prompt of task {task} is only a placeholder: write it (e, or --prompt FILE)"
            raise ProjectError(f"{what}; {found.maker} would make it")


def baseline_version(
    project: Project, history: "History", task: Task, candidates: Iterable[Version], *, author: str
) -> Version:
    """The baseline's prompt of record; where that is a placeholder, the first text that was written in its place.

    `candidates`: the versions that are about to be asked beside it.
    """
    record = version_of_record(project, history, task, BASELINE, author=author)
    if placeholder_in(record.template) is None or is_recorded(project.baseline):
        return record
    # What the baseline was asked with before stays: a candidate's prompt goes on changing, the baseline's does not.
    written = [*history.versions(task.name, BASELINE), *candidates]
    first = next((version for version in written if placeholder_in(version.template) is None), None)
    if first is None:
        return record
    draft = DraftPrompt(first.template, project.baseline.params_for(task.name), record.id, origin=first.origin)
    return version_of_draft(history, task.name, BASELINE, draft, author=author)
