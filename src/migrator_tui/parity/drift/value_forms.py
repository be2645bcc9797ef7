"""Drift in how numbers, dates and times are written, their values being the same."""

from collections.abc import Iterator
from typing import Any

from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import Drift, compared
from migrator_tui.parity.drift.forms import Written, other_forms
from migrator_tui.text_safety import safe_line

_TEXTS = 200
"""Values of JSON that are compared."""


def forms(old: Answer, new: Answer) -> list[Drift]:
    """Dates and times, then numbers and amounts, each told by its first example; keys only where both have them."""
    examples: dict[str, tuple[Written, Written]] = {}
    for pair in other_forms(old.prose, new.prose):
        examples.setdefault(_name(pair), pair)
    if not examples:
        return []
    keys: dict[str, list[str]] = {name: [] for name in examples}
    if old.is_json and new.is_json:
        for key, before, after in _shared_texts(old.value, new.value):
            for name in {_name(pair) for pair in other_forms(before, after)} & keys.keys():
                keys[name].append(key)
    return [
        compared(name, f"{pair[0].kind} {_shown(pair[0])}→{_shown(pair[1])}", tuple(dict.fromkeys(keys[name])))
        for name, pair in sorted(examples.items())
    ]


def _name(pair: tuple[Written, Written]) -> str:
    return "date-format" if pair[0].kind in ("date", "time") else "number-format"


def _shown(one: Written) -> str:
    return safe_line(one.text.rstrip(",. "), 24)


def _shared_texts(old: Any, new: Any) -> Iterator[tuple[str, str, str]]:
    """The texts that stand at the same place of both, with their key."""
    waiting = [("", old, new)]
    for _ in range(_TEXTS):
        if not waiting:
            return
        key, before, after = waiting.pop()
        if isinstance(before, dict) and isinstance(after, dict):
            waiting.extend((name, before[name], after[name]) for name in list(before)[:_TEXTS] if name in after)
        elif isinstance(before, list) and isinstance(after, list):
            waiting.extend((key, *both) for both in zip(before[:_TEXTS], after[:_TEXTS], strict=False))
        elif key and isinstance(before, str) and isinstance(after, str):
            yield key, before, after
