"""Surveys a task: reads prompt, cases and production sample, and says what the cases exercise and what not."""

import random
from collections.abc import Callable, Sequence

from migrator_tui.coverage.checked import Checked, gather
from migrator_tui.coverage.demands import Asked, read_demands
from migrator_tui.coverage.folding import fold
from migrator_tui.coverage.inputs import looks_at, shared_variables
from migrator_tui.coverage.matching import Ground, matched
from migrator_tui.coverage.proposing import case_proposals, check_proposals
from migrator_tui.coverage.reach import edges, shares
from migrator_tui.coverage.values import Coverage, Demand, PastFacts, Sample, Trouble
from migrator_tui.project.cases import read_cases
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import shown_path
from migrator_tui.project.prompts import read_template
from migrator_tui.project.schema import Case, ModelSpec, Project, Task

LARGEST_SAMPLE = 4_000
"""Inputs of a production sample that are looked at; more change a share by less than a point and a half."""
SEED = 1
NOTHING_PAST = PastFacts()


class SurveyStopped(Exception):
    """Somebody stopped it."""


def survey(
    project: Project,
    task: Task,
    cases: Sequence[Case],
    candidate: ModelSpec | None = None,
    past: PastFacts = NOTHING_PAST,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Coverage:
    """What the cases of the task cover of the prompt of record (the candidate's, where it has one of its own).

    Raises `ProjectError` where prompt or production sample cannot be read, `SurveyStopped` once `stop` says so.
    """
    file = project.prompt_file(task, candidate.name) if candidate is not None else task.prompt
    template = read_template(file, project.shown(file))
    rows, drawn = read_sample(project, task, stop)
    return coverage_of(
        task,
        cases,
        template,
        drawn,
        Sample(rows, len(drawn)) if task.production is not None else None,
        past,
        project.shown(file),
        stop,
    )


def coverage_of(
    task: Task,
    cases: Sequence[Case],
    template: str,
    production: Sequence[Case] = (),
    sample: Sample | None = None,
    past: PastFacts = NOTHING_PAST,
    prompt_file: str = "",
    stop: Callable[[], bool] = lambda: False,
) -> Coverage:
    """As `survey`, of what was read already."""

    def go_on() -> None:
        if stop():
            raise SurveyStopped

    settings = shared_variables(cases)
    looks = looks_at(cases, settings)
    folded = fold(looks)
    go_on()
    checked = gather(task, cases, folded.group)
    drawn = looks_at(production, settings)
    ground = Ground(checked, folded.kept, len(past.judged))
    asked = read_demands(
        template,
        keys=_keys(checked),
        choices=_choices(checked),
        tools=tool_names(task),
        arguments=argument_values(task),
    )
    instructions = [matched(one, ground) for one in [*asked, *_unnamed_tools(task, asked)]]
    go_on()
    spread = shares(task, folded.kept, drawn)
    go_on()
    unusual = edges(task, folded.kept, drawn)
    go_on()
    trouble = _trouble(cases, checked, past, folded.same, folded.near)
    fills = case_proposals(spread, unusual, folded.kept, drawn)
    wanted = {case_id for fill in fills for case_id in fill.candidates}
    return Coverage(
        task.name,
        len(folded.kept),
        len(cases),
        instructions,
        spread,
        unusual,
        trouble,
        sample,
        len(past.judged),
        check_proposals(task, instructions, checked),
        fills,
        prompt_file,
        {case.id: case for case in reversed(production) if case.id in wanted},
    )


def read_sample(project: Project, task: Task, stop: Callable[[], bool] = lambda: False) -> tuple[int, list[Case]]:
    """How many inputs the production sample has, and those that are looked at, drawn evenly and always the same."""
    if task.production is None:
        return 0, []
    chance = random.Random(SEED)  # noqa: S311 (the same sample each time)
    kept: list[tuple[int, Case]] = []
    rows = 0
    for case in read_cases(task.production, project.folder):
        if rows % 500 == 0 and stop():
            raise SurveyStopped
        rows += 1
        if len(kept) < LARGEST_SAMPLE:
            kept.append((rows, case))
        elif (place := chance.randrange(rows)) < LARGEST_SAMPLE:
            kept[place] = rows, case
    if not rows:
        raise ProjectError("holds no inputs", file=shown_path(task.production, project.folder))
    return rows, [case for _, case in sorted(kept, key=lambda one: one[0])]


def _unnamed_tools(task: Task, asked: Sequence[Asked]) -> list[Asked]:
    """The tools that the prompt does not name: their definitions ask for them."""
    named = {value for one in asked if one.demand.kind in ("tool", "no-tool") for value in one.demand.values}
    named |= {one.demand.key for one in asked if one.demand.kind == "tool-value"}
    missing = [name for name in tool_names(task) if name not in named]
    return [Asked(0, f"the tool {name}", Demand("tool", values=(name,))) for name in missing]


def argument_values(task: Task) -> dict[str, tuple[str, str]]:
    """The values that arguments with a fixed choice can have, to the names of argument and tool."""
    found: dict[str, tuple[str, str]] = {}
    for tool in task.tools:
        function = tool.get("function")
        function = function if isinstance(function, dict) else tool
        parameters = function.get("parameters")
        properties = parameters.get("properties") if isinstance(parameters, dict) else None
        for name, schema in (properties if isinstance(properties, dict) else {}).items():
            choices = schema.get("enum") if isinstance(schema, dict) else None
            for value in choices if isinstance(choices, list) else ():
                if isinstance(value, str):
                    found.setdefault(value, (str(name), str(function.get("name") or "")))
    return found


def tool_names(task: Task) -> list[str]:
    """The names of the task's tools."""
    found = []
    for tool in task.tools:
        function = tool.get("function")
        name = function.get("name") if isinstance(function, dict) else tool.get("name")
        if isinstance(name, str):
            found.append(name)
    return found


def _keys(checked: Checked) -> list[str]:
    """Keys of the answer that checks or expected values know."""
    known = [*checked.required, *checked.enums, *checked.formed, *(key for key in checked.expected if key)]
    return list(dict.fromkeys([*known, *(key for key, _ in checked.pins if key)]))


def _choices(checked: Checked) -> dict[str, tuple[str, ...]]:
    return {key: tuple(sorted(values)) for key, (values, _) in checked.enums.items()}


def _trouble(
    cases: Sequence[Case],
    checked: Checked,
    past: PastFacts,
    same: Sequence[tuple[str, ...]],
    near: Sequence[tuple[str, ...]],
) -> Trouble:
    known = {case.id for case in cases}
    return Trouble(
        unchecked=tuple(case_id for case_id in checked.unchecked if case_id not in past.judged),
        same=tuple(same),
        near=tuple(near),
        flaky=tuple(case.id for case in cases if case.id in past.flaky & known),
        pass_everywhere=tuple(case.id for case in cases if case.id in past.pass_everywhere),
        critical=tuple(case.id for case in cases if case.critical),
    )
