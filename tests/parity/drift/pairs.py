"""Two answers and what is found about them, in few words."""

from collections.abc import Sequence
from typing import Any

from migrator_tui.models.requests import ToolCall
from migrator_tui.parity.drift import Drift, detect
from migrator_tui.parity.drift.base import CATCH_ALL
from tests.parity.builders import output

Calls = Sequence[tuple[str, str]]


def find(old: str, new: str, *, old_calls: Calls = (), new_calls: Calls = (), **fields: Any) -> list[Drift]:
    """All that is found; `fields` are of the candidate's output, with `old_` before them of the baseline's."""
    before = {name.removeprefix("old_"): value for name, value in fields.items() if name.startswith("old_")}
    after = {name: value for name, value in fields.items() if not name.startswith("old_")}
    return detect(
        output(1, old, baseline=True, tool_calls=_calls(old_calls), **before),
        output(2, new, tool_calls=_calls(new_calls), **after),
    )


def differing(old: str, new: str, **fields: Any) -> list[str]:
    """The words of what exactly one side shows."""
    return [drift.words for drift in find(old, new, **fields) if drift.differs]


def names(old: str, new: str, **fields: Any) -> dict[str, str]:
    """The names with the side: `+` the candidate alone, `-` the baseline alone, `=` both."""
    signs = {(False, True): "+", (True, False): "-", (True, True): "="}
    return {drift.name: signs[drift.baseline, drift.candidate] for drift in find(old, new, **fields)}


def named(old: str, new: str, **fields: Any) -> dict[str, str]:
    """`names` without what is left over where nothing has a name."""
    return {name: sign for name, sign in names(old, new, **fields).items() if name not in CATCH_ALL}


def _calls(calls: Calls) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(str(no), name, arguments) for no, (name, arguments) in enumerate(calls))
