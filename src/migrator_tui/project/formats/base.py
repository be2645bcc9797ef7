"""What a format is: its name, the sign by which it is known, and its reader."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migrator_tui.project.formats.column_guess import Column
from migrator_tui.project.formats.rows import Read
from migrator_tui.project.formats.sources import Record, Source


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read: one file, or several that belong together; and what the user said about columns."""

    sources: Sequence[Source]
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our names to paths in a record: `expected` to `outputs.label`; one variable is `var NAME`."""
    left_out: Sequence[str] = ()
    """Paths that become nothing."""
    exact: Sequence[Column] = ()
    """What every column becomes, where somebody went through them; what is not named here becomes nothing."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format of files that can be imported."""

    name: str
    """The word for it on the command line."""
    title: str
    sign: Callable[[Sequence[Record]], str | None]
    """By what the first records show it, in a few words; `None`: they don't."""
    read: Callable[[Reading], Iterator[Read]]
    logs: bool = False
    """It holds what happened in production, not cases that somebody chose."""
    mapped: bool = False
    """Its columns are mapped, and can be mapped otherwise."""


def all_have(records: Sequence[Record], *keys: str) -> bool:
    """Whether every one of the records is a table with all of these keys."""
    return bool(records) and all(isinstance(r.value, dict) and all(k in r.value for k in keys) for r in records)


def some_have(records: Sequence[Record], *keys: str) -> bool:
    """Whether one of the records is a table with all of these keys."""
    return any(isinstance(r.value, dict) and all(k in r.value for k in keys) for r in records)
