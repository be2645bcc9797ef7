"""Whose verdicts and versions these are."""

import getpass
import os
import subprocess
from pathlib import Path


def author(folder: Path) -> str:
    """`MIGRATOR_USER`, else git's `user.name` as it holds in `folder`, else the login, else `unknown`."""
    return chosen_name(folder) or login()


def chosen_name(folder: Path) -> str:
    """The name that somebody gave, as of `author`; empty where only the login is known."""
    named = " ".join(os.environ.get("MIGRATOR_USER", "").split())
    return named or _git_name(folder)


def _git_name(folder: Path) -> str:
    try:
        answer = subprocess.run(
            ["git", "config", "user.name"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return " ".join(answer.stdout.decode("utf-8", "replace").split())


def login() -> str:
    """The login, else `unknown`."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user id without an entry in /etc/passwd
        return "unknown"
