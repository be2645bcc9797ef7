"""A run over 200 cases with two models, 64 calls at a time, to what the server's pace allows.

The server takes 300 ms and 200 tokens at 100 a second for each call; 400 calls are 7 waves of 2.3 s.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from migrator_tui.history.store import History
from migrator_tui.models.requests import Lane, Sent
from migrator_tui.project.cases import iter_cases
from migrator_tui.project.config import load_project
from migrator_tui.running.events import RunEvent, RunProgressed, TextArrived
from migrator_tui.running.plan import plan_run
from migrator_tui.running.pools import open_pool
from migrator_tui.running.run import Runner
from migrator_tui.running.selection import Selection
from tests.benchmarks.projects import write_project
from tests.benchmarks.rows import Row
from tests.benchmarks.server import running

CASES, WIDE, WAVES, EACH = 200, 64, 7, 2.3


def measure(runs: int) -> list[Row]:
    """The program's own planning, running, worker and history; first request sent to last output stored."""
    with tempfile.TemporaryDirectory() as place, running() as server:
        folder = write_project(
            Path(place) / "shop", cases=CASES, old="openai/old-t200-r100-f300", new="openai/new-t200-r100-f300",
            base=server.base,
        )  # fmt: skip
        seconds = asyncio.run(_runs(folder, runs))
    what = f"{CASES} cases × 2 models, {WIDE} at a time, to the server's own {WAVES} × {EACH} s"
    note = f"slowest run {max(seconds):.1f} s"
    return [Row(what, "×", 1.25, [s / (WAVES * EACH) for s in seconds], note)]


async def _runs(folder: Path, runs: int) -> list[float]:
    project = load_project(folder)
    found = []
    with History.open(project) as history:
        history.index_cases(project.tasks[0], iter_cases(project, project.tasks[0]))
        async with open_pool(project, trusted=True) as pool:
            await asyncio.gather(pool.warm(Lane.BULK), pool.warm(Lane.WAITED_FOR))
            runner = Runner(project, history, pool, author="bench")
            for _ in range(runs):
                plan = await asyncio.to_thread(plan_run, project, history, Selection(use_cache=False), author="bench")
                sent: list[float] = []
                stored: list[float] = []

                def tell(event: RunEvent, sent: list[float] = sent, stored: list[float] = stored) -> None:
                    if isinstance(event, TextArrived) and isinstance(event.event, Sent):
                        sent.append(time.monotonic())
                    elif isinstance(event, RunProgressed) and event.done == event.total:
                        stored.append(time.monotonic())

                result = await runner.run(plan, concurrency=WIDE, on_event=tell)
                assert result.done == result.total and not result.errors, result
                found.append(stored[0] - sent[0])
    return found
