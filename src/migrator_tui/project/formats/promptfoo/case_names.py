"""What a test of promptfoo's is called here, and the tags by which its results can be looked at."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from migrator_tui.project.formats.promptfoo.values import name_from

_MAX_TAG = 60
_CLASSES = ("label", "category")
"""Variables whose values are classes of cases: they become tags, so that results can be seen by class."""


def id_of(description: str, values: Mapping[str, Any]) -> str:
    """What the test is called, else a name made of its variables: a changed assertion leaves it its name."""
    if name := name_from(description, 120):
        return name
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return "case-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]


def with_own_ids(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases, those whose id an earlier one has with `-2`, `-3` … behind it."""
    seen: dict[str, int] = {}
    taken = {case["id"] for case in cases}
    for case in cases:
        own = case["id"]
        seen[own] = number = seen.get(own, 0) + 1
        while number > 1 and f"{own}-{number}" in taken:
            seen[own] = number = number + 1
        if number > 1:
            case["id"] = f"{own}-{number}"
            taken.add(case["id"])
    return cases


def tags_of(metadata: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """The tags of a case: what its metadata say, and the class that a variable names."""
    tags: list[str] = []
    for key, value in metadata.items():
        if key == "conversationId":
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, bool) or not isinstance(item, str | int | float) or len(str(item)) > _MAX_TAG:
                continue
            if text := name_from(str(item)):
                tags.append(text if key == "tags" else f"{name_from(str(key), 30)}={text}")
    for name in _CLASSES:
        value = values.get(name)
        if isinstance(value, str) and value.strip() and len(value) <= _MAX_TAG:
            tags.append(name_from(value))
    return list(dict.fromkeys(tags))
