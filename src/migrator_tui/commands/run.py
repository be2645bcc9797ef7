"""`run`: both models on every case, headless."""

import asyncio
import json
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from migrator_tui.commands import against
from migrator_tui.commands.common import foreign_lines, index_cases, open_history, open_project, put, say
from migrator_tui.commands.stopping import Stopping
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Project

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.running.events import RunResult
    from migrator_tui.running.plan import Plan
    from migrator_tui.running.results import Results

FINE, NOT_READY, UNFINISHED = 0, 1, 3
MOST_REASONS = 10
"""Different errors that are told; a broken server says the same of all cases, mostly."""


def execute(arguments: Namespace) -> int:
    """Plan, run, report.

    Exit code 3 where calls ended in errors, the cap was reached, or it was stopped; else 1 where the decision is not
    ready or not enough evidence, unless `--no-gate` says that it does not matter.
    """
    with Stopping() as stopping:
        return _execute(arguments, stopping)


def _execute(arguments: Namespace, stopping: Stopping) -> int:
    from migrator_tui.history.author import author
    from migrator_tui.running.recorded import unmatched_lines

    _refuse_contradictions(arguments)
    against.refuse_contradictions(arguments)
    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    for line in foreign_lines(project):
        say(line)
    refuse_proposed(arguments, project)
    with open_history(project, trusted=trusted) as history:
        who = author(project.folder)
        plan, over = _plan(arguments, project, history, who)
        result = None
        if not over:
            for line in unmatched_lines(plan):
                say(line)
            index_cases(history, project, list(plan.tasks))
            result = asyncio.run(_run(arguments, plan, history, who, stopping, trusted=trusted))
        results, code = _report(arguments, plan, history, result)
        if arguments.approve:
            against.approve(history, results, who, complete=code != UNFINISHED)
        return code


def _refuse_contradictions(arguments: Namespace) -> None:
    if not arguments.resume:
        return
    asked = {
        "--task": arguments.task,
        "--candidate": arguments.candidate,
        "--case": arguments.case,
        "--prompt": arguments.prompt,
        "--version": arguments.version_id,
        "--no-cache": arguments.no_cache,
        "--repeat": arguments.repeat > 1,
    }
    for option, value in asked.items():
        if value:
            raise ProjectError(f"--resume goes on with what the run was asked; it does not go together with {option}")


def refuse_proposed(arguments: Namespace, project: Project) -> None:
    """No model is asked that no file names and nobody has chosen; to name a candidate is to choose it."""
    if arguments.resume or project.foreign is None:
        return
    on_screen = f'^p on screen, "Models of this {project.foreign.tool} project"'
    for name in project.foreign.proposed:
        model = project.model(name).model
        if name == BASELINE:
            what = f"{model} is only proposed as the model you move from: no provider here can be asked"
            raise ProjectError(f"{what}; choose one ({on_screen})")
        if arguments.candidate is None:
            what = f"{model} is only proposed as the model to move to; --candidate {shlex.quote(name)} says yes to it"
            raise ProjectError(f"{what}, or choose one ({on_screen})")


def _plan(arguments: Namespace, project: Project, history: "History", who: str) -> tuple["Plan", bool]:
    """The plan, and whether it is over already: then it is only reported."""
    from migrator_tui.running.plan import plan_run
    from migrator_tui.running.resume import resume_plan
    from migrator_tui.running.selection import Selection
    from migrator_tui.running.unused import unused_variables

    if arguments.resume:
        unfinished = history.unfinished_run()
        run = unfinished or history.last_run()
        if run is None:
            raise ProjectError("there is nothing to resume: nothing has been run in this project yet")
        if unfinished is None:
            if run.state == "running":
                raise ProjectError("the last run is still going on in another program")
            say(f"nothing is unfinished; this is the run of {run.created_at:%Y-%m-%d %H:%M} UTC")
        return resume_plan(project, history, run), unfinished is None
    if arguments.against is not None:
        return against.plan_again(arguments, project, history, who), False
    selection = Selection(
        tasks=arguments.task,
        candidates=arguments.candidate,
        case_ids=arguments.case,
        repeat=arguments.repeat,
        version=arguments.version_id,
        prompt=arguments.prompt,
        use_cache=not arguments.no_cache,
    )
    plan = plan_run(project, history, selection, author=who)
    for line in unused_variables(plan):
        say(line)
    return plan, False


async def _run(
    arguments: Namespace, plan: "Plan", history: "History", who: str, stopping: Stopping, *, trusted: bool
) -> "RunResult":
    from migrator_tui.commands.progress import Progress
    from migrator_tui.crash_log import write_crash_log
    from migrator_tui.running.estimate import estimate
    from migrator_tui.running.pools import open_pool
    from migrator_tui.running.run import Runner

    loop = asyncio.get_running_loop()

    def forgotten(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        write_crash_log(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))

    loop.set_exception_handler(forgotten)
    before = estimate(plan, history, concurrency=arguments.concurrency)
    with Progress(plan, before) as progress, stopping.event() as stop:
        async with open_pool(plan.project, trusted=trusted) as pool:
            runner = Runner(plan.project, history, pool, author=who)
            return await runner.run(
                plan,
                concurrency=arguments.concurrency,
                max_cost=arguments.max_cost,
                on_event=progress.tell,
                stop=stop,
            )


def _report(
    arguments: Namespace, plan: "Plan", history: "History", result: "RunResult | None"
) -> tuple["Results", int]:
    """Print the results; hands them back with the exit code."""
    from migrator_tui.parity.gate import Answer

    again = "against" in plan.settings
    results = against.report_again(arguments, plan, history) if again else _print(arguments, plan, history)
    unpriced = results.unpriced_models
    if unpriced:
        say(f"no price is known for some calls to {', '.join(unpriced)}: their cost is left out of every sum")
    if result is not None and result.check_calls:
        say(_checks_made(result))
    if result is not None and result.stopped_because is not None:
        say(f"{result.stopped_because}; {_left(result)}, `run --resume` goes on")
    if results.errors:
        for line in islice(_reasons(results), MOST_REASONS):
            say(line)
        what = "1 outcome is an error" if results.errors == 1 else f"{results.errors} outcomes are errors"
        say(f"{what}; `run` asks again for those that have no answer")
    if results.errors > 0 or results.missing > 0 or (result is not None and result.checks_open):
        return results, UNFINISHED
    answer, _ = results.decision
    return results, FINE if arguments.no_gate or answer is Answer.READY else NOT_READY


def _checks_made(result: "RunResult") -> str:
    calls = "1 call" if result.check_calls == 1 else f"{result.check_calls} calls"
    if result.check_unpriced == result.check_calls:
        return f"checks made {calls} of their own, of unknown price"
    unpriced = f" ({result.check_unpriced} of them of unknown price)" if result.check_unpriced else ""
    return f"checks made {calls} of their own for ${result.check_cost:.4f}{unpriced}, beside the models' costs"


def _left(result: "RunResult") -> str:
    left = result.total - result.done
    calls = f"{left} of {result.total} calls are left" if left or not result.checks_open else "all calls are made"
    if not result.checks_open:
        return calls
    checks = "1 check is" if result.checks_open == 1 else f"{result.checks_open} checks are"
    return f"{calls}, {checks} not asked yet"


def _print(arguments: Namespace, plan: "Plan", history: "History") -> "Results":
    from migrator_tui.reports.results_json import results_json
    from migrator_tui.reports.results_table import print_table
    from migrator_tui.running.results import collect

    results = collect(plan, history)
    if arguments.format == "json":
        put(json.dumps(results_json(results), indent=2, ensure_ascii=True) + "\n")
    else:
        print_table(results, sys.stdout)
    return results


def _reasons(results: "Results") -> Iterator[str]:
    """A line for each model and error message: how many cases, and one of them."""
    for task in results.tasks:
        for model in task.models:
            for message, ids in model.failures.items():
                where = f"case {ids[0]}" + (f" and {len(ids) - 1} more" if len(ids) > 1 else "")
                yield f"{model.name}, {where}: {message}"
