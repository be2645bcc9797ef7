"""Drift in tool calls. Calls of one answer are made side by side, so their order is of no account."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import Drift, compared
from migrator_tui.text_safety import safe_line


def calls(old: Answer, new: Answer) -> list[Drift]:
    """A tool instead of text or the reverse, other tools, more or fewer of them, other arguments."""
    if old.calls == new.calls:
        return []
    before, after = [name for name, _ in old.calls], [name for name, _ in new.calls]
    if Counter(before) == Counter(after):
        return _arguments(old.calls, new.calls)
    return [compared("tool-choice", _choice(before, after))]


def _choice(before: Sequence[str], after: Sequence[str]) -> str:
    if not after:
        return "no tool call"
    if not before:
        return f"calls {safe_line(after[0], 24)}"
    if set(before) == set(after):
        return f"{len(after)} tool calls, not {len(before)}"
    gone = next((name for name in before if name not in after), None)
    come = next((name for name in after if name not in before), None)
    if gone is not None and come is not None:
        return f"{safe_line(gone, 20)}→{safe_line(come, 20)}"
    return f"calls {safe_line(come, 24)} too" if come is not None else f"no call of {safe_line(gone or '', 24)}"


def _arguments(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> list[Drift]:
    """Arguments are compared as JSON; calls of equal name and arguments pair off first."""
    left = [(name, _loaded(arguments)) for name, arguments in new]
    open_: list[tuple[str, Any]] = []
    for name, arguments in old:
        call = (name, _loaded(arguments))
        if call in left:
            left.remove(call)
        else:
            open_.append(call)
    if not open_:
        return []
    name, before = open_[0]
    after = next(arguments for other, arguments in left if other == name)
    keys: tuple[str, ...] = ()
    if isinstance(before, dict) and isinstance(after, dict):
        keys = tuple(key for key in {**before, **after} if before.get(key) != after.get(key))[:20]
    return [compared("tool-arguments", f"arguments of {safe_line(name, 24)}", keys)]


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
