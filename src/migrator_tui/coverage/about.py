"""Which cases a rule in words is about: those of an edge that it names, or those in which its rarer words stand."""

import re
from collections.abc import Sequence

from migrator_tui.coverage.edges import EDGES, usual_length
from migrator_tui.coverage.inputs import Look, stems_of
from migrator_tui.coverage.reach import found_in

RARE = 0.25
"""A word in more of the cases than this does not tell which of them a rule is about."""

_EDGE_WORDS = (
    (r"\bempty|\bblank|\bno (?:text|input|content)\b", "empty"),
    (
        r"\bseveral (?:things|questions|requests|topics|issues)|\bmore than one (?:thing|question|request|issue)"
        r"|\bmultiple (?:questions|requests|issues|topics)",
        "several-requests",
    ),
    (r"\bignore (?:these|your|all|previous)|\binstructions (?:in|inside|within)|\bprompt injection", "injection"),
    (r"\bother languages?\b|\banother language|\bnot (?:in )?english|\bforeign language", "other-language"),
)
"""What names an edge, and the edge."""


def cases_about(text: str, looks: Sequence[Look], but: str = "") -> list[Look]:
    """The cases that a rule in these words is about; none where that cannot be told.

    `but`: the key of the answer that the rule names; inputs in which its name stands are not about it.
    """
    low = text.lower()
    for pattern, name in _EDGE_WORDS:
        if re.search(pattern, low):
            kind = next(kind for kind in EDGES if kind.name == name)
            return found_in(kind, looks, usual_length(looks))
    stems = stems_of(low) - stems_of(but.replace("_", " "))
    most = max(1, RARE * len(looks))
    telling = {stem for stem in stems if 0 < sum(stem in look.stems for look in looks) <= most}
    return [look for look in looks if telling & look.stems]
