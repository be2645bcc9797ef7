"""Alerts: what a person should know of a rollout, posted to a webhook while the monitor goes on looking."""

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.trust import is_loopback
from migrator_tui.project.words import quoted
from migrator_tui.rollout.values import EventKind
from migrator_tui.rollout.words import happened_words, named
from migrator_tui.text_safety import safe_line

TIMEOUT_S = 5.0
"""Of silence."""
ATTEMPT_S = 10.0
"""Of a whole try: an answer that comes in drops is never silent for long."""
PAUSE_S = 3.0
"""Between two tries: who is busy now may not be then."""
_MOST_WAITING = 100
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that a person should know."""

    project: str
    rollout: str
    kind: str
    """`rolled-back`, `held`, `ready`, `warned`, `advanced`, `completed`."""
    what: str
    state: str
    percentage: float
    at: datetime

    @property
    def line(self) -> str:
        """All of it in one line."""
        happened = happened_words(EventKind(self.kind), self.percentage)
        return safe_line(f"{self.rollout}: {happened}: {named(self.what)}", 1_000)

    def body(self) -> bytes:
        """The JSON that is posted; `text` is what chat programs show."""
        values = {
            "text": f"{safe_line(self.project, 80)} / {self.line}",
            "project": self.project,
            "rollout": self.rollout,
            "kind": self.kind,
            "what": self.what,
            "state": self.state,
            "percentage": self.percentage,
            "at": self.at.isoformat(),
        }
        return json.dumps(values).encode()


def webhook_url(variable: str | None, environment: Mapping[str, str]) -> str | None:
    """The address that a variable holds; `None` where the project names none.

    Raises `ProjectError`, without the address (it is a secret), where it is none that alerts may go to: https, or
    http on this machine.
    """
    if variable is None:
        return None
    url = environment.get(variable, "").strip()
    if not url:
        raise ProjectError(f"[rollout] alerts_url_env names {quoted(variable)}, and no such variable is set")
    try:
        parts = urlsplit(url)
        sound = url.isascii() and url.isprintable() and " " not in url and bool(parts.hostname)
        sound = sound and (parts.scheme == "https" or is_loopback(url))
    except ValueError:
        sound = False
    if not sound:
        raise ProjectError(f"{variable} holds no address for alerts: it takes https://…, or http:// on this machine")
    return url


class Webhook:
    """Posts alerts from a thread of its own: a webhook that hangs holds up nothing."""

    def __init__(self, url: str, tell: Callable[[str], None]) -> None:
        self._url = url
        self._tell = tell
        self._waiting: queue.Queue[Alert | None] = queue.Queue(_MOST_WAITING)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)
        self._thread.start()

    def post(self, alert: Alert) -> None:
        """Post it soon; where too many wait, say that it was left out."""
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            self._tell("alerts: the webhook does not keep up; one was left out")

    def close(self, timeout: float = 2 * TIMEOUT_S) -> None:
        """Wait for what is on its way; say how much of it never arrived."""
        ends = time.monotonic() + timeout
        self._ending.set()
        left = self._waiting.unfinished_tasks
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=timeout)
            self._thread.join(max(0.0, ends - time.monotonic()))
            left = self._waiting.unfinished_tasks - 1
        if self._thread.is_alive() and left > 0:
            self._tell(f"alerts: {left} left out at the end: the webhook does not answer")

    def _work(self) -> None:
        while (alert := self._waiting.get()) is not None:
            problem = _try(self._url, alert.body())
            for _ in range(_TRIES - 1):
                if problem:
                    self._ending.wait(PAUSE_S)
                    problem = _try(self._url, alert.body())
            if problem:
                # Never the address: whoever has it can post in the user's name.
                self._tell(f"alerts: the webhook did not take it ({problem}): {alert.line}")
            self._waiting.task_done()


class _NoRedirect(HTTPRedirectHandler):
    """An alert goes where it was meant to go, and nowhere else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _try(url: str, body: bytes) -> str:
    """Post once, for so long and no longer; what went wrong, in a few words, or nothing.

    In a thread that is left to itself where that takes longer: urllib knows of silence alone.
    """
    said: list[str] = []
    posting = threading.Thread(target=lambda: said.append(_post(url, body)), name="alert", daemon=True)
    posting.start()
    posting.join(ATTEMPT_S)
    return said[0] if said else f"no answer in {ATTEMPT_S:g} s"


def _post(url: str, body: bytes) -> str:
    request = Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 - checked before
    handlers = [_NoRedirect(), *([ProxyHandler({})] if is_loopback(url) else [])]
    try:
        with build_opener(*handlers).open(request, timeout=TIMEOUT_S):
            return ""
    except HTTPError as error:
        error.close()
        return f"status {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        # What urllib wraps says more: refused, no such host, a certificate that is not believed.
        reason = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
        return type(reason).__name__
