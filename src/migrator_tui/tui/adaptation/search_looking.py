"""What a try cannot say by itself: how its text differs, and why the cases it flips pass or fail. For threads."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from migrator_tui.adaptation.search.values import Try
from migrator_tui.parity.outcomes import outcome_of
from migrator_tui.tui.adaptation.search_panes import Looked
from migrator_tui.tui.adaptation.search_state import SearchState
from migrator_tui.tui.versions.diff import prompt_diff
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.history.records import CheckRecord, Version
    from migrator_tui.parity.outcomes import OutcomeWithReason
    from migrator_tui.project.schema import Case, Task

LOOKED_AT = 60
"""Cases of a kind whose reasons are looked up: more than a pane shows."""


def look(workspace: Workspace, state: SearchState, a_try: Try, parent: Try | None) -> Looked:
    """Look a try up; raises `HistoryError`, and `ProjectError` where a prompt cannot be rendered."""
    from migrator_tui.adaptation.guards import facts

    before = parent.template if parent is not None else a_try.template
    diff = prompt_diff(before, None, a_try.template, None)
    found = facts(before, a_try.template) if parent is not None else None
    changed, growth = (found.changed, found.growth) if found is not None else (None, 0.0)
    flips = a_try.flips
    broken = flips.broken[:LOOKED_AT] if flips is not None else ()
    fixed = flips.fixed[:LOOKED_AT] if flips is not None else ()
    if not broken and not fixed:
        return Looked(diff, changed, growth)
    history, task = workspace.history, workspace.project.task(state.task)
    cases = {case.id: case for case in history.cases(task.name, [*broken, *fixed])}
    reasons: dict[str, str] = {}
    for version_id, ids in ((a_try.version_id, broken), (parent.version_id if parent else None, fixed)):
        if version_id is not None and ids:
            found_out = came_out(workspace, task, history.version(version_id), cases, ids)
            reasons |= {case_id: outcome.reason for case_id, (outcome, _) in found_out.items()}
    return Looked(diff, changed, growth, reasons, {case_id for case_id, case in cases.items() if case.critical})


def came_out(
    workspace: Workspace, task: "Task", version: "Version", cases: "Mapping[str, Case]", ids: Sequence[str]
) -> "dict[str, tuple[OutcomeWithReason, Sequence[CheckRecord]]]":
    """How those of the cases that were asked with a version came out, with the checks of what decided; by case id."""
    from migrator_tui.project.schema import BASELINE
    from migrator_tui.running.judging import CHUNK, check_outputs
    from migrator_tui.running.trying import try_items

    project, history = workspace.project, workspace.history
    known = [case_id for case_id in ids if case_id in cases]
    found: dict[str, tuple[OutcomeWithReason, Sequence[CheckRecord]]] = {}
    for start in range(0, len(known), CHUNK):
        chunk = known[start : start + CHUNK]
        # By what would be sent: an answer to a try stands for no case.
        items = try_items(project, history, task, version, [cases[case_id] for case_id in chunk])
        answers = history.outputs([item.output_id for item in items if item.output_id is not None])
        outputs = {item.case_id: [answers[item.output_id]] for item in items if item.output_id in answers}
        baselines = history.current_outputs(task.name, BASELINE, project.baseline.model, chunk)
        results = check_outputs(history, task, cases, [o for some in outputs.values() for o in some], baselines)
        records = {output_id: list(by_key.values()) for output_id, by_key in results.items()}
        verdicts = history.verdicts(task.name, version.model_name, chunk)
        for case_id in chunk:
            if not outputs.get(case_id):
                continue
            outcome = outcome_of(
                outputs[case_id],
                records,
                verdicts.get(case_id, []),
                is_baseline=False,
                assume=project.assume,
                threshold=task.threshold_for(cases[case_id]),
            )
            found[case_id] = outcome, records.get(outcome.output_id or 0, [])
    return found
