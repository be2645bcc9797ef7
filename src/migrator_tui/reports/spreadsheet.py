"""Texts in the cells of a CSV file that Excel, LibreOffice or Google Sheets opens, and back again.

A cell that begins like a formula would be one: `=HYPERLINK(…)` in a model's answer could send the sheet's content
elsewhere (OWASP, "CSV Injection"). Such a cell gets an apostrophe in front, and loses it again when it is read.
"""

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.words import listed

CELL_LIMIT = 32_767
"""Characters that a cell of Excel holds, counted in UTF-16 as Excel does; it drops what is beyond."""
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}

_FORMULA = re.compile(r"[\s']*[=+\-@＝＋－＠]|'*[\t\r\n]")
"""What a cell may begin with to be taken for a formula; the full-width signs count, too."""
_MARK_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read: its cells, in the order of the header, restored to what they were meant to hold."""

    line: int
    """Of the file, from 1: where the row begins."""
    number: int
    """As a spreadsheet counts, the header being 1; differs from `line` where cells hold several lines."""
    cells: Sequence[str]


def cell(text: str) -> tuple[str, bool]:
    """The text as a cell holds it, and whether it had to be cut; the cut says how much is missing."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    cut = _too_long(text, CELL_LIMIT - 1)
    if cut:
        kept = _beginning(text, CELL_LIMIT - 1 - _MARK_LENGTH)
        text = f"{kept} [… {len(text) - len(kept):,} more characters]"
    return (f"'{text}" if _FORMULA.match(text) else text), cut


def restored(text: str) -> str:
    """What was meant by a cell that `cell` wrote, or that somebody typed."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text, 1) else text


def rows_as_csv(rows: Iterable[Sequence[str]], separator: str = ",") -> Iterator[bytes]:
    """CSV as Excel reads it: a byte order mark, for else it takes UTF-8 for Windows' own; lines ended by CR and LF.

    Cells are written as they are: `cell` makes them safe.
    """
    yield b"\xef\xbb\xbf"
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=separator, lineterminator="\r\n").writerow(row)
        # Case files may hold halves of surrogate pairs, which UTF-8 does not have.
        yield line.getvalue().encode("utf-8", "backslashreplace")


def read_csv(data: bytes, shown: str, known: Iterable[str]) -> tuple[list[Row], bool]:
    """The rows of a CSV file, the header first, and whether it was read as Windows-1252 for want of UTF-8.

    The separator is the one that makes most `known` columns of the header; a line `sep=;` before it is heeded.
    Raises `ProjectError` with file and line where it is no CSV.
    """
    text, guessed = _decoded(data, shown)
    first, _, rest = text.partition("\n")
    stated = re.fullmatch(r'"?sep=([^"\s]|\t)"?\s*', first, re.IGNORECASE)
    offset = 0
    if stated is not None:
        text, offset, separator = rest, 1, stated[1]
    else:
        separator = max(",;\t|", key=lambda one: len({plain_name(name) for name in first.split(one)} & set(known)))
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a C long, which has 32 bits on Windows
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    rows: list[Row] = []
    begins = 1
    try:
        for number, cells in enumerate(reader, 1):
            rows.append(Row(begins + offset, number + offset, [restored(one) for one in cells]))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ProjectError(f"no CSV ({error})", file=shown, line=begins + offset) from None
    if not rows:
        raise ProjectError(f"is empty; it needs the columns {listed(known)}", file=shown, line=1)
    return rows, guessed


def plain_name(name: str) -> str:
    """A column's name however it is written: `Output ID` is `output_id`."""
    return "_".join(re.findall(r"[^\W_]+", restored(name).casefold()))


def _decoded(data: bytes, shown: str) -> tuple[str, bool]:
    """The text: UTF-8 with or without mark, UTF-16 with one, else Windows-1252, in which Excel saves plain CSV."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding), False
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), True
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ProjectError('not text; save it as "CSV UTF-8"', file=shown, line=line) from None


def _too_long(text: str, limit: int) -> bool:
    return len(text) > limit or (2 * len(text) > limit and _utf16(text) > limit)


def _utf16(text: str) -> int:
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def _beginning(text: str, limit: int) -> str:
    """As much of the text as fits into `limit` UTF-16 units."""
    kept = text[:limit]
    while (over := _utf16(kept) - limit) > 0:
        kept = kept[: len(kept) - (over + 1) // 2]
    return kept
