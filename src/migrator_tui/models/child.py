"""A child process of ours: started quietly, its stderr cleared of keys and kept in the log, ended with its parent."""

import asyncio
import contextlib
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from migrator_tui.models.protocol import lines
from migrator_tui.text_safety import safe_line

_LOG_BYTES = 2_000_000
_PIPE_LIMIT = 1 << 20
_LINE = 2000
"""Characters of a logged line."""


def open_log(file: Path) -> logging.Logger:
    """A logger of its own that appends to `file`, readable by its owner alone, and starts afresh at 2 MB."""
    from logging.handlers import RotatingFileHandler  # here: the first paint need not wait for it

    file.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", errors="backslashreplace"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    with contextlib.suppress(OSError):  # file systems without permissions
        file.chmod(0o600)
    log = logging.Logger("models")
    log.addHandler(handler)
    return log


class Child:
    """One running process of `python -m MODULE`."""

    def __init__(
        self, process: asyncio.subprocess.Process, name: str, log: logging.Logger, scrub: Callable[[str], str]
    ) -> None:
        self.process = process
        self._name = name
        self._log = log
        self._scrub = scrub
        self.last_words: deque[str] = deque(maxlen=3)
        """The newest lines of its stderr, for the message when it dies."""
        self._listener = asyncio.create_task(self._keep_stderr())

    @classmethod
    async def start(
        cls,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        name: str,
        log: logging.Logger,
        scrub: Callable[[str], str],
    ) -> "Child":
        """Start it; `OSError` if that is impossible."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            # -P: a file called json.py in the user's folder is not the library's.
            "-P",
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
            limit=_PIPE_LIMIT,
            # Ctrl+c in the terminal is for the program; it ends its children by closing their stdin.
            start_new_session=os.name == "posix",
        )
        return cls(process, name, log, scrub)

    @property
    def stdout(self) -> asyncio.StreamReader:
        """What it writes."""
        assert self.process.stdout is not None
        return self.process.stdout

    async def send(self, line: bytes) -> None:
        """Write a line to its stdin; `ConnectionError` if it has gone."""
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        await self.process.stdin.drain()

    def post(self, line: bytes) -> None:
        """Write a line without waiting, from where nothing can wait; a child that has gone doesn't mind."""
        stdin = self.process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(line)

    async def _keep_stderr(self) -> None:
        assert self.process.stderr is not None
        async for raw in lines(self.process.stderr):
            line = safe_line(self._scrub(raw.decode("utf-8", "backslashreplace")).strip(), _LINE)
            if line:
                self.last_words.append(line)
                self._log.info("%s: %s", self._name, line)

    async def ended(self) -> int:
        """Wait for its end and the last line of its stderr; the exit status, negative for a signal."""
        status = await self.process.wait()
        await asyncio.wait([self._listener], timeout=1)
        return status

    async def end(self) -> None:
        """End it now: neither worker nor simulator has anything to save."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
        await self.process.wait()
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener
