"""`gateway`: the service that applications ask, in front of both models; `gateway export`: the same as a folder."""

import asyncio
import contextlib
import os
import signal
import tempfile
import threading
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from migrator_tui.commands.common import agreed, foreign_lines, open_history, open_project, say
from migrator_tui.models.child import open_log
from migrator_tui.project.dotenv import environment
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.model_tables import SIMULATED
from migrator_tui.project.rollout_settings import GatewaySettings
from migrator_tui.project.schema import Project
from migrator_tui.rollout.gateway.config import check_master_key, gateway_config, write_config
from migrator_tui.rollout.gateway.environment import check_python, install, installing_words, ready_python
from migrator_tui.rollout.gateway.process import GatewayProcess, gateway_log, proxy_environment
from migrator_tui.rollout.rehearsing.drill import trouble_file

if TYPE_CHECKING:
    from migrator_tui.history.store import History

FINE, UNFINISHED = 0, 3


def execute(arguments: Namespace) -> int:
    """Run the gateway until it is ended, or write it to a folder."""
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
    with _history(arguments, project, trusted=trusted) as history:
        return asyncio.run(_serve(arguments, project, settings, history, master_key, trusted=trusted))


def _history(arguments: Namespace, project: Project, *, trusted: bool) -> "History":
    if arguments.database is None:
        return open_history(project, trusted=trusted)
    from migrator_tui.history.store import History

    return History.open(project, database=arguments.database)


def _export(arguments: Namespace, project: Project) -> int:
    from migrator_tui.rollout.gateway.export import FILES, export_gateway

    config = gateway_config(project)
    export_gateway(project, config, arguments.output, replace=arguments.yes)
    say(f"{arguments.output}: {', '.join(FILES)}; README.md there says how to go on")
    return FINE


async def _serve(
    arguments: Namespace, project: Project, settings: GatewaySettings, history: "History", key: str, *, trusted: bool
) -> int:
    stop = stopped()
    python = await gateway_python(arguments)
    say("the gateway starts; this takes some ten seconds")
    async with running(
        project,
        python,
        host=arguments.host or settings.host,
        port=arguments.port or settings.port,
        master_key=key,
        database=history.url,
        values=environment(project, trusted),
        trouble=trouble_file(project),
    ) as proxy:
        models = ", ".join(task.name for task in project.tasks)
        say(f"ready: base URL {proxy.address}/v1, models {models}, key as in {settings.master_key_env}")
        say(f"what it says goes to {gateway_log()}; ctrl+c ends it")
        with _watching(project, history, trusted=trusted):
            return await _until_ended(proxy, stop)


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
        with tempfile.TemporaryDirectory(prefix="migrator-gateway-") as folder:
            write_config(config, Path(folder))
            proxy = await GatewayProcess.start(
                python,
                Path(folder),
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
def _watching(project: Project, history: "History", *, trusted: bool) -> Iterator[None]:
    """A monitor beside the gateway: traffic is never without one that rolls back by itself."""
    from migrator_tui.commands.monitor import a_monitor

    stop = threading.Event()
    with a_monitor(project, history, trusted=trusted) as monitor:
        thread = threading.Thread(target=monitor.run, args=(stop,), name="monitor")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def stopped() -> asyncio.Event:
    """Set when the terminal or whoever started us asks to end."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _until_ended(proxy: GatewayProcess, stop: asyncio.Event) -> int:
    ended, asked = asyncio.create_task(proxy.ended()), asyncio.create_task(stop.wait())
    done, waiting = await asyncio.wait((ended, asked), return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    if asked in done:
        say("ending: requests in hand are finished and rows are written")
        return FINE
    said = f": {proxy.last_words[-1]}" if proxy.last_words else ""
    say(f"the gateway ended by itself (status {ended.result()}){said}")
    return UNFINISHED
