"""The command `migrator-tui`: reads the command line and hands over to one module a command."""

import gc
import io
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from migrator_tui.commands.arguments import USAGE
from migrator_tui.commands.parser import parse
from migrator_tui.project.errors import ProjectError

UNFINISHED = 3
"""Exit code of work that could not be finished."""
BROKEN = 70
"""Exit code of a bug in the program itself (EX_SOFTWARE of sysexits.h): no decision, and not the user's mistake."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit code, and says whatever goes wrong in one line on stderr."""
    from migrator_tui.text_safety import safe_line

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal in another encoding must not end the program
            stream.reconfigure(errors="backslashreplace")
    folder = Path()
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv)
        folder = arguments.folder
        return _execute(arguments)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else USAGE
    except ProjectError as error:
        _say(safe_line(str(error), 1000))
        return USAGE
    except KeyboardInterrupt:
        _say("stopped")
        return UNFINISHED
    except BrokenPipeError:
        # Whoever read our output has enough of it; the interpreter must not stumble over it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNFINISHED
    except OSError as error:
        if error.filename is None:
            return _crashed(error, folder)
        # A file or folder that cannot be read or written, such as a full disk or a log folder of somebody else's.
        _say(safe_line(f"{error.filename}: {error.strerror}", 1000))
        return USAGE
    except Exception as error:  # the last resort: one line, and a log for whoever mends it
        return _crashed(error, folder)


def _crashed(error: Exception, folder: Path) -> int:
    from migrator_tui.crash_log import crash_line
    from migrator_tui.text_safety import safe_line

    _say(safe_line(crash_line(error, folder=folder), 1000))
    return BROKEN


_MODULES = {"history": "export", "import": "importing.command", "rollout simulate": "rollout_simulate"}
"""Where the module under `commands/` has another name than the command's first word."""


def _execute(arguments: Namespace) -> int:
    """Hand over to the command's module, imported now: a start pays for one command only."""
    if arguments.command is not None:
        name = str(arguments.command)
        word = name.split(maxsplit=1)[0]
        module = import_module(f"migrator_tui.commands.{_MODULES.get(name) or _MODULES.get(word, word)}")
        code: int = module.execute(arguments)
        return code
    gc.disable()  # nothing is garbage before the first paint; the app turns it on again
    from migrator_tui.commands.common import existing_folder
    from migrator_tui.tui.app import run_app

    return run_app(existing_folder(arguments.folder), trust=arguments.trust)


def _say(line: str) -> None:
    print(f"migrator-tui: {line}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
