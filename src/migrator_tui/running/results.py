"""What a run came to: outcomes, counts, money and time of each task and model, for whoever reports them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from migrator_tui.history.records import Output, RunItem, Version
from migrator_tui.parity.outcomes import Outcome, outcome_of
from migrator_tui.parity.summary import Comparison, Summary, compare, summarise
from migrator_tui.project.schema import BASELINE, Project, Task
from migrator_tui.running.judging import check_outputs
from migrator_tui.running.plan import Plan
from migrator_tui.running.spending import is_free

if TYPE_CHECKING:
    from migrator_tui.history.store import History

CHUNK = 400
"""Cases whose outputs are in memory together, texts included."""


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One model on the cases of one task."""

    name: str
    model: str
    version: Version | None
    summary: Summary
    outcomes: Mapping[str, Outcome]
    """By case id, in the order of the cases."""
    made: int
    """Calls made in this run."""
    cached: int
    """Answers that were there already."""
    missing: int
    """Calls that were planned and not made: the run was stopped."""
    unpriced: int
    """Answers whose cost is not known."""
    failures: Mapping[str, Sequence[str]]
    """What calls that ended in errors said: the ids of the cases, by message."""


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """A candidate, and what it came to against the baseline."""

    model: ModelResult
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One task."""

    name: str
    cases: int
    baseline: ModelResult
    candidates: Sequence[CandidateResult]

    @property
    def models(self) -> list[ModelResult]:
        """The baseline, then the candidates."""
        return [self.baseline, *(candidate.model for candidate in self.candidates)]


@dataclass(frozen=True, slots=True)
class Results:
    """One run."""

    project: Project
    run_id: str
    tasks: Sequence[TaskResult]

    @property
    def errors(self) -> int:
        """Cases that ended in an error, counted for each model."""
        return sum(model.summary.errors for task in self.tasks for model in task.models)

    @property
    def missing(self) -> int:
        """Calls that were planned and not made."""
        return sum(model.missing for task in self.tasks for model in task.models)

    @property
    def unpriced_models(self) -> list[str]:
        """Models some of whose answers have no known cost; simulated and recorded ones cost nothing to ask."""
        unpriced = {model.name for task in self.tasks for model in task.models if model.unpriced}
        specs = [self.project.baseline, *self.project.candidates]
        return [spec.model for spec in specs if spec.name in unpriced and not is_free(spec)]


def collect(plan: Plan, history: "History") -> Results:
    """The results of the run that `plan` became (`plan.run_id` is set), judged by today's checks and verdicts."""
    assert plan.run_id is not None
    items = history.run_items(plan.run_id)
    return Results(plan.project, plan.run_id, [_task(plan, history, task, items) for task in plan.tasks])


def _task(plan: Plan, history: "History", task: Task, all_items: Sequence[RunItem]) -> TaskResult:
    names = [BASELINE, *(candidate.name for candidate in plan.candidates)]
    items: dict[str, dict[str, list[RunItem]]] = {case_id: {} for case_id in plan.cases[task.name]}
    for item in all_items:
        if item.task == task.name and item.case_id in items:
            items[item.case_id].setdefault(item.model_name, []).append(item)
    outcomes: dict[str, dict[str, Outcome]] = {name: {} for name in names}
    figures: dict[str, list[Output]] = {name: [] for name in names}
    cases = iter(plan.cases[task.name])
    while chunk := list(islice(cases, CHUNK)):
        outputs = _outputs(history, names, {case_id: items[case_id] for case_id in chunk})
        everything = [o for by_case in outputs.values() for some in by_case.values() for o in some]
        results = check_outputs(history, task, plan.cases[task.name], everything, outputs[BASELINE])
        records = {output_id: list(by_key.values()) for output_id, by_key in results.items()}
        for name in names:
            verdicts = history.verdicts(task.name, name, chunk)
            for case_id in chunk:
                some = outputs[name].get(case_id, [])
                outcomes[name][case_id] = outcome_of(
                    some,
                    records,
                    verdicts.get(case_id, []),
                    is_baseline=name == BASELINE,
                    assume=plan.project.assume,
                ).outcome
                # The figures of 100,000 outputs fit in memory; their texts may not.
                figures[name] += [replace(output, text="", reasoning="", tool_calls=()) for output in some]

    def model(name: str) -> ModelResult:
        planned = [item for by_model in items.values() for item in by_model.get(name, [])]
        return ModelResult(
            name=name,
            model=plan.project.model(name).model,
            version=plan.versions.get((task.name, name)),
            summary=summarise(outcomes[name], figures[name]),
            outcomes=outcomes[name],
            made=sum(item.output_id is not None and not item.cached for item in planned),
            cached=sum(item.cached for item in planned),
            missing=sum(item.output_id is None for item in planned),
            unpriced=sum(output.cost is None and not output.failed_call for output in figures[name]),
            failures=_failures(figures[name]),
        )

    return TaskResult(
        name=task.name,
        cases=len(plan.cases[task.name]),
        baseline=model(BASELINE),
        candidates=[
            CandidateResult(model(candidate.name), compare(outcomes[BASELINE], outcomes[candidate.name]))
            for candidate in plan.candidates
        ],
    )


def _failures(outputs: Sequence[Output]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for output in outputs:
        if output.failed_call:
            found.setdefault(output.error or str(output.error_kind), []).append(output.case_id)
    return {message: list(dict.fromkeys(ids)) for message, ids in found.items()}


def _outputs(
    history: "History", names: Sequence[str], items: Mapping[str, Mapping[str, Sequence[RunItem]]]
) -> dict[str, dict[str, list[Output]]]:
    """Outputs by model name and case id, ordered by repeat."""
    linked = [item for by_model in items.values() for some in by_model.values() for item in some]
    stored = history.outputs([item.output_id for item in linked if item.output_id is not None])
    return {
        name: {
            case_id: [stored[i.output_id] for i in by_model.get(name, []) if i.output_id is not None]
            for case_id, by_model in items.items()
        }
        for name in names
    }
