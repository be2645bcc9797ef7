"""What a look before the first run can find, as plain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from migrator_tui.project.words import one_line


class Severity(StrEnum):
    """How much a finding stands in the way."""

    BLOCKER = "blocker"
    """Calls will fail, or the work cannot be done."""
    WARNING = "warning"
    """Calls are made, and something comes out otherwise than wanted."""
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one parameter that mends a finding."""

    name: str
    value: Any = None
    """The value to give it; `None` leaves the parameter out."""

    @property
    def words(self) -> str:
        """`leave out stop`, `max_tokens = 25000`."""
        if self.value is None:
            return f"leave out {one_line(self.name, 40)}"
        return f"{one_line(self.name, 40)} = {shown(self.value)}"

    def applied(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters after it, in their order."""
        if self.value is None:
            return {name: value for name, value in params.items() if name != self.name}
        return {**params, self.name: self.value}

    def is_in(self, params: Mapping[str, Any]) -> bool:
        """Whether the parameters already say so."""
        return self.applied(params) == dict(params)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know before money is spent."""

    severity: Severity
    model: str
    """`baseline`, a candidate's name, or `assistant`, `judge`, `embeddings`."""
    task: str | None
    """`None`: it is about the model on every task."""
    subject: str
    """A parameter's name, or a word of the table in the README: `prefill`, `key`, `retirement` …"""
    what: str
    do: str = ""
    """What to do about it; empty where nothing is to be done."""
    change: Change | None = None
    line: int | None = None
    """Of the prompt, where it is about a line of it."""
    seen_by: str = ""
    """Who says so, with its version, where it is the client library and not the price map or this program."""


def shown(value: Any, limit: int = 40) -> str:
    """A parameter's value in a line of text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False, default=str)
    return one_line(text, limit)
