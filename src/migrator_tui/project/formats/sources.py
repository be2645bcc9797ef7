"""A source as it lies on disk: JSON lines, JSON, CSV or YAML, read record by record whatever it is called.

A record that cannot be read is told with its place, and the rest comes in: imports are of files that nobody mends.
"""

import csv
import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from migrator_tui.project.cases import MAX_LINE, MAX_WHOLE, json_value
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import read_text
from migrator_tui.project.formats.rows import LeftOut
from migrator_tui.project.tables import Misfit, plain_value
from migrator_tui.project.words import one_line

LOOKED_AT = 40
"""Records that are looked at before the format of a source is guessed."""

MOST_LINES = 10_000
"""Lines that one row of a CSV may span; a quote that is never closed would take the rest of the file with it."""

MOST_READ_AGAIN = 1_000_000
"""Lines of rows that went wrong which are read again as rows of their own."""

_WRAPPERS = ("data", "rows", "items", "examples", "records", "results", "traces", "spans", "cases", "goldens")
"""Where an export keeps its list, when the list is not the whole file."""


_OTHERS = (
    (b"\x1f\x8b", "is compressed; unpack it first (gunzip)"),
    (b"PK\x03\x04", "is a zip archive or a spreadsheet; unpack it, or save it as CSV UTF-8"),
    (b"PAR1", "is Parquet; export it as JSON lines or CSV"),
    (b"SQLite format 3", "is a SQLite database; export the table as CSV"),
    (b"%PDF", "is a PDF"),
)
"""What people have too, and what to do with it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One value of a source, and its place: the line, or the number of the item; from 1."""

    place: int
    value: Any


class Source:
    """One file to import. `told` hears how many bytes are read, from time to time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = str(path)
        if not path.is_file():
            raise ProjectError("is a folder" if path.is_dir() else "no such file", file=self.shown)
        try:
            self.size = path.stat().st_size
            with path.open("rb") as file:
                begin = file.read(1 << 20)
        except OSError as error:
            raise ProjectError(f"can't be read ({error.strerror})", file=self.shown) from error
        if not begin.strip():
            raise ProjectError("the file is empty", file=self.shown)
        for sign, what in _OTHERS:
            if begin.startswith(sign):
                raise ProjectError(what, file=self.shown)
        self.kind = _kind(path, begin)
        self.notes: list[str] = []
        """What is to be said about the file."""
        self._encoding = _encoding(begin) if self.kind == "CSV" else "utf-8"
        if self._encoding == "cp1252":
            self.notes.append(
                f"{path.name}: not UTF-8, read as Windows-1252; where letters come out wrong, save it as UTF-8"
            )
        self.told: Callable[[int], None] = lambda _: None
        self._whole: Any = None
        self._begin: list[Record] | None = None

    @property
    def unit(self) -> str:
        """What a place counts: `line` or `item`."""
        return "line" if self.kind in ("JSON lines", "CSV", "YAML") else "item"

    def records(self) -> Iterator[Record | LeftOut]:
        """Every record, those that cannot be read as `LeftOut`."""
        if self.kind == "JSON lines":
            return self._json_lines()
        if self.kind == "CSV":
            return self._csv()
        return self._checked(self._yaml() if self.kind == "YAML" else self._json())

    def glance(self) -> list[Record]:
        """The first records that can be read."""
        if self._begin is None:
            readable = (record for record in self.records() if isinstance(record, Record))
            self._begin = list(itertools.islice(readable, LOOKED_AT))
        return self._begin

    def _json_lines(self) -> Iterator[Record | LeftOut]:
        for data, line in self._lines():
            if len(data) > MAX_LINE:
                yield LeftOut(line, f"a line of more than {MAX_LINE // 1_000_000} MB")
            elif not data.isspace():
                try:
                    text = data.decode("utf-8-sig" if line == 1 else "utf-8")
                    yield Record(line, json_value(text, "", line))
                except UnicodeDecodeError:
                    yield LeftOut(line, "not UTF-8")
                except ProjectError as error:
                    yield LeftOut(line, error.what)

    def _lines(self) -> Iterator[tuple[bytes, int]]:
        """Lines with their numbers; of one that is too long, the beginning only."""
        read = 0
        with self._opened() as file:
            for number in itertools.count(1):
                data = file.readline(MAX_LINE + 1)
                if not data:
                    return
                read += len(data)
                line = data
                while not data.endswith(b"\n") and len(data) > MAX_LINE:
                    data = file.readline(MAX_LINE + 1)
                    read += len(data)
                self.told(read)
                yield line, number

    def _json(self) -> Iterator[Record]:
        if self._whole is None:
            text = read_text(self.path, self.shown, MAX_WHOLE)
            try:
                self._whole = json_value(text, self.shown, 1)
            except ProjectError as error:
                raise ProjectError(error.what, file=self.shown) from None
        self.told(self.size)
        value = self._whole
        if isinstance(value, dict):
            wrapped = next((value[key] for key in _WRAPPERS if _is_rows(value.get(key))), None)
            value = [value] if wrapped is None else wrapped
        if not isinstance(value, list):
            raise ProjectError("holds one value, no list of rows", file=self.shown)
        for number, item in enumerate(value, 1):
            yield Record(number, item)

    def _yaml(self) -> Iterator[Record]:
        from migrator_tui.project.yaml_values import YamlError, yaml_items

        try:
            for value, line in yaml_items(read_text(self.path, self.shown, MAX_WHOLE // 8)):
                yield Record(line, value)
        except YamlError as error:
            raise ProjectError(error.what, file=self.shown, line=error.line) from None
        self.told(self.size)

    @staticmethod
    def _checked(records: Iterator[Record]) -> Iterator[Record | LeftOut]:
        for record in records:
            try:
                plain_value(record.value)
            except Misfit as misfit:
                yield LeftOut(record.place, misfit.what)
            else:
                yield record

    def _csv(self) -> Iterator[Record | LeftOut]:
        feed = _Feed(self._decoded())
        # The limit is the whole process's; 128 KiB of it would refuse a long ticket.
        csv.field_size_limit(min(MAX_LINE, sys.maxsize))
        first = next(feed, "")
        delimiter = max(",;\t|", key=first.count)
        feed.again(1)
        reader = csv.reader(feed, delimiter=delimiter, strict=True)
        header = _header(_next_row(reader, feed), self.shown)
        while True:
            row = _next_row(reader, feed)
            line = feed.first
            if row is None:
                return
            if isinstance(row, str):
                yield LeftOut(line, row)
                feed.again(feed.taken - 1)
            elif not any(cell.strip() for cell in row):
                continue
            elif len(row) != len(header):
                yield LeftOut(line, f"{len(row)} columns where the heading has {len(header)}")
                feed.again(feed.taken - 1)
            elif any("\udc80" <= c <= "\udcff" for cell in row if not cell.isascii() for c in cell):
                yield LeftOut(line, "not UTF-8; save the file as CSV UTF-8")
            else:
                yield Record(line, dict(zip(header, row, strict=True)))

    def _decoded(self) -> Iterator[str]:
        if self._encoding == "utf-16":
            with self.path.open(encoding="utf-16", newline="", errors="surrogateescape") as text:
                yield from text
            return
        for data, number in self._lines():
            # Five bytes stand for nothing in Windows-1252.
            errors = "replace" if self._encoding == "cp1252" else "surrogateescape"
            yield data.decode("utf-8-sig" if number == 1 and self._encoding == "utf-8" else self._encoding, errors)

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise ProjectError(f"can't be read ({error.strerror})", file=self.shown) from error


class _Feed:
    """Lines for the CSV reader; those of a row that went wrong can be read again, from its second line on."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: list[str] = []
        self._row: list[str] = []
        self._left = MOST_READ_AGAIN
        self._number = 0

    @property
    def first(self) -> int:
        """The line on which the current row begins."""
        return self._number - len(self._row) + 1

    @property
    def taken(self) -> int:
        """Lines of the current row."""
        return len(self._row)

    def begin(self) -> None:
        """A row begins with the next line."""
        self._row = []

    def again(self, count: int) -> None:
        """Give the last lines of the current row once more."""
        if 0 < count <= self._left:
            self._left -= count
            self._again += reversed(self._row[-count:])
            self._row = self._row[:-count]
            self._number -= count

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._row) >= MOST_LINES:
            raise csv.Error(f"a quote is opened that is not closed within {MOST_LINES:,} lines")
        line = self._again.pop() if self._again else next(self._lines)
        self._number += 1
        self._row.append(line)
        return line


def _next_row(reader: Iterator[list[str]], feed: _Feed) -> list[str] | str | None:
    """The next row; as text why it is none; `None` at the end."""
    feed.begin()
    try:
        return next(reader, None)
    except csv.Error as error:
        return f"not CSV: {one_line(str(error), 120)}"


def _header(row: list[str] | str | None, shown: str) -> list[str]:
    if not isinstance(row, list):
        raise ProjectError(row or "the file is empty", file=shown, line=1)
    names: list[str] = []
    for number, cell in enumerate(row, 1):
        name = own = cell.strip().encode("utf-8", "replace").decode() or f"column {number}"
        while own in names:
            own = f"{name} ({number})"
        names.append(own)
    return names


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _encoding(begin: bytes) -> str:
    """How the text of a CSV is written: Excel still saves it in the letters of the country."""
    if begin[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"  # what Excel calls Unicode text
    whole = begin[: begin.rfind(b"\n") + 1] or begin
    try:
        whole.decode("utf-8")
    except UnicodeDecodeError:
        # Some rows that are damaged among rows of UTF-8 are another matter.
        sound = any(len(c.encode()) > 1 for c in whole.decode("utf-8", "ignore"))
        return "utf-8" if sound else "cp1252"
    return "utf-8"


def _kind(path: Path, begin: bytes) -> str:
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        return "YAML"
    if begin[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "CSV"
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if suffix in (".csv", ".tsv") or (suffix not in (".json", ".jsonl", ".ndjson") and text[:1] not in (b"{", b"[")):
        return "CSV"
    # Names lie: many a .json holds lines, and many a .jsonl one value laid out over many lines.
    first, _, rest = text.partition(b"\n")
    if len(first) == len(begin):
        return "JSON lines" if suffix in (".jsonl", ".ndjson") else "JSON"
    try:
        value = json_value(first.decode("utf-8", "replace"), "", 1)
    except ProjectError:
        # A first line that is broken among lines, or a value that goes on in the next line.
        second = rest.lstrip().partition(b"\n")[0].strip()
        lines = suffix in (".jsonl", ".ndjson") and second[:1] == b"{" and second[-1:] == b"}"
        return "JSON lines" if lines else "JSON"
    return "JSON" if isinstance(value, list) or (suffix == ".json" and not rest.strip()) else "JSON lines"
