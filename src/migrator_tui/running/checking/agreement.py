"""How far the checks that ask a judge agree with the people who judged the same outputs."""

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from migrator_tui.history.digests import text_digest
from migrator_tui.history.records import Verdict
from migrator_tui.parity.agreement import Agreement, agreement
from migrator_tui.project.schema import BASELINE, CheckSpec, ModelSpec, Project, Task
from migrator_tui.running.judging import CHUNK, cases_named, checks_of
from migrator_tui.text_safety import safe_line

if TYPE_CHECKING:
    from migrator_tui.history.store import History


def agreements(project: Project, history: "History", task: Task, candidate: ModelSpec) -> list[Agreement]:
    """The agreement of each check of the task that asks a judge, in the order of the checks; empty without any."""
    return [agreement(name, pairs) for name, pairs in judge_pairs(project, history, task, candidate)]


def judge_pairs(
    project: Project, history: "History", task: Task, candidate: ModelSpec
) -> list[tuple[str, list[tuple[bool, bool]]]]:
    """The name of each check of the task that asks a judge, with pairs: whether the judge and a person passed it.

    One pair for each text of the baseline or this candidate, whatever version gave it, that has a verdict of a person
    and a result of the check as it is stated today, by today's judge. Checks of single cases are left out, and so are
    those inside an `assert-set`: they have no result of their own.
    """
    judges = [spec for spec in task.checks if _asks_a_judge(spec)]
    pairs: list[list[tuple[bool, bool]]] = [[] for _ in judges]
    for model in (project.baseline, candidate) if judges else ():
        verdicts = history.verdicts(task.name, model.name)
        case_ids = iter(verdicts)
        while chunk := list(islice(case_ids, CHUNK)):
            given = {case_id: [v for v in verdicts[case_id] if v.passed is not None] for case_id in chunk}
            _add_pairs(project, history, task, model, given, judges, pairs)
    return list(zip(_names(judges), pairs, strict=True))


def _names(judges: list[CheckSpec]) -> list[str]:
    """Their labels; of several with one label, with what each asks."""
    labels = Counter(spec.label for spec in judges)
    return [
        spec.label if labels[spec.label] == 1 else f"{spec.label}: {safe_line(str(spec.value), 40)}"
        for spec in judges
    ]


def _asks_a_judge(spec: CheckSpec) -> bool:
    from migrator_tui.checks.registry import find, waits

    return waits(spec) and find(spec).waiting.asks == "judge"


def _add_pairs(
    project: Project,
    history: "History",
    task: Task,
    model: ModelSpec,
    verdicts: dict[str, list[Verdict]],
    judges: list[CheckSpec],
    pairs: list[list[tuple[bool, bool]]],
) -> None:
    """Add the pairs of some cases of one model; `pairs` in the order of `judges`."""
    case_ids = list(verdicts)
    cases = {case.id: case for case in cases_named(project, history, task, case_ids)}
    baselines = history.current_outputs(task.name, BASELINE, project.baseline.model, case_ids)
    current = history.current_outputs(task.name, model.name, model.model, case_ids)
    outputs = history.outputs({verdict.output_id for some in verdicts.values() for verdict in some})
    outputs |= {output.id: output for some in current.values() for output in some}
    stored = history.checks(outputs)
    seen: set[tuple[int, str, str]] = set()
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
            if spec not in judges or record is None or record.error:
                continue
            place = judges.index(spec), output.case_id, digest
            if place not in seen:
                seen.add(place)
                pairs[place[0]].append((record.passed, bool(verdict.passed)))
