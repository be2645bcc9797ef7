"""`rehearse`: practise a rollout with the project's own cases as traffic, and trouble where it is asked for."""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from migrator_tui.commands.common import (
    agreed,
    foreign_lines,
    open_history,
    open_project,
    put,
    say,
    the_candidate,
    the_task,
)
from migrator_tui.commands.stopping import stopped
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.rollout.rehearsing.drill import (
    Drill,
    gateway_key,
    practice_project,
    refuse_impossible,
    trouble_file,
)
from migrator_tui.rollout.rehearsing.money import Money
from migrator_tui.rollout.rehearsing.rehearse import Stage, Standing, rehearse

if TYPE_CHECKING:
    from migrator_tui.history.rollout_records import Rollout
    from migrator_tui.history.store import History
    from migrator_tui.rollout.rehearsing.outcome import Rehearsal

FINE, NOT_AS_IT_SHOULD, UNFINISHED = 0, 1, 3
AFTER_S = 15.0
"""When trouble begins where nothing else is said; earlier where the traffic is short."""
FOLLOWS_S = 5.0
"""Within so many seconds a gateway follows a rollout."""


def execute(arguments: Namespace) -> int:
    """Rehearse and tell.

    Exit code 1 where the guardrails, or the gateway, did not do what they should; 3 where it was stopped, or where
    calls piled up so that nothing can be said.
    """
    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    for line in foreign_lines(project):
        say(line)
    drill = _drill(arguments)
    if arguments.start:
        done = asyncio.run(_with_a_gateway_of_its_own(arguments, project, drill))
    else:
        with open_history(project, trusted=trusted) as history:
            done = asyncio.run(_with_the_running_gateway(arguments, project, history, drill, trusted=trusted))
    _print(arguments, done)
    if done.wrong and not done.ended:
        return NOT_AS_IT_SHOULD
    if not done.complete:
        say(done.unfinished)
        return UNFINISHED
    return FINE


def _drill(arguments: Namespace) -> Drill:
    named = list(dict.fromkeys(arguments.trouble or ()))
    troubles = [name for name in named if name != "none"]
    if troubles and "none" in named:
        raise ProjectError("--trouble none does not go together with another one")
    after = arguments.trouble_after if arguments.trouble_after is not None else min(AFTER_S, arguments.seconds / 4)
    if troubles and after >= arguments.seconds:
        raise ProjectError(f"--trouble-after {after:g}: by then the {arguments.seconds:g} s of traffic are over")
    if troubles and arguments.share == 0:
        raise ProjectError("--share 0 makes no trouble; leave --trouble out")
    if not arguments.start and (arguments.auto_advance or arguments.candidate or arguments.python):
        raise ProjectError("--auto-advance, --candidate and --python are about the gateway that --start starts")
    if arguments.start and arguments.gateway:
        raise ProjectError("--start starts a gateway of its own; it does not go together with --gateway")
    return Drill(
        rate=arguments.rate,
        seconds=arguments.seconds,
        troubles=troubles,
        trouble_after=after,
        share=arguments.share,
    )


async def _with_a_gateway_of_its_own(arguments: Namespace, project: Project, drill: Drill) -> "Rehearsal":
    """A gateway, a history and a rollout that are gone afterwards; nothing of the user's is touched."""
    from migrator_tui.commands.gateway import gateway_python, running
    from migrator_tui.history.store import History
    from migrator_tui.rollout import control
    from migrator_tui.rollout.gateway.passing import passing_folder
    from migrator_tui.rollout.rehearsing.sending import warm_up
    from migrator_tui.running.versions import version_of_record

    task = the_task(project, arguments.task)
    candidate = the_candidate(project, arguments.candidate)
    practised, differs = practice_project(project, task, candidate, auto_advance=arguments.auto_advance)
    candidate = practised.candidates[0]
    refuse_impossible(drill, practised.baseline, candidate)
    stop = stopped()
    python = await gateway_python(arguments)
    for line in differs:
        say(line)
    with passing_folder("migrator-rehearsal") as folder:
        database = f"sqlite:///{folder / 'history.sqlite3'}"
        with History.open(practised, database=database) as history:
            version = version_of_record(practised, history, task, candidate.name, author="rehearsal")
            key, trouble = f"sk-{secrets.token_hex(24)}", folder / "trouble.json"
            say("the gateway starts; this takes some ten seconds")
            async with running(
                practised,
                python,
                host="127.0.0.1",
                port=_free_port(),
                master_key=key,
                database=history.url,
                values=os.environ,
                trouble=trouble,
            ) as proxy:
                await warm_up(proxy.address, key, task.name)
                # Only now, so that what the step is held for is spent with traffic.
                rollout = control.start(
                    practised, history, task, candidate, version, who="rehearsal", reason="a rehearsal"
                )
                await _followed(proxy.address, key, rollout)
                with _watching(practised, history):
                    stage = Stage(practised, task, history, rollout, proxy.address, key, trouble)
                    return await rehearse(stage, drill, stop, say, stands=_stands(arguments))


async def _with_the_running_gateway(
    arguments: Namespace, project: Project, history: "History", drill: Drill, *, trusted: bool
) -> "Rehearsal":
    """Through the gateway that serves already: what comes of it counts in the rollout that is under way."""
    from migrator_tui.history.columns import now

    task = the_task(project, arguments.task)
    rollout = next(iter(history.rollouts(task.name)), None)
    if rollout is None or not rollout.state.live:
        raise ProjectError(
            f"no rollout of task {task.name} is under way: `rollout start` begins one, "
            "or `rehearse --start` practises apart from everything"
        )
    candidate = the_candidate(project, rollout.candidate)
    refuse_impossible(drill, project.baseline, candidate)
    if drill.troubles and not rollout.percentage:
        raise ProjectError(f"--trouble: at {rollout.percentage:g} % nobody is served by {candidate.name}")
    settings = project.gateway
    key = gateway_key(project, trusted=trusted)
    if key is None:
        raise ProjectError(
            f"{settings.master_key_env} is not set: set it to the running gateway's key, or let `rehearse --start` "
            "bring a gateway of its own"
        )
    address = (arguments.gateway or f"http://{settings.host}:{settings.port}").rstrip("/").removesuffix("/v1")
    stop = stopped()
    await _followed(address, key, rollout)
    lease = history.lease()
    if lease is None or lease.until < now():
        say("no monitor is watching, so nothing rolls back by itself: `gateway` starts one, or `monitor`")
    stage = Stage(project, task, history, rollout, address, key, trouble_file(project))
    money = await asyncio.to_thread(the_money, arguments, stage, drill)
    return await rehearse(stage, drill, stop, say, stands=_stands(arguments), money=money)


def _stands(arguments: Namespace) -> Callable[[Standing], None]:
    """Who hears how it stands: the screen, which reads a line of JSON each time; nobody else."""
    if not arguments.stands:
        return lambda _: None
    return lambda standing: say(json.dumps(asdict(standing)))


def the_money(arguments: Namespace, stage: Stage, drill: Drill) -> Money:
    """Tell and ask where the calls cost money; `ProjectError` where nobody agrees."""
    from migrator_tui.project.cases import load_cases
    from migrator_tui.rollout.rehearsing.money import NO_MONEY, Counted, likely_cost
    from migrator_tui.running.plan import request_for
    from migrator_tui.running.spending import Budget, Prices, Purse, is_free, refuse_uncountable

    project, rollout = stage.project, stage.rollout
    models = [project.baseline, project.candidate(rollout.candidate)]
    real = [spec for spec in models if not is_free(spec)]
    if not real:
        return NO_MONEY
    cap, a_day = arguments.max_cost, project.max_cost_per_day
    prices = Prices(project)
    if cap is not None or a_day is not None:
        refuse_uncountable(prices, real, "--max-cost" if cap is not None else "max_cost_per_day")
    day = Purse(a_day, "max_cost_per_day", spent=stage.history.spent_today()[0]) if a_day is not None else None
    if day is not None and day.left <= 0:
        raise ProjectError(f"max_cost_per_day of ${a_day:g} is reached: nothing more is sent to real models today")
    versions = [stage.history.version(id) for id in (rollout.baseline_version_id, rollout.version_id)]
    cases = load_cases(project, stage.task)[: drill.calls]
    requests = [
        [request_for(project, stage.task, spec, version, case) for case in cases]
        for spec, version in zip(models, versions, strict=True)
    ]
    share = rollout.percentage / 100
    shares = (1.0, 1.0) if rollout.shadow else (1 - share, share)
    cost = likely_cost(prices, models, requests, shares, drill.calls)
    about = f"about ${cost:.2f}" if cost is not None else "at a price that is not known"
    names = " and ".join(spec.model for spec in real)
    say(
        f"{drill.calls:,} calls to {names}, {about}; they count in the rollout of {rollout.name} "
        "as those of applications do" + (f"; of max_cost_per_day ${day.left:.2f} is left" if day is not None else "")
    )
    if not arguments.yes and not agreed("send them?"):
        raise ProjectError("nothing was sent; --yes sends it without asking, --start practises without real models")
    return Counted(Budget(prices, Purse(cap, "--max-cost"), day), models, requests, rollout.shadow)


async def _followed(address: str, key: str, rollout: "Rollout") -> None:
    """Wait until the gateway there follows this rollout; `ProjectError` where none answers, or it does not."""
    ends = time.monotonic() + FOLLOWS_S
    while True:
        revision = await _followed_revision(address, key, rollout.name)
        if revision == rollout.revision:
            return
        if time.monotonic() > ends:
            raise ProjectError(f"the gateway at {address} does not follow this project's rollout of {rollout.name}")
        await asyncio.sleep(0.1)


async def _followed_revision(address: str, key: str, name: str) -> int | None:
    import aiohttp

    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.get(f"{address}/migrator/status", headers={"Authorization": f"Bearer {key}"}) as response,
        ):
            if response.status == 401:
                raise ProjectError(f"the gateway at {address} does not take this key")
            said = await response.json()
            revision: int | None = said["rollouts"].get(name, {}).get("revision")
            return revision
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError, AttributeError):
        raise ProjectError(
            f"no gateway answers at {address}: `gateway` starts one, --gateway names another, "
            "`rehearse --start` brings its own"
        ) from None


@contextlib.contextmanager
def _watching(project: Project, history: "History") -> Iterator[None]:
    """A monitor of the practice's own; what it does is told as the events that it leaves."""
    from migrator_tui.commands.monitor import watching
    from migrator_tui.history.processes import this_process
    from migrator_tui.rollout.monitor import Monitor

    def tell(line: str) -> None:
        if line != "watching" and not line.startswith(tuple(f"{task.name}: " for task in project.tasks)):
            say(line)

    with watching(Monitor(project, history, owner=this_process(), tell=tell), every_s=1.0):
        yield


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _print(arguments: Namespace, done: "Rehearsal") -> None:
    from migrator_tui.reports.rehearsal import print_rehearsal, rehearsal_json

    if arguments.format == "json":
        put(json.dumps(rehearsal_json(done), indent=2, ensure_ascii=True) + "\n")
    else:
        print_rehearsal(done, sys.stdout)
