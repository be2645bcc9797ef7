"""Folds cases that are the same, or nearly: a copy raises no figure.

Nearly the same are cases with the same roles, the same expected value and the same checks, whose texts differ in a
few characters. Cases that look alike and expect something else are no copies.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.coverage.inputs import Look
from migrator_tui.project.case_values import message_text
from migrator_tui.project.check_specs import check_to_json

FEWEST_WORDS = 6
"""Words that an input needs to be nearly the same as another."""
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Folded:
    """Which cases count, and which are copies of them."""

    kept: Sequence[Look]
    """One of each group, the first."""
    group: Sequence[int]
    """For each case, in order, which of the kept it goes with."""
    same: Sequence[tuple[str, ...]]
    near: Sequence[tuple[str, ...]]
    """Ids of cases that are alike, the kept one first."""


def fold(looks: Sequence[Look]) -> Folded:
    """Fold the cases, exact copies first."""
    first: dict[str, int] = {}
    of: list[int] = []
    for number, look in enumerate(looks):
        of.append(first.setdefault(_content(look), number))
    distinct = [number for number in range(len(looks)) if of[number] == number]
    near = _near([looks[number] for number in distinct])
    parent = {number: distinct[near[position]] for position, number in enumerate(distinct)}
    kept = [number for number in distinct if parent[number] == number]
    place = {number: position for position, number in enumerate(kept)}
    return Folded(
        [looks[number] for number in kept],
        [place[parent[of[number]]] for number in range(len(looks))],
        _groups(looks, {number: of[number] for number in range(len(looks))}),
        _groups(looks, parent),
    )


def _groups(looks: Sequence[Look], parent: dict[int, int]) -> list[tuple[str, ...]]:
    groups: dict[int, list[str]] = {}
    for number, root in parent.items():
        groups.setdefault(root, []).append(looks[number].case.id)
    return [tuple(ids) for ids in groups.values() if len(ids) > 1]


def _content(look: Look) -> str:
    """What makes a case the same as another: all that is sent, white space aside, and what is asked of it."""
    case = look.case
    said = [[m.get("role"), _plain(message_text(m)), m.get("tool_calls")] for m in case.messages]
    values = {name: _plain(v) if isinstance(v, str) else v for name, v in case.vars.items()}
    return _dumped([values, said, _asked(look)])


def _asked(look: Look) -> Any:
    return [look.case.expected, sorted(_dumped(check_to_json(check)) for check in look.case.checks)]


def _near(looks: Sequence[Look]) -> list[int]:
    """For each the number of the first that is nearly the same; its own where there is none."""
    from migrator_tui.project.importing.likeness import near_duplicates

    first = list(range(len(looks)))
    for members in near_duplicates([_whole(look) for look in looks]):
        leaders: dict[str, int] = {}
        for number in members:
            first[number] = leaders.setdefault(_form(looks[number]), number)
    return first


def _form(look: Look) -> str:
    """What must be the same for cases to be nearly the same: who speaks, which variables, what is asked of it."""
    case = look.case
    return _dumped([[message.get("role") for message in case.messages], sorted(case.vars), _asked(look)])


def _whole(look: Look) -> str:
    """All that is said in a case; empty, which is like nothing, where a few words are: one of them makes the case."""
    case = look.case
    if look.words < FEWEST_WORDS:
        return ""
    values = [v if isinstance(v, str) else _dumped(v) for name, v in case.vars.items() if name not in look.shared]
    said = [message_text(m) + (_dumped(m["tool_calls"]) if m.get("tool_calls") else "") for m in case.messages]
    return "\n".join([*values, *said])


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()


def _dumped(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
