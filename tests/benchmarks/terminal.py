"""A program in a real pseudo-terminal, watched from outside: what it painted when, and keys that go in."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from types import TracebackType

SIZE = (160, 45)
PATIENCE = 30.0


class Terminal:
    """Runs a command; everything it writes is kept with the time it came, in seconds of `time.monotonic`."""

    def __init__(
        self, command: Sequence[str], *, size: tuple[int, int] = SIZE, environment: Mapping[str, str] | None = None
    ) -> None:
        controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._fd = controller
        self._bytes = bytearray()
        self._starts: list[int] = []
        self._times: list[float] = []
        self._news = threading.Condition()
        named = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**os.environ, **named, **(environment or {})},
            start_new_session=True,
            # Its own terminal, so that it ends with a hang-up should this process be killed.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(terminal)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:  # the other side is closed
                data = b""
            with self._news:
                if data:
                    self._starts.append(len(self._bytes))
                    self._times.append(time.monotonic())
                    self._bytes += data
                self._news.notify_all()
            if not data:
                return

    @property
    def place(self) -> int:
        """How much has been written until now: `until` looks from such a place on."""
        with self._news:
            return len(self._bytes)

    def send(self, keys: str) -> tuple[float, int]:
        """Type keys; when, and the place behind which their effect will be seen."""
        place = self.place
        now = time.monotonic()
        os.write(self._fd, keys.encode())
        return now, place

    def until(self, mark: str, place: int = 0, *, patience: float = PATIENCE) -> float:
        """Wait until that text (a regular expression) is painted, and say when it was."""
        pattern = re.compile(mark.encode())
        deadline = time.monotonic() + patience
        with self._news:
            while True:
                found = pattern.search(self._bytes, place)
                if found is not None:
                    return self._time_at(found.end() - 1)
                if self.process.poll() is not None or time.monotonic() > deadline:
                    seen = re.sub(
                        r"\x1b\[[0-9;?]*[A-Za-z]| {2,}", " ", self._bytes[-60_000:].decode(errors="replace")
                    )
                    raise AssertionError(f"{mark!r} was never painted; at the end:\n{seen[-6000:]}")
                self._news.wait(0.25)

    def times_of(self, pattern: str, place: int) -> dict[str, float]:
        """When each different text that matches was first painted after `place`."""
        with self._news:
            found: dict[str, float] = {}
            for match in re.finditer(pattern.encode(), bytes(self._bytes[place:])):
                found.setdefault(match.group().decode(), self._time_at(place + match.end() - 1))
            return found

    def _time_at(self, offset: int) -> float:
        return self._times[bisect_right(self._starts, offset) - 1]

    def close(self) -> None:
        """End the program, and what it started, as a closed window does."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self._fd)
