"""Adds a check to a task in `migrator.toml`: shown as a diff first, comments and everything else kept."""

from collections.abc import Callable, Sequence
from typing import Any

from migrator_tui.project.check_specs import check_spec, check_to_json
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import CheckSpec, Project, Task
from migrator_tui.project.toml_text import toml_value
from migrator_tui.project.words import quoted
from migrator_tui.project.write_back import FileChange, config_change, put, refuse_foreign


def check_text(spec: CheckSpec) -> str:
    """The check as the configuration writes it: `{ type = "max-words", value = 80 }`.

    `ProjectError` for what TOML cannot say: null, or a lone surrogate.
    """
    try:
        return toml_value(_table(spec))
    except ValueError as error:
        raise ProjectError(f"{spec.full_type} can't be written: {error}") from None


def check_change(project: Project, task: Task, spec: CheckSpec) -> FileChange:
    """What adding the check to the task would change, for `write_back.apply`.

    Whether there is such a check is the registry's to say. `ProjectError` where the task has that very check already,
    and where the configuration can't be read, or is laid out in a way that can't be edited safely.
    """
    refuse_foreign(project)
    try:
        return config_change(project, checks_edit(task, [spec]))
    except StopIteration:
        raise ProjectError(f"has no task {quoted(task.name)} any more", file=project.config_file.name) from None


def checks_edit(task: Task, specs: Sequence[CheckSpec]) -> Callable[[Any, dict[str, Any]], None]:
    """The edit of the configuration that adds these checks to the task, for `write_back.config_change`."""
    for spec in specs:
        if spec in task.checks:
            raise ProjectError(f"the task {quoted(task.name)} has that check already")
    added = [(check_text(spec), _table(spec)) for spec in specs]

    def edit(document: Any, expected: dict[str, Any]) -> None:
        number = next(n for n, each in enumerate(expected["tasks"]) if each.get("name") == task.name)
        for text, table in added:
            _append(document["tasks"][number], text, table)
            expected["tasks"][number].setdefault("checks", []).append(table)

    return edit


def _append(task: Any, text: str, table: dict[str, Any]) -> None:
    """A `[[tasks.checks]]` of its own where the others are written so, else one more in the list."""
    import tomlkit
    from tomlkit.items import AoT, Whitespace

    if "checks" not in task:
        put(task, "checks", [table])
    elif isinstance(task["checks"], AoT):
        added = tomlkit.table()
        for key, value in table.items():
            added[key] = tomlkit.value(toml_value(value))
        last = task["checks"][-1].value.body
        if last and isinstance(last[-1][1], Whitespace):  # the blank line before what follows
            added.add(tomlkit.nl())
        task["checks"].append(added)
    else:
        task["checks"].append(tomlkit.value(text))


def _table(spec: CheckSpec) -> dict[str, Any]:
    table = check_to_json(spec)
    ours = ("type", "value", "threshold", "weight", "metric")
    return {**{key: table[key] for key in ours if key in table}, **table}


def read_check(name: str, value: Any = None, more: dict[str, Any] | None = None) -> CheckSpec:
    """The check of that name and value, with whatever else its table holds; `Misfit` where it cannot be one."""
    stated = {"type": name, **(more or {})}
    return check_spec(stated if value is None else {**stated, "value": value})
