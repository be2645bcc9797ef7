"""Adds a check from what is in front of the user, on any screen, and lets it take effect at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrator_tui.history.records import DriftMark
from migrator_tui.parity.drift.base import GONE_TITLES, TITLES
from migrator_tui.parity.evidence import CaseEvidence
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE
from migrator_tui.project.write_back import refuse_foreign
from migrator_tui.running.checking.proposals import Seen
from migrator_tui.running.checking.trial import Ground

if TYPE_CHECKING:
    from migrator_tui.tui.widgets.work_screen import WorkScreen


async def add_check(
    screen: "WorkScreen", drift: Sequence[DriftMark], case_id: str | None, *, selected: str = "", about: str = ""
) -> bool:
    """Propose checks for what one case shows, try them, and write the one agreed to; False where none was.

    `drift` is what differs, gravest first; `case_id` the case whose outputs are looked at, `selected` a text marked
    in one of them, `about` the drift that it is to be against, in words. To be awaited in a worker: it asks.
    """
    from migrator_tui.tui.add_check.dialog import AddCheck

    workspace = screen.program.workspace

    def seen(ground: Ground) -> Seen:
        place = next((place for place in ground.cases if place.case.id == case_id), None)
        outputs = place.outputs if place is not None else {}
        old, new = (
            next((output for output in outputs.get(name, ()) if not output.failed_call), None)
            for name in (BASELINE, ground.candidate)
        )
        return Seen.of(drift, old, new, selected)

    if not workspace.is_open:
        return False
    try:
        refuse_foreign(workspace.project)
    except ProjectError as error:
        screen.say(str(error), "error")
        return False
    spec = await screen.app.push_screen_wait(AddCheck(workspace, screen.program.glyphs, seen, about=about))
    if spec is None:
        return False
    try:
        workspace.reread()
    except (ProjectError, OSError) as error:
        screen.say(str(error), "error")
        return False
    screen.say(f"{spec.full_type} is a check of {workspace.task.name} now", "success")
    return True


async def add_check_against(screen: "WorkScreen", name: str, cases: Sequence[CaseEvidence]) -> bool:
    """The same for one kind of drift over many cases: from the first that shows it and fails, else that shows it."""
    shown = [(case, mark) for case in cases for mark in case.drift if mark.name == name and mark.differs]
    if not shown:
        screen.say(f"no case shows {name} any more", "warning")
        return False
    failing = (one for one in shown if one[0].candidate.outcome.passed is False)
    case, mark = next(failing, shown[0])
    titles = TITLES if mark.candidate else GONE_TITLES
    return await add_check(screen, [mark], case.case_id, about=titles.get(name, name))
