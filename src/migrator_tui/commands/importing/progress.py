"""How far the reading of a source is, on stderr: a live line on a terminal, a plain line now and then elsewhere."""

import sys
import time
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from migrator_tui.commands.common import say

if TYPE_CHECKING:
    from migrator_tui.project.importing.request import Opened

LIVE, EVERY = 0.2, 5.0
"""Seconds between two paintings of the live line, and between plain lines."""


class Reading:
    """A context; `told` hears how many rows were read."""

    def __init__(self, opened: "Opened") -> None:
        self._size = opened.size
        self._bytes: dict[int, int] = {}
        self._live = sys.stderr.isatty()
        self._said = time.monotonic()
        for number, source in enumerate(opened.reading.sources):
            source.told = partial(self._bytes.__setitem__, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)  # noqa: T201

    def told(self, rows: int) -> None:
        """So many rows were read."""
        now = time.monotonic()
        if now - self._said < (LIVE if self._live else EVERY):
            return
        self._said = now
        share = min(1.0, sum(self._bytes.values()) / self._size) if self._size else 0.0
        line = f"{rows:,} rows read, {share:.0%} of the source"
        if self._live:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)  # noqa: T201
        else:
            say(line)
