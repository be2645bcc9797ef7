"""What program and worker say to each other: one JSON object a line, over the worker's stdin and stdout.

To the worker: `{"do": "call", "call": 7, "attempt": 1, "request": {…}}` and `{"do": "cancel", "call": 7}`.
From it: `{"ready": {…}}` once, then `{"call": 7, "event": "TextDelta", …}` until `Finished` or `Failed`.
Also to it: `{"do": "dry-run", "call": 8, "sets": [{…}]}`, then `{"call": 8, "event": "DryRun", "runs": [{…}]}`.
Calls are numbered by the pool, so that a late line of an abandoned attempt is told from the next one's.

Lines are pure ASCII: lone surrogates and NUL, which models do send, cross as JSON escapes. A line may be
megabytes, so readers use `lines`, not `StreamReader.readline`, which gives up at a limit.
"""

import json
from asyncio import StreamReader
from collections.abc import AsyncIterator, Mapping
from typing import Any

from migrator_tui.models.requests import (
    Answer,
    CallError,
    ErrorKind,
    Event,
    Failed,
    Finished,
    ModelRequest,
    ReasoningDelta,
    Retrying,
    Sent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
)

DRY_RUN = "DryRun"
"""The event that answers a dry run; `models.dry_run` has its values."""

_CHUNK = 1 << 18
"""Bytes asked of a pipe at a time."""

_FLAT: dict[str, type[TextDelta] | type[ReasoningDelta] | type[ToolCallDelta] | type[Sent]] = {
    "TextDelta": TextDelta,
    "ReasoningDelta": ReasoningDelta,
    "ToolCallDelta": ToolCallDelta,
    "Sent": Sent,
}


def encode(message: Mapping[str, Any]) -> bytes:
    """One line, newline included; `TypeError` if something in it is no JSON."""
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


async def lines(reader: StreamReader) -> AsyncIterator[bytes]:
    """The lines of a pipe, however long, without their newline, until it closes; half a line is dropped."""
    parts: list[bytes] = []
    while chunk := await reader.read(_CHUNK):
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            parts.append(line)
            yield b"".join(parts)
            parts.clear()
        if rest:
            parts.append(rest)


def request_to_json(request: ModelRequest) -> dict[str, Any]:
    """Every field of the request under its own name."""
    return {
        "id": request.id,
        "model": request.model,
        "messages": list(request.messages),
        "params": dict(request.params),
        "tools": list(request.tools),
        "response_format": request.response_format,
        "stream": request.stream,
        "api_base": request.api_base,
        "api_key_env": request.api_key_env,
        "timeout": request.timeout,
        "limits_key": request.limits_key,
        "concurrency": request.concurrency,
        "requests_per_minute": request.requests_per_minute,
        "case_id": request.case_id,
        "texts": list(request.texts),
    }


def request_from_json(data: Mapping[str, Any]) -> ModelRequest:
    """Inverse of `request_to_json`."""
    return ModelRequest(**{**data, "texts": tuple(data.get("texts", ()))})


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """Every field of the answer under its own name."""
    return {
        "text": answer.text,
        "reasoning": answer.reasoning,
        "tool_calls": [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in answer.tool_calls],
        "finish_reason": answer.finish_reason,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "reasoning_tokens": answer.reasoning_tokens,
        "first_token_ms": answer.first_token_ms,
        "latency_ms": answer.latency_ms,
        "cost": answer.cost,
        "passed": answer.passed,
        "vectors": [list(vector) for vector in answer.vectors],
    }


def answer_from_json(data: Mapping[str, Any]) -> Answer:
    """Inverse of `answer_to_json`."""
    calls = tuple(ToolCall(**call) for call in data["tool_calls"])
    return Answer(**{**data, "tool_calls": calls, "vectors": tuple(data.get("vectors", ()))})


def error_to_json(error: CallError) -> dict[str, Any]:
    """Every field of the error under its own name."""
    return {
        "kind": error.kind.value,
        "message": error.message,
        "status": error.status,
        "attempts": error.attempts,
        "retry_after": error.retry_after,
        "partial_text": error.partial_text,
    }


def error_from_json(data: Mapping[str, Any]) -> CallError:
    """Inverse of `error_to_json`."""
    return CallError(**{**data, "kind": ErrorKind(data["kind"])})


def event_to_json(event: Event) -> dict[str, Any]:
    """The event with its class's name under `event`; its `id` is left to the line it travels in."""
    match event:
        case TextDelta(text=text):
            return {"event": "TextDelta", "text": text}
        case ReasoningDelta(text=text):
            return {"event": "ReasoningDelta", "text": text}
        case ToolCallDelta(index=index, name=name, arguments=arguments):
            return {"event": "ToolCallDelta", "index": index, "name": name, "arguments": arguments}
        case Sent(attempt=attempt):
            return {"event": "Sent", "attempt": attempt}
        case Retrying(attempt=attempt, wait=wait, error=error):
            return {"event": "Retrying", "attempt": attempt, "wait": wait, "error": error_to_json(error)}
        case Finished(answer=answer):
            return {"event": "Finished", "answer": answer_to_json(answer)}
        case Failed(error=error):
            return {"event": "Failed", "error": error_to_json(error)}


def event_from_json(data: Mapping[str, Any], request_id: str) -> Event:
    """Inverse of `event_to_json`, for the call of that id; `KeyError` for a name that is no event's."""
    name = data["event"]
    fields = {key: value for key, value in data.items() if key not in ("event", "call")}
    if name == "Finished":
        return Finished(request_id, answer_from_json(fields["answer"]))
    if name == "Failed":
        return Failed(request_id, error_from_json(fields["error"]))
    if name == "Retrying":
        return Retrying(request_id, fields["attempt"], fields["wait"], error_from_json(fields["error"]))
    return _FLAT[name](id=request_id, **fields)
