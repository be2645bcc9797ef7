"""Rows on their way from a source to a project, kept on disk: memory holds a place and a few hashes of each."""

import json
import threading
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, overload

from migrator_tui.project.importing.likeness import KEYS


def json_line(value: Any) -> bytes:
    """A value as one line of JSON, readable where UTF-8 can hold it."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate, which JSON can say and UTF-8 cannot
        return json.dumps(value).encode() + b"\n"


class Spool:
    """Lines appended to a file and read again by number."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._reader = path.open("rb", buffering=0)
        self._reading = threading.Lock()  # the screen shows rows while a thread goes through them
        self._ends = array("Q", [0])

    def append(self, line: bytes) -> int:
        """Take a line; its number, from 0."""
        self._file.write(line)
        self._ends.append(self._ends[-1] + len(line))
        return len(self._ends) - 2

    def __len__(self) -> int:
        return len(self._ends) - 1

    def line(self, number: int) -> bytes:
        """The line of that number."""
        begin = self._ends[number]
        with self._reading:
            self._reader.seek(begin)
            return self._reader.read(self._ends[number + 1] - begin)

    def close(self) -> None:
        """Let go of the file; whoever made the folder removes it."""
        self._file.close()
        self._reader.close()


PARTS = ("case", "answer", "model", "kinds")
"""What is kept of a row; JSON each, with a tab between them, which no JSON holds but escaped."""


class Rows(Spool):
    """Rows in a spool: a table of `case`, `answer`, `model` and `kinds` each."""

    def add(self, row: Mapping[str, Any]) -> int:
        """Take a row; its number."""
        return self.append(b"\t".join(json_line(row[part])[:-1] for part in PARTS) + b"\n")

    def parts(self, number: int) -> list[bytes]:
        """The row's parts as JSON, in the order of `PARTS`."""
        return self.line(number)[:-1].split(b"\t")

    def value(self, number: int) -> dict[str, Any]:
        """The row."""
        return dict(zip(PARTS, map(json.loads, self.parts(number)), strict=True))

    def values(self, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
        """Those rows."""
        return map(self.value, numbers)


class Texts(Sequence[str]):
    """Texts in a spool, as a sequence; the last few looked at are remembered."""

    def __init__(self, path: Path) -> None:
        self._spool = Spool(path)
        self._get = lru_cache(maxsize=4096)(self._read)

    def append(self, text: str) -> None:
        """Take a text."""
        self._spool.append(text.encode("utf-8", "surrogatepass"))

    def close(self) -> None:
        """Let go of the file."""
        self._spool.close()

    def __len__(self) -> int:
        return len(self._spool)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        return self._get(index)

    def _read(self, number: int) -> str:
        return self._spool.line(number).decode("utf-8", "surrogatepass")


class Keys(Sequence[Sequence[int]]):
    """The keys of texts, four bytes each."""

    def __init__(self) -> None:
        self._numbers = array("I")

    def append(self, keys: Sequence[int]) -> None:
        """Take the keys of one text."""
        self._numbers.extend([*keys, *([keys[-1]] * (KEYS - len(keys)))])

    def __len__(self) -> int:
        return len(self._numbers) // KEYS

    @overload
    def __getitem__(self, index: int) -> Sequence[int]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sequence[int]]: ...
    def __getitem__(self, index: int | slice) -> Sequence[int] | Sequence[Sequence[int]]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        return self._numbers[index * KEYS : (index + 1) * KEYS]
