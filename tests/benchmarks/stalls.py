"""How long the screen stands still while the worker warms up, and while two panes stream."""

import tempfile
import time
from pathlib import Path

from tests.benchmarks.app import watched
from tests.benchmarks.projects import answer_all, case_id, write_project
from tests.benchmarks.rows import Row
from tests.benchmarks.server import running

MODEL = "t20-s300-r100-f200"
AT_LEAST = 30.0
"""Milliseconds that nobody notices: an idle screen of 5 ms does not make 11 ms a stall."""
IDLE_SECONDS = 3.0


def measure(runs: int) -> list[Row]:
    """A fresh app for each run: from its start until both streams are done, then a while of nothing."""
    warming, streaming, idle = [], [], []
    with running() as server, tempfile.TemporaryDirectory() as place:
        for n in range(runs):
            folder = Path(place) / f"run{n}" / "shop"
            write_project(folder, cases=200, old=f"openai/old-{MODEL}", new=f"openai/new-{MODEL}", base=server.base)
            answer_all(folder, but=[case_id(3)])
            with watched(folder) as app:
                _, before = app.terminal.send("G")  # the case without answers is the last one
                app.terminal.until(r"r runs this case", before)
                _, before = app.terminal.send("r")
                first = max(app.terminal.until(rf"{side}0000", before) for side in ("old", "new"))
                last = min(app.terminal.until(rf"{side}0280", before) for side in ("old", "new"))
                time.sleep(1.0)  # what comes after the answer is no part of either
                quiet = time.monotonic()
                time.sleep(IDLE_SECONDS)
            warming.append(app.stall(*app.warming))
            streaming.append(app.stall(first, last))
            idle.append(app.stall(quiet, quiet + IDLE_SECONDS))
    rows = []
    for words, found in (("the worker warms up", warming), ("two panes stream 100 tokens/s each", streaming)):
        limits = [max(2 * still, AT_LEAST) for still in idle]
        ratios = [stall / limit for stall, limit in zip(found, limits, strict=True)]
        figures = ", ".join(f"{stall:.0f} ({still:.0f})" for stall, still in zip(found, idle, strict=True))
        note = f"ms, and idle: {figures}"
        what = f"longest stall while {words}, to max(2 × idle, {AT_LEAST:.0f} ms)"
        rows.append(Row(what, "×", 1.0, ratios, note))
    return rows
