"""The parent's side of the simulator: started when the first simulated model is asked, again if it died."""

import asyncio
import json
import logging
from collections.abc import Mapping
from pathlib import Path

from migrator_tui.models.child import Child

PREFIX = "simulated:"
_PATIENCE = 30.0
"""Seconds it may take to say its port."""


class SimulatorGone(Exception):
    """It could not be started; `str()` says why."""


class SimulatorProcess:
    """One simulator for the personas of one project folder."""

    def __init__(
        self,
        project_folder: Path,
        environment: Mapping[str, str],
        log: logging.Logger,
        *,
        trouble: Path | None = None,
    ) -> None:
        self._folder = project_folder
        self._trouble = trouble
        self._environment = environment
        self._log = log
        self._child: Child | None = None
        self._address = ""
        self._starting = asyncio.Lock()

    async def address(self) -> str:
        """Its `api_base`, started if need be; raises `SimulatorGone`."""
        async with self._starting:
            if self._child is None or self._child.process.returncode is not None:
                await self._start()
            return self._address

    async def _start(self) -> None:
        await self.close()
        try:
            child = await Child.start(
                "migrator_tui.models.simulator",
                ["--projects", str(self._folder), *(["--trouble", str(self._trouble)] if self._trouble else ())],
                self._environment,
                name="simulator",
                log=self._log,
                scrub=str,  # it is given no key
            )
        except OSError as error:
            raise SimulatorGone(f"the simulator could not be started: {error.strerror or error}") from error
        self._child = child
        try:
            async with asyncio.timeout(_PATIENCE):
                port = int(json.loads(await child.stdout.readline())["port"])
        except (TimeoutError, ValueError, KeyError, TypeError) as error:
            await self.close()
            said = f": {child.last_words[-1]}" if child.last_words else ""
            raise SimulatorGone(f"the simulator did not start{said}") from error
        self._address = f"http://127.0.0.1:{port}/v1"

    async def close(self) -> None:
        """End it."""
        child, self._child = self._child, None
        if child is not None:
            await child.end()
