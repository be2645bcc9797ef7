"""Attributes of spans as plain tables: OTLP's typed values, flat and nested names, names with numbers in them."""

import re
from collections.abc import Mapping
from typing import Any

from migrator_tui.project.formats.parts import parsed

Table = Mapping[str, Any]

_NUMBER = re.compile(r"[0-9]{1,6}")
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def attributes_of(value: Any) -> dict[str, Any]:
    """Attributes as a table: OTLP's list of keys with typed values, or a table, flat or nested."""
    value = parsed(value)
    if isinstance(value, list):
        found = {}
        for item in value:
            if isinstance(item, Mapping) and isinstance(item.get("key"), str):
                found[item["key"]] = _any_value(item.get("value"))
        return found
    return _flat(value, "") if isinstance(value, Mapping) else {}


def _flat(value: Table, before: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        path = f"{before}{key}"
        if isinstance(item, Mapping) and path.count(".") < 8:
            found |= _flat(item, f"{path}.")
        else:
            found[path] = item
    return found


def _any_value(value: Any) -> Any:
    """OTLP's AnyValue as a plain one."""
    if not isinstance(value, Mapping):
        return value
    for key, item in value.items():
        if key == "arrayValue":
            values = item.get("values") if isinstance(item, Mapping) else None
            return [_any_value(each) for each in values or ()]
        if key == "kvlistValue":
            values = item.get("values") if isinstance(item, Mapping) else None
            return {str(each.get("key")): _any_value(each.get("value")) for each in values or ()}
        if key == "intValue":
            return int(item) if _INTEGER.fullmatch(str(item)) else None
        if key in ("stringValue", "boolValue", "doubleValue", "bytesValue"):
            return item
    return None


def numbered(attributes: Table, before: str) -> list[Any]:
    """`llm.input_messages.0.message.role` and its like, as a list of messages; a list already, as it is."""
    whole = parsed(attributes.get(before))
    if isinstance(whole, list):
        return whole
    root: dict[str, Any] = {}
    for key, value in attributes.items():
        if key.startswith(f"{before}."):
            _put(root, key.removeprefix(f"{before}.").split("."), value)
    found = listed_by_number(root)
    return found if isinstance(found, list) else []


def listed_by_number(value: Any) -> Any:
    """Tables whose keys are numbers as lists."""
    if not isinstance(value, dict):
        return value
    if value and all(map(_NUMBER.fullmatch, value)):
        return [listed_by_number(value[key]) for key in sorted(value, key=int)]
    return {key: listed_by_number(item) for key, item in value.items()}


def _put(root: dict[str, Any], parts: list[str], value: Any) -> None:
    place = root
    for part in parts[:-1]:
        inner = place.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        place = inner
    place[parts[-1]] = value
