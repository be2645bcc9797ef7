"""What the history knows about a candidate, gathered for statistics, scorecard and reports."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from migrator_tui.history.records import CaseRow, Figures, Standing, Version
from migrator_tui.parity.evidence import CaseEvidence, Evidence, case_evidence
from migrator_tui.parity.outcomes import Source
from migrator_tui.parity.scorecard import Scorecard, scorecard
from migrator_tui.project.schema import BASELINE, Case, ModelSpec, Project, Task
from migrator_tui.running.judging import CHUNK, bring_up_to_date, standings_of

if TYPE_CHECKING:
    from migrator_tui.history.store import History


def score(
    project: Project, history: "History", task: Task, candidate: ModelSpec, version: Version | None = None
) -> Scorecard:
    """The scorecard of a candidate's prompt version; `None`: the version that most cases were run with.

    The task's cases must be indexed. Standings are brought up to date first.
    """
    from migrator_tui.running.checking.agreement import agreements

    bring_up_to_date(project, history, task, candidate.name)
    evidence = gather(project, history, task, candidate, version)
    return scorecard(evidence, task.gate, agreements(project, history, task, candidate))


def gather(
    project: Project, history: "History", task: Task, candidate: ModelSpec, version: Version | None = None
) -> Evidence:
    """Everything about all cases of a task, for one version of the candidate's prompt; arguments as of `score`.

    A case whose answer by that version has since been replaced by another version's counts with that version's.
    """
    rows = history.rows(task.name, candidate.name, range(1, history.case_count(task.name) + 1))
    version, others = _version(history, task, candidate, version, {row.case_id for row in rows})
    old = history.current_figures(task.name, BASELINE, project.baseline.model)
    new = history.version_figures(version.id, candidate.model) if version is not None else {}
    elsewhere = [row.case_id for row in rows if not _stands(row, new.get(row.case_id, ()), old.get(row.case_id, ()))]
    again = {standing.case_id: standing for standing in _again(project, history, task, candidate, version, elsewhere)}
    cases = [
        case_evidence(
            again.get(row.case_id, row.standing),
            old.get(row.case_id, ()),
            new.get(row.case_id, ()),
            case_id=row.case_id,
            tags=row.tags,
            critical=row.critical,
        )
        for row in rows
    ]
    baseline_versions = Counter(outputs[0].version_id for outputs in old.values())
    return Evidence(
        task=task.name,
        candidate=candidate.name,
        baseline_model=project.baseline.model,
        candidate_model=candidate.model,
        baseline_version=history.version(baseline_versions.most_common(1)[0][0]) if baseline_versions else None,
        version=version,
        cases=cases,
        other_versions=others,
        authors=_authors(history, task, candidate, cases),
    )


def _version(
    history: "History", task: Task, candidate: ModelSpec, wanted: Version | None, known: set[str]
) -> tuple[Version | None, dict[str, int]]:
    """The version to look at, and the later ones with how many of today's cases each was run on."""
    asked = {
        version_id: len(known.intersection(history.version_cases(version_id, candidate.model)))
        for version_id in history.answered_versions(task.name, candidate.name, candidate.model)
    }
    if wanted is None:
        most = max(((count, version_id) for version_id, count in asked.items() if count), default=None)
        wanted = history.version(most[1]) if most is not None else None
    if wanted is None:
        return None, {}
    later = sorted(version_id for version_id, count in asked.items() if version_id > wanted.id and count)
    return wanted, {history.version(version_id).label: asked[version_id] for version_id in later}


def _stands(row: CaseRow, new: Sequence[Figures], old: Sequence[Figures]) -> bool:
    """Whether the row's standing is about the version's own outputs."""
    if row.standing is None:
        return not new and not old
    shown = row.standing.candidate_output_id
    return shown in {output.output_id for output in new} if new else shown is None


def _again(
    project: Project,
    history: "History",
    task: Task,
    candidate: ModelSpec,
    version: Version | None,
    case_ids: Sequence[str],
) -> Iterator[Standing]:
    """Where these cases would stand if the version's outputs were the current ones; nothing is written."""
    for start in range(0, len(case_ids), CHUNK):
        cases: Mapping[str, Case] = {
            case.id: case for case in history.cases(task.name, case_ids[start : start + CHUNK])
        }
        old = history.current_outputs(task.name, BASELINE, project.baseline.model, list(cases))
        new = history.version_outputs(version.id, candidate.model, list(cases)) if version is not None else {}
        yield from standings_of(project, history, task, candidate.name, cases, old, new).standings


def _authors(history: "History", task: Task, candidate: ModelSpec, cases: Sequence[CaseEvidence]) -> dict[str, int]:
    judged = {case.case_id for case in cases if case.candidate.source == Source.VERDICT}
    if not judged:
        return {}
    verdicts = history.verdicts(task.name, candidate.name)
    newest = [verdicts[case_id][0].author for case_id in judged if verdicts.get(case_id)]
    return dict(Counter(newest).most_common())
