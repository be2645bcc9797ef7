"""The app in a pseudo-terminal, ready for keys, and what its heartbeat told."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.terminal import Terminal


@dataclass(slots=True)
class Watched:
    """A running app; `beats` and `warming` are there once it has ended."""

    terminal: Terminal
    beats: Sequence[tuple[float, float]] = field(default_factory=list)
    """(`time.monotonic`, seconds by which the event loop came late)."""
    warming: tuple[float, float] = (0.0, 0.0)

    def stall(self, start: float, end: float) -> float:
        """The longest time between two moments for which the screen did not react, in ms."""
        return 1000 * max(late for when, late in self.beats if start <= when <= end)


@contextmanager
def watched(folder: Path, *, width: int = 16, ready: str = "new-c") -> Iterator[Watched]:
    """The app on a folder, `ready` on its screen. `width`: how many calls a bulk run makes at a time."""
    file = folder.parent / "beats.json"
    command = [sys.executable, "-m", "tests.benchmarks.watched", str(folder), str(file), str(width)]
    with Terminal(command) as terminal:
        found = Watched(terminal)
        terminal.until(ready)
        yield found
        terminal.send("\x11")
        terminal.process.wait(30)
    told = json.loads(file.read_text("utf-8"))
    found.beats, found.warming = told["beats"], told["warming"]
