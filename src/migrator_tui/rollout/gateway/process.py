"""The proxy as a child process: started with what it needs and no more, ready when it answers, ended cleanly."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from platformdirs import user_log_path

from migrator_tui.models.environment import child_environment
from migrator_tui.models.protocol import lines
from migrator_tui.models.secrets import scrubber, secrets_in
from migrator_tui.project.errors import ProjectError
from migrator_tui.rollout.gateway.config import CONFIG_FILE, DATABASE_URL, MASTER_KEY
from migrator_tui.text_safety import safe_line

PATIENCE = 120.0
"""Seconds it may take to answer: a first start compiles its libraries."""
_ENDING = 45.0
"""Seconds it may take to end: it finishes what it has in hand, 30 seconds at most, and writes its rows."""
_BETWEEN_LOOKS = 0.2
_LINE = 2000

# It ends when our side of its stdin closes, so that a killed parent leaves no orphan.
_RUN = """
import os, signal, sys, threading
def follow():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=follow, daemon=True).start()
from litellm import run_server
run_server()
"""
_NOT_ITS_OWN = (
    "DATABASE_",
    "DIRECT_URL",
    "REDIS_",
    "LITELLM_",
    "OTEL_",
    "STORE_",
    "CONFIG_FILE_PATH",
    "WORKER_CONFIG",
)
"""Names that the proxy would take for its own; in a project's environment they mean the application's."""
_SETTINGS = {"NO_DOCS": "True", "NO_REDOC": "True", "DISABLE_ADMIN_UI": "True"}


def gateway_log() -> Path:
    """The file to which the proxy writes what it has to say."""
    return user_log_path("migrator-tui", appauthor=False) / "gateway.log"


def proxy_environment(given: Mapping[str, str], master_key: str, database: str) -> dict[str, str]:
    """The whole environment of a proxy: keys of models, its master key, the history's URL, nothing that steers it."""
    own = {name: value for name, value in given.items() if not name.startswith(_NOT_ITS_OWN)}
    result = child_environment(own)
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"):  # they are about our environment, not its
        result.pop(name, None)
    return result | _SETTINGS | {MASTER_KEY: master_key, DATABASE_URL: database}


class GatewayProcess:
    """One running proxy. Belongs to the event loop it was started in."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self.address = address
        """Where applications find it: `http://127.0.0.1:4000`."""
        self.last_words: deque[str] = deque(maxlen=20)
        self._process = process
        self._listener: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        python: Path,
        folder: Path,
        *,
        host: str,
        port: int,
        environment: Mapping[str, str],
        log: logging.Logger,
    ) -> "GatewayProcess":
        """Start a proxy in a folder that holds configuration and plugin, and wait until it answers.

        Raises `ProjectError` where it can't be started, or says no.
        """
        await _refuse_taken(host, port)
        arguments = ("--config", str(folder / CONFIG_FILE), "--host", host, "--port", str(port))
        try:
            process = await asyncio.create_subprocess_exec(
                str(python),
                "-P",
                "-c",
                _RUN,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=dict(environment),
                cwd=folder,
                limit=1 << 20,
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            raise ProjectError(f"the gateway could not be started: {error.strerror or error}") from None
        shown = host if host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104 (not bound here)
        found = cls(process, f"http://{f'[{shown}]' if ':' in shown else shown}:{port}")
        found._listener = asyncio.create_task(found._keep(log, scrubber(secrets_in(environment))))
        try:
            await found._wait_ready()
        except BaseException:
            await found.end(at_once=True)
            raise
        return found

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    async def ended(self) -> int:
        """Wait for its end; the exit status, negative for a signal."""
        status = await self._process.wait()
        if self._listener is not None:
            await asyncio.wait([self._listener], timeout=1)
        return status

    async def end(self, *, at_once: bool = False) -> None:
        """End it: what it has in hand is finished and its rows are written, unless `at_once`."""
        process = self._process
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
            try:
                async with asyncio.timeout(_ENDING):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        await self.ended()

    async def _keep(self, log: logging.Logger, scrub: Callable[[str], str]) -> None:
        assert self._process.stdout is not None
        async for raw in lines(self._process.stdout):
            line = safe_line(scrub(raw.decode("utf-8", "backslashreplace")).strip(), _LINE)
            if line:
                self.last_words.append(line)
                log.info("gateway: %s", line)

    async def _wait_ready(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not await answers(self.address):
                    if self._process.returncode is not None:
                        await self.ended()
                        raise ProjectError(f"the gateway did not start{self._reason()}")
                    await asyncio.sleep(_BETWEEN_LOOKS)
        except TimeoutError:
            raise ProjectError(f"the gateway did not answer within {PATIENCE:g} s{self._reason()}") from None

    def _reason(self) -> str:
        """The newest line that says something, without the frames of a traceback."""
        spoken = [line for line in self.last_words if not line.startswith(("File ", "^", "~", "INFO:", "raise "))]
        told = [line for line in spoken if not line.startswith("ERROR: Application startup failed")]
        return f": {told[-1]}" if told else ""


def check_place(host: str, port: int) -> None:
    """Raise `ProjectError` where nothing could listen there: no such address, not this machine's, or taken."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ProjectError(f"{safe_line(host, 100)} is no address; --host takes one of this machine's") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as tried:
        if os.name == "posix":
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ProjectError(_taken(host, port)) from None
            why = "it is not this machine's" if error.errno == errno.EADDRNOTAVAIL else error.strerror or str(error)
            raise ProjectError(f"nothing can listen on port {port} of {safe_line(host, 100)}: {why}") from None


def _taken(host: str, port: int) -> str:
    return f"port {port} of {safe_line(host, 100)} is taken; choose another with --port"


async def answers(address: str) -> bool:
    """Whether a proxy at that address is ready."""
    import aiohttp

    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
            session.get(f"{address}/health/liveliness") as response,
        ):
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


async def _refuse_taken(host: str, port: int) -> None:
    """Else another program on that port would be taken for ours."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 2)
    except (OSError, TimeoutError):
        return
    writer.close()
    raise ProjectError(_taken(host, port))
