"""Drift in length, of the answer proper: without fences, preamble and sign-off, and of JSON its values."""

from migrator_tui.parity.drift.answer import Answer, words_in
from migrator_tui.parity.drift.base import Drift, compared

LONGER, SHORTER = 1.5, 0.67
"""From these ratios of words on, a difference in length is a drift …"""
FEWEST_WORDS = 8
"""… if it comes to at least so many words."""


def length(old: Answer, new: Answer) -> list[Drift]:
    """Longer or shorter than the other, in words; keys of JSON that only one of them has do not count."""
    before, after = _words(old, new)
    if not before or not after or abs(after - before) < FEWEST_WORDS:
        return []
    ratio = after / before
    if ratio >= LONGER:
        return [compared("longer", f"longer ×{ratio:.1f}" if ratio < 10 else f"longer ×{ratio:.0f}")]
    return [compared("shorter", f"shorter ×{ratio:.1f}")] if ratio <= SHORTER else []


def _words(old: Answer, new: Answer) -> tuple[int, int]:
    if old.is_json and new.is_json and isinstance(old.value, dict) and isinstance(new.value, dict):
        shared = [key for key in old.value if key in new.value]
        if len(shared) < max(len(old.value), len(new.value)):
            before, after = ([side.value[key] for key in shared] for side in (old, new))
            return words_in(before), words_in(after)
    return old.words, new.words
