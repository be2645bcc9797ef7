"""Files of an import: made beside their place, put there at the end, never over what is there.

A new project's folder is renamed into place whole. In a project that is there, new files are linked to their names,
and the configuration that makes them part of it is replaced last. Whatever stops an import before that, killing the
program included, leaves the project as it was; what it leaves behind of its own the next import takes away.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from migrator_tui.project.config import CONFIG_NAME
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.write_back import FileChange, apply

try:
    import fcntl
except ImportError:  # no POSIX: then nobody can tell whether an import still goes on, and its folder is left alone
    fcntl = None  # type: ignore[assignment]

_MIDDLE = ".importing-"


class Build:
    """A folder beside the output, in which an import is made; a context that takes it away at its end."""

    def __init__(self, output: Path) -> None:
        self.output = output
        above = output if output.is_dir() and any(output.iterdir()) else output.parent
        while not above.is_dir():
            above = above.parent
        self._remove_stale(above)
        self.folder = above / f".{output.name[:60]}{_MIDDLE}{secrets.token_hex(6)}"
        try:
            self.folder.mkdir()
            self._lock = (self.folder / "lock").open("wb")
            _hold(self._lock)
        except OSError as error:
            raise ProjectError(f"can't be written to ({error.strerror})", file=above) from error
        self.files = self.folder / "files"
        """What becomes the project, or part of it."""
        self.files.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the folder away."""
        self._lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def put_new(self) -> None:
        """Make the files the output folder, all at once."""
        self.output.parent.mkdir(parents=True, exist_ok=True)
        _sync(self.files)
        try:
            # Where an empty folder is there this takes its place; where anything is in it, it fails.
            os.rename(self.files, self.output)  # noqa: PTH104 (the call whose atomicity is documented)
        except OSError as error:
            what = (
                "is no longer empty; nothing is written"
                if self.output.exists()
                else f"can't be made ({error.strerror})"
            )
            raise ProjectError(what, file=self.output) from error

    def put_into(self, changes: Sequence[FileChange]) -> None:
        """Give each file its name in the output folder, then apply the changes; what was put goes if that fails."""
        _sync(self.files)
        placed: list[Path] = []
        try:
            files = sorted(path for path in self.files.rglob("*") if path.is_file())
            # What makes a project of the others comes last.
            for file in sorted(files, key=lambda path: path.name == CONFIG_NAME):
                place = self.output / file.relative_to(self.files)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, place)  # fails where the name is taken
                placed.append(place)
            apply(changes)
        except BaseException as error:
            for place in placed:
                place.unlink(missing_ok=True)
            if isinstance(error, OSError):
                what = f"can't be written ({error.strerror}); nothing is written"
                raise ProjectError(what, file=str(error.filename2 or error.filename)) from error
            raise

    @staticmethod
    def _remove_stale(above: Path) -> None:
        """Take away what imports left that were killed: nobody holds their lock any more."""
        for folder in above.glob(f".*{_MIDDLE}*") if fcntl is not None else ():
            if folder.is_symlink() or not folder.is_dir():
                continue
            with contextlib.suppress(OSError), (folder / "lock").open("rb") as lock:
                _hold(lock)
                shutil.rmtree(folder, ignore_errors=True)


def _hold(lock: IO[bytes]) -> None:
    """Hold the lock until the file is closed; `OSError` where somebody else does."""
    if fcntl is not None:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync(folder: Path) -> None:
    """See to it that what is about to get its name is on the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
