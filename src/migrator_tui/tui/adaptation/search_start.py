"""From `S` to a search that runs: what is known before, the question, and the start."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator_tui.adaptation.search.values import HeadRoom, SearchSettings
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.adaptation.asking import NO_ASSISTANT
from migrator_tui.tui.adaptation.search_dialog import Prospect, SearchChoice, SearchDialog
from migrator_tui.tui.adaptation.search_looking import came_out
from migrator_tui.tui.adaptation.search_state import SearchState
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.adaptation.search.ground import Ground
    from migrator_tui.adaptation.search.values import SearchEstimate
    from migrator_tui.adaptation.values import Parts
    from migrator_tui.project.schema import Task
    from migrator_tui.tui.widgets.work_screen import WorkScreen

ROOM = 100
"""Budgets that are proposed are multiples of this."""


async def begin_search(screen: "WorkScreen", base: Version | None = None) -> None:
    """Ask what it may take, then let it run from `base`, or else from what is in the editor, and show it. To be
    awaited in a worker: it asks."""
    program = screen.program
    workspace, going = program.workspace, program.searches.going
    if going is not None:
        program.workbench.open_track(going.task, going.candidate)
        program.action_show("search")
        return
    if workspace.project.assistant is None:
        screen.say(NO_ASSISTANT, "warning")
        return
    base = base or program.workbench.version_of_draft_now()
    if base is None:
        return
    try:
        runner = program.runs.own_runner()
        known = await asyncio.to_thread(_look_ahead, workspace, base)
        settings = await _proposed(known)
        choice = await screen.app.push_screen_wait(SearchDialog(known.prospect, settings, program.glyphs))
        if choice is None:
            return
        ground = await asyncio.to_thread(_ground, workspace, known, choice)
    except (ProjectError, HistoryError) as error:
        screen.say(str(error), "error")
        return
    from migrator_tui.adaptation.search.searching import Search

    search = Search(workspace.history, runner, ground, author=workspace.author, force=choice.force)
    state = SearchState(known.task.name, ground.candidate, ground.base, ground.settings, known.prospect.models)
    if program.searches.going is not None:  # begun from another question meanwhile
        screen.say("a search is going on already; S leads to it", "warning")
        return
    program.start_search(search, state)
    program.action_show("search")


@dataclass(frozen=True, slots=True)
class _Known:
    """What was looked up for the question."""

    task: "Task"
    base: Version
    parts: "Parts"
    prospect: Prospect


async def _proposed(known: _Known) -> SearchSettings:
    """The usual budget, or twice the least one where that is not enough."""
    settings = SearchSettings()
    smallest = (await known.prospect.estimate(settings)).smallest_budget
    if smallest <= settings.budget_calls:
        return settings
    return SearchSettings(budget_calls=-(-2 * smallest // ROOM) * ROOM)


def _look_ahead(workspace: Workspace, base: Version) -> _Known:
    from migrator_tui.adaptation.search.estimate import estimate_search
    from migrator_tui.adaptation.search.stored import settings_of
    from migrator_tui.adaptation.splitting import parts_of
    from migrator_tui.running.judging import cases_named

    project, history = workspace.project, workspace.history
    task = project.task(base.task)
    parts = parts_of(history, project, task, cases_named(project, history, task, None))
    assistant = project.assistant
    assert assistant is not None
    last = history.last_search(task.name, base.model_name)
    stopped = last if last is not None and last.state != "finished" else None

    async def estimate(settings: SearchSettings) -> "SearchEstimate":
        return await estimate_search(project, history, task, base, parts, settings, author=workspace.author)

    prospect = Prospect(
        label=base.label,
        models=(project.candidate(base.model_name).model, assistant.model),
        learn=len(parts.learn),
        held_out=len(parts.held_out),
        head_room=_head_room(workspace, task, base, parts),
        stopped=stopped,
        stopped_settings=settings_of(stopped) if stopped is not None else None,
        stopped_label=history.version(stopped.base_version_id).label if stopped is not None else "",
        estimate=estimate,
    )
    return _Known(task, base, parts, prospect)


def _head_room(workspace: Workspace, task: "Task", base: Version, parts: "Parts") -> HeadRoom | None:
    """Whether it is likely to help, where all cases to learn from were answered with this prompt."""
    from migrator_tui.adaptation.search.head_room import head_room
    from migrator_tui.adaptation.search.scores import scored

    cases = {case.id: case for case in workspace.history.cases(task.name, list(parts.learn))}
    found = came_out(workspace, task, base, cases, list(parts.learn))
    if len(found) < len(parts.learn):
        return None
    return head_room(task, cases, {case_id: scored(*one) for case_id, one in found.items()})


def _ground(workspace: Workspace, known: _Known, choice: SearchChoice) -> "Ground":
    from migrator_tui.adaptation.search.ground import begin, go_on

    project, history, settings = workspace.project, workspace.history, choice.settings
    if choice.resume is None:
        return begin(project, history, known.task, known.base, settings, author=workspace.author)
    return go_on(
        project,
        history,
        known.task,
        choice.resume,
        author=workspace.author,
        budget_calls=settings.budget_calls,
        max_cost=settings.max_cost,
    )
