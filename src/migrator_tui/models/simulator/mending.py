"""Corrects proposed edits by the exact error that came back: the edit it names is moved, shortened or left out."""

import re
from collections.abc import Sequence
from typing import Any

_EDIT = re.compile(r"\bedits? (\d{1,3})(?: and (\d{1,3}))?")
_ANCHOR = re.compile(r"anchor|overlap|frozen|nowhere|occurs")
_SIZE = re.compile(r"\bgrow|removed or replaced|at most \d+ ?%|max_growth|max_change")
_COUNT = re.compile(r"(\d{1,3}) edits?, at most (\d{1,3})")


def mended(edits: Sequence[dict[str, Any]], error: str) -> list[dict[str, Any]]:
    """The edits after one more message about what is wrong with them."""
    if count := _COUNT.search(error):
        return list(edits[: int(count[2])])
    if _SIZE.search(error):
        return list(edits[:-1])
    numbers = {int(number) - 1 for match in _EDIT.finditer(error) for number in match.groups() if number}
    if not numbers:
        return list(edits)
    found = []
    for number, edit in enumerate(edits):
        if number not in numbers:
            found.append(edit)
        elif _ANCHOR.search(error) and edit.get("op") == "insert_after":
            found.append({**_without(edit, "anchor"), "op": "append", "text": edit["text"].lstrip("\n-*• ,")})
    return found


def _without(edit: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in edit.items() if key != name}
