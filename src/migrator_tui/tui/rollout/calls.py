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
    usable = await _usable(screen, drafts)
    if not usable:
        return
    first = [case for case in usable if case.id == own.id]
    others = [case for case in usable if case.id != own.id]
    reviewed = await screen.app.push_screen_wait(
        Review("Calls that went wrong, as cases", [*first, *others], first, screen.program.glyphs)
    )
    if reviewed is not None and reviewed.taken:
        await _write(screen, reviewed.taken)


async def _usable(screen: "RolloutScreen", drafts: Sequence[Case]) -> list[Case]:
    """Those that are no case yet and that the prompt can be rendered with; what is wrong with the others is said."""
    from migrator_tui.coverage.filling import new_cases, unusable
    from migrator_tui.project.cases import load_cases
    from migrator_tui.project.prompts import read_template

    workspace = screen.workspace
    project, task = workspace.project, workspace.task
    file = project.prompt_file(task, workspace.candidate.name)

    def look() -> tuple[list[Case], str]:
        template = read_template(file)
        fresh = new_cases(drafts, load_cases(project, task))
        problems = {case.id: unusable(case, template) for case in fresh}
        return [case for case in fresh if not problems[case.id]], next(filter(None, problems.values()), "")

    try:
        usable, problem = await asyncio.to_thread(look)
    except ProjectError as error:
        screen.say(str(error), "error")
        return []
    if problem:
        screen.say(f"left out: {problem}", "warning")
    elif not usable:
        screen.say("these inputs are cases already", "warning")
    return usable


async def _write(screen: "RolloutScreen", cases: Sequence[Case]) -> None:
    """Show the diff, write, and open the new cases in the workbench."""
    from migrator_tui.coverage.filling import changes
    from migrator_tui.project.write_back import apply, diff_text
    from migrator_tui.tui.coverage.screen import id_filter

    workspace, bench = screen.workspace, screen.program.workbench
    try:
        workspace.check_config()
        files = await asyncio.to_thread(changes, workspace.project, workspace.task, (), cases)
        names = ", ".join(change.shown for change in files)
        sheet = Sheet(f"Write to {names}", diff_content(diff_text(files)), yes="enter write")
        if not await screen.app.push_screen_wait(sheet):
            return
        await asyncio.to_thread(apply, files)
        workspace.reread()
    except (ProjectError, HistoryError, OSError) as error:
        screen.say(str(error), "error")
        return
    await bench.look_outside()
    screen.program.resurvey_coverage(workspace.task.name)
    query = id_filter([case.id for case in cases])
    if query is not None and bench.show_filtered(query):
        screen.program.action_show("workbench")
    screen.say(f"written to {names}: {len(cases)} from production, to be judged", "success")
