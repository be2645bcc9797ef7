"""`w`: a version to its prompt file, after its diff was shown and agreed to."""

import asyncio
from typing import TYPE_CHECKING

from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import ModelSpec, Task
from migrator_tui.tui.widgets.diff_sheet import diff_content
from migrator_tui.tui.widgets.modal import Sheet

if TYPE_CHECKING:
    from migrator_tui.tui.widgets.work_screen import WorkScreen


async def write_version(screen: "WorkScreen", task: Task, candidate: ModelSpec, version: Version) -> bool:
    """Show what writing the version would change, and on a yes write it; False where nothing was written."""
    from migrator_tui.project.write_back import apply, diff_text, prompt_change

    workspace = screen.program.workspace
    try:
        workspace.check_config()
        changes = await asyncio.to_thread(
            prompt_change, workspace.project, task, candidate, version.template, dict(version.params)
        )
        if not changes:
            screen.say(f"the files say what {version.label} says already", "success")
            return False
        names = ", ".join(change.shown for change in changes)
        sheet = Sheet(f"Write {version.label} to {names}", diff_content(diff_text(changes)), yes="enter write")
        if not await screen.app.push_screen_wait(sheet):
            return False
        await asyncio.to_thread(apply, changes)
        workspace.reread()
    except (ProjectError, OSError) as error:
        screen.say(str(error), "error")
        return False
    screen.say(f"{version.label} is in {names}", "success")
    return True
