"""Outputs meet their checks, and cases their standing.

Results are stored under a key that holds the check and what it compares with, so that looking again costs nothing
until the project's checks, or the baseline's output they compare with, have changed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from migrator_tui.checks.base import CheckError, CheckResult, Subject
from migrator_tui.history.digests import digest_of
from migrator_tui.history.files import files_digest
from migrator_tui.history.records import CheckRecord, Output, Standing, StandingBasis
from migrator_tui.project.schema import BASELINE, Case, CheckSpec, Project, Task

if TYPE_CHECKING:
    from migrator_tui.history.store import History

CHUNK = 400
"""Cases looked at together: long enough for few queries, short enough for outputs of a megabyte each."""

STANDING_REVISION = 2
"""Raised when standings made by an earlier program would come out otherwise."""

Results = dict[int, dict[str, CheckRecord]]
"""By output id, then by check key: the results of the checks as the project states them now."""


@dataclass(slots=True)
class Judged:
    """What a look at some cases of one candidate came to."""

    standings: list[Standing] = field(default_factory=list)
    results: Results = field(default_factory=dict)


def specs_for(task: Task, case: Case) -> list[CheckSpec]:
    """The checks of a case: its task's, then its own."""
    return [*task.checks, *case.checks]


def subject_of(output: Output, task: Task, case: Case, baseline: Output | None = None) -> Subject:
    """What a check sees of an output; `baseline` is the other model's output for the same case, if there is one."""
    return Subject(
        text=output.text,
        tool_calls=output.tool_calls,
        tools=task.tools,
        finish_reason=output.finish_reason,
        latency_ms=output.latency_ms,
        cost=output.cost,
        input_tokens=output.input_tokens,
        output_tokens=output.output_tokens,
        variables=case.vars,
        messages=case.messages,
        expected=case.expected,
        baseline=subject_of(baseline, task, case) if baseline is not None else None,
        is_baseline=output.model_name == BASELINE,
        setup=task.check_setup,
    )


def checks_of(
    output: Output, task: Task, case: Case, baselines: Mapping[str, Sequence[Output]]
) -> tuple[Subject, dict[str, CheckSpec]]:
    """What the checks of an output see of it, and those that apply to it by key; `baselines`: see `check_outputs`."""
    from migrator_tui.checks.registry import applies, check_key

    other = _answered(baselines.get(case.id, ())) if output.model_name != BASELINE else None
    subject = subject_of(output, task, case, other)
    return subject, {check_key(spec, subject): spec for spec in specs_for(task, case) if applies(spec, subject)}


def record_of(key: str, result: CheckResult | CheckError) -> CheckRecord:
    """What the history keeps of a check's result."""
    spec = result.spec
    if isinstance(result, CheckError):
        return CheckRecord(key, spec.label, False, 0.0, spec.weight, result.reason, error=True)
    return CheckRecord(key, spec.label, result.passed, result.score, spec.weight, result.reason)


def check_outputs(
    history: "History",
    task: Task,
    cases: Mapping[str, Case],
    outputs: Iterable[Output],
    baselines: Mapping[str, Sequence[Output]],
) -> Results:
    """The results of today's checks on these outputs; those not stored yet are run and stored.

    A check that has to wait for a model or a process is not run here: what `waiting_checks` has not asked yet comes
    back as waiting.
    `baselines` are the baseline's outputs by case id, for checks of a candidate's output that compare the two.
    Outputs of cases that are no longer in the project, and calls that gave no answer, have no results.
    """
    from migrator_tui.checks.registry import blocked, run_plain_checks, waits

    answered = [output for output in outputs if not output.failed_call and output.case_id in cases]
    stored = history.checks([output.id for output in answered])
    results: Results = {}
    new: dict[int, list[CheckRecord]] = {}
    for output in answered:
        subject, keyed = checks_of(output, task, cases[output.case_id], baselines)
        known = stored.get(output.id, {})
        missing = {key: spec for key, spec in keyed.items() if key not in known}
        fresh = {
            key: CheckRecord(key, spec.label, False, 0.0, spec.weight, blocked(spec, subject), waiting=True)
            for key, spec in missing.items()
            if waits(spec)
        }
        plain = {key: spec for key, spec in missing.items() if key not in fresh}
        if plain:
            found = run_plain_checks(list(plain.values()), subject)
            new[output.id] = [record_of(key, result) for key, result in zip(plain, found, strict=True)]
            fresh |= {record.check_key: record for record in new[output.id]}
        # An error of a check that waits is no answer: it shows until somebody is asked again.
        again = {
            key: replace(known[key], waiting=True)
            for key, spec in keyed.items()
            if key in known and known[key].error and waits(spec)
        }
        results[output.id] = {key: again.get(key) or known.get(key) or fresh[key] for key in keyed}
    if new:
        history.add_checks(new)
    return results


def judge_cases(
    project: Project, history: "History", task: Task, candidate: str, cases: Mapping[str, Case]
) -> Judged:
    """Check what stands for these cases and write their standing for one candidate.

    What stands for a case is what was asked, or taken from the cache, last.
    """
    judged = Judged()
    ids = list(cases)
    spec = project.candidate(candidate)
    for start in range(0, len(ids), CHUNK):
        chunk = {case_id: cases[case_id] for case_id in ids[start : start + CHUNK]}
        old = history.current_outputs(task.name, BASELINE, project.baseline.model, list(chunk))
        new = history.current_outputs(task.name, candidate, spec.model, list(chunk))
        found = standings_of(project, history, task, candidate, chunk, old, new)
        history.write_standings(task.name, candidate, found.standings)
        judged.standings += found.standings
        judged.results |= found.results
    return judged


def standings_of(
    project: Project,
    history: "History",
    task: Task,
    candidate: str,
    cases: Mapping[str, Case],
    old: Mapping[str, Sequence[Output]],
    new: Mapping[str, Sequence[Output]],
    *,
    baselines: Mapping[str, Sequence[Output]] | None = None,
) -> Judged:
    """Where these cases stand by the outputs given (by case id, one per repeat), checked; nothing is written but
    results of checks that were not known yet. For some `CHUNK` cases at a time: their texts are in memory.

    `baselines`: the baseline's outputs, for checks that compare with them, where `old` are not the baseline's.
    """
    from migrator_tui.parity.standing import standing_of

    outputs = [output for side in (old, new) for some in side.values() for output in some]
    results = check_outputs(history, task, cases, outputs, old if baselines is None else baselines)
    verdicts = {name: history.verdicts(task.name, name, list(cases)) for name in dict.fromkeys((BASELINE, candidate))}
    # What verdicts were given on may be an earlier text: nearly the same, it offers them as carried over.
    judged_ids = {verdict.output_id for some in verdicts[candidate].values() for verdict in some}
    earlier = history.outputs(judged_ids) if judged_ids else {}
    records = {output_id: list(by_key.values()) for output_id, by_key in results.items()}
    standings = [
        standing_of(
            case,
            old.get(case_id, []),
            new.get(case_id, []),
            records,
            [verdict for by_case in verdicts.values() for verdict in by_case.get(case_id, ())],
            project.assume,
            earlier,
            task.threshold_for(case),
        )
        for case_id, case in cases.items()
    ]
    return Judged(standings, results)


def refresh_standings(
    project: Project,
    history: "History",
    task: Task,
    candidate: str,
    case_ids: Sequence[str] | None = None,
) -> list[Standing]:
    """Bring the standing of some cases (`None`: all) up to date with outputs, verdicts and today's checks."""
    cases = {case.id: case for case in cases_named(project, history, task, case_ids)}
    return judge_cases(project, history, task, candidate, cases).standings


def bring_up_to_date(
    project: Project,
    history: "History",
    task: Task,
    candidate: str,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> int | None:
    """Make anew the standings that were no longer true; how many they were, `None` where `stop` said so in between.

    They are those of the cases touched since, or all where checks, cases or models have changed. Whoever records
    outputs or verdicts writes their standings too; this is for what happened elsewhere.
    """
    latest = history.latest()
    rules = standing_rules(project, task, candidate)
    basis = history.standing_basis(task.name, candidate)
    names = (BASELINE, candidate)
    same = basis is not None and basis.rules == rules
    since = (basis.last_output, basis.last_verdict) if basis is not None and same else (0, 0)
    touched = history.touched_cases(task.name, names, since)
    # Without an index each look-up reads the case files: then once for all.
    step = CHUNK if history.index_current(task) else max(1, len(touched))
    for start in range(0, len(touched), step):
        if stop():
            return None
        refresh_standings(project, history, task, candidate, touched[start : start + step])
    history.keep_standing_basis(task.name, candidate, StandingBasis(rules, *latest))
    return len(touched)


def standing_rules(project: Project, task: Task, candidate: str) -> str:
    """Digest of what standings follow from besides outputs and verdicts."""
    from migrator_tui.checks.registry import check_key, waits

    # Whom they ask, and what their code says, is in the keys of checks that wait; those of single cases ask, too.
    blank = Subject("", setup=task.check_setup)
    asked: list[Any] = [check_key(spec, blank) for spec in task.checks if waits(spec)]
    helpers = (task.check_setup.judge, task.check_setup.embeddings)
    asked += [[one.model, one.api_base, dict(one.params)] for one in helpers if one is not None]
    models = [project.baseline.model, project.candidate(candidate).model]
    stated = [asdict(task)["checks"], task.threshold, project.assume, list(task.tools)]
    return digest_of([STANDING_REVISION, stated, files_digest(task), models, asked])


def cases_named(project: Project, history: "History", task: Task, case_ids: Sequence[str] | None) -> list[Case]:
    """The cases of these ids (`None`: all), from the history's index where that is current, else from the files."""
    if case_ids is not None and history.index_current(task):
        return history.cases(task.name, case_ids)
    from migrator_tui.project.cases import load_cases

    wanted = set(case_ids) if case_ids is not None else None
    return [case for case in load_cases(project, task) if wanted is None or case.id in wanted]


def _answered(outputs: Sequence[Output]) -> Output | None:
    return next((output for output in outputs if not output.failed_call), None)
