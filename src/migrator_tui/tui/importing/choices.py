"""What the user chose so far about an import, and how one choice changes the others. Knows no widgets."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from migrator_tui.project.formats.column_guess import LEFT_OUT, Column, overlaps, variable_name
from migrator_tui.project.importing.request import Request, Wishes
from migrator_tui.project.importing.targets import task_name

_SEVERAL = ("tags", "input", "messages")
"""What more than one column may become."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything that decides what an import comes to."""

    request: Request
    output: Path
    chosen_output: bool
    """The user said where; otherwise it is a proposal that is asked about before anything is written."""
    task: str | None = None
    wishes: Wishes = field(default_factory=Wishes)
    beside: Path | None = None
    """A folder that may become a project though it holds other files: the one that is being set up."""


def first_choices(
    source: Path,
    folder: Path,
    output: Path | None,
    task: str | None,
    wishes: Wishes | None,
    beside: Path | None = None,
) -> Choices:
    """What is proposed for a source."""
    proposed = output or beside or folder / task_name(source)
    return Choices(Request([source]), proposed, output is not None, task, wishes or Wishes(), beside)


def toggled(columns: Sequence[Column], path: str) -> list[Column]:
    """`space`: a guess is confirmed, a sure column is left out, one that is left out becomes a variable."""
    taken = [column.becomes.removeprefix("var ") for column in columns if column.becomes.startswith("var ")]

    found = next(column for column in columns if column.path == path)
    if found.becomes == LEFT_OUT:
        return changed(columns, path, f"var {variable_name(path.rpartition('.')[2], taken)}")
    turned = replace(found, becomes=LEFT_OUT) if found.sure else replace(found, sure=True)
    return [turned if column.path == path else column for column in columns]


def changed(columns: Sequence[Column], path: str, becomes: str) -> list[Column]:
    """`enter`: a column becomes something; what can be one column only is taken from the one that was it.

    A table inside a row becomes something as a whole or in parts, not both.
    """
    found = []
    for column in columns:
        if column.path == path:
            found.append(replace(column, becomes=becomes, sure=True))
        elif becomes and column.becomes == becomes and becomes not in _SEVERAL:
            found.append(replace(column, becomes=LEFT_OUT))
        elif becomes and overlaps(column.path, path):
            found.append(replace(column, becomes=LEFT_OUT, sure=False))
        else:
            found.append(column)
    return found


def unsure(columns: Sequence[Column]) -> list[Column]:
    """The guesses that nobody confirmed."""
    return [column for column in columns if column.becomes != LEFT_OUT and not column.sure]
