"""What a prompt version came to on the cases it was run on, by today's checks and verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator_tui.history.records import Output, Version
from migrator_tui.parity.outcomes import Outcome, outcome_of
from migrator_tui.parity.summary import Summary, summarise
from migrator_tui.project.schema import BASELINE, Project, Task
from migrator_tui.running.judging import CHUNK, check_outputs

if TYPE_CHECKING:
    from migrator_tui.history.store import History


@dataclass(frozen=True, slots=True)
class VersionResult:
    """One version on the cases it was run on and that are still in the project."""

    version: Version
    summary: Summary
    outcomes: Mapping[str, Outcome]
    """By case id, in the order of the project's cases."""


def version_result(
    project: Project, history: "History", task: Task, version: Version, places: Mapping[str, int]
) -> VersionResult:
    """What `version` came to; checks that were never carried out on its outputs are carried out now.

    `places` are the project's cases by id, each with its number (`case_places`): asked for once, for many versions.
    """
    spec = project.model(version.model_name)
    asked = [case_id for case_id in history.version_cases(version.id, spec.model) if case_id in places]
    asked.sort(key=places.__getitem__)
    outcomes: dict[str, Outcome] = {}
    figures: list[Output] = []
    is_baseline = version.model_name == BASELINE
    for start in range(0, len(asked), CHUNK):
        chunk = asked[start : start + CHUNK]
        cases = {case.id: case for case in history.cases(task.name, chunk)}
        outputs = history.version_outputs(version.id, spec.model, chunk)
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


def case_places(history: "History", task: Task) -> dict[str, int]:
    """The task's cases in the index, by id, each with its number in the case files."""
    return {
        row.case_id: row.no for row in history.rows(task.name, BASELINE, range(1, history.case_count(task.name) + 1))
    }
