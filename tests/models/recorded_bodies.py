"""What recorded bodies say, read from their raw bytes by rules of our own, without any client library."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Said:
    """Text and tool calls that a body holds; arguments as parsed JSON, `None` where there is no text for them."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    finish: str | None = None
    tokens: tuple[int | None, int | None] = (None, None)


def events(raw: bytes) -> Iterator[Any]:
    """The JSON of each `data:` line (WHATWG server-sent events; no recorded event spans two lines)."""
    for line in raw.decode("utf-8").splitlines():
        if line.startswith("data:") and (data := line.removeprefix("data:").strip()) != "[DONE]":
            yield json.loads(data)


def parsed(arguments: str) -> Any:
    """Arguments as a value; no text at all is no arguments."""
    return json.loads(arguments) if arguments.strip() else {}


def openai(raw: bytes) -> Said:
    """Chat completion chunks."""
    said, calls = Said(), {}
    for event in events(raw):
        if usage := event.get("usage"):
            said.tokens = usage["prompt_tokens"], usage["completion_tokens"]
        for choice in event["choices"][:1]:
            delta = choice.get("delta") or {}
            said.text += delta.get("content") or ""
            said.reasoning += delta.get("reasoning_content") or delta.get("reasoning") or ""
            said.finish = choice.get("finish_reason") or said.finish
            for part in delta.get("tool_calls") or ():
                call = calls.setdefault(part["index"], {"name": "", "arguments": ""})
                function = part.get("function") or {}
                call["name"] = call["name"] or function.get("name") or ""
                call["arguments"] += function.get("arguments") or ""
    said.calls = [(call["name"], parsed(call["arguments"])) for _, call in sorted(calls.items())]
    return said


def anthropic(raw: bytes) -> Said:
    """Messages API events; tools that the provider runs itself are no calls of ours."""
    said, blocks = Said(), {}
    for event in events(raw):
        match event["type"]:
            case "content_block_start":
                blocks[event["index"]] = {**event["content_block"], "json": ""}
            case "content_block_delta":
                delta = event["delta"]
                said.text += delta.get("text", "")
                said.reasoning += delta.get("thinking", "")
                blocks[event["index"]]["json"] += delta.get("partial_json", "")
            case "message_start":
                usage = event["message"]["usage"]
                said.tokens = total(usage), usage["output_tokens"]
            case "message_delta":
                usage = event["usage"]
                said.tokens = total(usage) if usage.get("input_tokens") else said.tokens[0], usage["output_tokens"]
                said.finish = event["delta"].get("stop_reason") or said.finish
    said.calls = [(b["name"], parsed(b["json"])) for _, b in sorted(blocks.items()) if b["type"] == "tool_use"]
    return said


def total(usage: dict[str, Any]) -> int:
    """Anthropic counts cached input apart."""
    return sum(usage.get(f"{kind}input_tokens") or 0 for kind in ("", "cache_creation_", "cache_read_"))


def gemini(raw: bytes) -> Said:
    """`streamGenerateContent` with `alt=sse`."""
    said = Said()
    for event in events(raw):
        if usage := event.get("usageMetadata"):
            made = usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)
            said.tokens = usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0), made
        for candidate in event.get("candidates", [])[:1]:
            said.finish = candidate.get("finishReason") or said.finish
            for part in candidate.get("content", {}).get("parts", []):
                if part.get("thought"):
                    said.reasoning += part.get("text", "")
                else:
                    said.text += part.get("text", "")
                if call := part.get("functionCall"):
                    said.calls.append((call["name"], call.get("args") or {}))
    return said


READERS = {
    "anthropic": anthropic,
    "gemini": gemini,
    "openai_chat": openai,
    "deepseek": openai,
    "groq": openai,
    "mistral": openai,
    "openrouter": openai,
}
PREFIXES = {"openai_chat": "openai", "openai_responses": "openai/responses", "vertex": "vertex_ai"}
"""Folder to litellm's provider, where they differ."""


def folders(kind: Path) -> list[Path]:
    """Every recording below `streams` or `errors`; empty where there are none on this machine."""
    return sorted(meta.parent for meta in kind.glob("*/*/meta.json"))
