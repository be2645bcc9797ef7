"""Mistakes in a project folder, each told in one line: where, what, and the likely right word."""

from pathlib import Path

from migrator_tui.project.words import one_line


class ProjectError(Exception):
    """Something in the project's files keeps the program from going on.

    `str()` of it is the one line a user sees: `migrator.toml:12: unknown key "promt"; did you mean "prompt"?`
    """

    def __init__(self, what: str, *, file: Path | str | None = None, line: int | None = None) -> None:
        self.what = one_line(what, 1000)
        self.file = file
        self.line = line
        shown = one_line(str(file)) if file else ""
        where = f"{shown}:{line}: " if shown and line else f"{shown}: " if shown else ""
        super().__init__(where + self.what)


class NoProjectError(ProjectError):
    """The folder holds no project yet: the one mistake that the set-up screen answers."""
