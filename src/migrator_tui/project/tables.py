"""Reading a table of a project file key by key, with one sentence for each way it can be wrong."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from migrator_tui.project.toml_lines import TomlPath
from migrator_tui.project.words import did_you_mean, kind_of, listed, quoted

T = TypeVar("T")

MAX_DEPTH = 64
"""How deep lists and tables may be nested in any project file."""


class Misfit(Exception):
    """Something in a table is wrong; `path` leads to it. Readers turn it into a `ProjectError` with file and line."""

    def __init__(self, what: str, path: TomlPath = ()) -> None:
        super().__init__(what)
        self.what = what
        self.path = path


class Table:
    """One table of a file; remembers which keys were asked for, so that the others can be refused."""

    def __init__(self, values: Mapping[str, Any], path: TomlPath = (), title: str = "") -> None:
        self.values = values
        self.path = path
        self.title = title
        self.known: list[str] = []

    def at(self, key: str | int) -> TomlPath:
        """The path of one of its keys."""
        return (*self.path, key)

    def wrong(self, key: str, what: str) -> Misfit:
        """A mistake at one of its keys."""
        return Misfit(what, self.at(key))

    def get(self, key: str) -> Any:
        """The raw value, or `None`."""
        self.known.append(key)
        return self.values.get(key)

    def _typed(self, key: str, kinds: type[T] | tuple[type[T], ...], wanted: str) -> T | None:
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            found = f"{value:g}" if isinstance(value, float) and kinds is int else kind_of(value)
            raise self.wrong(key, f"{key} must be {wanted}, not {found}")
        return value

    def text(self, key: str) -> str | None:
        """Text in one line that is not empty."""
        value = self._typed(key, str, "text")
        if value is not None and (not value.strip() or not value.isprintable()):
            raise self.wrong(key, f"{key} is empty" if not value.strip() else f"{key} must be one line of plain text")
        return value

    def required_text(self, key: str) -> str:
        """The same, where it can't be left out."""
        value = self.text(key)
        if value is None:
            raise self.missing(key)
        return value

    def missing(self, key: str) -> Misfit:
        """`[baseline] has no model`, or the key that was probably meant to be it."""
        place = f" in {self.title}" if self.title else ""
        for stranger in self.values:
            if stranger not in self.known and did_you_mean(stranger, [key]):
                return self.wrong(stranger, f"unknown key {quoted(stranger)}{place}; did you mean {quoted(key)}?")
        return Misfit(f"{self.title or 'the file'} has no {key}", self.path)

    def flag(self, key: str) -> bool | None:
        """`true` or `false`."""
        return self._typed(key, bool, "true or false")

    def number(self, key: str, low: float = -math.inf, high: float = math.inf, *, wanted: str = "") -> float | None:
        """A number between the limits, both included."""
        value = self._typed(key, (int, float), "a number")
        if value is None:
            return None
        if not math.isfinite(value) or not low <= value <= high:
            between = wanted or (f"between {low:g} and {high:g}" if math.isfinite(high) else f"at least {low:g}")
            raise self.wrong(key, f"{key} must be {between}")
        return float(value)

    def count(self, key: str, low: int = 1, high: int = 1_000_000) -> int | None:
        """A whole number between the limits."""
        value = self._typed(key, int, "a whole number")
        if value is not None and not low <= value <= high:
            raise self.wrong(key, f"{key} must be between {low} and {high}")
        return value

    def table(self, key: str, title: str = "") -> "Table | None":
        """A table below this one."""
        value = self._typed(key, dict, "a table")
        return None if value is None else Table(value, self.at(key), title or key)

    def tables(self, key: str, title: Callable[[int], str]) -> "list[Table]":
        """A list of tables, `[[candidates]]`; empty where there is none."""
        value = self.get(key)
        if value is None:
            return []
        if isinstance(value, dict):
            raise self.wrong(key, f"{key} must be a list of tables: write [[{key}]] in place of [{key}]")
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(key, f"{key} must be a list of tables: [[{key}]]")
        return [Table(item, (*self.at(key), n), title(n)) for n, item in enumerate(value)]

    def texts(self, key: str) -> list[str]:
        """A list of texts, or one text."""
        value = self.get(key)
        if value is None:
            return []
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            raise self.wrong(key, f"{key} must be text or a list of texts, not {kind_of(value)}")
        for n, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                raise Misfit(f"{key} must be a list of texts; item {n + 1} is {kind_of(item)}", (*self.at(key), n))
        return items

    def choice(self, key: str, choices: Iterable[str]) -> str | None:
        """One of a few words."""
        value = self.text(key)
        allowed = list(choices)
        if value is not None and value not in allowed:
            hint = did_you_mean(value, allowed) or f"; it can be {listed(map(quoted, allowed))}"
            raise self.wrong(key, f"{key} can't be {quoted(value)}{hint}")
        return value

    def refuse_unknown(self, elsewhere: Mapping[str, str] | None = None) -> None:
        """Refuse keys that nobody asked for, with the likely right word or, from `elsewhere`, the right place."""
        for key in self.values:
            if key in self.known:
                continue
            place = f" in {self.title}" if self.title else ""
            if elsewhere and key in elsewhere:
                raise self.wrong(key, f"unknown key {quoted(key)}{place}; {elsewhere[key]}")
            left = [k for k in self.known if k not in self.values]
            hint = did_you_mean(key, left) or did_you_mean(key, self.known)
            raise self.wrong(
                key, f"unknown key {quoted(key)}{place}{hint or f'; known are {listed(sorted(self.known), 20)}'}"
            )


def plain_value(value: Any, path: TomlPath = (), depth: int = 0) -> Any:
    """The value itself if JSON can hold it; `Misfit` for dates, infinite numbers and bottomless nesting."""
    if depth > MAX_DEPTH:
        raise Misfit(f"nested more than {MAX_DEPTH} deep", path)
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise Misfit(f"the key {quoted(key)} must be text", path)
            plain_value(item, (*path, key), depth + 1)
    elif isinstance(value, list):
        for n, item in enumerate(value):
            plain_value(item, (*path, n), depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Misfit("infinite and undefined numbers can't be sent", path)
    elif value is not None and not isinstance(value, str | bool | int):
        raise Misfit(f"{quoted(value)} is a date or time; put it in quotes", path)
    return value
