"""The rest of a run that was stopped or killed: the same items, asked of the files as they are now."""

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator_tui.history.records import Run, RunItem
from migrator_tui.project.cases import load_cases
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Case, Project
from migrator_tui.project.words import quoted
from migrator_tui.running.cache import source_digest
from migrator_tui.running.placeholders import refuse_placeholders
from migrator_tui.running.plan import Plan, key_for, validate_checks, with_cache

if TYPE_CHECKING:
    from migrator_tui.history.store import History


def resume_plan(project: Project, history: "History", run: Run) -> Plan:
    """The plan of a run in the history: what it asked, and what is left of it, if anything.

    Versions are those of the run; cases are today's. An item that is still to be asked is asked with today's case
    and kept under the key of what is really sent. Raises `ProjectError` where task, candidate or case is
    gone, or a model is another one.
    """
    items = history.run_items(run.id)
    began = f"the run of {run.created_at:%Y-%m-%d %H:%M} UTC"
    names = {item.task for item in items}
    gone = sorted(names - {task.name for task in project.tasks})
    if gone:
        raise ProjectError(f"{began} has task {quoted(gone[0])}, which the project has no more; start a new run")
    # A run that only asked the baseline again looks after the standings of all candidates.
    models = {item.model_name for item in items} - {BASELINE} or set(run.settings.get("candidates", ()))
    gone = sorted(models - {candidate.name for candidate in project.candidates})
    if gone:
        raise ProjectError(f"{began} has candidate {quoted(gone[0])}, which the project has no more; start a new run")
    for name, model in run.settings.get("models", ()):
        now = project.model(name).model
        if now != model:
            raise ProjectError(
                f"{began} asked {quoted(model)} as {name}, which is {quoted(now)} now; start a new run"
            )
    tasks = [task for task in project.tasks if task.name in names]
    cases: dict[str, dict[str, Case]] = {}
    for task in tasks:
        wanted = {item.case_id for item in items if item.task == task.name}
        found = {case.id: case for case in load_cases(project, task) if case.id in wanted}
        if missing := sorted(wanted - found.keys()):
            raise ProjectError(
                f"{began} has case {quoted(missing[0])}, which the project has no more; start a new run"
            )
        validate_checks(task, found.values())
        cases[task.name] = found
    versions = {}
    for item in items:
        if (item.task, item.model_name) not in versions:
            versions[item.task, item.model_name] = history.version(item.version_id)
    asked = {item.model_name for item in items if item.output_id is None}
    refuse_placeholders(map(project.model, asked), versions)
    sources = {name: source_digest(project, project.model(name)) for name in {*models, BASELINE}}

    def today(item: RunItem) -> RunItem:
        if item.output_id is not None:
            return item
        task, spec = project.task(item.task), project.model(item.model_name)
        version = versions[item.task, item.model_name]
        case = cases[item.task][item.case_id]
        key = key_for(project, task, spec, version, case, item.repeat, source=sources[spec.name])
        return replace(item, call_key=key)

    rest = [today(item) for item in items]
    return Plan(
        project=project,
        tasks=tasks,
        candidates=[candidate for candidate in project.candidates if candidate.name in models],
        cases=cases,
        versions=versions,
        items=with_cache(history, rest) if run.settings.get("cache", True) else rest,
        repeat=max((item.repeat for item in items), default=1),
        settings=run.settings,
        run_id=run.id,
    )
