"""Drift of an answer as a whole: nothing there, declined, cut off, in another language, only spaced otherwise."""

import re

from migrator_tui.checks.languages import language_of
from migrator_tui.checks.refusals import find_refusal
from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import Drift, compared, shown
from migrator_tui.parity.drift.function_words import clear_language

_WORD = re.compile(r"[^\W\d_]+")
_LOOKED_AT = 800


def empty(old: Answer, new: Answer) -> list[Drift]:
    """Neither text nor tool call; a tool call instead of nothing is told as such."""
    return shown("empty", old.empty and not new.calls, new.empty, "empty", "no longer empty")


def refusal(old: Answer, new: Answer) -> list[Drift]:
    """The answer declines what was asked, or a filter of the provider withheld it."""
    before, after = (side.filtered or find_refusal(side.text) is not None for side in (old, new))
    return shown("refusal", before, after, "filtered" if new.filtered else "refusal", "refuses no more")


def truncated(old: Answer, new: Answer) -> list[Drift]:
    """The limit on tokens ended it."""
    return shown("truncated", old.cut_off, new.cut_off, "cut off", "no longer cut off")


def language(old: Answer, new: Answer) -> list[Drift]:
    """People are written to in another language. Unknown languages are no change."""
    if old.is_json and new.is_json and isinstance(old.value, dict) and isinstance(new.value, dict):
        pairs = [
            (key, text, other)
            for key, text in list(old.value.items())[:200]
            if isinstance(text, str) and isinstance(other := new.value.get(key), str)
        ]
        changed = {key: found for key, text, other in pairs if (found := _change(text, other)) is not None}
        words = next(iter(changed.values()), None)
        return [compared("language", f"language {words}", tuple(changed))] if words else []
    words = _change(old.prose, new.prose)
    return [compared("language", f"language {words}")] if words else []


def _change(old: str, new: str) -> str | None:
    """`de→en`, where both languages are known and differ."""
    if old == new:
        return None
    before = _language(old)
    after = _language(new) if before is not None else None
    return f"{before}→{after}" if after is not None and after != before else None


def _language(text: str) -> str | None:
    """By its function words where they are clear: surer than a model where a text quotes another language."""
    return clear_language(set(_WORD.findall(text[:_LOOKED_AT].lower()))) or language_of(text)


def whitespace(old: Answer, new: Answer) -> list[Drift]:
    """The same words, spaced or broken otherwise. Spaces between the parts of JSON mean nothing to anybody."""
    if old.calls != new.calls or old.text == new.text or (old.is_json and new.is_json and old.value == new.value):
        return []
    words = old.text.split()
    return [compared("whitespace", "white space")] if words and words == new.text.split() else []
