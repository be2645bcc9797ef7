"""Whether the files that say what a project is were changed since they were read."""

from collections.abc import Sequence
from pathlib import Path

from migrator_tui.project.schema import Project

Stamps = Sequence[tuple[int, int] | None]


def file_stamps(project: Project) -> Stamps:
    """When the configuration, and the files that it takes definitions from, were changed, and how long they are."""
    files: list[Path] = [project.config_file]
    files += dict.fromkeys(file for task in project.tasks for file in task.definition_files)
    if project.foreign is not None:
        from migrator_tui.project.formats.promptfoo.choices import choices_file

        # Their number changes with what is read; how many there are counts as well.
        files += [file for file in project.foreign.sources if file != project.config_file]
        files.append(choices_file())
    found: list[tuple[int, int] | None] = []
    for file in files:
        try:
            stat = file.stat()
            found.append((stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append(None)
    return found
