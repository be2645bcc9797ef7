"""What a review rests on, read anew in threads: cases behind its edits, what the guards say, which edits still fit.

Held-out cases are not among the cases here, whatever an edit names.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from migrator_tui.adaptation.values import Edit, EditKind, Leak
from migrator_tui.history.adaptation_records import CasePart
from migrator_tui.history.records import CheckRecord, Mark, Output
from migrator_tui.project.schema import BASELINE, Case, Task
from migrator_tui.tui.adaptation.review_state import CaseNow, Guarded, Review

if TYPE_CHECKING:
    from migrator_tui.tui.workspace import Workspace

LOOKED_AT = 2_000
"""Cases of a task whose words are compared with the edits, and on which the prompt is rendered."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the whole review found."""

    stale: Mapping[int, str]
    leaks: Mapping[int, Sequence[Leak]]
    cases: Mapping[str, CaseNow]
    guarded: Guarded


def look_again(review: Review, workspace: "Workspace") -> Looked:
    """Edits, leaks, guards and cases against the text as it is now. Raises `ProjectError`."""
    from migrator_tui.adaptation import edits, leaks

    task, text, every = workspace.project.task(review.track[0]), review.text, list(review.edits)
    stale = edits.stale(text, every)
    cases = _some_cases(workspace, task)
    texts = _texts(workspace, task, review.track[1], cases)
    known = leaks.task_texts(task)
    parts = workspace.history.case_parts(task.name)
    found: dict[int, Sequence[Leak]] = {}
    for number, edit in enumerate(every):
        if edit.kind is not EditKind.EXAMPLE and number not in stale:
            found[number] = [_unnamed(leak, parts) for leak in leaks.leaks(text, edit, cases, texts, known)]
    named = {case_id for edit in every for case_id in edit.case_ids}
    named.update(case_id for advice in review.suggestion.advice for case_id in advice.case_ids)
    named.update(case_id for cause in review.suggestion.causes for case_id in cause.case_ids)
    return Looked(
        stale=stale,
        leaks={number: some for number, some in found.items() if some},
        cases=cases_now(workspace, task, review.track[1], named),
        guarded=guard(review, workspace, every, [n for n in review.taken if n not in stale], cases),
    )


def _unnamed(leak: Leak, parts: Mapping[str, CasePart]) -> Leak:
    """Held-out cases are never listed, not even those that an edit copies."""
    return replace(leak, case_id="") if parts.get(leak.case_id) is CasePart.HELD_OUT else leak


def take_over(review: Review, looked: Looked) -> None:
    """What a look found is what holds now."""
    review.stale, review.leaks = looked.stale, looked.leaks
    review.cases, review.guarded = looked.cases, looked.guarded


def guard(
    review: Review,
    workspace: "Workspace",
    edits: Sequence[Edit],
    taken: Collection[int],
    cases: Sequence[Case] | None = None,
) -> Guarded:
    """What the guards say of these edits together. Raises `ProjectError`."""
    from migrator_tui.adaptation import guards
    from migrator_tui.adaptation.edits import EditError, applied
    from migrator_tui.project.prompts import read_template

    if not taken:
        return Guarded()
    project = workspace.project
    task = project.task(review.track[0])
    known = cases if cases is not None else _some_cases(workspace, task)
    # The task's own file: a candidate's changes with every version that is written to it, and its lines with it.
    record = read_template(task.prompt)
    frozen, gone = guards.frozen_passages(task, record, review.text)
    # How many an assistant may propose at once was asked of its answer; a search or a rewrite ends with more, and of
    # these a person takes as many as seem right.
    limits = replace(project.adaptation, max_edits=max(project.adaptation.max_edits, len(edits)))
    refused = guards.refusals(review.text, edits, taken, limits, frozen, known)
    notes = [
        f"frozen {f'line {first} is' if first == last else f'lines {first} to {last} are'} not in this text any more"
        for first, last in gone
    ]
    try:
        facts = guards.facts(review.text, applied(review.text, edits, taken))
    except EditError:  # is among what is refused
        return Guarded(refused, notes=notes)
    return Guarded(refused, facts.removed, facts.added, notes)


def cases_now(workspace: "Workspace", task: Task, candidate: str, case_ids: Collection[str]) -> Mapping[str, CaseNow]:
    """How these cases stand for a candidate; those held out, and those that there are not, are left out."""
    from migrator_tui.running.judging import check_outputs

    history, project = workspace.history, workspace.project
    parts = history.case_parts(task.name)
    wanted = sorted(case_id for case_id in case_ids if parts.get(case_id) is not CasePart.HELD_OUT)
    cases = {case.id: case for case in history.cases(task.name, wanted)}
    standings = history.standings(task.name, candidate, list(cases))
    old = history.current_outputs(task.name, BASELINE, project.baseline.model, list(cases))
    new = history.current_outputs(task.name, candidate, project.candidate(candidate).model, list(cases))
    shown: dict[str, Output] = {}
    for case_id, outputs in new.items():
        standing = standings.get(case_id)
        decided = standing.candidate_output_id if standing is not None else None
        shown[case_id] = next((output for output in outputs if output.id == decided), outputs[0])
    results = check_outputs(history, task, cases, shown.values(), old)
    verdicts = history.verdicts(task.name, candidate, list(cases))
    found: dict[str, CaseNow] = {}
    for case_id, case in cases.items():
        standing, output = standings.get(case_id), shown.get(case_id)
        note = next((v.note for v in verdicts.get(case_id, []) if v.note and v.passed is False), "")
        checks = list(results.get(output.id, {}).values()) if output is not None else []
        found[case_id] = CaseNow(
            case_id,
            standing.candidate if standing is not None else Mark.NOT_RUN,
            case.critical,
            standing.changed if standing is not None else "",
            note or evidence(checks, output),
        )
    return found


def evidence(checks: Sequence[CheckRecord], output: Output | None = None) -> str:
    """Why an output fails: the error, or the first check that it failed and what that says; empty where it passes."""
    if output is not None and output.failed_call:
        return output.error or output.error_kind or ""
    failed = [check for check in checks if not check.passed and not check.waiting]
    if not failed:
        return ""
    first = failed[0]
    more = f" · {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"{first.label}: {first.reason}{more}" if first.reason else f"{first.label}{more}"


def _some_cases(workspace: "Workspace", task: Task) -> list[Case]:
    from migrator_tui.project.cases import iter_cases

    return list(islice(iter_cases(workspace.project, task), LOOKED_AT))


def _texts(workspace: "Workspace", task: Task, candidate: str, cases: Sequence[Case]) -> Mapping[str, str]:
    """What both models answered on each case, as one text."""
    ids = [case.id for case in cases]
    history, project = workspace.history, workspace.project
    texts: dict[str, str] = {}
    for name in (BASELINE, candidate):
        for case_id, outputs in history.current_outputs(task.name, name, project.model(name).model, ids).items():
            texts[case_id] = "\n".join([texts.get(case_id, ""), *(output.text for output in outputs)])
    return texts
