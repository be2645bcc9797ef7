"""`run --against` and `run --approve`: a model asked again, compared with the run that somebody approved."""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrator_tui.commands.common import put, say, the_candidate
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.project.words import listed

if TYPE_CHECKING:
    from migrator_tui.history.records import RunItem
    from migrator_tui.history.store import History
    from migrator_tui.running.plan import Plan
    from migrator_tui.running.results import Results


def refuse_contradictions(arguments: Namespace) -> None:
    """What does not go together with `--against`, each refused in a line."""
    if arguments.against is None:
        return
    asked = {
        "--resume": arguments.resume,
        "--approve": arguments.approve,
        "--prompt": arguments.prompt,
        "--version": arguments.version_id,
        "--repeat": arguments.repeat > 1,
    }
    why = {
        "--resume": "a run that was stopped knows what it is compared with",
        "--approve": "look at what differs first; `run --resume --approve` then approves it",
        "--prompt": "the prompt is that of the earlier run",
        "--version": "the version is that of the earlier run",
        "--repeat": "as many repeats are asked as in the earlier run",
    }
    for option, value in asked.items():
        if value:
            raise ProjectError(f"--against does not go together with {option}: {why[option]}")
    if arguments.candidate is not None and len(arguments.candidate) > 1:
        raise ProjectError("--against takes one --candidate at a time")


def plan_again(arguments: Namespace, project: Project, history: "History", who: str) -> "Plan":
    """The plan that asks one model again what it was asked in the earlier run."""
    from migrator_tui.running.against import APPROVED, LAST, find_run, plan_against
    from migrator_tui.running.selection import Selection
    from migrator_tui.running.versions import version_of_record

    model = the_candidate(project, next(iter(arguments.candidate or ()), None), or_baseline=True)
    run = find_run(history, arguments.against, model.name)
    selection = Selection(tasks=arguments.task, case_ids=arguments.case)
    plan = plan_against(project, history, run, model, selection)
    for task in plan.tasks:
        asked = plan.versions[task.name, model.name]
        record = version_of_record(project, history, task, model.name, author=who)
        if record.id != asked.id:
            say(f"{task.name}: {asked.label} is asked as in the earlier run; the files now say {record.label}")
    which = {APPROVED: "the newest approved run", LAST: "the last run"}.get(arguments.against)
    if which is not None:
        say(f"{which} that asked {model.name}: {run.created_at:%Y-%m-%d %H:%M} UTC, {run.id}")
    say(f"{model.name} is asked again; nothing is answered from the cache")
    return plan


def report_again(arguments: Namespace, plan: "Plan", history: "History") -> "Results":
    """Print what differs from the earlier run; hands back the results."""
    from migrator_tui.reports.against import against_json, left_out_lines, print_against
    from migrator_tui.running.against_results import collect_against

    found = collect_against(plan, history)
    for line in left_out_lines(found):
        say(line)
    if arguments.format == "json":
        put(json.dumps(against_json(found), indent=2, ensure_ascii=True) + "\n")
    else:
        print_against(found, sys.stdout)
    return found.results


def approve(history: "History", results: "Results", who: str, *, complete: bool) -> None:
    """Mark the run as the one that later runs are compared with, where it was finished without errors.

    It counts for the models that it asked: after a comparison, for that one model alone.
    """
    from migrator_tui.parity.gate import Answer

    if not complete:
        say("not approved: the run is not complete")
        return
    answer, _ = results.decision
    history.approve_run(results.run_id, author=who)
    though = "" if answer is Answer.READY else f", though the gate says {answer.value.replace('-', ' ')}"
    items = history.run_items(results.run_id)
    models = listed(dict.fromkeys(item.model_name for item in items))
    say(f"approved{though}: {models} on {_cases(items)}; `run --against approved` compares with this run")
    if "against" in history.run(results.run_id).settings:
        say("of other models, what was approved before stays")


def _cases(items: Sequence["RunItem"]) -> str:
    """`8 cases`, or of several tasks `8 cases of triage, 1 case of reply`."""
    asked: dict[str, set[str]] = {}
    for item in items:
        asked.setdefault(item.task, set()).add(item.case_id)
    counts = {task: "1 case" if len(ids) == 1 else f"{len(ids)} cases" for task, ids in asked.items()}
    if len(counts) == 1:
        return next(iter(counts.values()))
    return listed(f"{count} of {task}" for task, count in counts.items())
