"""What was chosen and written in the program on a folder of promptfoo's goes along into the project made of it."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator_tui.commands.common import open_history
from migrator_tui.project.schema import BASELINE, ModelSpec, Project, Task

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.project.formats.promptfoo.values import Converted, ForeignModel


def with_own_work(found: "Converted", config_file: Path, *, trusted: bool) -> tuple["Converted", list[str]]:
    """The same with the models and prompts that the user settled on, and a line for each of them."""
    from migrator_tui.history.location import local_file
    from migrator_tui.models.proposing import propose
    from migrator_tui.project.config import config_of, load_project
    from migrator_tui.project.formats.promptfoo.choices import Choice, read_choice
    from migrator_tui.project.formats.promptfoo.folder import with_choice

    choice = read_choice(config_file)
    found = with_choice(found, choice)
    taken = [] if choice == Choice() else [f"the models you chose: from {_of(found, 0)} to {_of(found, 1)}"]
    # Whatever else lies in the folder was never open in the program.
    if config_of(config_file.parent) != config_file:
        return found, taken
    project = load_project(config_file.parent, trusted=trusted, propose=propose)
    file = local_file(project)
    if file is None or not file.is_file():
        return found, taken
    with open_history(project, trusted=trusted) as history:
        found, written = _with_prompts(found, project, history)
    return found, [*taken, *written]


def _of(found: "Converted", number: int) -> str:
    return str(found.models[number].table["model"])


def _with_prompts(found: "Converted", project: Project, history: "History") -> tuple["Converted", list[str]]:
    from migrator_tui.project.formats.promptfoo.placeholders import placeholder_in

    models = list(found.models)
    tasks = list(found.tasks)
    prompts: dict[tuple[str, str], str] = {}
    taken = []
    for at, task in enumerate(project.tasks):
        record = _record(task)
        if placeholder_in(record) is not None and (text := _first_written(history, task.name)) is not None:
            tasks[at] = replace(tasks[at], prompt=text + "\n")
            taken.append(f"task {task.name}: the prompt that you wrote in place of the placeholder")
            record = text
        for number, spec in enumerate(project.candidates, 1):
            last = _last_made(history, task, spec)
            if last is None:
                continue
            name, template, params = last
            if template != record:
                prompts[task.name, spec.name] = template + "\n"
                taken.append(f"task {task.name} on {spec.name}: {name}, as its own prompt")
            if params != dict(spec.params_for(task.name)):
                models[number] = _with_params(models[number], task.name, params)
                taken.append(f"task {task.name} on {spec.name}: the parameters of {name}")
    return replace(found, models=models, tasks=tasks, prompts=prompts), taken


def _record(task: Task) -> str:
    from migrator_tui.project.prompts import read_template

    return read_template(task.prompt)


def _first_written(history: "History", task: str) -> str | None:
    """What the baseline was asked with in place of a placeholder."""
    from migrator_tui.project.formats.promptfoo.placeholders import placeholder_in

    texts = (version.template for version in history.versions(task, BASELINE))
    return next((text for text in texts if placeholder_in(text) is None), None)


def _last_made(history: "History", task: Task, spec: ModelSpec) -> tuple[str, str, Mapping[str, Any]] | None:
    """What it is called, text and parameters of the newest prompt made in the program, a draft too; else `None`."""
    from migrator_tui.history.records import Origin
    from migrator_tui.project.prompts import normal

    versions = history.versions(task.name, spec.name)
    made = next((version for version in versions if version.origin != Origin.FILE), None)
    draft = next(iter(history.drafts(task.name, spec.name)), None)
    if draft is not None and (made is None or draft.updated_at > made.created_at):
        try:
            params: Mapping[str, Any] = tomllib.loads(draft.params_text)
        except tomllib.TOMLDecodeError:  # half typed: the text is what counts
            params = spec.params_for(task.name)
        return "your draft", normal(draft.template), params
    if made is None:
        return None
    return made.label, made.template, made.params


def _with_params(model: "ForeignModel", task: str, params: Mapping[str, Any]) -> "ForeignModel":
    return replace(model, task_params={**model.task_params, task: dict(params)})
