"""What asking a model again came to, against what it answered in an earlier run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator_tui.history.digests import text_digest
from migrator_tui.history.records import Mark, Output, Run, RunItem, Standing, Version
from migrator_tui.parity.evidence import CaseEvidence, Evidence, case_evidence
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.pairs import outcome_of_mark
from migrator_tui.parity.scorecard import scorecard
from migrator_tui.parity.summary import summarise
from migrator_tui.project.schema import BASELINE, Task
from migrator_tui.running.against import Against, answers_of, earlier_answers
from migrator_tui.running.judging import standings_of
from migrator_tui.running.plan import Plan
from migrator_tui.running.results import CHUNK, CandidateResult, ModelResult, Results, TaskResult, failures_of

if TYPE_CHECKING:
    from migrator_tui.history.store import History


@dataclass(frozen=True, slots=True)
class AgainstResults:
    """A run and the one it is compared with. In `results` the earlier answers are called the baseline."""

    results: Results
    earlier: Run
    against: Against


def collect_against(plan: Plan, history: "History") -> AgainstResults:
    """The results of a run planned by `plan_against` (`plan.run_id` is set), judged by today's checks and verdicts.

    The gate's rules hold as they do against the old model, but for `min_cost_saving`: nobody asks a model to be
    cheaper than itself. Where nobody and nothing judges, an answer with the very text of the earlier one counts as
    that one does.
    """
    against = Against.of(plan.settings)
    assert plan.run_id is not None and against is not None
    mine = history.run_items(plan.run_id)
    theirs = [item for item in history.run_items(against.run_id) if item.model_name == against.model_name]
    tasks = [_task(plan, history, task, against, mine, theirs) for task in plan.tasks]
    return AgainstResults(Results(plan.project, plan.run_id, tasks), history.run(against.run_id), against)


def _task(
    plan: Plan,
    history: "History",
    task: Task,
    against: Against,
    mine: Sequence[RunItem],
    theirs: Sequence[RunItem],
) -> TaskResult:
    project, name = plan.project, against.model_name
    version = plan.versions[task.name, name]
    cases = plan.cases[task.name]
    earlier = earlier_answers(history, [item for item in theirs if item.task == task.name])
    now: dict[str, list[RunItem]] = {}
    for item in mine:
        if item.task == task.name and item.case_id in cases:
            now.setdefault(item.case_id, []).append(item)
    evidence: list[CaseEvidence] = []
    figures: tuple[list[Output], list[Output]] = ([], [])
    for chunk in _chunks(list(cases)):
        some = {case_id: cases[case_id] for case_id in chunk}
        old = answers_of(history, {case_id: earlier.answers.get(case_id, ()) for case_id in chunk})
        new = answers_of(history, {case_id: now.get(case_id, ()) for case_id in chunk})
        references = history.current_outputs(task.name, BASELINE, project.baseline.model, chunk)
        judged = standings_of(project, history, task, name, some, old, new, baselines=references)
        for standing in judged.standings:
            case = cases[standing.case_id]
            before, after = old[case.id], new[case.id]
            evidence.append(
                case_evidence(
                    _as_before(standing, before, after),
                    before,
                    after,
                    case_id=case.id,
                    tags=case.tags,
                    critical=case.critical,
                )
            )
            for kept, outputs in zip(figures, (before, after), strict=True):
                kept += [replace(output, text="", reasoning="", tool_calls=()) for output in outputs]
    model = project.model(name).model
    seen = Evidence(
        task=task.name,
        candidate=name,
        baseline_model=model,
        candidate_model=model,
        baseline_version=version,
        version=version,
        cases=evidence,
    )
    planned = [item for items in now.values() for item in items]
    then = _result(BASELINE, model, version, {one.case_id: one.baseline.outcome for one in evidence}, figures[0])
    again = _result(name, model, version, {one.case_id: one.candidate.outcome for one in evidence}, figures[1])
    return TaskResult(
        name=task.name,
        cases=len(cases),
        baseline=replace(then, cached=len(figures[0]), unpriced=0),
        candidates=[
            CandidateResult(
                replace(
                    again,
                    made=sum(item.output_id is not None for item in planned),
                    missing=sum(item.output_id is None for item in planned),
                ),
                scorecard(seen, replace(task.gate, min_cost_saving=None)),
            )
        ],
    )


def _result(
    name: str, model: str, version: Version, outcomes: Mapping[str, Outcome], outputs: Sequence[Output]
) -> ModelResult:
    return ModelResult(
        name=name,
        model=model,
        version=version,
        summary=summarise(outcomes, outputs),
        outcomes=outcomes,
        made=0,
        cached=0,
        missing=0,
        unpriced=sum(output.cost is None and not output.failed_call for output in outputs),
        failures=failures_of(outputs),
    )


def _as_before(standing: Standing, before: Sequence[Output], after: Sequence[Output]) -> Standing:
    """The standing, an answer that nobody judged counting as the earlier one of the very same text."""
    if outcome_of_mark(standing.baseline) is not Outcome.ASSUMED or standing.candidate is not Mark.UNJUDGED:
        return standing
    known = {text_digest(output) for output in before}
    if any(output.failed_call or text_digest(output) not in known for output in after):
        return standing
    return replace(
        standing,
        candidate=standing.baseline,
        candidate_source=standing.baseline_source,
        candidate_repeats=(len(after), len(after)),
    )


def _chunks(case_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(case_ids), CHUNK):
        yield case_ids[start : start + CHUNK]
