"""The plan of a run: a plain list of independent items, each of which can be turned into one request.

Everything a user can have got wrong (a variable without a value, an unknown check, a case that is not there) is
found here, before the first call costs anything.
"""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from migrator_tui.history.records import Mark, RunItem, Section, Version
from migrator_tui.models.requests import ModelRequest
from migrator_tui.project.check_specs import code_in
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Case, ModelSpec, Project, Task
from migrator_tui.project.words import quoted
from migrator_tui.running.cache import call_key, source_digest
from migrator_tui.running.placeholders import baseline_version, refuse_placeholders
from migrator_tui.running.selection import Selection, Which, hint, selected_candidates, selected_tasks
from migrator_tui.running.versions import named_version, version_of_file, version_of_record

if TYPE_CHECKING:
    from migrator_tui.history.store import History

_numbers = itertools.count(1)
FAILING_MARKS = frozenset({Mark.FAILED, Mark.FLAKY, Mark.ERROR})
TO_JUDGE_SECTIONS = frozenset({Section.TO_JUDGE, Section.CARRIED_OVER, Section.NOT_RUN})


@dataclass(slots=True)
class Plan:
    """What a run will ask, item by item."""

    project: Project
    tasks: Sequence[Task]
    candidates: Sequence[ModelSpec]
    cases: Mapping[str, Mapping[str, Case]]
    """Task name to case id to case, in the order of the files; only the cases of this run."""
    versions: Mapping[tuple[str, str], Version]
    """By task and model name."""
    items: list[RunItem]
    """Numbered from 1; those that the cache answers hold an `output_id` and are marked `cached`."""
    repeat: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    run_id: str | None = None
    """Set when this is the rest of a run that was begun earlier."""

    @property
    def open_items(self) -> list[RunItem]:
        """The items that nothing has answered yet: one call each."""
        return [item for item in self.items if item.output_id is None]

    @property
    def models(self) -> list[ModelSpec]:
        """The models this plan asks or reads, the baseline first."""
        return [self.project.baseline, *self.candidates]

    def case(self, item: RunItem) -> Case:
        """The case of an item."""
        return self.cases[item.task][item.case_id]

    def version(self, item: RunItem) -> Version:
        """The prompt version of an item."""
        return self.versions[item.task, item.model_name]

    def request_for(self, item: RunItem, *, stream: bool = False) -> ModelRequest:
        """The request that answers an item, rendered now: a plan of 100,000 cases does not hold their messages."""
        return request_for(
            self.project,
            self.project.task(item.task),
            self.project.model(item.model_name),
            self.version(item),
            self.case(item),
            stream=stream,
        )


def request_for(
    project: Project, task: Task, spec: ModelSpec, version: Version, case: Case, *, stream: bool = False
) -> ModelRequest:
    """One request: this version's prompt and parameters, this case, this model."""
    from migrator_tui.project.prompts import render

    return ModelRequest(
        id=f"{os.getpid()}-{next(_numbers)}",
        model=spec.model,
        messages=render(version.template, case),
        params=dict(version.params),
        tools=list(task.tools),
        response_format=task.response_format,
        stream=stream,
        api_base=spec.api_base,
        api_key_env=spec.api_key_env,
        timeout=spec.timeout,
        limits_key=f"{spec.model} {spec.api_base or ''} {spec.api_key_env or ''}".strip(),
        concurrency=spec.concurrency,
        requests_per_minute=spec.requests_per_minute,
        case_id=case.id,
    )


def key_for(
    project: Project, task: Task, spec: ModelSpec, version: Version, case: Case, repeat: int, *, source: str | None
) -> str:
    """The cache key of one call (`source` from `cache.source_digest`)."""
    from migrator_tui.project.prompts import render

    return call_key(
        task=task,
        spec=spec,
        version_digest=version.digest,
        messages=render(version.template, case),
        params=version.params,
        case=case,
        repeat=repeat,
        source=source,
    )


def plan_run(project: Project, history: "History", selection: Selection, *, author: str) -> Plan:
    """The plan that a selection amounts to. Records the versions it uses; starts nothing.

    Raises `ProjectError` for whatever the selection or the files have wrong.
    """
    tasks = selected_tasks(project, selection)
    candidates = selected_candidates(project, selection)
    if not candidates:
        raise ProjectError("there is no [[candidates]] table: nothing to compare with", file=project.config_file.name)
    if (selection.prompt is not None or selection.version is not None) and len(tasks) > 1:
        option = "--prompt" if selection.prompt is not None else "--version"
        names = ", ".join(task.name for task in tasks)
        raise ProjectError(f"{option} needs --task: the project has several ({names})")
    versions = _versions(project, history, tasks, candidates, selection, author)
    models = [project.baseline, *candidates] if selection.baseline else list(candidates)
    refuse_placeholders(models, versions)
    cases = _cases(project, history, tasks, candidates, selection)
    if _narrowed(selection):
        tasks = [task for task in tasks if cases[task.name]]
    items = list(_items(project, tasks, models, cases, versions, selection.repeat))
    if selection.use_cache:
        items = with_cache(history, items)
    settings = {
        "tasks": [task.name for task in tasks],
        "candidates": [candidate.name for candidate in candidates],
        "cases": {name: list(by_id) for name, by_id in cases.items()} if _narrowed(selection) else None,
        "models": [[spec.name, spec.model] for spec in models],
        "repeat": selection.repeat,
        "baseline": selection.baseline,
        "which": selection.which.value,
        "cache": selection.use_cache,
        "versions": [[task, model, version.id] for (task, model), version in versions.items()],
    }
    return Plan(project, tasks, candidates, cases, versions, items, selection.repeat, settings)


def with_cache(history: "History", items: Sequence[RunItem]) -> list[RunItem]:
    """The same items, those that were answered before linked to that answer."""
    found = history.cached([item.call_key for item in items if item.output_id is None])
    return [
        replace(item, output_id=found[item.call_key], cached=True)
        if item.output_id is None and item.call_key in found
        else item
        for item in items
    ]


def validate_checks(task: Task, cases: Iterable[Case]) -> None:
    """Refuse checks that are written wrongly, each in one line, before a call is made for them."""
    from migrator_tui.checks.base import CheckSettingError
    from migrator_tui.checks.registry import validate

    cases = list(cases)
    for case in cases:
        if case.checks and code_in(case.checks):
            raise ProjectError(
                f"case {case.id}: a python check stands in migrator.toml, not in a case file: "
                "to trust a folder is to trust its configuration"
            )
    for owner, specs in itertools.chain(
        [(f"task {task.name}", task.checks)], ((f"case {case.id}", case.checks) for case in cases if case.checks)
    ):
        for spec in specs:
            try:
                validate(spec, task.check_setup)
            except CheckSettingError as error:
                raise ProjectError(f"{owner}: check {spec.full_type}: {error}") from error


def _narrowed(selection: Selection) -> bool:
    return selection.case_ids is not None or selection.which is not Which.ALL


def _versions(
    project: Project,
    history: "History",
    tasks: Sequence[Task],
    candidates: Sequence[ModelSpec],
    selection: Selection,
    author: str,
) -> dict[tuple[str, str], Version]:
    versions: dict[tuple[str, str], Version] = {}
    for task in tasks:
        for candidate in candidates:
            key = task.name, candidate.name
            if key in selection.versions:
                versions[key] = selection.versions[key]
            elif selection.prompt is not None:
                versions[key] = version_of_file(
                    project, history, task, candidate.name, selection.prompt, author=author
                )
            elif selection.version is not None:
                versions[key] = named_version(history, task.name, candidate.name, selection.version)
            else:
                versions[key] = version_of_record(project, history, task, candidate.name, author=author)
        beside = [versions[task.name, candidate.name] for candidate in candidates]
        versions[task.name, BASELINE] = selection.versions.get((task.name, BASELINE)) or baseline_version(
            project, history, task, beside, author=author
        )
    return versions


def _cases(
    project: Project,
    history: "History",
    tasks: Sequence[Task],
    candidates: Sequence[ModelSpec],
    selection: Selection,
) -> dict[str, dict[str, Case]]:
    from migrator_tui.project.cases import load_cases

    wanted = set(selection.case_ids) if selection.case_ids is not None else None
    chosen: dict[str, dict[str, Case]] = {}
    known: list[str] = []
    for task in tasks:
        all_cases = load_cases(project, task)
        known.extend(case.id for case in all_cases)
        cases = [case for case in all_cases if wanted is None or case.id in wanted]
        if selection.which is not Which.ALL:
            takes = _takes(history, task.name, candidates, selection.which)
            cases = [case for case in cases if takes(case.id)]
        validate_checks(task, cases)
        chosen[task.name] = {case.id: case for case in cases}
    for case_id in sorted((wanted or set()) - set(known)):
        raise ProjectError(f"no case {quoted(case_id)}{hint(case_id, known)}")
    return chosen


def _takes(history: "History", task: str, candidates: Sequence[ModelSpec], which: Which) -> Callable[[str], bool]:
    """Whether a case is among those a run over failing or unjudged cases takes, for any of the candidates."""
    standings = [history.standings(task, candidate.name) for candidate in candidates]

    def failing(case_id: str) -> bool:
        return any(s[case_id].candidate in FAILING_MARKS for s in standings if case_id in s)

    def to_judge(case_id: str) -> bool:
        return any(
            case_id not in s
            or s[case_id].section in TO_JUDGE_SECTIONS
            or s[case_id].candidate in (Mark.UNJUDGED, Mark.NOT_RUN)
            for s in standings
        )

    return failing if which is Which.FAILING else to_judge


def _items(
    project: Project,
    tasks: Sequence[Task],
    models: Sequence[ModelSpec],
    cases: Mapping[str, Mapping[str, Case]],
    versions: Mapping[tuple[str, str], Version],
    repeat: int,
) -> Iterator[RunItem]:
    """Case by case, the baseline first, so that a run stopped early has whole comparisons and not one side of all."""
    numbers = itertools.count(1)
    sources = {spec.name: source_digest(project, spec) for spec in models}
    for task in tasks:
        for case in cases[task.name].values():
            for repetition in range(1, repeat + 1):
                for spec in models:
                    version = versions[task.name, spec.name]
                    yield RunItem(
                        no=next(numbers),
                        task=task.name,
                        model_name=spec.name,
                        case_id=case.id,
                        version_id=version.id,
                        repeat=repetition,
                        call_key=key_for(project, task, spec, version, case, repetition, source=sources[spec.name]),
                    )
