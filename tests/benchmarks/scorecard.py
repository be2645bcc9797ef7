"""A comparison of 10,000 cases: from the key press to the scorecard on the terminal, and its parts.

The first look imports the libraries behind the statistics; it is measured, as every run is a fresh app.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from migrator_tui.running.evidence import score
from tests.benchmarks.app import watched
from tests.benchmarks.many_cases import settled
from tests.benchmarks.projects import answer_all, write_project
from tests.benchmarks.rows import Row

CASES = 10_000


def measure(runs: int) -> list[Row]:
    """One project for all runs, each of which is a fresh app."""
    with tempfile.TemporaryDirectory() as place:
        folder = write_project(Path(place) / "run" / "shop", cases=CASES)
        answer_all(folder)
        shown = []
        for _ in range(runs + 1):
            with watched(folder, ready=r"c\d{6}") as app:
                terminal = app.terminal
                terminal.until(r"c\d{6}")
                terminal.send("j")
                terminal.until(r"new-c\d{6}")  # from here on the history is open
                settled(terminal)
                pressed, begin = terminal.send("2")
                shown.append(terminal.until(r"NOT READY", begin) - pressed)
        return [
            Row(
                f"{CASES:,} cases: key press to the scorecard",
                "s",
                2.0,
                shown[1:],
                f"computed alone, without a screen: {median(computed(folder, runs)):.2f} s",
            )
        ]


def computed(folder: Path, runs: int) -> list[float]:
    """Seconds that gathering, statistics and gate take where standings are up to date and nothing else is done."""
    project = load_project(folder)
    task, candidate = project.tasks[0], project.candidates[0]
    seconds = []
    with History.open(project) as history:
        for _ in range(runs + 1):
            began = time.perf_counter()
            score(project, history, task, candidate)
            seconds.append(time.perf_counter() - began)
    return seconds[1:]
