"""Guesses a JSON Schema from examples: what all of them keep to, and no more than that."""

from collections.abc import Sequence
from typing import Any

DEEPEST = 6
MOST_KEYS = 40
"""With more, the keys are data: no object of fixed keys has so many."""
MOST_CHOICES = 8
"""A text with at most so many values is one of a few words …"""
SEEN_EACH = 3
"""… if each of them was seen so often on average."""
LONGEST_CHOICE = 40

_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}


def schema_of(values: Sequence[Any], depth: int = DEEPEST) -> dict[str, Any]:
    """A schema that every value meets: types, keys that all objects have, no other keys, words of a small choice.

    Values are as `json.loads` gives them; without any, the schema that everything meets.
    """
    if not values:
        return {}
    types = list(dict.fromkeys(_TYPES[type(value)] for value in values))
    if "number" in types and "integer" in types:
        types.remove("integer")
    schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else sorted(types)}
    if depth <= 0 or len(types) > 2 or (len(types) == 2 and "null" not in types):
        return schema
    some = [value for value in values if value is not None]
    if "object" in types:
        schema |= _keys(some, depth)
    elif "array" in types:
        items = [item for value in some for item in value]
        if items:
            schema["items"] = schema_of(items, depth - 1)
    elif types == ["string"] and (choices := _choices(some)):
        schema["enum"] = choices
    return schema


def _keys(objects: Sequence[dict[str, Any]], depth: int) -> dict[str, Any]:
    keys = list(dict.fromkeys(key for each in objects for key in each))
    required = [key for key in keys if all(key in each for each in objects)]
    if not keys or len(keys) > MOST_KEYS or (not required and len(objects) > 1):
        return {}
    return {
        "required": required,
        "properties": {key: schema_of([each[key] for each in objects if key in each], depth - 1) for key in keys},
        "additionalProperties": False,
    }


def _choices(texts: Sequence[str]) -> list[str]:
    choices = sorted(set(texts))
    few = len(choices) <= MOST_CHOICES and len(texts) >= SEEN_EACH * len(choices) and len(choices) > 1
    return choices if few and all(0 < len(text) <= LONGEST_CHOICE for text in choices) else []
