"""`coverage`: are the cases enough? What they exercise of the prompt, of the edges and of production."""

import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from migrator_tui.commands.common import index_cases, open_history, open_project, put, the_candidate
from migrator_tui.project.cases import load_cases

if TYPE_CHECKING:
    from migrator_tui.coverage.past import Change
    from migrator_tui.coverage.values import Coverage

FINE = 0


def execute(arguments: Namespace) -> int:
    """Write what is covered and what is not; asks no model anything, and decides nothing."""
    from migrator_tui.coverage.as_json import coverage_json
    from migrator_tui.coverage.past import past_facts, tried
    from migrator_tui.coverage.survey import survey
    from migrator_tui.reports.coverage_table import print_coverage
    from migrator_tui.running.judging import bring_up_to_date
    from migrator_tui.running.selection import Selection, selected_tasks

    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    tasks = selected_tasks(project, Selection(tasks=arguments.task))
    candidate = project.candidates[0] if arguments.candidate is None else the_candidate(project, arguments.candidate)
    found: list[tuple[Coverage, list[Change]]] = []
    with open_history(project, trusted=trusted) as history:
        index_cases(history, project, tasks)
        for task in tasks:
            for each in project.candidates:
                bring_up_to_date(project, history, task, each.name)
            coverage = survey(project, task, load_cases(project, task), candidate, past_facts(project, history, task))
            names = [each.name for each in project.candidates]
            found.append((coverage, tried(project, history, task, coverage.checks, names) or []))
    if arguments.format == "json":
        tables = {"project": project.name, "tasks": [coverage_json(*one) for one in found]}
        put(json.dumps(tables, indent=2, ensure_ascii=False) + "\n")
    else:
        assistant = project.assistant.model if project.assistant is not None else None
        print_coverage(found, sys.stdout, assistant)
    return FINE
