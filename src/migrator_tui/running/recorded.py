"""Recorded answers that no case asks for: named, since a wrong column or id would otherwise pass unseen."""

from collections.abc import Sequence

from migrator_tui.project.prompts import render
from migrator_tui.project.recordings import Recording
from migrator_tui.project.schema import Case, Message
from migrator_tui.running.plan import Plan
from migrator_tui.running.pools import load_recording
from migrator_tui.running.spending import is_recorded


def unmatched_lines(plan: Plan) -> list[str]:
    """A line for each recorded model whose file and the project's cases do not join without remainder.

    Only a plan over everything can tell; a narrower one gives no lines. Raises `ProjectError` for a file that cannot
    be read.
    """
    if len(plan.tasks) < len(plan.project.tasks) or plan.settings.get("cases") is not None:
        return []
    lines = []
    for spec in plan.models:
        if not is_recorded(spec):
            continue
        recording: Recording = load_recording(plan.project, spec)
        asked = {id(case): (task.name, case) for task in plan.tasks for case in plan.cases[task.name].values()}

        def messages_of(
            case: Case, name: str = spec.name, known: dict[int, tuple[str, Case]] = asked
        ) -> Sequence[Message]:
            return render(plan.versions[known[id(case)][0], name].template, case)

        unmatched = recording.unmatched([case for _, case in asked.values()], messages_of)
        if unmatched:
            lines.append(str(unmatched))
    return lines
