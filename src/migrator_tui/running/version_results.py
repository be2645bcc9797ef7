"""What a prompt version came to on the cases it was asked about, by today's checks and verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator_tui.history.adaptation_records import CasePart
from migrator_tui.history.records import Output, Version
from migrator_tui.parity.outcomes import Outcome, outcome_of
from migrator_tui.parity.summary import Summary, summarise
from migrator_tui.project.schema import BASELINE, Project, Task
from migrator_tui.running.judging import CHUNK, check_outputs

if TYPE_CHECKING:
    from migrator_tui.history.store import History


@dataclass(frozen=True, slots=True)
class VersionResult:
    """One version on the cases it was asked about and that are still in the project."""

    version: Version
    summary: Summary
    outcomes: Mapping[str, Outcome]
    """By case id, in the order of the project's cases."""


def version_result(
    project: Project, history: "History", task: Task, version: Version, places: Mapping[str, int]
) -> VersionResult:
    """What `version` came to, in runs and where it was only tried, as by a search; held-out cases, which a try only
    counts, come from runs alone. Checks that were never carried out on its outputs are carried out now.

    `places` are the project's cases by id, each with its number (`case_places`): asked for once, for many versions.
    """
    spec = project.model(version.model_name)
    held_out = {case_id for case_id, part in history.case_parts(task.name).items() if part is CasePart.HELD_OUT}
    tried = {
        case_id: ids
        for case_id, ids in history.tried_answers(version.id, spec.model).items()
        if case_id not in held_out
    }
    known = {*history.version_cases(version.id, spec.model), *tried}
    asked = sorted(known & places.keys(), key=places.__getitem__)
    outcomes: dict[str, Outcome] = {}
    figures: list[Output] = []
    is_baseline = version.model_name == BASELINE
    for start in range(0, len(asked), CHUNK):
        chunk = asked[start : start + CHUNK]
        cases = {case.id: case for case in history.cases(task.name, chunk)}
        outputs = answers_of(history, version, spec.model, chunk, tried)
        baselines = {} if is_baseline else history.current_outputs(task.name, BASELINE, project.baseline.model, chunk)
        everything = [output for some in outputs.values() for output in some]
        results = check_outputs(history, task, cases, everything, baselines)
        records = {output_id: list(by_key.values()) for output_id, by_key in results.items()}
        verdicts = history.verdicts(task.name, version.model_name, chunk)
        for case_id in chunk:
            some = outputs.get(case_id, [])
            outcomes[case_id] = outcome_of(
                some,
                records,
                verdicts.get(case_id, []),
                is_baseline=is_baseline,
                assume=project.assume,
                threshold=task.threshold_for(cases[case_id]),
            ).outcome
            figures += [replace(output, text="", reasoning="", tool_calls=()) for output in some]
    return VersionResult(version, summarise(outcomes, figures), outcomes)


def answers_of(
    history: "History", version: Version, model: str, case_ids: Sequence[str], tried: Mapping[str, Sequence[int]]
) -> dict[str, list[Output]]:
    """What a version answered on these cases: what stands or stood for them, else what is in `tried`
    (`history.tried_answers`)."""
    found = history.version_outputs(version.id, model, case_ids)
    others = {
        case_id: tried[case_id]
        for case_id in case_ids
        if case_id in tried and all(output.failed_call for output in found.get(case_id, ()))
    }
    outputs = history.outputs(output_id for ids in others.values() for output_id in ids)
    return found | {case_id: [outputs[output_id] for output_id in ids] for case_id, ids in others.items()}


def case_places(history: "History", task: Task) -> dict[str, int]:
    """The task's cases in the index, by id, each with its number in the case files."""
    return {
        row.case_id: row.no for row in history.rows(task.name, BASELINE, range(1, history.case_count(task.name) + 1))
    }
