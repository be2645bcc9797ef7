"""`preflight`: what would go wrong, looked at before anything is spent. Asks no model anything."""

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrator_tui.commands.common import open_history, open_project, put, say
from migrator_tui.project.schema import Project

if TYPE_CHECKING:
    from migrator_tui.models.dry_run import DryRun, ParameterSet

FINE, BLOCKED, UNFINISHED = 0, 1, 3


def execute(arguments: Namespace) -> int:
    """Look, and print what was found; exit code 1 where a blocker stands."""
    from migrator_tui.adaptation.guidance import all_guidance
    from migrator_tui.models.worker_process import WorkerGone
    from migrator_tui.preflight.finding import Severity
    from migrator_tui.preflight.looking import gather, look, with_dry_runs
    from migrator_tui.project.dotenv import environment
    from migrator_tui.reports.preflight import preflight_json, print_preflight
    from migrator_tui.running.selection import Selection, selected_candidates, selected_tasks

    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    all_guidance(project)  # refuses a file of rules with a mistake
    selection = Selection(tasks=arguments.task, candidates=arguments.candidate)
    tasks, candidates = selected_tasks(project, selection), selected_candidates(project, selection)
    with open_history(project, trusted=trusted) as history:
        asked = gather(project, history, tasks=tasks, candidates=candidates)

    async def try_out(sets: "Sequence[ParameterSet]") -> "Sequence[DryRun]":
        return await _tried(project, trusted, sets)

    try:
        asked = asyncio.run(with_dry_runs(asked, try_out))
    except WorkerGone as error:
        say(str(error))
        return UNFINISHED
    found = look(project, asked, environment=environment(project, trusted), trusted=trusted)
    if arguments.format == "json":
        put(json.dumps(preflight_json(found), indent=2, ensure_ascii=True) + "\n")
    else:
        print_preflight(found, sys.stdout)
    return BLOCKED if found.of(Severity.BLOCKER) else FINE


async def _tried(project: Project, trusted: bool, sets: "Sequence[ParameterSet]") -> "Sequence[DryRun]":
    """Start a worker for it, which takes some three seconds."""
    from migrator_tui.running.pools import open_pool

    async with open_pool(project, trusted=trusted) as pool:
        return await pool.dry_run(sets)
