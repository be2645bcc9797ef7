"""Drift inside JSON: broken, other keys, other types, other values. A place is told by its path: `items[].price`."""

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import Drift, compared, shown
from migrator_tui.parity.drift.forms import same_in_another_form
from migrator_tui.text_safety import safe_line

_PLACES = 2_000
"""Places of one answer that are looked at."""
_DEEPEST = 12
_KEYS_TOLD = 20

Path = tuple[str, ...]
_ITEMS = "[]"
"""Part of a path: the items of a list, all taken together."""

_KINDS: dict[type, str] = {bool: "yes/no", int: "number", float: "number", str: "text", list: "list", dict: "table"}


@dataclass(slots=True)
class _Shape:
    """What JSON consists of."""

    kinds: dict[Path, set[str]] = field(default_factory=dict)
    """Which kinds of value stand at each path."""
    values: dict[Path, Any] = field(default_factory=dict)
    """The values at paths that lead through no list."""
    whole: bool = True
    """Whether all of it was looked at; if not, the outer places were."""


def broken(old: Answer, new: Answer) -> list[Drift]:
    """Written as JSON and unreadable; or no JSON where the baseline gives JSON, unless a limit cut it off."""
    gone = old.is_json and not new.is_json and not new.cut_off
    return shown("json-broken", old.breaks_json, new.breaks_json or gone, "JSON broken", "valid JSON now")


def appeared(old: Answer, new: Answer) -> list[Drift]:
    """JSON where the baseline answers in plain text."""
    return [compared("json", "JSON now")] if new.is_json and not old.is_json else []


def shape(old: Answer, new: Answer) -> list[Drift]:
    """Keys missing and added, types and values changed, where both answers are JSON."""
    if not (old.is_json and new.is_json):
        return []
    if type(old.value) is not type(new.value):
        return [compared("json-types", f"{_kind(old.value)}→{_kind(new.value)}")]
    before, after = _shape(old.value), _shape(new.value)
    types, values = [], []
    for path, kinds in before.kinds.items():
        others = after.kinds.get(path)
        if others is None or not path:
            continue
        if not kinds & others and "null" not in kinds | others:
            words = f"{_told(path, 20)}: {'/'.join(sorted(kinds))}→{'/'.join(sorted(others))}"
            types.append(compared("json-types", words, (_key(path),)))
        elif path in before.values and (change := _other_value(before.values[path], after.values.get(path))):
            values.append(compared("json-values", f"{_told(path, 20)} {change}", (_key(path),)))
    return [*_keys("missing", before, after), *_keys("added", after, before), *types, *values]


def _shape(value: Any) -> _Shape:
    """Outer places first, so that what is not looked at any more lies deep inside or far down a list."""
    found = _Shape()
    waiting: deque[tuple[Path, Any]] = deque([((), value)])
    for _ in range(_PLACES):
        if not waiting:
            return found
        path, item = waiting.popleft()
        found.kinds.setdefault(path, set()).add(_kind(item))
        if _ITEMS not in path:
            found.values[path] = item
        if len(path) >= _DEEPEST:
            found.whole = False
        elif isinstance(item, dict):
            waiting.extend(((*path, key), inner) for key, inner in list(item.items())[:_PLACES])
        elif isinstance(item, list):
            waiting.extend(((*path, _ITEMS), inner) for inner in item[:_PLACES])
    found.whole = not waiting
    return found


def _keys(what: str, mine: _Shape, theirs: _Shape) -> list[Drift]:
    """The keys that only one of two has; of a whole table that is missing, its own key alone."""
    only = [
        path
        for path in mine.kinds
        if path
        and path[-1] != _ITEMS
        and path not in theirs.kinds
        and "table" in theirs.kinds.get(path[:-1], ())
        and (theirs.whole or len(path) == 1)
    ]
    if not only:
        return []
    told = safe_line(", ".join(_told(path, 40) for path in only[:_KEYS_TOLD]), 40)
    return [compared("json-keys", f"keys {what}: {told}", tuple(_key(path) for path in only[:_KEYS_TOLD]))]


def _other_value(old: Any, new: Any) -> str | None:
    """`low→high`, where both values mean something by themselves and differ, or one of them is nothing."""
    if isinstance(old, list) and isinstance(new, list):
        return _other_items(old, new)
    if isinstance(old, list | dict) or isinstance(new, list | dict):
        return None if old is not None and new is not None else f"{_shown(old)}→{_shown(new)}"
    if old == new or not (old is None or new is None or (_is_label(old) and _is_label(new))):
        return None
    if isinstance(old, str) and isinstance(new, str):
        return (
            None if old.split() == new.split() or same_in_another_form(old, new) else f"{_shown(old)}→{_shown(new)}"
        )
    return f"{_shown(old)}→{_shown(new)}"


def _other_items(old: list[Any], new: list[Any]) -> str | None:
    """Lists of single values differ by what is in them, others by how many items they have."""
    if all(map(_is_label, old)) and all(map(_is_label, new)):
        before, after = ([_shown(item) for item in side] for side in (old, new))
        return None if sorted(before) == sorted(after) else f"{_listed(before)}→{_listed(after)}"
    return f"{len(old)}→{len(new)} items" if len(old) != len(new) else None


def _listed(items: Sequence[str]) -> str:
    return safe_line(", ".join(items[:20]), 24) or "nothing"


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "null")


def _is_label(value: Any) -> bool:
    """A value that means something by itself: a number, yes or no, one word; not prose."""
    return isinstance(value, bool | int | float) or (
        isinstance(value, str) and len(value) <= 32 and len(value.split()) <= 2
    )


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return _kind(value)
    return safe_line(value if isinstance(value, str) else json.dumps(value), 16) or '""'


def _key(path: Path) -> str:
    """The innermost key, by which checks name a place."""
    return next(part for part in reversed(path) if part != _ITEMS)


def _told(path: Path, limit: int) -> str:
    return safe_line(_joined(path), limit)


def _joined(path: Iterable[str]) -> str:
    text = ""
    for part in path:
        text += part if part == _ITEMS or not text else f".{part}"
    return text
