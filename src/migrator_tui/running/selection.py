"""What a run is asked to cover, and the settings by which a resumed run covers the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import ModelSpec, Project, Task
from migrator_tui.project.words import did_you_mean, listed, quoted


class Which(StrEnum):
    """Which of the selected cases a run takes."""

    ALL = "all"
    FAILING = "failing"
    """The candidate fails, flickers or ended in an error."""
    TO_JUDGE = "to-judge"
    """Nobody and nothing has judged the candidate's output, or it is not there yet."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run covers. `None` means all there are."""

    tasks: Sequence[str] | None = None
    candidates: Sequence[str] | None = None
    case_ids: Sequence[str] | None = None
    repeat: int = 1
    version: str | None = None
    """`--version`: a version of the candidates' own, in place of the prompt of record."""
    prompt: Path | None = None
    """`--prompt`: a file in place of the prompt of record, for the candidates."""
    versions: Mapping[tuple[str, str], Version] = field(default_factory=dict)
    """By task and model name: what the app runs in place of the prompt of record, such as the draft's version."""
    which: Which = Which.ALL
    use_cache: bool = True
    baseline: bool = True
    """Whether the baseline is asked as well."""


def hint(word: str, known: Sequence[str]) -> str:
    """The likely right word for one that is not known, or what there is."""
    return did_you_mean(word, known) or (f"; there is {listed(known)}" if known else "")


def selected_tasks(project: Project, selection: Selection) -> list[Task]:
    """The tasks a selection names, in the order of the project; `ProjectError` for a name it does not have."""
    if selection.tasks is None:
        return list(project.tasks)
    known = [task.name for task in project.tasks]
    for name in selection.tasks:
        if name not in known:
            raise ProjectError(f"no task {quoted(name)}{hint(name, known)}", file=project.config_file.name)
    return [task for task in project.tasks if task.name in selection.tasks]


def selected_candidates(project: Project, selection: Selection) -> list[ModelSpec]:
    """The candidates a selection names, in the order of the project; `ProjectError` for a name it does not have."""
    if selection.candidates is None:
        return list(project.candidates)
    known = [candidate.name for candidate in project.candidates]
    for name in selection.candidates:
        if name not in known:
            raise ProjectError(f"no candidate {quoted(name)}{hint(name, known)}", file=project.config_file.name)
    return [candidate for candidate in project.candidates if candidate.name in selection.candidates]
