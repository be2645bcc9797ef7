"""Mistakes in a project folder, each told in one line: where, what, and the likely right word."""

from pathlib import Path


class ProjectError(Exception):
    """Something in the project's files keeps the program from going on.

    `str()` of it is the one line a user sees: `migrator.toml:12: unknown key "promt"; did you mean "prompt"?`
    """

    def __init__(self, what: str, *, file: Path | str | None = None, line: int | None = None) -> None:
        self.what = what
        self.file = file
        self.line = line
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{where}{what}")
