"""Conversations as other tools write them, as chat messages in OpenAI's form.

Understood: OpenAI's chat and Responses forms, Anthropic's blocks, Gemini's contents, OpenTelemetry's parts and
events, LangChain's messages (plain and serialised), the Vercel AI SDK's parts, and any of them as JSON text.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from migrator_tui.project.case_values import ROLES
from migrator_tui.project.formats.parts import Piece, parsed, pieces_of, tool_call
from migrator_tui.project.schema import Message

_ROLES = {
    **{role: role for role in ROLES},
    "human": "user",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "HumanMessage": "user",
    "HumanMessageChunk": "user",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "FunctionMessage": "function",
}
"""Other tools' words for who speaks."""

_INPUT_KEYS = ("messages", "contents", "input", "prompt", "history", "turns")
"""Where a request keeps its conversation."""

DEEPEST = 8
"""How deep a conversation may be wrapped in other values."""


def messages_of(value: Any, depth: int = 0) -> list[Message] | None:
    """The conversation that a value holds, or `None` where it holds none. A bare text is one user message."""
    value = parsed(value)
    if isinstance(value, str):
        return [{"role": "user", "content": value}] if value.strip() else None
    if depth > DEEPEST:
        return None
    if isinstance(value, Mapping):
        return messages_of([value], depth + 1) if is_message(value) else _requested(value, depth + 1)
    if not isinstance(value, Sequence) or not value:
        return None
    if len(value) == 1 and isinstance(value[0], list):
        return messages_of(value[0], depth + 1)  # LangChain keeps a list for each prompt
    conversation = Conversation()
    for item in value:
        if not conversation.add(item):
            return None
    return conversation.messages()


def _requested(value: Mapping[str, Any], depth: int) -> list[Message] | None:
    key = next((key for key in _INPUT_KEYS if value.get(key)), None)
    found = messages_of(value[key], depth) if key is not None else None
    system = value.get("system") or value.get("instructions") or value.get("systemInstruction")
    return with_system(found, system_text(system)) if found else None


def is_message(value: Any) -> bool:
    """Whether a value looks like one message, of whatever tool."""
    if not isinstance(value, Mapping):
        return False
    if isinstance(value.get("role"), str) or isinstance(value.get("message"), Mapping):
        return True
    kind = value.get("type")
    if value.get("lc") == 1 or (isinstance(kind, str) and kind in ("function_call", "function_call_output")):
        return True
    return kind in ("human", "ai", "system", "tool") and ("content" in value or "data" in value)


def system_text(value: Any) -> str:
    """The text of instructions that stand apart from the conversation; empty where there are none."""
    value = parsed(value)
    if value is None:
        return ""
    if isinstance(value, Mapping) and "text" not in value:
        value = value.get("parts") or value.get("content")
    return "\n".join(piece.text for piece in pieces_of(value) if piece.text)


def with_system(messages: list[Message], system: str) -> list[Message]:
    """The conversation with those instructions before it, unless it begins with some."""
    if not system or (messages and messages[0].get("role") in ("system", "developer")):
        return messages
    return [{"role": "system", "content": system}, *messages]


class Conversation:
    """Messages gathered one by one; calls and their results find each other at the end."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._calls = 0

    def add(self, item: Any) -> bool:
        """Take one message of whatever tool; false where it is none."""
        if isinstance(item, str):
            item = {"role": "user", "content": item}
        if not isinstance(item, Mapping):
            return False
        item = _unwrapped(item)
        kind = item.get("type")
        if kind == "function_call":
            self._call(item)
        elif kind == "function_call_output":
            self._result(item.get("output"), item.get("call_id"), None)
        elif kind != "reasoning":
            role = item.get("role") or kind
            if not isinstance(role, str):
                return False
            self._message(_ROLES.get(role, role), item)
        return True

    def messages(self) -> list[Message]:
        """What was gathered, results of tools joined with the calls they answer."""
        waiting: list[tuple[str, str]] = []
        found = []
        for message in self._messages:
            waiting += [(call["id"], call["function"]["name"]) for call in message.get("tool_calls", ())]
            found.append(_joined(message, waiting))
        return found

    def _message(self, role: str, item: Mapping[str, Any]) -> None:
        content = next((item[key] for key in ("parts", "contents", "content") if item.get(key) is not None), None)
        pieces = pieces_of(content)
        results = [piece for piece in pieces if piece.result_of is not None or piece.is_result]
        for piece in results:
            self._result(piece.text, piece.result_of, piece.name)
        rest = [piece for piece in pieces if piece not in results]
        calls = [self._numbered(piece.call) for piece in rest if piece.call is not None]
        stated = parsed(item.get("tool_calls") or _further(item).get("tool_calls"))
        stated = stated if isinstance(stated, list) else []
        calls += [self._numbered(call) for call in map(tool_call, stated) if call is not None]
        said = _content([piece for piece in rest if piece.call is None])
        if results and not said and not calls:
            return
        message: Message = {"role": role, "content": said}
        if calls:
            message["tool_calls"] = calls
            message["content"] = said or None
        for key in ("tool_call_id", "name"):
            if isinstance(item.get(key), str) and role in ("tool", "function"):
                message[key] = item[key]
        self._messages.append(message)

    def _call(self, item: Mapping[str, Any]) -> None:
        call = tool_call({**item, "id": item.get("call_id") or item.get("id")})
        if call is None:
            return
        call = self._numbered(call)
        last = self._messages[-1] if self._messages else None
        if last is not None and last["role"] == "assistant":
            last.setdefault("tool_calls", []).append(call)
        else:
            self._messages.append({"role": "assistant", "content": None, "tool_calls": [call]})

    def _result(self, output: Any, call_id: Any, name: str | None) -> None:
        message: Message = {"role": "tool", "content": _text(output)}
        if isinstance(call_id, str):
            message["tool_call_id"] = call_id
        if name:
            message["name"] = name
        self._messages.append(message)

    def _numbered(self, call: dict[str, Any]) -> dict[str, Any]:
        self._calls += 1
        return call if call["id"] else {**call, "id": f"call-{self._calls}"}


def _unwrapped(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message out of a choice, or out of one of LangChain's two wrappings."""
    if isinstance(item.get("message"), Mapping):
        item = item["message"]
    if item.get("lc") == 1 and isinstance(item.get("kwargs"), Mapping):
        names = item.get("id")
        name = names[-1] if isinstance(names, list) and names else ""
        return {"role": name, **item["kwargs"], "type": None}
    if isinstance(item.get("data"), Mapping) and isinstance(item.get("type"), str):
        return {"role": item["type"], **item["data"], "type": None}
    return item


def _joined(message: Message, waiting: list[tuple[str, str]]) -> Message:
    """A tool's result with the id of the call it answers, which then waits no longer."""
    role, named = message["role"], message.get("name")
    if role not in ROLES and any(name == role for _, name in waiting):
        # LangChain's exporter gives a result the tool's name for a role.
        role, named = "tool", role
    if role != "tool":
        return message
    stated = message.get("tool_call_id")
    match = next((call for call in waiting if call[0] == stated), None)
    if match is None and stated is None:
        match = next((call for call in waiting if call[1] == named), waiting[0] if waiting else None)
    joined = {"role": role, "content": message["content"], "tool_call_id": stated or named or "call-1"}
    if match is not None:
        waiting.remove(match)
        joined["tool_call_id"] = match[0]
    return joined


def _further(item: Mapping[str, Any]) -> Mapping[str, Any]:
    more = item.get("additional_kwargs")
    return more if isinstance(more, Mapping) else {}


def _content(pieces: Sequence[Piece]) -> Any:
    """Text where there is only text; else a list of parts."""
    if all(piece.other is None for piece in pieces):
        return "\n".join(piece.text for piece in pieces if piece.text is not None)
    return [piece.other or {"type": "text", "text": piece.text} for piece in pieces]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    pieces = pieces_of(value) if isinstance(value, list) else []
    if pieces and all(piece.other is None and piece.call is None for piece in pieces):
        return "\n".join(piece.text for piece in pieces)
    return json.dumps(value, ensure_ascii=False)
