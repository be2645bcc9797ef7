"""A project of 100,000 cases, indexed and answered: start, moving, judging, filtering.

Each key is timed from its byte going in to its effect on the terminal.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.app import watched
from tests.benchmarks.projects import RARE, answer_all, write_project
from tests.benchmarks.rows import Row, percentile
from tests.benchmarks.terminal import Terminal

CASES = 100_000
PRESSES = 20
"""A run of each kind of key."""


def measure(runs: int) -> list[Row]:
    """One project for all runs, each of which is a fresh app."""
    with tempfile.TemporaryDirectory() as place:
        folder = write_project(Path(place) / "run" / "shop", cases=CASES)
        answer_all(folder)
        return measure_folder(folder, runs)


def measure_folder(folder: Path, runs: int) -> list[Row]:
    """The same on a project that is there already."""
    usable, painted, moves, verdicts, filters = [], [], [], [], []
    for _ in range(runs + 1):
        with watched(folder, ready=r"c\d{6}") as app:
            terminal = app.terminal
            painted.append(terminal.until(r"c\d{6}") - terminal.started)
            _, place = terminal.send("j")
            usable.append(terminal.until(r"c\d{6}", place) - terminal.started)
            terminal.until(r"new-c\d{6}")  # from here on the history is open
            settled(terminal)
            moves.append(_each(terminal, "j", r"new-c\d{6}"))
            verdicts.append(_each(terminal, "f", r"new-c\d{6}"))
            terminal.send("/")
            settled(terminal)
            filters.append([_press(terminal, key, rf"· {RARE[: n + 1]}") for n, key in enumerate(RARE)])
    rows = [
        Row(
            f"{CASES:,} cases: process start to a list that answers a key",
            "s",
            1.0,
            usable[1:],
            f"first page painted after {median(painted[1:]):.2f} s",
        )
    ]
    for what, found in (
        ("cursor move", moves),
        ("verdict and next case", verdicts),
        ("filter, each letter", filters),
    ):
        every = [wait for some in found[1:] for wait in some]
        note = f"p95 {percentile(every, 0.95):.0f} ms, slowest {max(every):.0f} ms"
        rows.append(Row(f"{CASES:,} cases: {what}", "ms", 50, [median(some) for some in found[1:]], note))
    return rows


def _each(terminal: Terminal, key: str, mark: str) -> list[float]:
    waits = []
    for _ in range(PRESSES):
        waits.append(_press(terminal, key, mark))
        settled(terminal)
    return waits


def _press(terminal: Terminal, key: str, mark: str) -> float:
    pressed, place = terminal.send(key)
    return 1000 * (terminal.until(mark, place) - pressed)


def settled(terminal: Terminal, *, quiet: float = 0.1) -> None:
    """Wait until nothing has been painted for a moment."""
    before = -1
    while before != terminal.place:
        before = terminal.place
        time.sleep(quiet)
