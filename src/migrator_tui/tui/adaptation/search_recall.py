"""The last search of a prompt, from the history: of an earlier session, or of the command line. For threads."""

from dataclasses import replace

from migrator_tui.adaptation.search.values import SearchBegan, SearchEstimate, SearchResult
from migrator_tui.adaptation.values import Suggestion
from migrator_tui.history.adaptation_records import StoredSearch
from migrator_tui.history.records import Version
from migrator_tui.tui.adaptation.search_looking import came_out
from migrator_tui.tui.adaptation.search_state import SearchState
from migrator_tui.tui.workspace import Workspace


def recall(workspace: Workspace, task: str, candidate: str) -> SearchState | None:
    """How it stands; `None` where there was none, or where nothing of it is known. Raises `HistoryError`."""
    from migrator_tui.adaptation.search.stored import settings_of, stored_result

    project, history = workspace.project, workspace.history
    stored = history.last_search(task, candidate)
    result = stored_result(history, stored) if stored is not None else None
    if stored is None or result is None:
        return None
    base = history.version(stored.base_version_id)
    assistant = project.assistant.model if project.assistant is not None else "the assistant"
    state = SearchState(task, candidate, base, settings_of(stored), (project.candidate(candidate).model, assistant))
    state.began = _began(workspace, stored, base, result)
    state.end(with_suggestion(workspace, base, result))
    return state


def with_suggestion(workspace: Workspace, base: Version, result: SearchResult) -> SearchResult:
    """A result with the edits of its winner, also where it is that of an earlier sitting."""
    if not result.helped or result.suggestion is not None:
        return result
    return replace(result, suggestion=_suggestion(workspace, base, result))


def _began(workspace: Workspace, stored: StoredSearch, base: Version, result: SearchResult) -> SearchBegan:
    """What was known at its begin, as far as it can be told today."""
    from migrator_tui.adaptation.search.held_out import baseline_rate
    from migrator_tui.adaptation.splitting import parts_of
    from migrator_tui.running.judging import cases_named

    project, history = workspace.project, workspace.history
    task = project.task(base.task)
    cases = cases_named(project, history, task, None)
    parts = parts_of(history, project, task, cases)
    learn = set(parts.learn)
    rate = baseline_rate(project, history, task, base.model_name, [case for case in cases if case.id in learn])
    held_out = result.held_out.cases if result.held_out is not None else len(parts.held_out)
    return SearchBegan(stored.id, result.best.of, held_out, rate, SearchEstimate((0, 0), None, 0, 0), resumed=False)


def _suggestion(workspace: Workspace, base: Version, result: SearchResult) -> Suggestion | None:
    """The way from the start to the best, as the history keeps it beside that version."""
    from migrator_tui.adaptation.keeping import suggestion_of
    from migrator_tui.adaptation.splitting import parts_of
    from migrator_tui.running.judging import cases_named

    project, history = workspace.project, workspace.history
    kept = history.adaptation_of(result.best.version_id) if result.best.version_id is not None else None
    if kept is None or kept.details.get("base_version_id") != base.id:
        return None
    task = project.task(base.task)
    cases = cases_named(project, history, task, None)
    parts = parts_of(history, project, task, cases)
    known = came_out(workspace, task, base, {case.id: case for case in cases}, parts.learn)
    return suggestion_of(
        kept.details,
        base.task,
        base.model_name,
        base.template,
        failing=tuple(case_id for case_id, (outcome, _) in known.items() if outcome.outcome.passed is False),
        of=len(parts.learn),
        held_out=len(parts.held_out),
    )
