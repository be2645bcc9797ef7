"""Digests by which the history recognises the same thing again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from migrator_tui.project.answers import ToolCall


class Judgeable(Protocol):
    """Whatever has the two parts of an answer that a person judges."""

    @property
    def text(self) -> str: ...

    @property
    def tool_calls(self) -> Sequence[ToolCall]: ...


def digest_of(value: Any) -> str:
    """32 hexadecimal digits of the value's canonical JSON; equal values give equal digests, whatever the key order.

    Lone surrogates are JSON escapes by then, so any text will do.
    """
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:32]


def version_digest(template: str, params: Mapping[str, Any]) -> str:
    """What makes two prompt versions of one task and model the same: template and parameters, nothing else."""
    return digest_of([template, dict(params)])


def exchange_digest(model: str, params: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> str:
    """What makes two questions to an assistant the same."""
    return digest_of([model, dict(params), list(messages)])


def text_digest(output: Judgeable) -> str:
    """What a verdict belongs to: the answer's text and the tools it called.

    The ids of tool calls are left out: providers make them up anew at every call.
    """
    return digest_of([output.text, [[call.name, call.arguments] for call in output.tool_calls]])
