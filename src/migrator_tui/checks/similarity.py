"""How alike an output is to what was expected, or to the baseline's answer, character by character."""

from collections.abc import Sequence

from migrator_tui.checks.base import CheckFailure, CheckResult, Subject
from migrator_tui.checks.registry import register
from migrator_tui.checks.values import (
    Needs,
    answer,
    beside,
    compares_with_baseline,
    shown,
    sound_comparison,
    threshold_between,
)
from migrator_tui.project.schema import CheckSpec

DISTANCE = 5
"""Edits that `levenshtein` allows where it states no threshold, as in promptfoo."""
ALIKE = 0.75
"""Score that `similarity` asks for where it states no threshold."""

EXACT = 4_000_000_000
"""Product of two lengths up to which edits are counted to the end (some 0.1 s); beyond, only up to the threshold."""
TOO_LONG = 100_000_000_000
"""Product of two lengths that are no longer compared."""


def _sound_distance(spec: CheckSpec) -> None:
    sound_comparison(spec)
    threshold_between(spec, 0, None, " edits")


def _sound_share(spec: CheckSpec) -> None:
    sound_comparison(spec)
    threshold_between(spec, 0, 1)


def _other(spec: CheckSpec) -> str:
    return "the baseline's answer" if compares_with_baseline(spec) else shown(spec.value, 24)


@register("levenshtein", needs=Needs.TEXT, options=["to"], settings=_sound_distance)
def levenshtein(subject: Subject, spec: CheckSpec) -> CheckResult:
    """At most `threshold` (5) characters must be put in, taken out or replaced to make the output the value.

    As in promptfoo, characters are counted as JavaScript does: those beyond U+FFFF (emoji) as two.
    """
    from rapidfuzz.distance import Levenshtein

    value, most = str(spec.value), DISTANCE if spec.threshold is None else spec.threshold
    product = len(subject.text) * len(value)
    cutoff = None if product <= EXACT else int(most)
    edits = Levenshtein.distance(_units(subject.text), _units(value), score_cutoff=cutoff)
    counted = f"{edits:,}" if cutoff is None or edits <= cutoff else f"more than {cutoff:,}"
    return answer(
        spec,
        edits <= most,
        because=f"{counted} edits from {_other(spec)}, not more than {most:g}",
        because_not=f"{counted} edits from {_other(spec)}, of at most {most:g}",
        expected=value,
        actual=subject.text,
    )


def _units(text: str) -> str | Sequence[int]:
    """The text in JavaScript's units of 16 bits."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return memoryview(data).cast("H").tolist()


@register("similarity", needs=Needs.TEXT, options=["to"], settings=_sound_share)
def similarity(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output is at least as like the value as `threshold` (0.75) says, from 0 to 1.

    The score is rapidfuzz' `ratio`: 1 - (characters put in or taken out) / (characters of both).
    """
    from rapidfuzz import fuzz

    value, least = str(spec.value), ALIKE if spec.threshold is None else spec.threshold
    if len(subject.text) * len(value) > TOO_LONG:
        raise CheckFailure("the texts are too long to be compared character by character")
    score = fuzz.ratio(subject.text, value) / 100 if subject.text or value else 1.0
    holds = score >= least
    passed = holds != spec.negated
    told = f"{beside(score, least)} like {_other(spec)}, "
    reason = "" if passed else told + (f"which is at least {least:g}" if holds else f"of at least {least:g}")
    return CheckResult(spec, passed, 1 - score if spec.negated else score, reason, value, subject.text)
