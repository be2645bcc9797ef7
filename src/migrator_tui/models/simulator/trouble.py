"""Trouble made on purpose while a rollout is practised: for a time, a persona fails or is slow.

A file says which and when, by the clock: trouble begins at its moment, and ends also where whoever asked for it was
killed. The simulator looks at the file with every call.
"""

import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from migrator_tui.models.simulator.text import share_of
from migrator_tui.project.files import replace_file

TroubleKind = Literal["failing", "slower"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One persona in trouble."""

    model: str
    """The persona's name, without `simulated:`."""
    kind: TroubleKind
    """`failing`: status 503; `slower`: calls take `times` the persona's time, those too that are not streamed."""
    since: float
    until: float
    """Seconds since 1970."""
    share: float = 1.0
    """Of its calls, 0 to 1."""
    times: float = 8.0


def write_troubles(file: Path, troubles: Sequence[Trouble]) -> None:
    """Tell the simulators that look at this file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file, json.dumps([asdict(trouble) for trouble in troubles]).encode())


class TroubleFile:
    """The file as it was read last; without one, nothing is ever in trouble."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._stamp = 0
        self._troubles: Sequence[Trouble] = ()

    def strikes(self, model: str, number: int) -> Trouble | None:
        """What the `number`-th call meets that this persona gets now."""
        self._read()
        now = time.time()
        for trouble in self._troubles:
            struck = share_of("trouble", trouble.kind, trouble.since, number) < trouble.share
            if trouble.model == model and trouble.since <= now < trouble.until and struck:
                return trouble
        return None

    def _read(self) -> None:
        if self._file is None:
            return
        try:
            stamp = self._file.stat().st_mtime_ns
        except OSError:
            self._stamp, self._troubles = 0, ()
            return
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._troubles = [_trouble(said) for said in json.loads(self._file.read_bytes())]
        except (OSError, ValueError, TypeError) as error:
            self._troubles = ()
            print(f"{self._file}: not read ({error}); nothing is in trouble", file=sys.stderr, flush=True)  # noqa: T201


def _trouble(said: dict[str, object]) -> Trouble:
    found = Trouble(**said)  # type: ignore[arg-type]
    if found.kind not in ("failing", "slower"):
        raise ValueError(f"no trouble is called {found.kind}")
    numbers = (found.since, found.until, found.share, found.times)
    if not all(isinstance(each, int | float) and math.isfinite(each) for each in numbers):
        raise ValueError("a time or share is no number")
    return found
