"""A stretch of code that may not reach any other program: connections that it tries are refused."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

_here = threading.local()


class Offline(ConnectionError):
    """Something tried to connect where nothing may."""


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """Refuse connections and look-ups of hosts made by this thread; others go on as they were."""
    _watch()
    _here.offline = True
    try:
        yield
    finally:
        _here.offline = False


def _watch() -> None:
    """Put the question in front of the two doors, once."""
    if getattr(socket.socket.connect, "asks_first", False):
        return
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def asking_connect(self: socket.socket, address: Any) -> None:
        _refuse()
        connect(self, address)

    def asking_look_up(*arguments: Any, **more: Any) -> Any:
        _refuse()
        return look_up(*arguments, **more)

    asking_connect.asks_first = True  # type: ignore[attr-defined]
    socket.socket.connect = asking_connect  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = asking_look_up


def _refuse() -> None:
    if getattr(_here, "offline", False):
        raise Offline("nothing is asked during a dry run")
