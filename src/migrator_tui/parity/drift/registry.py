"""All detectors, gravest first, and what keeps one from counting what another explains."""

from collections.abc import Callable
from dataclasses import dataclass

from migrator_tui.history.records import Output
from migrator_tui.parity.drift import calls, json_shape, length, value_forms, whole, wrapping
from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import Drift, compared
from migrator_tui.parity.word_diff import similarity
from migrator_tui.text_safety import safe_line

WORDING = 0.9
"""Answers that are less alike than this, and differ in nothing that has a name, differ in `wording` …"""
OTHER_ANSWER = 0.5
"""… and less alike than this they are another answer, which is drift though the checks still pass."""

NO_ANSWER = frozenset({"empty", "refusal"})
"""What leaves nothing of an answer that could be compared with the other."""


@dataclass(frozen=True, slots=True)
class Detector:
    """One family of drifts."""

    find: Callable[[Answer, Answer], list[Drift]]
    unless: frozenset[str] = frozenset()
    """Names that explain whatever it would find, where one answer shows them and the other does not."""
    of_text: bool = True
    """It compares texts: where one answer calls a tool and the other does not, there is nothing to compare."""


_CONTENT = NO_ANSWER | {"json-broken", "json", "truncated"}

DETECTORS = (
    Detector(whole.empty, of_text=False),
    Detector(whole.refusal, frozenset({"empty"}), of_text=False),
    Detector(whole.truncated, frozenset({"empty"}), of_text=False),
    Detector(calls.calls, NO_ANSWER, of_text=False),
    Detector(json_shape.broken, NO_ANSWER | {"truncated"}),
    Detector(whole.language, NO_ANSWER),
    Detector(wrapping.fences, NO_ANSWER),
    Detector(wrapping.preamble, NO_ANSWER),
    Detector(wrapping.sign_off, NO_ANSWER | {"truncated"}),
    Detector(json_shape.appeared, NO_ANSWER | {"json-broken"}),
    Detector(json_shape.shape, NO_ANSWER),
    Detector(wrapping.markdown, NO_ANSWER),
    Detector(value_forms.forms, _CONTENT | {"language"}),
    Detector(length.length, _CONTENT | {"language"}),
    Detector(whole.whitespace, NO_ANSWER),
)


def detect(baseline: Output, candidate: Output) -> list[Drift]:
    """What each of two outputs shows and how they differ, the gravest first; both calls gave an answer."""
    return compare(Answer(baseline), Answer(candidate))


def compare(old: Answer, new: Answer, same: float | None = None) -> list[Drift]:
    """What each of two answers shows and how they differ, the gravest first; what both show is in it too.

    `same` is the similarity of the two, 0 to 1, where it is known already. Where they differ and nothing has a name,
    that is `wording` or `other-answer`; of two answers in a word or two, such as labels, every other word is one.
    """
    if old.bare or new.bare:
        old.take_json()
        new.take_json()
    found: list[Drift] = []
    differing: set[str] = set()
    comparable = bool(old.calls) == bool(new.calls)
    for detector in DETECTORS:
        if detector.unless & differing or (detector.of_text and not comparable):
            continue
        found += (drifts := detector.find(old, new))
        differing.update(drift.name for drift in drifts if drift.differs)
    if not differing and comparable:
        found += _nameless(old, new, same)
    return found


def _nameless(old: Answer, new: Answer, same: float | None) -> list[Drift]:
    if old.text == new.text:
        return []
    labels = [" ".join(side.text.split()) for side in (old, new) if side.is_label]
    if len(labels) == 2:
        before, after = labels
        other = before.casefold().rstrip(".") != after.casefold().rstrip(".")
        return [compared("other-answer", f"{safe_line(before, 20)}→{safe_line(after, 20)}")] if other else []
    same = similarity(old.text, new.text) if same is None else same
    if same >= WORDING:
        return []
    return [compared("wording" if same >= OTHER_ANSWER else "other-answer", "wording")]
