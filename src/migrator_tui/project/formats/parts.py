"""The parts of one message as other tools write them: text, calls of tools, their results, images."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

_TEXT = ("text", "input_text", "output_text", "refusal")
_THINKING = ("thinking", "redacted_thinking", "reasoning", "step-start")
"""What a model says to itself is no part of the conversation."""
_CALL = ("tool_use", "tool_call", "tool-call", "function_call", "functionCall")
_RESULT = ("tool_result", "tool_call_response", "tool-result", "function_call_output", "functionResponse")


@dataclass(frozen=True, slots=True)
class Piece:
    """One part: text, or a call, or a tool's result (its text), or something else kept as it is."""

    text: str = ""
    call: dict[str, Any] | None = None
    """In OpenAI's form; its `id` is empty where none was stated."""
    is_result: bool = False
    result_of: str | None = None
    """The id of the call that a result answers."""
    name: str | None = None
    other: dict[str, Any] | None = None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def parsed(value: Any) -> Any:
    """JSON text as its value where it holds a table or a list; anything else as it is."""
    if isinstance(value, str) and (start := value.lstrip())[:1] in ("{", "["):
        try:
            return _JSON.decode(start)
        except (ValueError, RecursionError):
            return value
    return value


def pieces_of(content: Any) -> list[Piece]:
    """The parts of a message's content."""
    if content is None:
        return []
    if isinstance(content, str):
        return [Piece(content)]
    if isinstance(content, list):
        return [piece for item in content for piece in _pieces(item)]
    return _pieces(content)


def tool_call(value: Any) -> dict[str, Any] | None:
    """One call of a tool in OpenAI's form, its arguments as JSON text; `None` where it names no tool."""
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("tool_call"), Mapping):  # OpenInference wraps each of a list
        value = value["tool_call"]
    inner = value.get("function") or value.get("functionCall")
    stated = inner if isinstance(inner, Mapping) else value
    name = stated.get("name") or stated.get("toolName")
    if not isinstance(name, str) or not name:
        return None
    keys = ("arguments", "args", "input", "parameters")
    arguments = next((stated[key] for key in keys if stated.get(key) is not None), "{}")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    identifier = value.get("id") or value.get("toolCallId") or value.get("call_id") or value.get("tool_call_id")
    return {
        "id": identifier if isinstance(identifier, str) else "",
        "type": "function",
        "function": {"name": name, "arguments": text},
    }


def tool_definition(value: Any) -> dict[str, Any] | None:
    """One tool as a model is told of it, in OpenAI's form; `None` where it has no name."""
    value = parsed(value)
    if not isinstance(value, Mapping):
        return None
    inner = value.get("function")
    stated = inner if isinstance(inner, Mapping) else value
    name = stated.get("name")
    if not isinstance(name, str) or not name:
        return None
    function: dict[str, Any] = {"name": name}
    if isinstance(stated.get("description"), str):
        function["description"] = stated["description"]
    for key in ("parameters", "inputSchema", "input_schema", "parametersJsonSchema", "parameters_json_schema"):
        schema = stated.get(key)
        if isinstance(schema, Mapping):
            nested = schema.get("jsonSchema")
            function["parameters"] = dict(nested if isinstance(nested, Mapping) else schema)
            break
    if isinstance(stated.get("strict"), bool):
        function["strict"] = stated["strict"]
    return {"type": "function", "function": function}


def _pieces(item: Any) -> list[Piece]:
    if isinstance(item, str):
        return [Piece(item)]
    if not isinstance(item, Mapping):
        return [Piece(json.dumps(item, ensure_ascii=False))]
    if isinstance(item.get("message_content"), Mapping):  # OpenInference again
        item = item["message_content"]
    kind = item.get("type")
    if kind in _THINKING or item.get("thought") is True:
        return []
    if kind in _CALL or "functionCall" in item:
        call = tool_call(item)
        return [Piece(call=call)] if call is not None else []
    if kind in _RESULT or "functionResponse" in item:
        return [_result(item)]
    if kind in _TEXT or (kind is None and isinstance(item.get("text"), str)):
        keys = ("text", "content", "refusal")
        text = next((item[key] for key in keys if isinstance(item.get(key), str)), "")
        return [Piece(text)]
    return [Piece(other=dict(item))]


def _result(item: Mapping[str, Any]) -> Piece:
    inner = item.get("functionResponse")
    stated = inner if isinstance(inner, Mapping) else item
    keys = ("response", "result", "content", "output")
    value = next((stated[key] for key in keys if stated.get(key) is not None), "")
    if isinstance(value, Mapping) and set(value) == {"type", "value"}:  # how the Vercel AI SDK wraps results
        value = value["value"]
    if isinstance(value, list) and all(isinstance(each, Mapping) and "text" in each for each in value):
        value = "\n".join(str(each["text"]) for each in value)
    ids = (item.get(key) for key in ("tool_use_id", "toolCallId", "tool_call_id", "call_id", "id"))
    name = stated.get("name") or stated.get("toolName")
    return Piece(
        text=value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
        is_result=True,
        result_of=next((each for each in ids if isinstance(each, str) and each), None),
        name=name if isinstance(name, str) else None,
    )
