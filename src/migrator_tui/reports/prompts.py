"""From the baseline's prompt to the candidate's: lines and parameters that differ."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrator_tui.history.records import Version

COMPARED = 40_000
"""Characters of a prompt that are compared; difflib takes its time beyond."""


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """One parameter; `None` where a side does not state it."""

    name: str
    old: str | None
    new: str | None


def line_diff(old: str, new: str, limit: int) -> tuple[list[str], int]:
    """The unified diff of two templates, raw lines without their ends, and how many of them were left out."""
    before, after = old[:COMPARED].splitlines(), new[:COMPARED].splitlines()
    lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    return lines[:limit], max(0, len(lines) - limit)


def parameter_changes(baseline: Version | None, candidate: Version | None) -> list[ParameterChange]:
    """The parameters of both versions that are not the same, in the order of their names."""
    old: Mapping[str, Any] = baseline.params if baseline else {}
    new: Mapping[str, Any] = candidate.params if candidate else {}
    return [
        ParameterChange(name, _value(old, name), _value(new, name))
        for name in sorted({*old, *new})
        if name not in old or name not in new or old[name] != new[name]
    ]


def _value(params: Mapping[str, Any], name: str) -> str | None:
    return json.dumps(params[name], ensure_ascii=False, default=str) if name in params else None
