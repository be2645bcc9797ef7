"""What a drift is, and what each kind is called."""

from collections.abc import Mapping
from dataclasses import dataclass

CATCH_ALL = frozenset({"wording", "other-answer"})
"""What is left where nothing has a name: true of most pairs of prose, so no part of a ranking of causes."""

QUIET = frozenset({"wording", "whitespace"})
"""Differences that make no case drift by themselves: nobody has to look at it for their sake."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One kind of behaviour in two answers, with the sides that show it."""

    name: str
    """One of `history.drift_names`."""
    words: str
    """Short enough for a column: `longer ×2.3`, `fences gone`."""
    baseline: bool
    candidate: bool
    """What only a comparison shows (longer, other keys, another language) shows on the candidate."""
    keys: tuple[str, ...] = ()
    """The JSON keys it is about."""

    @property
    def differs(self) -> bool:
        """Exactly one side shows it: that is a difference between the models."""
        return self.baseline != self.candidate


def compared(name: str, words: str, keys: tuple[str, ...] = ()) -> Drift:
    """A drift that only the comparison shows."""
    return Drift(name, words, False, True, keys)


def shown(name: str, baseline: bool, candidate: bool, words: str, gone: str | None = None) -> list[Drift]:
    """A drift that each answer shows or not by itself; empty where neither does. `gone`: the words where the
    baseline alone does."""
    if not (baseline or candidate):
        return []
    return [Drift(name, (gone or f"{words} gone") if baseline and not candidate else words, baseline, candidate)]


TITLES: Mapping[str, str] = {
    "empty": "empty answers",
    "refusal": "refusals",
    "truncated": "cut off",
    "tool-choice": "other tool calls",
    "tool-arguments": "other tool arguments",
    "json-broken": "JSON broken",
    "language": "language changed",
    "fences": "fences added",
    "preamble": "preamble added",
    "sign-off": "sign-off added",
    "json": "JSON instead of text",
    "json-keys": "keys added or missing",
    "json-types": "types changed",
    "json-values": "values changed",
    "markdown": "markdown added",
    "date-format": "dates written otherwise",
    "number-format": "numbers written otherwise",
    "longer": "longer than ×1.5",
    "shorter": "shorter than ×0.67",
    "whitespace": "white space only",
    "other-answer": "another answer",
    "wording": "other words",
}
"""What a scorecard says for each name, where the candidate shows it …"""

GONE_TITLES: Mapping[str, str] = {
    "empty": "no longer empty",
    "refusal": "refuses no more",
    "truncated": "no longer cut off",
    "json-broken": "JSON valid again",
    "fences": "fences gone",
    "preamble": "preamble gone",
    "sign-off": "sign-off gone",
    "markdown": "markdown gone",
}
"""… and where mostly the baseline does. What only a comparison shows has no such title."""
