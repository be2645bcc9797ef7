"""`gateway`: the service that applications ask, in front of both models; `gateway export`: the same as a folder."""

import asyncio
import contextlib
import os
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator_tui.commands.common import agreed, foreign_lines, open_history, open_project, say
from migrator_tui.commands.stopping import stopped
from migrator_tui.models.child import open_log
from migrator_tui.project.dotenv import environment
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.model_tables import SIMULATED
from migrator_tui.project.rollout_settings import GatewaySettings
from migrator_tui.project.schema import Project
from migrator_tui.rollout.alerts import webhook_url
from migrator_tui.rollout.gateway.config import check_master_key, gateway_config, write_config
from migrator_tui.rollout.gateway.environment import check_python, install, installing_words, ready_python
from migrator_tui.rollout.gateway.passing import passing_folder
from migrator_tui.rollout.gateway.process import GatewayProcess, check_place, gateway_log, proxy_environment
from migrator_tui.rollout.rehearsing.drill import trouble_file

if TYPE_CHECKING:
    from migrator_tui.history.store import History

FINE, UNFINISHED = 0, 3


def execute(arguments: Namespace) -> int:
    """Run the gateway until it is ended, or write it to a folder."""
    read_at = time.time_ns()
    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    for line in foreign_lines(project):
        say(line)
    settings = project.gateway
    if arguments.command == "gateway export":
        return _export(arguments, project)
    values = environment(project, trusted)
    # A stranger's `.env` must not say by which key this machine is entered.
    key = (values if trusted else os.environ).get(settings.master_key_env)
    master_key = check_master_key(key, settings.master_key_env)
    webhook_url(project.rollout.alerts_url_env, values)  # the monitor's, which would say so when all has started
    check_place(arguments.host or settings.host, arguments.port or settings.port)
    with _history(arguments, project, trusted=trusted) as history:
        return asyncio.run(
            _serve(arguments, project, settings, history, master_key, trusted=trusted, read_at=read_at)
        )


def _history(arguments: Namespace, project: Project, *, trusted: bool) -> "History":
    if arguments.database is None:
        return open_history(project, trusted=trusted)
    from migrator_tui.history.store import History

    return History.open(project, database=arguments.database)


def _export(arguments: Namespace, project: Project) -> int:
    from migrator_tui.history.location import local_file
    from migrator_tui.rollout.gateway.config import DATABASE_URL
    from migrator_tui.rollout.gateway.export import FILES, export_gateway

    config = gateway_config(project)
    export_gateway(project, config, arguments.output, replace=arguments.yes)
    say(f"{arguments.output}: {', '.join(FILES)}; README.md there says how to go on")
    if (project.database or "sqlite").startswith("sqlite"):
        say(f"on this machine {DATABASE_URL}=sqlite:///{local_file(project)}; other machines need PostgreSQL")
    return FINE


async def _serve(
    arguments: Namespace,
    project: Project,
    settings: GatewaySettings,
    history: "History",
    key: str,
    *,
    trusted: bool,
    read_at: int,
) -> int:
    python = await gateway_python(arguments)
    stop = stopped()
    say("the gateway starts; this takes some ten seconds")
    gateway = running(
        project,
        python,
        host=arguments.host or settings.host,
        port=arguments.port or settings.port,
        master_key=key,
        database=history.url,
        values=environment(project, trusted),
        trouble=trouble_file(project),
    )
    async with contextlib.AsyncExitStack() as stack:
        starting = asyncio.create_task(stack.enter_async_context(gateway))
        if await _either(starting, stop.wait()) is not starting:
            say("stopped before it was ready")
            return UNFINISHED
        proxy = starting.result()
        models = ", ".join(task.name for task in project.tasks)
        say(f"ready: base URL {proxy.address}/v1, models {models}, key as in {settings.master_key_env}")
        say(f"what it says goes to {gateway_log()}; ctrl+c ends it")
        with _watched(project, history, trusted=trusted, read_at=read_at):
            return await _until_ended(proxy, stop)


async def _either(first: "asyncio.Task[Any]", second: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """The one of two that ends first; the other is cancelled, and its end awaited."""
    tasks = (first, asyncio.create_task(second))
    done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    return tasks[0] if tasks[0] in done else tasks[1]


@contextlib.asynccontextmanager
async def running(
    project: Project,
    python: Path,
    *,
    host: str,
    port: int,
    master_key: str,
    database: str,
    values: Mapping[str, str],
    trouble: Path,
) -> AsyncIterator[GatewayProcess]:
    """A gateway, and the simulator behind it where there are simulated models; both end with the block.

    `values`: the environment with the models' keys; `trouble`: the file that tells the simulator of trouble to make.
    """
    from migrator_tui.models.simulator_process import SimulatorProcess

    log = open_log(gateway_log())
    simulator = SimulatorProcess(project.folder, proxy_environment(values, "", ""), log, trouble=trouble)
    try:
        simulated = any(spec.model.startswith(SIMULATED) for spec in (project.baseline, *project.candidates))
        config = gateway_config(project, simulator=await simulator.address() if simulated else None)
        with passing_folder("migrator-gateway") as folder:
            write_config(config, folder)
            proxy = await GatewayProcess.start(
                python,
                folder,
                host=host,
                port=port,
                environment=proxy_environment(values, master_key, database),
                log=log,
            )
            try:
                yield proxy
            finally:
                await proxy.end()
    finally:
        await simulator.close()


async def gateway_python(arguments: Namespace) -> Path:
    """The interpreter with the proxy in it, installed after asking where there is none."""
    if arguments.python is not None:
        # Absolute, but links left as they are: an environment's interpreter is a link out of it.
        python = Path(os.path.abspath(arguments.python))  # noqa: PTH100, ASYNC240
        await check_python(python)
        return python
    ready = ready_python()
    if ready is not None:
        return ready
    say(installing_words())
    if not arguments.yes and not agreed("install it?"):
        raise ProjectError("nothing was installed; --yes installs it, --python names an interpreter that has it")
    return await install(say)


@contextlib.contextmanager
def _watched(project: Project, history: "History", *, trusted: bool, read_at: int) -> Iterator[None]:
    """A monitor beside the gateway: traffic is never without one that rolls back by itself."""
    from migrator_tui.commands.monitor import a_monitor, watching

    with a_monitor(project, history, trusted=trusted, read_at=read_at) as monitor, watching(monitor):
        yield


async def _until_ended(proxy: GatewayProcess, stop: asyncio.Event) -> int:
    ended = asyncio.create_task(proxy.ended())
    if await _either(ended, stop.wait()) is not ended or stop.is_set():
        say("ending: requests in hand are finished and rows are written")
        return FINE
    status = ended.result()
    said = f": {proxy.last_words[-1]}" if proxy.last_words and status > 0 else ""
    how = f"was killed by signal {-status}" if status < 0 else f"ended by itself with status {status}"
    say(f"the gateway {how}{said}; what it said is in {gateway_log()}")
    return UNFINISHED
