"""Folds cases that are the same, or nearly: a copy raises no figure.

Nearly the same are cases with the same roles, the same expected value and the same checks, whose texts differ in a
few characters. Cases that look alike and expect something else are no copies.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.coverage.inputs import Look, stems_of
from migrator_tui.project.case_values import message_text
from migrator_tui.project.check_specs import check_to_json

ALIKE = 92
"""Likeness, 0 to 100, from which on texts are nearly the same."""
LONGEST_COMPARED = 4_000
"""Characters of a conversation that are compared."""
MOST_COMPARED = 400
"""Cases of one group that are compared with each other; in a larger one, each with the next so many."""
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
    from rapidfuzz import fuzz

    texts = [_whole(look) for look in looks]
    root = list(range(len(looks)))
    for bucket in _buckets(looks, texts):
        for position, number in enumerate(bucket):
            if root[number] != number:
                continue
            for other in bucket[position + 1 : position + 1 + MOST_COMPARED]:
                if root[other] == other and other != number:
                    shorter, longer = sorted((len(texts[number]), len(texts[other])))
                    if shorter * 100 >= longer * 85 and fuzz.ratio(texts[number], texts[other], score_cutoff=ALIKE):
                        root[other] = number
    # A root is never below what goes with it, so one pass from the front finds the last one.
    for number, parent in enumerate(root):
        root[number] = root[parent]
    return root


def _buckets(looks: Sequence[Look], texts: Sequence[str]) -> Iterator[list[int]]:
    """Cases that may be nearly the same: the same roles, expected values and checks, and a rare word in common."""
    frequency: dict[str, int] = {}
    stems = [stems_of(text) for text in texts]
    for some in stems:
        for stem in some:
            frequency[stem] = frequency.get(stem, 0) + 1
    buckets: dict[tuple[str, str], list[int]] = {}
    for number, look in enumerate(looks):
        form = _dumped([[m.get("role") for m in look.case.messages], sorted(look.case.vars), _asked(look)])
        # A copy with a number changed still shares most of its rare words.
        rare = sorted(
            (stem for stem in stems[number] if frequency[stem] > 1), key=lambda stem: (frequency[stem], stem)
        )
        for stem in rare[:4] or [""]:
            buckets.setdefault((form, stem), []).append(number)
    yield from (bucket for bucket in buckets.values() if len(bucket) > 1)


def _whole(look: Look) -> str:
    case = look.case
    values = [v if isinstance(v, str) else _dumped(v) for name, v in case.vars.items() if name not in look.shared]
    said = [message_text(m) + (_dumped(m["tool_calls"]) if m.get("tool_calls") else "") for m in case.messages]
    return _plain("\n".join([*values, *said]))[:LONGEST_COMPARED]


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()


def _dumped(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
