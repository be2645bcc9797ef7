"""The last resort: a bug becomes one line for the user and a file for whoever mends it.

The file holds the traceback without local variables, cleared of keys; it lies under the user's log folder.
"""

import os
import platform
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from migrator_tui import __version__


def log_folder() -> Path:
    """Where this program's logs lie."""
    from platformdirs import user_log_path

    return user_log_path("migrator-tui", appauthor=False)


def write_crash_log(error: BaseException, *, folder: Path | None = None) -> Path | None:
    """Write what is known of a crash and say where; `None` where not even that can be written.

    The text is cleared of the keys in this process's environment and in the `.env` of the project's `folder`.
    """
    from migrator_tui.models.secrets import scrubber, secrets_in

    told = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format(chain=True))
    text = (
        f"migrator-tui {__version__}, Python {platform.python_version()}, {platform.system()}\n"
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, {_command()}\n\n{told}"
    )
    cleared = scrubber({*secrets_in(os.environ), *_dotenv_values(folder)})(text)
    logs = log_folder()
    file = logs / f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"
    try:
        logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)  # its owner's alone from the beginning: a traceback may name files
        file.write_text(cleared, "utf-8", errors="backslashreplace")
    except OSError:
        return None
    return file


def crash_line(error: BaseException, *, folder: Path | None = None) -> str:
    """Write the log; returns the one line that a user sees."""
    file = write_crash_log(error, folder=folder)
    where = f"details are in {file}" if file is not None else "and the log folder cannot be written to"
    return f"something went wrong inside migrator-tui ({type(error).__name__}); {where}"


def _dotenv_values(folder: Path | None) -> set[str]:
    """Every value in the project's `.env`: whatever its name, it is nobody's business."""
    from dotenv import dotenv_values

    try:
        found = dotenv_values(folder / ".env") if folder is not None else {}
    except (OSError, ValueError):
        return set()
    return {value for value in found.values() if value and len(value) > 4}


def _command() -> str:
    # Arguments can be anything the user typed; the command's name is enough to begin with.
    return next((argument for argument in sys.argv[1:] if argument.isidentifier()), "app")
