"""Gathers what a report tells: scorecards, the texts of the cases to look at, versions, decisions, judges."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from migrator_tui.adaptation.reasons import reasons_of as reasons_of_version
from migrator_tui.history.records import Version
from migrator_tui.models.secrets import exact_scrubber
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import ModelSpec, Project, Task
from migrator_tui.reports.case_texts import gone_cases, judges_of, reasons_of, worst_pairs
from migrator_tui.reports.values import CandidateReport, Report, TaskReport
from migrator_tui.running.evidence import score
from migrator_tui.running.selection import Selection, selected_candidates, selected_tasks
from migrator_tui.running.versions import named_version

if TYPE_CHECKING:
    from migrator_tui.history.store import History

WORST = 12
"""Cases whose answers stand side by side."""


def gather_report(
    project: Project,
    history: "History",
    form: str,
    *,
    author: str,
    tasks: Sequence[str] | None = None,
    candidates: Sequence[str] | None = None,
    version: str | None = None,
) -> Report:
    """Gather what a report of that form needs; arguments as of `report_text`."""
    selection = Selection(tasks=tasks, candidates=candidates)
    wanted_tasks, wanted = selected_tasks(project, selection), selected_candidates(project, selection)
    if not wanted:
        raise ProjectError("there is no [[candidates]] table: nothing to report on", file=project.config_file.name)
    if version is not None and len(wanted_tasks) > 1:
        names = ", ".join(task.name for task in wanted_tasks)
        raise ProjectError(f"--version needs --task: the project has several ({names})")
    found = []
    for task in wanted_tasks:
        of_task = []
        for spec in wanted:
            chosen = named_version(history, task.name, spec.name, version) if version is not None else None
            card = _without_keys(score(project, history, task, spec, chosen), history)
            of_task.append(_candidate(project, history, task, spec, card, form))
        found.append(TaskReport(task, of_task))
    return Report(project, found, datetime.now(UTC), author, history.secrets)


def _without_keys(card: Scorecard, history: "History") -> Scorecard:
    """The scorecard, its prompts cleared of keys: compared word by word, a key would not be recognised."""
    clean = exact_scrubber(history.secrets)

    def cleared(version: Version | None) -> Version | None:
        return replace(version, template=clean(version.template)) if version is not None else None

    return replace(card, version=cleared(card.version), baseline_version=cleared(card.baseline_version))


def _candidate(
    project: Project, history: "History", task: Task, spec: ModelSpec, card: Scorecard, form: str
) -> CandidateReport:
    decisions = history.decisions(task.name, spec.name)
    lineage = _lineage(card.version, history.versions(task.name, spec.name))
    known = history.adaptations(task.name, spec.name)
    adaptations = {one.id: reasons_of_version(known[one.id]) for one in lineage if one.id in known}
    gone = gone_cases(history, task, spec, card)
    if form == "json":
        return CandidateReport(
            task, spec, project.baseline, card, lineage, adaptations=adaptations, decisions=decisions, gone=gone
        )
    return CandidateReport(
        task=task,
        spec=spec,
        baseline=project.baseline,
        card=card,
        lineage=lineage,
        adaptations=adaptations,
        decisions=decisions,
        reasons=reasons_of(project, history, task, spec, card),
        worst=worst_pairs(project, history, task, spec, card, WORST) if form == "html" else (),
        judges=judges_of(history, task, spec, card) if form == "html" else (),
        judge_models=_judge_models(project, task),
        gone=gone,
    )


def _lineage(version: Version | None, known: Sequence[Version]) -> list[Version]:
    """The version and what it was made from, newest first."""
    by_id: Mapping[int, Version] = {one.id: one for one in known}
    found: list[Version] = []
    while version is not None and version not in found:
        found.append(version)
        version = by_id.get(version.parent_id) if version.parent_id is not None else None
    return found


def _judge_models(project: Project, task: Task) -> list[str]:
    """The models that this task's checks ask."""
    from migrator_tui.checks.registry import find

    asks = {find(check).waiting.asks for check in task.checks}
    models = {"judge": project.judge or project.assistant, "embeddings": project.embeddings}
    return [spec.model for name, spec in models.items() if name in asks and spec is not None]
