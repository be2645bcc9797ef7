"""Which process is at a piece of work, and whether it still lives: what a dead one left can be gone on with."""

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path

from migrator_tui.history.columns import now

_SILENCE = timedelta(minutes=15)
"""A process of another machine that has stored nothing for so long is taken for dead."""


def this_process() -> str:
    """This process, told from all others, those that will have its number included."""
    return f"{socket.gethostname()}/{os.getpid()}/{_began(os.getpid())}"


def is_here(owner: str) -> bool:
    """Whether that process is, or was, one of this machine."""
    return owner.rsplit("/", 2)[0] == socket.gethostname()


def another_lives(owner: str, last: datetime) -> bool:
    """Whether that process lives and is not this one; `last`: when it stored something, which tells of those of
    other machines."""
    _, process, began = owner.rsplit("/", 2)
    if is_here(owner):
        return int(process) != os.getpid() and _is_running(int(process), began)
    return now() - last < _SILENCE


def _began(process: int) -> str:
    """When a process began, in the kernel's own count, so that a number given out anew is not taken for it."""
    try:
        # The name in parentheses may hold anything; the 22nd field is the 20th after it.
        return Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _is_running(process: int, began: str) -> bool:
    if began:
        return _began(process) == began
    if os.name != "posix":  # there `kill` would end the process
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
