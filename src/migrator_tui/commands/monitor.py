"""`monitor`: watch the rollouts of a project, headless; what trips rolls back with nobody at the keyboard."""

import signal
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from migrator_tui.commands.common import open_history, open_project, say
from migrator_tui.project.schema import Project

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.rollout.monitor import Monitor

FINE, UNFINISHED = 0, 3


def execute(arguments: Namespace) -> int:
    """Watch until ended; with `--once`, look once: exit code 3 where another monitor is watching."""
    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    stop = threading.Event()
    with open_history(project, trusted=trusted) as history, a_monitor(project, history, trusted=trusted) as monitor:
        if arguments.once:
            looked = monitor.look_once()
            monitor.give_way()
            return FINE if looked else UNFINISHED
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        monitor.run(stop)
    return FINE


@contextmanager
def a_monitor(project: Project, history: "History", *, trusted: bool) -> "Iterator[Monitor]":
    """A monitor that tells what it does on stderr, and by the project's webhook where it has one."""
    from migrator_tui.history.processes import this_process
    from migrator_tui.project.dotenv import environment
    from migrator_tui.rollout.alerts import Webhook, webhook_url
    from migrator_tui.rollout.monitor import Monitor
    from migrator_tui.rollout.started import Stated

    url = webhook_url(project.rollout.alerts_url_env, environment(project, trusted))
    webhook = Webhook(url, _tell) if url is not None else None
    alert = webhook.post if webhook is not None else None
    try:
        stated = Stated(project, _tell, trusted=trusted)
        yield Monitor(project, history, owner=this_process(), tell=_tell, alert=alert, stated=stated)
    finally:
        if webhook is not None:
            webhook.close()


def _tell(line: str) -> None:
    """A line with its time: this is a log that is read later."""
    say(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z  {line}")
