"""The answers that a person judges away from this program: which they are, and what is known about each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from migrator_tui.history.digests import text_digest
from migrator_tui.history.records import CheckRecord, Judged, Output, Verdict
from migrator_tui.parity.outcomes import Judgement, Outcome, Source, judgement_of, outcome_of
from migrator_tui.project.cases import iter_cases
from migrator_tui.project.schema import BASELINE, Case, ModelSpec, Project, Task
from migrator_tui.running.judging import CHUNK, check_outputs
from migrator_tui.running.selection import Which

if TYPE_CHECKING:
    from migrator_tui.history.store import History

ASKS = frozenset({Judged.CARRIED_PASS, Judged.CARRIED_FAIL, Judged.STALE_PASS, Judged.STALE_FAIL})
"""Verdicts on an earlier text: they want to be confirmed or given anew."""


@dataclass(frozen=True, slots=True)
class Judgeable:
    """One answer, with what helps to judge it."""

    task: Task
    case: Case
    output: Output
    baseline: Output | None
    """What the old model answered, beside a candidate's output."""
    failed: Sequence[CheckRecord]
    """The checks that failed or could not be carried out."""
    verdict: Verdict | None
    """The one that stands on this very text."""


@dataclass(slots=True)
class Counted:
    """How many answers there were to choose from, filled while they are gone through."""

    answers: int = 0
    failed_calls: int = 0
    """Not among the answers: there is nothing to judge."""


def answers_to_judge(
    project: Project,
    history: "History",
    tasks: Sequence[Task],
    models: Sequence[ModelSpec],
    which: Which,
    counted: Counted,
) -> Iterator[Judgeable]:
    """The current answers of these models, in the order of tasks and case files; the cases must be indexed.

    `TO_JUDGE`: nobody and nothing has judged it (a baseline's that counts as assumed included), a check could not be
    carried out, or a verdict on an earlier text asks to be given again. `FAILING`: it counts as failed. Repeats that
    gave the same text are one answer: a verdict counts for both.
    """
    for task in tasks:
        rest = iter_cases(project, task)
        while cases := {case.id: case for case in islice(rest, CHUNK)}:
            old = history.current_outputs(task.name, BASELINE, project.baseline.model, list(cases))
            found = {
                model.name: old
                if model.name == BASELINE
                else history.current_outputs(task.name, model.name, model.model, list(cases))
                for model in models
            }
            outputs = [output for by_case in found.values() for some in by_case.values() for output in some]
            results = check_outputs(history, task, cases, outputs, old)
            verdicts = {model.name: history.verdicts(task.name, model.name, list(cases)) for model in models}
            on = {v.output_id for by_case in verdicts.values() for some in by_case.values() for v in some}
            earlier = history.outputs(on) if on else {}
            for case in cases.values():
                for model in models:
                    given = verdicts[model.name].get(case.id, [])
                    for output in _different(found[model.name].get(case.id, ())):
                        if output.failed_call:
                            counted.failed_calls += 1
                            continue
                        counted.answers += 1
                        records = list(results.get(output.id, {}).values())
                        judgement = judgement_of(output, given, earlier)
                        if _takes(which, project, task.threshold_for(case), output, records, given, judgement):
                            stands = judgement.judged in (Judged.PASS, Judged.FAIL)
                            yield Judgeable(
                                task,
                                case,
                                output,
                                _first_answer(old, case.id) if model.name != BASELINE else None,
                                [one for one in records if not one.passed and (one.error or not one.waiting)],
                                judgement.verdict if stands else None,
                            )


def _takes(
    which: Which,
    project: Project,
    threshold: float | None,
    output: Output,
    records: Sequence[CheckRecord],
    verdicts: Sequence[Verdict],
    judgement: Judgement,
) -> bool:
    if which is Which.ALL:
        return True
    found = outcome_of(
        [output],
        {output.id: records},
        verdicts,
        is_baseline=output.model_name == BASELINE,
        assume=project.assume,
        threshold=threshold,
    )
    if which is Which.FAILING:
        return found.outcome.passed is False
    unchecked = found.outcome is Outcome.ERROR and found.source is Source.CHECKS
    return unchecked or found.outcome in (Outcome.UNJUDGED, Outcome.ASSUMED) or judgement.judged in ASKS


def _different(outputs: Sequence[Output]) -> Sequence[Output]:
    if len(outputs) < 2:
        return outputs
    return list({(output.failed_call, text_digest(output)): output for output in reversed(outputs)}.values())[::-1]


def _first_answer(outputs: Mapping[str, Sequence[Output]], case_id: str) -> Output | None:
    return next((output for output in outputs.get(case_id, ()) if not output.failed_call), None)
