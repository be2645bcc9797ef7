"""How far the checks that ask a judge agree with the people who judged the same outputs."""

from itertools import islice
from typing import TYPE_CHECKING

from migrator_tui.history.digests import text_digest
from migrator_tui.history.records import Verdict
from migrator_tui.parity.agreement import Agreement, agreement
from migrator_tui.project.schema import BASELINE, CheckSpec, ModelSpec, Project, Task
from migrator_tui.running.judging import CHUNK, cases_named, checks_of

if TYPE_CHECKING:
    from migrator_tui.history.store import History


def agreements(project: Project, history: "History", task: Task, candidate: ModelSpec) -> list[Agreement]:
    """The agreement of each check of the task that asks a judge, in the order of the checks; empty without any."""
    pairs = judge_pairs(project, history, task, candidate)
    return [agreement(label, some) for label, some in pairs.items()]


def judge_pairs(
    project: Project, history: "History", task: Task, candidate: ModelSpec
) -> dict[str, list[tuple[bool, bool]]]:
    """By the label of each check of the task that asks a judge: whether the judge and whether a person passed it.

    One pair for each text of the baseline or this candidate, whatever version gave it, that has a verdict of a person
    and a result of the check as it is stated today, by today's judge. Checks of single cases are left out, and so are
    those inside an `assert-set`: they have no result of their own.
    """
    judges = [spec for spec in task.checks if _asks_a_judge(spec)]
    pairs: dict[str, list[tuple[bool, bool]]] = {spec.label: [] for spec in judges}
    if not judges:
        return pairs
    for model in (project.baseline, candidate):
        verdicts = history.verdicts(task.name, model.name)
        case_ids = iter(verdicts)
        while chunk := list(islice(case_ids, CHUNK)):
            given = {case_id: [v for v in verdicts[case_id] if v.passed is not None] for case_id in chunk}
            _pairs_of(project, history, task, model, given, judges, pairs)
    return pairs


def _asks_a_judge(spec: CheckSpec) -> bool:
    from migrator_tui.checks.registry import find, waits

    return waits(spec) and find(spec).waiting.asks == "judge"


def _pairs_of(
    project: Project,
    history: "History",
    task: Task,
    model: ModelSpec,
    verdicts: dict[str, list[Verdict]],
    judges: list[CheckSpec],
    pairs: dict[str, list[tuple[bool, bool]]],
) -> None:
    """Add the pairs of some cases of one model."""
    case_ids = list(verdicts)
    cases = {case.id: case for case in cases_named(project, history, task, case_ids)}
    baselines = history.current_outputs(task.name, BASELINE, project.baseline.model, case_ids)
    current = history.current_outputs(task.name, model.name, model.model, case_ids)
    outputs = history.outputs({verdict.output_id for some in verdicts.values() for verdict in some})
    outputs |= {output.id: output for some in current.values() for output in some}
    stored = history.checks(outputs)
    seen: set[tuple[str, str, str]] = set()
    for output in outputs.values():
        if output.failed_call or output.case_id not in cases:
            continue
        digest = text_digest(output)
        verdict = next((v for v in verdicts[output.case_id] if v.text_digest == digest), None)
        if verdict is None:
            continue
        _, keyed = checks_of(output, task, cases[output.case_id], baselines)
        for key, spec in keyed.items():
            record = stored.get(output.id, {}).get(key)
            place = spec.label, output.case_id, digest
            if spec in judges and record is not None and not record.error and place not in seen:
                seen.add(place)
                pairs[spec.label].append((record.passed, bool(verdict.passed)))
