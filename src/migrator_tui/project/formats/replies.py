"""What a model answered, as other tools record it: text, calls of tools, why it ended, and what it was asked with."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.project.formats.messages import is_message, messages_of, system_text
from migrator_tui.project.formats.parts import parsed, tool_call, tool_definition
from migrator_tui.project.formats.rows import Answer
from migrator_tui.project.recordings import LARGEST, MOST_TOKENS

_NUMBERS = (
    *("temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "frequency_penalty"),
    *("presence_penalty", "seed", "n"),
)
PARAMS = (
    *_NUMBERS,
    *("stop", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "verbosity", "logit_bias"),
)
"""Parameters of a request that a configuration can hold."""

_OTHER_NAMES = {
    "max_output_tokens": "max_tokens",
    "maxTokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "topP": "top_p",
    "topK": "top_k",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
    "stop_sequences": "stop",
    "stopSequences": "stop",
    "toolChoice": "tool_choice",
}

_REASONS = {
    "tool-calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "end_turn": "stop",
    "max_tokens": "length",
    "content-filter": "content_filter",
    "completed": "stop",
    "STOP": "stop",
    "MAX_TOKENS": "length",
}
"""Other tools' words for why an answer ended."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, and what was recorded with it."""

    text: str
    tool_calls: Sequence[Mapping[str, Any]] = ()
    finish_reason: str | None = None
    system: str = ""
    """Instructions that the answer repeats (Responses API); they stood before the conversation."""
    tools: Sequence[dict[str, Any]] = ()
    usage: Mapping[str, Any] | None = None
    model: str | None = None

    def answer(self, **figures: Any) -> Answer:
        """As a recording's row; figures that are unknown or no numbers are left out."""
        return recorded_answer(self.text, self.tool_calls, self.finish_reason, **figures)


def recorded_answer(
    text: str, tool_calls: Sequence[Mapping[str, Any]] = (), finish_reason: str | None = None, **figures: Any
) -> Answer:
    """A recording's row without its id, out of a text, calls in OpenAI's form, and figures by a recording's names."""
    row: Answer = {"output": text}
    if tool_calls:
        row["tool_calls"] = list(tool_calls)
    if finish_reason:
        row["finish_reason"] = _REASONS.get(finish_reason, finish_reason)
    for name, value in figures.items():
        number = figure(value, MOST_TOKENS if name.endswith("_tokens") else LARGEST)
        if number is not None:
            row[name] = int(number) if name.endswith("_tokens") else number
    return row


def figure(value: Any, largest: float = LARGEST) -> float | None:
    """A number from 0 on, out of a number or its text; `None` where it is none."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= largest:
        return None
    return value


def reply_of(value: Any) -> Reply | None:
    """The answer that a value holds; `None` for nothing. Text that is no other tool's form is the answer as it is."""
    found = parsed(value)
    if found is None or found in ("", []):
        return None
    if isinstance(found, Mapping):
        return _table(found, value)
    if isinstance(found, list):
        calls = [call for call in map(tool_call, found) if call is not None]
        if calls and len(calls) == len(found) and not any(map(is_message, found)):
            return Reply("", _numbered(calls), "tool_calls")
        if all(map(is_message, found)):
            return _last_of(found)
    return Reply(value if isinstance(value, str) else json.dumps(found, ensure_ascii=False))


def params_of(*sources: Any) -> dict[str, Any]:
    """The parameters that requests state, by litellm's names; what is null or no parameter is left out."""
    found: dict[str, Any] = {}
    for source in map(parsed, sources):
        if not isinstance(source, Mapping):
            continue
        for key, stated in source.items():
            name = _OTHER_NAMES.get(key, key)
            value = parsed(stated)
            if isinstance(value, Mapping) and set(value) == {"type"}:
                value = value["type"]  # the Vercel AI SDK's tool choice
            if name not in PARAMS or value in (None, "", [], {}) or (name, value) == ("tool_choice", "auto"):
                continue
            value = _number(value)
            if name not in _NUMBERS or isinstance(value, int | float):
                found.setdefault(name, value)
    return found


def tools_of(value: Any) -> list[dict[str, Any]]:
    """Tool definitions in OpenAI's form, out of a list or its JSON text."""
    value = parsed(value)
    if isinstance(value, Mapping):
        value = [{"name": name, **each} if isinstance(each, Mapping) else each for name, each in value.items()]
    if not isinstance(value, list):
        return []
    return [tool for tool in map(tool_definition, value) if tool is not None]


def _table(found: Mapping[str, Any], value: Any) -> Reply:
    choices = found.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        return _chat_completion(found, choices[0])
    if isinstance(found.get("output"), list) and (found.get("object") == "response" or "instructions" in found):
        return _response(found)
    if isinstance(found.get("content"), list) and found.get("type") == "message":
        return _with_usage(_last_of([found]), found, found.get("stop_reason"))
    if is_message(found):
        return _with_usage(_last_of([found]), found, found.get("finish_reason"))
    calls = found.get("toolCalls") or found.get("tool_calls")
    if isinstance(calls, list) and set(found) <= {"text", "content", "toolCalls", "tool_calls", "finishReason"}:
        text = found.get("text") or found.get("content") or ""
        known = [call for call in map(tool_call, calls) if call is not None]
        return Reply(text if isinstance(text, str) else "", _numbered(known), found.get("finishReason"))
    messages = found.get("messages")
    if isinstance(messages, list) and messages and all(map(is_message, messages)):
        return _last_of(messages)
    return Reply(value if isinstance(value, str) else json.dumps(found, ensure_ascii=False))


def _chat_completion(found: Mapping[str, Any], choice: Mapping[str, Any]) -> Reply:
    if isinstance(choice.get("message"), Mapping):
        reply = _last_of([choice["message"]])
    else:
        reply = Reply(choice["text"] if isinstance(choice.get("text"), str) else "")
    return _with_usage(reply, found, choice.get("finish_reason"))


def _response(found: Mapping[str, Any]) -> Reply:
    reply = _last_of(found["output"])
    incomplete = found.get("incomplete_details")
    cut = isinstance(incomplete, Mapping) and incomplete.get("reason") == "max_output_tokens"
    reason = "length" if cut else "tool_calls" if reply.tool_calls else "stop"
    reply = _with_usage(reply, found, reason)
    return Reply(
        reply.text,
        reply.tool_calls,
        reply.finish_reason,
        system_text(found.get("instructions")),
        tools_of(found.get("tools")),
        reply.usage,
        reply.model,
    )


def _with_usage(reply: Reply, found: Mapping[str, Any], reason: Any) -> Reply:
    usage = found.get("usage")
    model = found.get("model")
    return Reply(
        reply.text,
        reply.tool_calls,
        reason if isinstance(reason, str) else reply.finish_reason,
        reply.system,
        reply.tools,
        usage if isinstance(usage, Mapping) else None,
        model if isinstance(model, str) else None,
    )


def _last_of(items: Sequence[Any]) -> Reply:
    """The last message's text and calls."""
    messages = messages_of(list(items)) or []
    last = messages[-1] if messages else {}
    content = last.get("content")
    if isinstance(content, list):
        content = "\n".join(part["text"] for part in content if isinstance(part.get("text"), str))
    reason = items[-1].get("finish_reason") if items and isinstance(items[-1], Mapping) else None
    return Reply(content or "", last.get("tool_calls", ()), reason if isinstance(reason, str) else None)


def _numbered(calls: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [call if call["id"] else {**call, "id": f"call-{n}"} for n, call in enumerate(calls, 1)]


def _number(value: Any) -> Any:
    """Exporters write numbers and truth values as text now and then."""
    if isinstance(value, str):
        if value in ("true", "false"):
            return value == "true"
        try:
            number = float(value)
        except ValueError:
            return value
        if not math.isfinite(number):
            return value
        return int(number) if number.is_integer() else number
    return value
