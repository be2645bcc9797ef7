"""Drift in how numbers, dates and times are written, their values being the same."""

from collections.abc import Iterator

from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import Drift, compared
from migrator_tui.parity.drift.forms import Written, other_forms
from migrator_tui.text_safety import safe_line

_TEXTS = 200
"""Values of JSON that are compared."""


def forms(old: Answer, new: Answer) -> list[Drift]:
    """Dates and times, then numbers and amounts, each told by its first example; of JSON, value by value."""
    examples: dict[str, tuple[Written, Written]] = {}
    keys: dict[str, list[str]] = {}
    for key, before, after in _texts(old, new):
        for pair in other_forms(before, after):
            name = "date-format" if pair[0].kind in ("date", "time") else "number-format"
            examples.setdefault(name, pair)
            if key is not None and key not in keys.setdefault(name, []):
                keys[name].append(key)
    return [
        compared(name, f"{pair[0].kind} {_shown(pair[0])}→{_shown(pair[1])}", tuple(keys.get(name, ())))
        for name, pair in sorted(examples.items())
    ]


def _shown(one: Written) -> str:
    return safe_line(one.text.rstrip(",. "), 24)


def _texts(old: Answer, new: Answer) -> Iterator[tuple[str | None, str, str]]:
    """The texts that belong together, with their key in JSON."""
    if not (old.is_json and new.is_json):
        yield None, old.prose, new.prose
        return
    waiting = [("", old.value, new.value)]
    for _ in range(_TEXTS):
        if not waiting:
            return
        key, before, after = waiting.pop()
        if isinstance(before, dict) and isinstance(after, dict):
            waiting.extend((name, before[name], after[name]) for name in list(before)[:_TEXTS] if name in after)
        elif isinstance(before, list) and isinstance(after, list):
            waiting.extend((key, *both) for both in zip(before[:_TEXTS], after[:_TEXTS], strict=False))
        elif isinstance(before, str) and isinstance(after, str):
            yield key or None, before, after
