"""`adapt`: a search for a better prompt, headless, with a budget."""

import asyncio
import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from migrator_tui.commands.common import (
    foreign_lines,
    index_cases,
    open_history,
    open_project,
    put,
    say,
    the_candidate,
    the_task,
)
from migrator_tui.commands.run import refuse_proposed
from migrator_tui.commands.stopping import Stopping
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import ModelSpec, Project, Task

if TYPE_CHECKING:
    from migrator_tui.adaptation.search.ground import Ground
    from migrator_tui.adaptation.search.searching import Search
    from migrator_tui.adaptation.search.values import SearchResult
    from migrator_tui.history.records import Version
    from migrator_tui.history.store import History
    from migrator_tui.models.pool import ModelPool

FINE, UNFINISHED = 0, 3
CALLS, SEED, CONCURRENCY = 200, 0, 16


def execute(arguments: Namespace) -> int:
    """Search, and say what came of it.

    Exit code 3 where it was stopped, or ran into a cap or an error before it was through; 0 also where nothing
    helped. Nothing is applied.
    """
    with Stopping() as stopping:
        return _adapt(arguments, stopping)


def _adapt(arguments: Namespace, stopping: Stopping) -> int:
    from migrator_tui.adaptation.search.ground import NO_ASSISTANT
    from migrator_tui.history.author import author

    _refuse_contradictions(arguments)
    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    for line in foreign_lines(project):
        say(line)
    refuse_proposed(arguments, project)
    if project.assistant is None:
        raise ProjectError(NO_ASSISTANT)
    task = the_task(project, arguments.task)
    candidate = the_candidate(project, arguments.candidate).name
    with open_history(project, trusted=trusted) as history:
        who = author(project.folder)
        index_cases(history, project, [task])
        earlier = _finished(history, task, candidate) if arguments.resume else None
        if earlier is not None:
            say("nothing is left to go on with; this is what the last search came to")
            result, held_out = earlier, len(_held_out_cases(project, history, task))
        else:
            _refuse_mute(project.assistant, project, trusted=trusted)
            ground = _ground(arguments, project, history, task, candidate, who)
            held_out = len(ground.held_out)
            result = asyncio.run(_run(arguments, ground, history, who, stopping, trusted=trusted))
    _print(arguments, project, task, candidate, held_out, result)
    return FINE if result.complete else UNFINISHED


def _refuse_contradictions(arguments: Namespace) -> None:
    if not arguments.resume:
        return
    asked = {
        "--prompt": arguments.prompt,
        "--version": arguments.version_id,
        "--seed": arguments.seed is not None,
        "--patience": arguments.patience is not None,
    }
    for option, value in asked.items():
        if value:
            raise ProjectError(f"--resume goes on as the search was begun; it does not go together with {option}")


def _refuse_mute(assistant: ModelSpec, project: Project, *, trusted: bool) -> None:
    """An assistant that cannot be asked, by its name or for want of a key, is told before anything is spent."""
    from migrator_tui.preflight.access import key_findings
    from migrator_tui.preflight.finding import Severity
    from migrator_tui.preflight.names import name_findings
    from migrator_tui.project.dotenv import environment

    available = {name for name, value in environment(project, trusted).items() if value.strip()}
    for found in (*name_findings(assistant, project.folder), *key_findings(assistant, available)):
        if found.severity is Severity.BLOCKER:
            raise ProjectError(f"[assistant]: {found.what}: {found.do}")


def _finished(history: "History", task: Task, candidate: str) -> "SearchResult | None":
    """What the last search came to, where it came to its end."""
    from migrator_tui.adaptation.search.stored import stored_result

    stored = history.last_search(task.name, candidate)
    if stored is None:
        raise ProjectError(f"there is nothing to resume: no search of task {task.name} for {candidate} yet")
    return stored_result(history, stored) if stored.state == "finished" else None


def _held_out_cases(project: Project, history: "History", task: Task) -> tuple[str, ...]:
    from migrator_tui.adaptation.splitting import parts_of
    from migrator_tui.project.cases import load_cases

    return parts_of(history, project, task, load_cases(project, task)).held_out


def _ground(
    arguments: Namespace, project: Project, history: "History", task: Task, candidate: str, who: str
) -> "Ground":
    from migrator_tui.adaptation.search.ground import begin, go_on
    from migrator_tui.adaptation.search.values import PATIENCE, SearchSettings

    if arguments.resume:
        stored = history.last_search(task.name, candidate)
        assert stored is not None
        record = _start(arguments, project, history, task, candidate, who)
        if stored.settings.get("of_record") and record.id != stored.base_version_id:
            raise ProjectError(
                f"the prompt of task {task.name} for {candidate} changed since that search began; "
                "without --resume a new one begins"
            )
        return go_on(
            project,
            history,
            task,
            stored,
            author=who,
            budget_calls=arguments.budget_calls,
            max_cost=arguments.max_cost,
            concurrency=arguments.concurrency,
        )
    settings = SearchSettings(
        budget_calls=arguments.budget_calls or CALLS,
        max_cost=arguments.max_cost,
        patience=arguments.patience or PATIENCE,
        seed=SEED if arguments.seed is None else arguments.seed,
        concurrency=arguments.concurrency or CONCURRENCY,
    )
    base = _start(arguments, project, history, task, candidate, who)
    of_record = arguments.version_id is None and arguments.prompt is None
    return begin(project, history, task, base, settings, author=who, of_record=of_record)


def _start(
    arguments: Namespace, project: Project, history: "History", task: Task, candidate: str, who: str
) -> "Version":
    """The version it starts from."""
    from migrator_tui.running.versions import named_version, version_of_file, version_of_record

    if arguments.version_id is not None:
        return named_version(history, task.name, candidate, arguments.version_id)
    if arguments.prompt is not None:
        return version_of_file(project, history, task, candidate, arguments.prompt, author=who)
    return version_of_record(project, history, task, candidate, author=who)


async def _run(
    arguments: Namespace, ground: "Ground", history: "History", who: str, stopping: Stopping, *, trusted: bool
) -> "SearchResult":
    from migrator_tui.adaptation.search.searching import Search
    from migrator_tui.commands.search_progress import SearchProgress
    from migrator_tui.crash_log import write_crash_log
    from migrator_tui.running.pools import open_pool
    from migrator_tui.running.run import Runner

    loop = asyncio.get_running_loop()

    def forgotten(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        write_crash_log(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))

    loop.set_exception_handler(forgotten)
    with SearchProgress(ground) as progress, stopping.event() as stop:
        async with open_pool(ground.project, trusted=trusted) as pool:
            runner = Runner(ground.project, history, pool, author=who)
            search = Search(history, runner, ground, author=who, force=arguments.force)
            waiting = asyncio.create_task(_stop_once(stop, search))
            try:
                await _ready(pool, waiting)
                return await search.run(progress.tell)
            finally:
                waiting.cancel()


async def _ready(pool: "ModelPool", stopping: asyncio.Task[None]) -> None:
    """Wait until the worker runs: calls that wait for it count as made already, and whoever stops would lose them."""
    from migrator_tui.models.requests import Lane

    warming = asyncio.ensure_future(pool.warm(Lane.BULK))
    try:
        await asyncio.wait([warming, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)  # where it cannot start, each call says so


async def _stop_once(stop: asyncio.Event, search: "Search") -> None:
    await stop.wait()
    search.stop()


def _print(
    arguments: Namespace, project: Project, task: Task, candidate: str, held_out: int, result: "SearchResult"
) -> None:
    from migrator_tui.reports.search_json import search_json
    from migrator_tui.reports.search_table import print_search

    if arguments.format == "json":
        table = search_json(project.name, task.name, candidate, held_out, result)
        put(json.dumps(table, indent=2, ensure_ascii=True) + "\n")
        say(result.ended)
    else:
        print_search(result, held_out, sys.stdout)
    room = result.head_room
    if room is not None and room.failing and not (room.likely or result.helped):
        if room.why not in result.ended:
            say(f"a search is unlikely to help here: {room.why}")
        if not arguments.force:
            say("--force searches all the same")
    if not result.complete:
        money = ", --max-cost USD more money" if result.spent.max_cost is not None else ""
        say(f"`adapt --resume` goes on where it ended; --budget-calls N gives it more calls{money}")
