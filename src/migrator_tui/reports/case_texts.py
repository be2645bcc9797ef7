"""What reports quote of single cases: why they fail, both answers of the worst ones, and whose verdicts decided."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from migrator_tui.history.digests import text_digest
from migrator_tui.history.records import CheckRecord, Output, Verdict
from migrator_tui.models.secrets import exact_scrubber
from migrator_tui.parity.evidence import CaseEvidence
from migrator_tui.parity.outcomes import Outcome, OutcomeWithReason, Source, outcome_of
from migrator_tui.parity.pairs import outcome_of_mark
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.project.case_values import case_title, case_to_json
from migrator_tui.project.schema import BASELINE, Case, ModelSpec, Project, Task
from migrator_tui.reports.values import CasePair, GoneCases, Judge, SideText
from migrator_tui.running.judging import CHUNK, check_outputs

if TYPE_CHECKING:
    from migrator_tui.history.store import History

REASON_LIMIT = 2_000
"""Characters of a reason that are kept: errors of providers can be whole web pages."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """One case with all that decides about it."""

    case: Case
    old: Sequence[Output]
    new: Sequence[Output]
    records: Mapping[int, Sequence[CheckRecord]]
    verdicts: Mapping[str, Sequence[Verdict]]
    """By model name, newest first."""
    before: OutcomeWithReason
    after: OutcomeWithReason


def reasons_of(project: Project, history: "History", task: Task, spec: ModelSpec, card: Scorecard) -> dict[str, str]:
    """Why the candidate fails or either call is an error, for each case of which that is true: a raw line each."""
    asked = [case.case_id for case in card.cases if case.candidate.outcome.passed is False or _is_error(case)]
    clean = exact_scrubber(history.secrets)
    reasons: dict[str, str] = {}
    for found in _look(project, history, task, spec, card, asked):
        # Where only the baseline's call failed, that is what there is to say about the case.
        theirs = found.before.outcome is Outcome.ERROR and found.after.outcome.passed is not False
        theirs = theirs and found.after.outcome is not Outcome.ERROR
        reason = clean((found.before if theirs else found.after).reason)[:REASON_LIMIT]
        if reason:
            reasons[found.case.id] = f"{BASELINE}: {reason}" if theirs else reason
    return reasons


def _is_error(case: CaseEvidence) -> bool:
    return Outcome.ERROR in (case.baseline.outcome, case.candidate.outcome)


def worst_pairs(
    project: Project, history: "History", task: Task, spec: ModelSpec, card: Scorecard, limit: int
) -> list[CasePair]:
    """The cases to look at first, with both answers."""
    chosen = worst_cases(card, limit)
    found = {one.case.id: one for one in _look(project, history, task, spec, card, chosen)}
    clean = exact_scrubber(history.secrets)
    return [_pair(found[case_id], clean) for case_id in chosen if case_id in found]


def worst_cases(card: Scorecard, limit: int) -> list[str]:
    """Ids of the cases to look at first: critical regressions, regressions, other drift that fails or not, fixes.

    Among equals, the first case of each cause comes before the second of any: twelve times the same fence teaches
    nothing. Cases without an answer on both sides have nothing to compare.
    """
    cause: dict[str, int] = {}
    for place, row in enumerate(card.drift_by_harm):
        for case_id in row.cases:
            cause.setdefault(case_id, place)
    turns: Counter[tuple[int, int]] = Counter()
    ranked: list[tuple[int, int, int, int, str]] = []
    for number, case in enumerate(card.cases):
        grade = _grade(case, case.case_id in cause)
        if grade is None:
            continue
        own = cause.get(case.case_id, len(card.drift))
        turn = turns[grade, own]
        turns[grade, own] += 1
        ranked.append((grade, turn, own, number, case.case_id))
    return [case_id for *_, case_id in sorted(ranked)[:limit]]


def _grade(case: CaseEvidence, drifts: bool) -> int | None:
    if case.baseline_output_id is None or case.candidate_output_id is None or _is_error(case):
        return None
    if case.regressed:
        return 0 if case.critical else 1
    if case.fixed:
        return 5 if drifts else None
    fails = case.candidate.outcome.passed is False
    if drifts:
        return 2 if fails else 3
    return 4 if fails else None


def gone_cases(history: "History", task: Task, spec: ModelSpec, card: Scorecard) -> GoneCases:
    """What the version answered and no case file holds any more; where nothing stands, what the last version did."""
    answered = history.answered_versions(task.name, spec.name, spec.model)
    version_id = (
        card.version.id if card.version is not None else max(answered, key=answered.__getitem__, default=None)
    )
    if version_id is None:
        return GoneCases()
    known = {case.case_id for case in card.cases}
    gone = sorted(set(history.version_cases(version_id, spec.model)) - known)
    failed: list[str] = []
    for ids in _chunks(gone):
        outputs = history.version_outputs(version_id, spec.model, ids)
        standings = history.standings(task.name, spec.name, ids)
        for case_id in ids:
            standing = standings.get(case_id)
            # What is remembered may be about another version's answer.
            mine = standing and standing.candidate_output_id in {output.id for output in outputs.get(case_id, ())}
            if standing and mine and outcome_of_mark(standing.candidate).passed is False:
                failed.append(case_id)
    return GoneCases(gone, failed)


def judges_of(history: "History", task: Task, spec: ModelSpec, card: Scorecard) -> list[Judge]:
    """Whose verdicts decide outcomes, on which model's outputs, and how many were given blind; most first."""
    counts: Counter[tuple[str, str, bool]] = Counter()
    for on, name in ((BASELINE, BASELINE), ("candidate", spec.name)):
        sides = (
            (case.case_id, case.baseline, case.baseline_output_id)
            if on == BASELINE
            else (case.case_id, case.candidate, case.candidate_output_id)
            for case in card.cases
        )
        decided = [
            (case_id, id_) for case_id, side, id_ in sides if side.source == Source.VERDICT and id_ is not None
        ]
        for some in _chunks(decided):
            outputs = history.outputs([output_id for _, output_id in some])
            verdicts = history.verdicts(task.name, name, [case_id for case_id, _ in some])
            for case_id, output_id in some:
                verdict = _verdict_on(outputs[output_id], verdicts.get(case_id, ()))
                if verdict is not None:
                    counts[verdict.author, on, verdict.blind] += 1
    people = dict.fromkeys((author, on) for (author, on, _), _ in counts.most_common())
    return [
        Judge(author, on, counts[author, on, False] + counts[author, on, True], counts[author, on, True])
        for author, on in people
    ]


def _verdict_on(output: Output, verdicts: Sequence[Verdict]) -> Verdict | None:
    digest = text_digest(output)
    return next((verdict for verdict in verdicts if verdict.text_digest == digest), None)


def _look(
    project: Project, history: "History", task: Task, spec: ModelSpec, card: Scorecard, case_ids: Sequence[str]
) -> Iterator[_Looked]:
    """The cases with outputs, check results and outcomes, a chunk of texts in memory at a time."""
    for ids in _chunks(case_ids):
        cases = {case.id: case for case in history.cases(task.name, ids)}
        old = history.current_outputs(task.name, BASELINE, project.baseline.model, ids)
        new = history.version_outputs(card.version.id, spec.model, ids) if card.version is not None else {}
        outputs = [output for side in (old, new) for some in side.values() for output in some]
        results = check_outputs(history, task, cases, outputs, old)
        records = {output_id: list(by_key.values()) for output_id, by_key in results.items()}
        verdicts = {name: history.verdicts(task.name, name, ids) for name in (BASELINE, spec.name)}
        for case in cases.values():
            mine = {name: by_case.get(case.id, ()) for name, by_case in verdicts.items()}
            before, after = old.get(case.id, ()), new.get(case.id, ())
            everyone = [verdict for some in mine.values() for verdict in some]
            limit = task.threshold_for(case)
            yield _Looked(
                case=case,
                old=before,
                new=after,
                records=records,
                verdicts=mine,
                before=outcome_of(
                    before, records, everyone, is_baseline=True, assume=project.assume, threshold=limit
                ),
                after=outcome_of(after, records, everyone, is_baseline=False, threshold=limit),
            )


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _pair(found: _Looked, clean: Callable[[str], str]) -> CasePair:
    """The case as it is shown; a key that a model repeats is blotted out before texts are compared word by word."""
    name = next(name for name in found.verdicts if name != BASELINE)
    expected = found.case.expected
    told = expected if isinstance(expected, str) or expected is None else _json(expected)
    return CasePair(
        case_id=found.case.id,
        input=clean(input_text(found.case)),
        expected=None if told is None else clean(told),
        baseline=_side(found.old, found.before, found.records, found.verdicts[BASELINE], clean),
        candidate=_side(found.new, found.after, found.records, found.verdicts[name], clean),
    )


def _side(
    outputs: Sequence[Output],
    outcome: OutcomeWithReason,
    records: Mapping[int, Sequence[CheckRecord]],
    verdicts: Sequence[Verdict],
    clean: Callable[[str], str],
) -> SideText:
    output = next((one for one in outputs if one.id == outcome.output_id), outputs[0])
    verdict = _verdict_on(output, verdicts) if outcome.source is Source.VERDICT else None
    return SideText(
        text=clean(answer_text(output)),
        outcome=outcome,
        checks=[replace(record, reason=clean(record.reason)) for record in records.get(output.id, ())],
        author=verdict.author if verdict else None,
        note=clean(verdict.note) if verdict and verdict.note else None,
        finish_reason=output.finish_reason,
    )


def answer_text(output: Output) -> str:
    """An answer as one text: what was said, then the tools called, a line each."""
    calls = [f"{call.name}({call.arguments})" for call in output.tool_calls]
    return "\n".join([output.text, *calls] if output.text else calls)


def input_text(case: Case) -> str:
    """What the case asks, as one raw text: its messages with their roles, else its variables."""
    if case.messages:
        return "\n".join(f"{message.get('role', '')}: {_content(message)}" for message in case.messages)
    if case.vars:
        return "\n".join(
            f"{name}: {value if isinstance(value, str) else _json(value)}" for name, value in case.vars.items()
        )
    return case_title(case) or _json(case_to_json(case))


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    calls = [
        f"{(call.get('function') or {}).get('name', '')}({(call.get('function') or {}).get('arguments', '')})"
        for call in message.get("tool_calls") or ()
        if isinstance(call, dict)
    ]
    said = [content if isinstance(content, str) else _json(content)] if content else []
    return "\n".join([*said, *calls])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
