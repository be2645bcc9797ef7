"""From the key `r` to the request at the server, while a bulk run has 64 calls in flight.

Counted to the moment at which the server has the request, which is later than that at which the worker sends it.
"""

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.app import watched
from tests.benchmarks.projects import write_project
from tests.benchmarks.rows import Row, percentile
from tests.benchmarks.server import Asked, running

MODEL = "t200-s5-r100-f300"
WIDTH = 64
PRESSES = 12
"""In each run, spread over the waves in which 64 answers come at once."""


def measure(runs: int) -> list[Row]:
    """One bulk run; of each series of presses the median, and beside it what the slowest took."""
    chance = random.Random(3)
    presses: list[float] = []
    with running() as server, tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run" / "shop"
        write_project(folder, cases=2_000, old=f"openai/old-{MODEL}", new=f"openai/new-{MODEL}", base=server.base)
        with watched(folder, width=WIDTH, ready=r"R runs all") as app:
            terminal = app.terminal
            _, before = terminal.send("R")
            terminal.until("Run which cases", before)
            terminal.send("\r")
            _until_in_flight(server.asked, WIDTH)
            time.sleep(2.5)  # past the first wave, whose worker may just have been started
            for _ in range((runs + 1) * PRESSES):
                when, _ = terminal.send("r")
                presses.append(when)
                time.sleep(chance.uniform(0.2, 0.6))
                terminal.send("j")
                time.sleep(0.1)
            terminal.send("x")
        arrived = [asked.arrived for asked in server.asked() if asked.stream and "new-" in asked.model]
    waits = []
    for when in presses[PRESSES:]:
        waits.append(1000 * (min(moment for moment in arrived if moment >= when) - when))
    series = [waits[n : n + PRESSES] for n in range(0, len(waits), PRESSES)]
    note = f"p95 of all presses {percentile(waits, 0.95):.0f} ms, slowest {max(waits):.0f} ms"
    what = f"key press to request sent, a bulk run of {WIDTH} going on"
    return [Row(what, "ms", 50, [median(some) for some in series], note)]


def _until_in_flight(asked: Callable[[], Sequence[Asked]], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(asked()) < count:
        assert time.monotonic() < deadline, "the bulk run did not start"
        time.sleep(0.1)
