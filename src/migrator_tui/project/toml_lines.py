"""On which line of a TOML text a key stands: `tomllib` says what is there, not where.

Used only to word a mistake, after `tomllib` has accepted the text, so it may take valid TOML for granted.
"""

import json
import re
from collections.abc import Iterator

TomlPath = tuple[str | int, ...]
"""Keys and list positions from the top: `("candidates", 0, "params")`."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*|\n|[\[\]{}=,.]|[A-Za-z0-9_+:-]+|[^\S\n]+|.",
    re.DOTALL,
)


def line_of(text: str, path: TomlPath) -> int | None:
    """The line, from 1, of the key or list item at `path`; of the nearest table around it where it is missing."""
    best: tuple[int, int] | None = None
    for found, line in _places(text):
        shared = len(found) if found == path[: len(found)] else -1
        if shared > (best[0] if best else 0):
            best = (shared, line)
    return best[1] if best else None


class _Reader:
    """Walks the tokens once, telling each key with its path and line."""

    def __init__(self, text: str) -> None:
        self.tokens = [m.group() for m in _TOKEN.finditer(text) if not m.group().isspace() or "\n" in m.group()]
        self.at = 0
        self.line = 1
        self.counts: dict[TomlPath, int] = {}

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        self.line += token.count("\n")
        return token

    def skip_space(self) -> None:
        while self.peek() == "\n" or self.peek().startswith("#"):
            self.take()

    def key(self) -> TomlPath:
        parts = [_key_text(self.take())]
        while self.peek() == ".":
            self.take()
            parts.append(_key_text(self.take()))
        return tuple(parts)

    def real(self, keys: TomlPath) -> TomlPath:
        """A header's keys with the position put in wherever a list of tables has been begun."""
        path: TomlPath = ()
        for key in keys:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path])
        return path

    def document(self) -> Iterator[tuple[TomlPath, int]]:
        table: TomlPath = ()
        while self.peek():
            self.skip_space()
            if not self.peek():
                return
            if self.peek() != "[":
                yield from self.pair(table)
                continue
            line = self.line
            self.take()
            if self.peek() == "[":
                self.take()
                keys = self.key()
                above = self.real(keys[:-1])
                listed = (*above, keys[-1])
                self.counts[listed] = self.counts.get(listed, -1) + 1
                table = (*listed, self.counts[listed])
                self.take()
                yield listed, line
            else:
                table = self.real(self.key())
            self.take()
            yield table, line

    def pair(self, table: TomlPath) -> Iterator[tuple[TomlPath, int]]:
        line = self.line
        path = table
        for part in self.key():
            path = (*path, part)
            yield path, line
        self.take()  # the equals sign
        yield from self.value(path)

    def value(self, path: TomlPath) -> Iterator[tuple[TomlPath, int]]:
        self.skip_space()
        opening = self.take()
        if opening == "[":
            position = 0
            self.skip_space()
            while self.peek() not in ("]", ""):
                yield (*path, position), self.line
                yield from self.value((*path, position))
                position += 1
                self.skip_space()
                if self.peek() == ",":
                    self.take()
                self.skip_space()
            self.take()
        elif opening == "{":
            self.skip_space()
            while self.peek() not in ("}", ""):
                yield from self.pair(path)
                self.skip_space()
                if self.peek() == ",":
                    self.take()
                self.skip_space()
            self.take()
        else:
            # Numbers and dates come as several tokens (`0.5`, `1979-05-27 07:32`).
            while self.peek() not in (",", "]", "}", "\n", "") and not self.peek().startswith("#"):
                self.take()


def _places(text: str) -> Iterator[tuple[TomlPath, int]]:
    return _Reader(text).document()


def _key_text(token: str) -> str:
    if token[:1] == '"':
        try:
            return str(json.loads(token))
        except ValueError:
            return token[1:-1]
    return token[1:-1] if token[:1] == "'" else token
