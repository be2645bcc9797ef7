"""Telling whether case files have changed since they were indexed."""

from collections.abc import Iterator

from migrator_tui.history.digests import digest_of
from migrator_tui.project.schema import Task

_FORMAT = 1
"""Raised when rows are made differently: an index made the old way then counts as out of date."""


def files_digest(task: Task) -> str:
    """What tells whether case files have changed since they were read: their names, sizes and times of change."""
    return digest_of([_FORMAT, *_stamps(task)])


def _stamps(task: Task) -> Iterator[tuple[str, int, int]]:
    for file in task.cases:
        try:
            status = file.stat()
            yield file.name, status.st_size, status.st_mtime_ns
        except OSError:  # whoever reads the cases will say so, with the file's name
            yield file.name, -1, -1
