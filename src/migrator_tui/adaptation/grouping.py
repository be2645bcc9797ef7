"""Failing cases by cause: the same checks failed, the same drift explains them, or a person said so."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator_tui.adaptation.brief import MOST_OF_TEXT
from migrator_tui.adaptation.fencing import cut
from migrator_tui.adaptation.material import Failure
from migrator_tui.adaptation.values import Group
from migrator_tui.history.records import CheckRecord, Output, Standing, Verdict, Version
from migrator_tui.parity.drift import TITLES, Drift, detect, explains
from migrator_tui.parity.drift.base import CATCH_ALL
from migrator_tui.parity.outcomes import Source, text_digest
from migrator_tui.parity.pairs import outcome_of_mark
from migrator_tui.project.schema import BASELINE, Case, Project, Task
from migrator_tui.project.words import listed
from migrator_tui.running.judging import CHUNK, bring_up_to_date, checks_of, standings_of
from migrator_tui.running.trying import try_items
from migrator_tui.running.version_results import answers_of
from migrator_tui.text_safety import safe_line

if TYPE_CHECKING:
    from migrator_tui.history.store import History

PERSON = "failed by a person"
"""The sign of a case that no check fails."""
MOST_LOOKED_AT = 1_000
"""Failing cases of a version that are looked at closely: more would tell the assistant nothing new."""
_TITLE = 90
_WHOLE = frozenset({"empty", "refusal", "truncated"})
"""What leaves no answer, or half of one: then whatever else a check finds wrong is no cause of its own."""

Answers = Mapping[str, Sequence[Output]]
"""What a model answered, by case id, an output for each repeat."""


@dataclass(frozen=True, slots=True)
class CameOut:
    """How some cases came out with one prompt."""

    failures: Mapping[str, Failure]
    """The failing ones by id, in the order of the cases; those that ended in an error, or that nobody judged, are in
    neither part."""
    passing: tuple[Case, ...]
    asked: int
    """How many of the cases have an answer at all."""
    more_failing: tuple[str, ...] = ()
    """Cases that fail too, but are too many to be looked at."""


def came_out_with(
    project: Project, history: "History", task: Task, candidate: str, version: Version, cases: Sequence[Case]
) -> CameOut:
    """How the cases came out with a version, also where it only was tried. What passes is read from the standings, as
    far as its answers stand, and of very many failing cases only some are looked at closely."""
    bring_up_to_date(project, history, task, candidate)
    model = project.candidate(candidate).model
    figures = history.version_figures(version.id, model)
    answered = {case_id for case_id, some in figures.items() if not all(one.failed_call for one in some)}
    # Where the last call failed, an earlier answer to the same is still one.
    failed = [case for case in cases if case.id in figures and case.id not in answered]
    known = try_items(project, history, task, version, failed)
    earlier = {item.case_id: [item.output_id] for item in known if item.output_id is not None}
    tried = history.tried_answers(version.id, model) | earlier
    standings = history.standings(task.name, candidate, [case.id for case in cases if case.id in answered])
    passing: list[Case] = []
    failing: list[Case] = []
    unknown: list[Case] = []
    for case in cases:
        own = {one.output_id for one in figures.get(case.id, ())}
        standing = standings.get(case.id)
        if case.id not in answered:
            unknown += [case] if case.id in tried else []
        elif standing is None or standing.candidate_output_id not in own:
            unknown.append(case)
        elif (passed := outcome_of_mark(standing.candidate).passed) is not None:
            (passing if passed else failing).append(case)
    step = max(1, -(-len(failing) // MOST_LOOKED_AT))
    closely = [*failing[::step], *unknown]

    def answers(case_ids: Sequence[str]) -> Answers:
        return answers_of(history, version, model, case_ids, tried)

    found = came_out(project, history, task, candidate, closely, answers)
    chosen = {case.id for case in closely}
    return CameOut(
        failures=found.failures,
        passing=(*passing, *found.passing),
        asked=sum(case.id in answered or case.id in tried for case in cases),
        more_failing=tuple(case.id for case in failing if case.id not in chosen),
    )


def came_out(
    project: Project,
    history: "History",
    task: Task,
    candidate: str,
    cases: Sequence[Case],
    answers: Answers | Callable[[Sequence[str]], Answers] | None = None,
) -> CameOut:
    """How the cases came out with the candidate's `answers`, or with those that it gets for some cases at a time;
    `None`: with what stands for them now."""
    failures: dict[str, Failure] = {}
    passing: list[Case] = []
    asked = 0
    for start in range(0, len(cases), CHUNK):
        chunk = {case.id: case for case in cases[start : start + CHUNK]}
        old = history.current_outputs(task.name, BASELINE, project.baseline.model, list(chunk))
        if answers is None:
            new: Answers = history.current_outputs(
                task.name, candidate, project.candidate(candidate).model, list(chunk)
            )
        else:
            some = answers(list(chunk)) if callable(answers) else answers
            new = {case_id: some[case_id] for case_id in chunk if case_id in some}
        asked += sum(any(not output.failed_call for output in outputs) for outputs in new.values())
        judged = standings_of(project, history, task, candidate, chunk, old, new)
        verdicts = {name: history.verdicts(task.name, name, list(chunk)) for name in (BASELINE, candidate)}
        for standing in judged.standings:
            case = chunk[standing.case_id]
            passed = outcome_of_mark(standing.candidate).passed
            if passed:
                passing.append(case)
            before = _output(old.get(case.id, ()), standing.baseline_output_id)
            after = _output(new.get(case.id, ()), standing.candidate_output_id)
            if passed is not False or after is None:
                continue
            _, keyed = checks_of(after, task, case, old)
            failed = [
                (record, keyed[key].full_type)
                for key, record in judged.results.get(after.id, {}).items()
                if record.weight > 0 and not (record.passed or record.error or record.waiting)
            ]
            said = {name: verdicts[name].get(case.id, ()) for name in (BASELINE, candidate)}
            failures[case.id] = _failure(case, standing, before, after, failed, said[BASELINE], said[candidate])
    return CameOut(failures, tuple(passing), asked)


def grouped(failures: Mapping[str, Failure]) -> list[Group]:
    """The failures by what makes them fail, the largest group first; each is in one group."""
    found: dict[tuple[str, ...], list[Failure]] = {}
    for failure in failures.values():
        found.setdefault(tuple(sorted(failure.signs)), []).append(failure)
    groups = [
        Group(
            title=_title(signs, some),
            case_ids=tuple(failure.case.id for failure in some),
            names=_shared(some),
        )
        for signs, some in found.items()
    ]
    return sorted(groups, key=lambda group: -len(group.case_ids))


def _output(outputs: Sequence[Output], output_id: int | None) -> Output | None:
    found = next((output for output in outputs if output.id == output_id), None)
    return None if found is None or found.failed_call else found


def _failure(
    case: Case,
    standing: Standing,
    before: Output | None,
    after: Output,
    failed: Sequence[tuple[CheckRecord, str]],
    on_baseline: Sequence[Verdict],
    on_candidate: Sequence[Verdict],
) -> Failure:
    drifts = [drift for drift in (detect(before, after) if before is not None else ()) if drift.differs]
    person = ""
    if standing.candidate_source in (Source.VERDICT, Source.IMPORTED):
        person = _said(after, on_candidate) or "fail"
    return Failure(
        case=case,
        answer=cut(answer_text(after), MOST_OF_TEXT),
        reference=cut(answer_text(before), MOST_OF_TEXT) if before is not None else None,
        reference_passes=outcome_of_mark(standing.baseline).passed,
        failed=tuple((record.label, record.reason) for record, _ in failed),
        types=tuple(dict.fromkeys(full_type for _, full_type in failed)),
        drift=tuple(drift.words for drift in drifts if drift.name not in CATCH_ALL),
        drift_names=tuple(dict.fromkeys(drift.name for drift in drifts)),
        signs=tuple(dict.fromkeys(_signs(drifts, failed, person))),
        person=person,
        reference_person=_said(before, on_baseline) if before is not None else "",
    )


def answer_text(output: Output) -> str:
    """An answer as text: what was said, then the tools that were called."""
    return "\n".join(
        [*([output.text] if output.text else []), *(f"[calls {c.name}({c.arguments})]" for c in output.tool_calls)]
    )


def _said(output: Output, verdicts: Sequence[Verdict]) -> str:
    """A person's verdict on this very text, with the note."""
    digest = text_digest(output)
    verdict = next((one for one in verdicts if one.passed is not None and one.text_digest == digest), None)
    if verdict is None:
        return ""
    return ("pass" if verdict.passed else "fail") + (f": {verdict.note}" if verdict.note else "")


def _signs(drifts: Sequence[Drift], failed: Sequence[tuple[CheckRecord, str]], person: str) -> Iterator[str]:
    """What makes a case fail, each failure told once."""
    whole = [drift for drift in drifts if drift.name in _WHOLE and drift.candidate]
    for record, full_type in failed:
        by = whole or [
            drift
            for drift in drifts
            if explains(drift, record.label, record.reason) or explains(drift, full_type, record.reason)
        ]
        # The gravest that explains it: fences break JSON, and nobody needs to hear of both.
        yield _sign(by[0]) if by else record.label
    if not failed:
        yield PERSON if person else "score too low"
        named = [drift for drift in drifts if drift.name not in CATCH_ALL]
        if named:
            yield _sign(named[0])


def _sign(drift: Drift) -> str:
    title = TITLES.get(drift.name, drift.name)
    return f"{title}: {', '.join(drift.keys)}" if drift.keys else title


def _title(signs: Sequence[str], failures: Sequence[Failure]) -> str:
    notes = [failure.person.partition(": ")[2] for failure in failures if PERSON in signs]
    note = next(filter(None, notes), "")
    words = listed(signs, 4) + (f" (“{note}”)" if note else "")
    return safe_line(words, _TITLE)


def _shared(failures: Sequence[Failure]) -> tuple[str, ...]:
    """Labels of failed checks and names of drift that all of them have."""
    names = [[*(label for label, _ in failure.failed), *failure.drift_names] for failure in failures]
    return tuple(dict.fromkeys(name for name in names[0] if all(name in other for other in names[1:])))
