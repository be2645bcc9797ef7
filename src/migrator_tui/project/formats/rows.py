"""What a reader of another tool's file makes of it: rows, and what could not be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Answer = dict[str, Any]
"""A recorded answer without its `id`, in the form of a recording's row: `output`, `tool_calls`, `latency_ms` …"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source: a case to be, and the answer that an older model gave to it where there is one."""

    place: int
    """Where it stands: the line, or its number in a file that is no list of lines; from 1."""
    case: dict[str, Any]
    """As a case file would state it; `case_from_values` has the last word on it."""
    answer: Answer | None = None
    model: str | None = None
    """Who gave the answer."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """What it was called with."""
    tools: Sequence[Mapping[str, Any]] = ()
    """Tool definitions in OpenAI's form that were sent along."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that does not come in, and why in a few words."""

    place: int
    why: str
    broken: bool = True
    """It could not be read; otherwise it was read and is of no use here: a failed call, a row without an answer."""
    fits: bool = False
    """It is as it should be, and left out all the same: a failed call, an archived row, another model's."""


Read = Row | LeftOut
"""What readers yield, in the order of the source."""
