"""What a run came to: outcomes, counts, money and time of each task and model, for whoever reports them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from migrator_tui.history.records import Mark, Output, RunItem, Standing, Version
from migrator_tui.parity.evidence import CaseEvidence, Evidence, case_evidence
from migrator_tui.parity.gate import Answer, Decision, decide_project
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.pairs import outcome_of_mark
from migrator_tui.parity.scorecard import Scorecard, scorecard
from migrator_tui.parity.summary import Summary, summarise
from migrator_tui.project.schema import BASELINE, ModelSpec, Project, Task
from migrator_tui.running.judging import Results as CheckResults
from migrator_tui.running.judging import standings_of
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
    """What calls, and checks, that ended in errors said: the ids of the cases, by message."""


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """A candidate, and what it came to against the baseline."""

    model: ModelResult
    scorecard: Scorecard

    @property
    def decision(self) -> Decision:
        """What the gate says."""
        return self.scorecard.decision


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

    @property
    def best(self) -> CandidateResult:
        """The candidate that got furthest: a task can move as soon as one of its candidates is ready."""
        order = (Answer.READY, Answer.NOT_ENOUGH, Answer.NOT_READY)
        return min(self.candidates, key=lambda candidate: order.index(candidate.decision.answer))


@dataclass(frozen=True, slots=True)
class Results:
    """One run."""

    project: Project
    run_id: str
    tasks: Sequence[TaskResult]

    @property
    def decision(self) -> tuple[Answer, list[str]]:
        """Ready when every task is, and a task is ready when one of its candidates is; with the reasons."""
        best = [(task.name, task.best) for task in self.tasks]
        several = sum(len(task.candidates) for task in self.tasks) > 1
        about = [f"{task} on {one.model.name}" for task, one in best] if several else []
        return decide_project([one.decision for _, one in best], about)

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
    evidence: dict[str, list[CaseEvidence]] = {candidate.name: [] for candidate in plan.candidates}
    broken: dict[int, str] = {}
    for case_ids in _chunks(plan.cases[task.name]):
        cases = {case_id: plan.cases[task.name][case_id] for case_id in case_ids}
        outputs = _outputs(history, names, {case_id: items[case_id] for case_id in case_ids})
        for candidate in plan.candidates:
            old, new = outputs[BASELINE], outputs[candidate.name]
            judged = standings_of(plan.project, history, task, candidate.name, cases, old, new)
            broken |= _broken(judged.results)
            for found in judged.standings:
                case = cases[found.case_id]
                standing = _whole(found, items[case.id], candidate.name)
                outcomes[BASELINE][case.id] = outcome_of_mark(standing.baseline)
                outcomes[candidate.name][case.id] = outcome_of_mark(standing.candidate)
                evidence[candidate.name].append(
                    case_evidence(
                        _known(standing),
                        old.get(case.id, ()),
                        new.get(case.id, ()),
                        case_id=case.id,
                        tags=case.tags,
                        critical=case.critical,
                    )
                )
        for name in names:
            # The figures of 100,000 outputs fit in memory; their texts may not.
            figures[name] += [
                replace(output, text="", reasoning="", tool_calls=())
                for some in outputs[name].values()
                for output in some
            ]

    def model(name: str) -> ModelResult:
        planned = [item for by_model in items.values() for item in by_model.get(name, [])]
        errors = {
            o.id: broken[o.id] for o in figures[name] if o.id in broken and outcomes[name][o.case_id] is Outcome.ERROR
        }
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
            failures=failures_of(figures[name], errors),
        )

    def candidate_result(candidate: ModelSpec) -> CandidateResult:
        seen = Evidence(
            task=task.name,
            candidate=candidate.name,
            baseline_model=plan.project.baseline.model,
            candidate_model=candidate.model,
            baseline_version=plan.versions.get((task.name, BASELINE)),
            version=plan.versions.get((task.name, candidate.name)),
            cases=evidence[candidate.name],
        )
        return CandidateResult(model(candidate.name), scorecard(seen, task.gate))

    return TaskResult(
        name=task.name,
        cases=len(plan.cases[task.name]),
        baseline=model(BASELINE),
        candidates=[candidate_result(candidate) for candidate in plan.candidates],
    )


def _chunks(case_ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(case_ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _whole(standing: Standing, items: Mapping[str, Sequence[RunItem]], candidate: str) -> Standing:
    """A case passes if all its repeats pass: while some were not asked (the run was stopped) it has not been run.

    One that fails already stays failed, whatever the rest will say.
    """

    def mark(found: Mark, name: str) -> Mark:
        left = any(item.output_id is None for item in items.get(name, ()))
        return Mark.NOT_RUN if left and outcome_of_mark(found).passed else found

    return replace(
        standing, baseline=mark(standing.baseline, BASELINE), candidate=mark(standing.candidate, candidate)
    )


def _known(standing: Standing) -> Standing | None:
    """Nothing where neither side was asked: a case that was not run is no evidence."""
    return None if standing.baseline is standing.candidate is Mark.NOT_RUN else standing


def _broken(results: CheckResults) -> dict[int, str]:
    """By output id, the first check that could not be carried out, and why."""
    found = {}
    for output_id, by_key in results.items():
        error = next((record for record in by_key.values() if record.error and record.weight > 0), None)
        if error is not None:
            found[output_id] = f"{error.label}: {error.reason}"
    return found


def failures_of(outputs: Sequence[Output], broken: Mapping[int, str] | None = None) -> dict[str, list[str]]:
    """What calls that ended in errors said, with the ids of the cases; `broken`: the same of checks, by output id."""
    found: dict[str, list[str]] = {}
    for output in outputs:
        if output.failed_call:
            found.setdefault(output.error or str(output.error_kind), []).append(output.case_id)
        elif broken and output.id in broken:
            found.setdefault(broken[output.id], []).append(output.case_id)
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
