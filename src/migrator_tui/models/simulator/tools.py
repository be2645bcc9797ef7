"""When a simulated model calls a tool: by the words that a tool's name and description share with the message."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.models.simulator.reading import read_ticket
from migrator_tui.models.simulator.text import fold, share_of

_WORD = re.compile(r"[a-z]{4,}")
_COMMON = frozenset({"this", "that", "with", "from", "into", "what", "which", "your", "have", "order", "orders"})
_ENOUGH = 2
"""Points from which a tool is called: a word of the name counts two, one of the description one."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool call; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


def choose_tool(
    tools: Sequence[Any], choice: Any, ticket: str, messages: Sequence[Mapping[str, Any]]
) -> ToolUse | None:
    """The call to make, if any. After a tool's result the model answers in words."""
    if choice == "none" or (messages and messages[-1].get("role") == "tool"):
        return None
    functions = [t["function"] for t in tools if isinstance(t, Mapping) and isinstance(t.get("function"), Mapping)]
    if not functions:
        return None
    forced = choice.get("function", {}).get("name") if isinstance(choice, Mapping) else None
    if forced:
        functions = [f for f in functions if f.get("name") == forced] or functions
    best = max(functions, key=lambda function: _score(function, ticket))
    if not forced and choice != "required" and _score(best, ticket) < _ENOUGH:
        return None
    name = str(best.get("name", ""))
    arguments = json.dumps(_arguments(best.get("parameters") or {}, ticket), ensure_ascii=False)
    return ToolUse(f"call_{int(share_of(name, ticket) * 16**12):012x}", name, arguments)


def _score(function: Mapping[str, Any], ticket: str) -> int:
    said = {word[:5] for word in _WORD.findall(fold(ticket))}
    name = {word[:5] for word in _WORD.findall(fold(str(function.get("name", ""))))}
    told = {word[:5] for word in _WORD.findall(fold(str(function.get("description", "")))) if word not in _COMMON}
    return 2 * len(said & name) + len(said & (told - name))


def _arguments(schema: Mapping[str, Any], ticket: str) -> dict[str, Any]:
    """Values for the required parameters, and for others that the message names."""
    required = schema.get("required") or list(schema.get("properties") or {})
    return {
        name: _argument(name, entry if isinstance(entry, Mapping) else {}, ticket)
        for name, entry in (schema.get("properties") or {}).items()
        if name in required
    }


def _argument(name: str, schema: Mapping[str, Any], ticket: str) -> Any:
    reading = read_ticket(ticket)
    if schema.get("enum"):
        values = list(schema["enum"])
        return next((v for v in values if fold(str(v)) in fold(ticket)), values[0])
    kind = schema.get("type", "string")
    if kind == "boolean":
        return True
    if kind in {"number", "integer"}:
        found = re.search(r"\d+", reading.amount or ticket)
        return int(found[0]) if found else 1
    if kind == "array":
        return []
    if kind == "object":
        return {}
    if re.search(r"order|id$|number|reference", name) and reading.order:
        return reading.order
    mail = re.search(r"[\w.+-]+@[\w-]+\.[\w.]+", ticket)
    return mail[0] if "mail" in name and mail else reading.opening
