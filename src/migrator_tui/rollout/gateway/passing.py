"""Folders that last as long as a process: what a killed one left is swept by the next."""

import hashlib
import os
import re
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def passing_folder(kind: str) -> Iterator[Path]:
    """A folder for this user alone, gone with the block; `kind`: a word that its name begins with."""
    from migrator_tui.history.processes import this_process

    _sweep(kind)
    _, process, began = this_process().rsplit("/", 2)
    with tempfile.TemporaryDirectory(prefix=f"{kind}-{_host()}-{process}-{began}-") as folder:
        yield Path(folder)


def _host() -> str:
    """This machine's or container's mark: several may share the folder, and each knows its own processes alone."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _sweep(kind: str) -> None:
    from migrator_tui.history.columns import now
    from migrator_tui.history.processes import another_lives

    name = re.compile(rf"{re.escape(kind)}-{_host()}-(\d+)-(\d*)-\w+")
    for folder in Path(tempfile.gettempdir()).glob(f"{kind}-*"):
        made_by = name.fullmatch(folder.name)
        if made_by is None or int(made_by[1]) == os.getpid():
            continue
        with suppress(OSError):  # gone meanwhile
            about = folder.lstat()
            ours = stat.S_ISDIR(about.st_mode) and (os.name != "posix" or about.st_uid == os.getuid())
            if ours and not another_lives(f"{socket.gethostname()}/{made_by[1]}/{made_by[2]}", now()):
                shutil.rmtree(folder, ignore_errors=True)
