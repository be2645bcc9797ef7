"""A model asked again, in the forms of `run`: the contract's JSON, and the table for people."""

from dataclasses import asdict
from typing import Any, TextIO

from migrator_tui.project.words import listed
from migrator_tui.reports.results_json import results_json
from migrator_tui.reports.results_table import print_table
from migrator_tui.running.against_results import AgainstResults
from migrator_tui.text_safety import safe_line

_WHY = {
    "added": "not in the earlier run",
    "gone": "not in the project any more",
    "edited": "edited since the earlier run",
    "unanswered": "without an answer in the earlier run",
}


def against_json(found: AgainstResults) -> dict[str, Any]:
    """As `results_json`, the earlier answers being the `baseline`, with `run_id`; `against` names their run.

    `left_out` of a task names the cases that are not compared, by reason.
    """
    stated = results_json(found.results)
    tasks = [
        {
            **task,
            "baseline": {**task["baseline"], "run_id": found.earlier.id},
            "left_out": {why: list(ids) for why, ids in asdict(found.against.left_out[task["name"]]).items()},
        }
        for task in stated.pop("tasks")
    ]
    project, run_id = stated.pop("project"), stated.pop("run_id")
    return {"project": project, "run_id": run_id, "against": found.earlier.id, **stated, "tasks": tasks}


def print_against(found: AgainstResults, stream: TextIO) -> None:
    """As `print_table`, after a line that says whose answers stand in the column of the baseline."""
    earlier, name = found.earlier, safe_line(found.against.model_name, 40)
    stream.write(
        f"{name}, asked again; baseline: its answers of {earlier.created_at:%Y-%m-%d %H:%M} UTC, {earlier.id}\n\n"
    )
    print_table(found.results, stream)


def left_out_lines(found: AgainstResults) -> list[str]:
    """A line for each task and reason for which cases are not compared, raw."""
    against = found.against
    lines = [f"task {name} is gone: not compared" for name in against.tasks_gone]
    if against.asked_otherwise:
        what = "cases, tools, response format, address, recording or simulated model"
        lines.append(f"not all is as it was in the earlier run ({what}): what differs may come from that")
    for task, left_out in against.left_out.items():
        for why, words in _WHY.items():
            ids = getattr(left_out, why)
            if ids:
                count = "1 case" if len(ids) == 1 else f"{len(ids)} cases"
                lines.append(f"{task}: {count} {words}, left out: {listed(ids)}")
    return lines
