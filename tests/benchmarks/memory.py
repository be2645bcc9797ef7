"""Memory of the process that draws the screens, after a bulk run of 10,000 outputs was made in it."""

import tempfile
import time
from pathlib import Path

import psutil

from tests.benchmarks.app import watched
from tests.benchmarks.projects import write_project
from tests.benchmarks.rows import Row
from tests.benchmarks.server import running

OUTPUTS = 10_000
MODEL = "t200-r0-f0"
PATIENCE = 900.0


def measure(runs: int) -> list[Row]:
    """One run: it takes minutes, and what it leaves in memory hardly varies."""
    with running() as server, tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run" / "shop"
        old, new = f"openai/old-{MODEL}", f"openai/new-{MODEL}"
        write_project(folder, cases=OUTPUTS // 2, old=old, new=new, base=server.base)
        with watched(folder, width=64, ready=r"r runs this case") as app:
            terminal = app.terminal
            process = psutil.Process(terminal.process.pid)
            before = process.memory_info().rss / 1e6
            _, shown = terminal.send("R")
            terminal.until("Run which cases", shown)
            terminal.send("\r")
            terminal.until(rf"{OUTPUTS:,} of {OUTPUTS:,} answered", shown, patience=PATIENCE)
            time.sleep(1.0)  # the list is sorted once more
            after = process.memory_info().rss / 1e6
    note = f"{before:.0f} MB before the run"
    return [Row(f"memory of the UI process after {OUTPUTS:,} outputs", "MB", 200, [after], note)]
