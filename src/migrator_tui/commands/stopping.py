"""How commands are asked to end: ctrl+c from their first moment on, and what ends those that go on for ever."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self


class Stopping:
    """Takes ctrl+c and SIGTERM while it is entered; the second one ends the program at once.

    Between its start and its event loop a command reads files and opens the history, and after it writes the result:
    there nothing is to be stopped, and what can be told then must still reach stdout.
    """

    def __init__(self) -> None:
        self.asked = False
        """Somebody wants it to end."""
        self._tell: Callable[[], object] = lambda: None
        self._before: list[tuple[signal.Signals, object]] = []

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before.append((number, signal.signal(number, self._take)))
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before:
            signal.signal(number, before)  # type: ignore[arg-type]

    def _take(self, number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        self.asked = True
        self._tell()

    @contextmanager
    def event(self) -> Iterator[asyncio.Event]:
        """What is set once somebody wants it to end, perhaps already; for the event loop that runs now."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        # A signal comes between any two steps of the loop, which may be asleep.
        self._tell = lambda: loop.call_soon_threadsafe(stop.set)
        if self.asked:
            stop.set()
        try:
            yield stop
        finally:
            self._tell = lambda: None


def endings() -> Iterator[signal.Signals]:
    """What asks a command that goes on for ever: the terminal's end too, unless `nohup` says to survive it."""
    yield from (signal.SIGINT, signal.SIGTERM)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        yield signal.SIGHUP


def stopped() -> asyncio.Event:
    """Set when the terminal or whoever started us asks to end; for the event loop that runs now."""
    stop = asyncio.Event()
    for number in endings():
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
