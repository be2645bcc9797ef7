"""The edit of an existing configuration that makes imported files part of a task, or a new task of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator_tui.project.discovery import ProposedTask
from migrator_tui.project.schema import Project, Task
from migrator_tui.project.words import one_line
from migrator_tui.project.write_back import FileChange, config_change, put


def free_name(folder: Path, path: str) -> str:
    """The path, or with a number before its suffix where something is there already."""
    wanted = Path(path)
    number = 1
    while True:
        name = wanted if number == 1 else wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        place = folder / name
        if not place.exists() and not place.is_symlink():
            return name.as_posix()
        number += 1


@dataclass(frozen=True, slots=True)
class NewBaseline:
    """A recording that the baseline becomes."""

    model: str
    note: str
    """Behind it, in place of what was said of the old one."""


def added_to_config(
    project: Project, new: ProposedTask, *, baseline: NewBaseline | None, to: Task | None = None
) -> FileChange:
    """What the configuration becomes; `to` is the task that gets the cases, without it they make a new one."""

    def edit(document: Any, expected: dict[str, Any]) -> None:
        if to is None:
            _append_task(document, expected, new)
        else:
            number = [task.name for task in project.tasks].index(to.name)
            _extend(document["tasks"][number], expected["tasks"][number], new)
        if baseline is not None:
            put(document["baseline"], "model", baseline.model)
            written = document["baseline"]["model"]
            written.comment(one_line(baseline.note))
            written.trivia.comment_ws = "  "
            expected["baseline"]["model"] = baseline.model
            if expected["baseline"].pop("columns", None) is not None:
                del document["baseline"]["columns"]  # the new file has our names

    return config_change(project, edit)


def _extend(table: Any, wanted: dict[str, Any], new: ProposedTask) -> None:
    for path in new.cases:
        if isinstance(wanted["cases"], list):
            table["cases"].append(path)
            wanted["cases"].append(path)
        else:
            wanted["cases"] = [wanted["cases"], path]
            put(table, "cases", list(wanted["cases"]))
    if new.production is not None:
        put(table, "production", new.production)
        wanted["production"] = new.production


def _append_task(document: Any, expected: dict[str, Any], new: ProposedTask) -> None:
    import tomlkit

    values: dict[str, Any] = {"name": new.name, "prompt": new.prompt, "cases": list(new.cases)}
    if new.tools is not None:
        values["tools"] = new.tools
    if new.response_format is not None:
        values["response_format"] = new.response_format
    if new.production is not None:
        values["production"] = new.production
    table = tomlkit.table()
    for key, value in values.items():
        put(table, key, value)
    # A blank line around it: the one below the last task stands above the new one now.
    above = document["tasks"][-1].as_string().replace("\r\n", "\n")
    table.trivia.indent = "\n" * (2 - len(above[-2:]) + len(above[-2:].rstrip("\n")))
    document["tasks"].append(table)
    if not document.as_string().endswith(table.as_string()):
        table.add(tomlkit.nl())
    expected["tasks"].append(values)
