"""`enter` on a call that went wrong: it, and others like it, become cases, and stand in the workbench at once."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.rollout_records import Sample
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case
from migrator_tui.tui.coverage.review import Review
from migrator_tui.tui.rollout.events_part import call_sheet, chosen_call
from migrator_tui.tui.widgets.diff_sheet import diff_content
from migrator_tui.tui.widgets.modal import Sheet

if TYPE_CHECKING:
    from migrator_tui.tui.rollout.screen import RolloutScreen

CONTEXT = 60
"""Cells of an unchanged line in the diff."""
NOT_KEPT = (
    "Its input was not kept, so it can be no case. [rollout] sample_answers in migrator.toml says of which share "
    "of the calls input and answer are kept; 0 unless you say so."
)


async def open_calls(screen: "RolloutScreen", calls: Sequence[Sample], key: str) -> None:
    """Review what the worst calls would be as cases, write those taken after the diff, and go there."""
    from migrator_tui.rollout.failed_calls import case_of

    call = chosen_call(calls, key)
    if call is None:
        return
    made = await asyncio.to_thread(lambda: {each.traffic_id: case_of(each) for each in calls})
    own = made.get(call.traffic_id)
    if own is None:
        await screen.app.push_screen_wait(call_sheet(call, screen.program.glyphs, NOT_KEPT))
        return
    drafts = [case for case in made.values() if case is not None]
    found = await _usable(screen, drafts, own)
    if found is None:
        return
    usable, known = found
    if known is not None:
        _show(screen, [known], f"this input is a case already: {known}")
        return
    first = [case for case in usable if case.id == own.id]
    others = [case for case in usable if case.id != own.id]
    reviewed = await screen.app.push_screen_wait(
        Review("Calls that went wrong, as cases", [*first, *others], first, screen.program.glyphs)
    )
    if reviewed is not None and reviewed.taken:
        await _write(screen, reviewed.taken)


async def _usable(screen: "RolloutScreen", drafts: Sequence[Case], own: Case) -> tuple[list[Case], str | None] | None:
    """Those that are no case yet and that the prompt takes; or none of them, and the case that `own` is already.

    What is wrong with the others is said; `None` where none is left.
    """
    from migrator_tui.coverage.filling import new_cases, unusable
    from migrator_tui.coverage.inputs import input_of, shared_variables
    from migrator_tui.project.cases import load_cases
    from migrator_tui.project.prompts import read_template

    workspace = screen.workspace
    project, task = workspace.project, workspace.task
    file = project.prompt_file(task, workspace.candidate.name)

    def look() -> tuple[list[Case], str, str | None]:
        template, cases = read_template(file), load_cases(project, task)
        settings = shared_variables(cases)
        said = input_of(own, settings), len(own.messages)
        same = (case.id for case in cases if (input_of(case, settings), len(case.messages)) == said)
        fresh = new_cases(drafts, cases)
        problems = {case.id: unusable(case, template) for case in fresh}
        usable = [case for case in fresh if not problems[case.id]]
        return usable, next(filter(None, problems.values()), ""), next(same, None)

    try:
        usable, problem, known = await asyncio.to_thread(look)
    except ProjectError as error:
        screen.say(str(error), "error")
        return None
    if known is not None:
        return [], known
    if problem:
        screen.say(f"left out: {problem}", "warning")
    return (usable, None) if usable else None


async def _write(screen: "RolloutScreen", cases: Sequence[Case]) -> None:
    """Show the diff, write, and open the new cases in the workbench."""
    from migrator_tui.coverage.filling import changes
    from migrator_tui.project.write_back import apply, diff_text

    workspace, bench = screen.workspace, screen.program.workbench
    try:
        workspace.check_config()
        files = await asyncio.to_thread(changes, workspace.project, workspace.task, (), cases)
        names = ", ".join(change.shown for change in files)
        # What was there already are whole cases, each of many lines: what is new would stand below what is in sight.
        shown = diff_content(diff_text(files), context=CONTEXT)
        sheet = Sheet(f"Write to {names}", shown, yes="enter write")
        if not await screen.app.push_screen_wait(sheet):
            return
        await asyncio.to_thread(apply, files)
        workspace.reread()
    except (ProjectError, HistoryError, OSError) as error:
        screen.say(str(error), "error")
        return
    await bench.look_outside()
    screen.program.resurvey_coverage(workspace.task.name)
    _show(screen, [case.id for case in cases], f"written to {names}: {len(cases)} from production, to be judged")


def _show(screen: "RolloutScreen", ids: Sequence[str], words: str) -> None:
    """These cases in the workbench, and why."""
    from migrator_tui.tui.coverage.screen import id_filter

    query = id_filter(ids)
    if query is not None and screen.program.workbench.show_filtered(query):
        screen.program.action_show("workbench")
    screen.say(words, "success")
