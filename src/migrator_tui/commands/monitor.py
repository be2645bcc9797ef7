"""`monitor`: watch the rollouts of a project, headless; what trips rolls back with nobody at the keyboard."""

import signal
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from migrator_tui.commands.common import open_history, open_project, say
from migrator_tui.commands.stopping import endings
from migrator_tui.project.schema import Project
from migrator_tui.rollout.monitor import LOOK_EVERY_S

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.rollout.monitor import Monitor

FINE, UNFINISHED = 0, 3
ENDING_S = 10.0
"""How long an end waits for the look under way."""
_BETWEEN_LOOKS_S = 0.2
"""How often it is looked whether somebody wants it to end."""


def execute(arguments: Namespace) -> int:
    """Watch until ended; with `--once`, look once: exit code 3 where another monitor is watching."""
    read_at = time.time_ns()
    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    with (
        open_history(project, trusted=trusted) as history,
        a_monitor(project, history, trusted=trusted, read_at=read_at) as monitor,
    ):
        if arguments.once:
            looked = monitor.look_once()
            monitor.give_way()
            return FINE if looked else UNFINISHED
        return _watch(monitor)


def _watch(monitor: "Monitor") -> int:
    """Watch until somebody wants it to end."""
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True  # and no more: a handler that takes a lock may wait for what it has interrupted

    before = {number: signal.signal(number, ask) for number in endings()}
    try:
        with watching(monitor) as thread:
            while thread.is_alive() and not asked:
                thread.join(_BETWEEN_LOOKS_S)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return FINE if asked else UNFINISHED


@contextmanager
def watching(monitor: "Monitor", *, every_s: float = LOOK_EVERY_S) -> Iterator[threading.Thread]:
    """It watches in a thread until the block is left, so that a database that hangs holds up no end."""
    stop = threading.Event()
    thread = threading.Thread(
        target=monitor.run, args=(stop,), kwargs={"every_s": every_s}, name="monitor", daemon=True
    )
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(ENDING_S)
        if thread.is_alive():
            _tell("the history does not answer; not waited for any longer")


@contextmanager
def a_monitor(project: Project, history: "History", *, trusted: bool, read_at: int) -> "Iterator[Monitor]":
    """A monitor that tells what it does on stderr, and by the project's webhook where it has one.

    `read_at`: when reading the project began, in nanoseconds.
    """
    from migrator_tui.history.processes import this_process
    from migrator_tui.project.dotenv import environment
    from migrator_tui.rollout.alerts import Webhook, webhook_url
    from migrator_tui.rollout.monitor import Monitor
    from migrator_tui.rollout.started import Stated

    url = webhook_url(project.rollout.alerts_url_env, environment(project, trusted))
    webhook = Webhook(url, _tell) if url is not None else None
    alert = webhook.post if webhook is not None else None
    try:
        stated = Stated(project, _tell, trusted=trusted, read_at=read_at)
        yield Monitor(project, history, owner=this_process(), tell=_tell, alert=alert, stated=stated)
    finally:
        if webhook is not None:
            webhook.close()


def _tell(line: str) -> None:
    """A line with its time: this is a log that is read later."""
    say(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z  {line}")
