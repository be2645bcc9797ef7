"""First paint of the workbench on a project of 200 cases with a history, to a bare Textual app's first paint."""

import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.projects import answer_all, write_project
from tests.benchmarks.rows import Row
from tests.benchmarks.terminal import Terminal

BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("painted-at-last")

Bare().run()
"""


def measure(runs: int) -> list[Row]:
    """Both programs in turn, from the start of the process to the text on the terminal."""
    with tempfile.TemporaryDirectory() as place:
        folder = write_project(Path(place) / "shop", cases=200)
        answer_all(folder)
        bare_file = Path(place) / "bare.py"
        bare_file.write_text(BARE, "utf-8")
        bare, ours = [], []
        for n in range(runs + 1):
            one = _seconds([sys.executable, str(bare_file)], "painted-at-last")
            other = _seconds([sys.executable, "-m", "migrator_tui", "-C", str(folder)], r"c0000\d\d")
            if n:  # the first of each brings files into memory
                bare.append(one)
                ours.append(other)
    note = f"workbench {median(ours) * 1000:.0f} ms, bare app {median(bare) * 1000:.0f} ms"
    ratios = [other / one for one, other in zip(bare, ours, strict=True)]
    return [Row("first paint of the workbench, 200 cases, to a bare Textual app's", "×", 2.0, ratios, note)]


def _seconds(command: list[str], mark: str) -> float:
    with Terminal(command) as terminal:
        return terminal.until(mark) - terminal.started
