"""Corrects proposed edits by the exact error that came back: those it names are moved or left out, others cut."""

import re
from collections.abc import Sequence
from typing import Any

_NAMED = re.compile(r"\bedits? (\d{1,3})(?:(?:,| and) (\d{1,3}))*")
_ANCHOR = re.compile(r"anchor|overlap|frozen")
_SIZES = re.compile(r"from ([\d,]{1,12}) to ([\d,]{1,12}) characters; at most (\d{1,4})% or (\d{1,6}) characters")
_CHANGED = re.compile(r"would be removed or replaced")
_COUNT = re.compile(r"(\d{1,3}) edits?, at most (\d{1,3})")


def mended(edits: Sequence[dict[str, Any]], error: str) -> list[dict[str, Any]]:
    """The edits after one more message about what is wrong with them."""
    numbers = {int(number) - 1 for named in _NAMED.finditer(error) for number in re.findall(r"\d+", named.group())}
    found: list[dict[str, Any]] = []
    for number, edit in enumerate(edits):
        if number not in numbers or _COUNT.search(error):
            found.append(edit)
        elif _ANCHOR.search(error) and edit["op"] == "insert_after" and edit["text"].startswith("\n"):
            # A sentence of its own can stand at the end as well; the end of a line can't.
            moved = {key: value for key, value in edit.items() if key != "anchor"}
            found.append({**moved, "op": "append", "text": edit["text"].lstrip("\n-*• ")})
    if count := _COUNT.search(error):
        found = found[: int(count[2])]
    if _CHANGED.search(error):
        found = found[: len(found) // 2]
    if sizes := _SIZES.search(error):
        old, new = (int(part.replace(",", "")) for part in sizes.groups()[:2])
        over = new - old - max(old * int(sizes[3]) // 100, int(sizes[4]))
        while found and over > 0:
            over -= len(found.pop()["text"])
    return found
