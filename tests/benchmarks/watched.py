"""The app as it is, with a heartbeat in its event loop: `python -m tests.benchmarks.watched FOLDER BEATS WIDTH`.

`BEATS` gets a JSON object when the app ends: `beats`, pairs of (`time.monotonic`, seconds by which the beat came
late), and `warming`, from when to when the worker was started. `WIDTH` is how many calls a bulk run makes at a time.
"""

import asyncio
import json
import sys
import time
from functools import wraps
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from migrator_tui.project.config import load_project
from migrator_tui.tui import runs
from migrator_tui.tui.app import MigratorApp
from migrator_tui.tui.workbench import asking

EVERY = 0.005


def main(folder: Path, file: Path, width: int) -> None:
    """Run the app in this terminal."""
    runs.CONCURRENCY = asking.CONCURRENCY = width
    app = MigratorApp(load_project(folder), trusted=True, own_process=True)
    beats: list[tuple[float, float]] = []
    warming: list[float] = []
    warm = app.runs.warm

    @wraps(warm)
    async def watched_warm() -> None:
        warming.append(time.monotonic())
        await warm()
        warming.append(time.monotonic())

    app.runs.warm = watched_warm  # type: ignore[method-assign]

    async def beat(_: Pilot[Any]) -> None:
        while app.is_running:
            planned = time.monotonic() + EVERY
            await asyncio.sleep(EVERY)
            now = time.monotonic()
            beats.append((now, now - planned))

    try:
        app.run(auto_pilot=beat)
    finally:
        file.write_text(json.dumps({"beats": beats, "warming": warming}), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
