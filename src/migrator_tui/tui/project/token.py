"""Whether anything has happened that no message of the app tells of."""

import contextlib

from migrator_tui.tui.workspace import Workspace


def token_of(workspace: Workspace) -> object:
    """What rows follow from besides what messages tell of: outputs and verdicts in the history, and prompt files."""
    project = workspace.project
    files = {project.prompt_file(task, each.name) for task in project.tasks for each in project.candidates}
    stamps = []
    for file in sorted(files):
        with contextlib.suppress(OSError):
            stat = file.stat()
            stamps.append((str(file), stat.st_mtime_ns, stat.st_size))
    return workspace.history.latest(), stamps
