"""The last resort: a bug becomes one line for the user and a file for whoever mends it.

The file holds the traceback without local variables, cleared of keys; it lies under the user's log folder.
"""

import os
import platform
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from migrator_tui import __version__


def log_folder() -> Path:
    """Where this program's logs lie."""
    from platformdirs import user_log_path

    return user_log_path("migrator-tui", appauthor=False)


def write_crash_log(error: BaseException, *, secrets: Iterable[str] = ()) -> Path | None:
    """Write what is known of a crash and say where; `None` where not even that can be written.

    `secrets` are values to be cleared out beside those of this process's environment.
    """
    from migrator_tui.models.secrets import scrubber, secrets_in

    told = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format(chain=True))
    text = (
        f"migrator-tui {__version__}, Python {platform.python_version()}, {platform.system()}\n"
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, {_command()}\n\n{told}"
    )
    cleared = scrubber({*secrets_in(os.environ), *secrets})(text)
    folder = log_folder()
    file = folder / f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(cleared, "utf-8", errors="backslashreplace")
    except OSError:
        return None
    return file


def crash_line(error: BaseException, *, secrets: Iterable[str] = ()) -> str:
    """Write the log, and the one line that a user sees."""
    file = write_crash_log(error, secrets=secrets)
    where = f"details are in {file}" if file is not None else "and the log folder cannot be written to"
    return f"something went wrong inside migrator-tui ({type(error).__name__}); {where}"


def _command() -> str:
    # Arguments can be anything the user typed; the command's name is enough to begin with.
    return next((argument for argument in sys.argv[1:] if argument.isidentifier()), "app")
