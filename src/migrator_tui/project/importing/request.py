"""What somebody wants imported, and what its files turned out to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.base import Format, Reading
from migrator_tui.project.formats.column_guess import Column, check_name
from migrator_tui.project.formats.columns import COLUMNS, columns_of
from migrator_tui.project.formats.registry import Guess, format_named, guess_format
from migrator_tui.project.formats.sources import Source
from migrator_tui.project.importing.gathering import Options
from migrator_tui.project.words import listed, quoted


@dataclass(frozen=True, slots=True)
class Request:
    """Files to import, and what was said of them."""

    paths: Sequence[Path]
    """Of one format; the answers of a batch among them."""
    named: str | None = None
    """The format, where somebody said it."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our names to columns."""
    left_out: Sequence[str] = ()
    exact: Sequence[Column] = ()
    """What every column becomes, in place of guesses."""


@dataclass(slots=True)
class Wishes:
    """What the user wants of the project beside its rows."""

    options: Options = field(default_factory=Options)
    candidate: str | None = None
    use_answers: bool = False
    """In a project whose baseline is asked: the answers become it. A recorded one takes them in any case."""
    allow_broken: bool = False
    """The rest comes in though most rows do not."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The files, opened, and what they were taken for."""

    reading: Reading
    format: Format
    guess: Guess | None
    """`None` where the format was stated."""
    columns: Sequence[Column] = ()
    """Of a table: what each column becomes."""
    looks_like: str = ""
    """Of a table: the tool whose export it looks like."""

    @property
    def size(self) -> int:
        """Bytes of all sources."""
        return sum(source.size for source in self.reading.sources)


def open_sources(request: Request) -> Opened:
    """Look at the files; `ProjectError` where they can't be read, or are of no format that is known."""
    sources = [Source(path) for path in request.paths]
    guess = None
    if request.named is not None:
        form = format_named(request.named)
    elif request.columns or request.left_out:
        form = COLUMNS
    else:
        guess = guess_format(sources[0])
        form = COLUMNS if request.exact else guess.format
    reading = Reading(sources, request.columns, request.left_out, request.exact)
    if not form.mapped:
        if request.columns or request.left_out:
            raise ProjectError(f"--map and --leave-out are for tables; this is {form.title}", file=sources[0].shown)
        return Opened(reading, form, guess)
    columns, looks_like = columns_of(reading)
    if not any(column.asks for column in columns):
        what = f"no column is known to hold what is asked; --map input=COLUMN says which (there is {_names(columns)})"
        raise ProjectError(what, file=sources[0].shown)
    return Opened(reading, form, guess, columns, looks_like)


def stated_columns(stated: Sequence[str]) -> dict[str, str]:
    """`--map NAME=COLUMN` as a table; `ProjectError` where one is none."""
    found: dict[str, str] = {}
    for text in stated:
        name, equals, column = text.partition("=")
        name = " ".join(name.split())
        if not equals or not column.strip():
            raise ProjectError(f"--map takes NAME=COLUMN, not {quoted(text)}")
        check_name(name)
        if name in found:
            raise ProjectError(f"--map names {quoted(name)} twice")
        found[name] = column.strip()
    return found


def _names(columns: Sequence[Column]) -> str:
    return listed((column.path for column in columns), 12)
