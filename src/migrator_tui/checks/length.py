"""Checks on how long an output is: words, sentences, characters, tokens, and words beside the baseline's answer."""

import re

from migrator_tui.checks.base import CheckFailure, CheckResult, Subject
from migrator_tui.checks.registry import register
from migrator_tui.checks.text_shapes import sentences
from migrator_tui.checks.values import Needs, answer, baseline_of
from migrator_tui.project.schema import CheckSpec

_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

_JAVASCRIPT_SPACE = re.compile(r"[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")


def count_words(text: str) -> int:
    """Words of a text: runs between white space; a Chinese or Japanese character counts as a word, as in editors."""
    if text.isascii():
        return len(text.split())
    return len(_UNSPACED.sub(" ", text).split()) + len(_UNSPACED.findall(text))


@register("max-words", needs=Needs.NUMBER)
def max_words(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output has at most so many words."""
    return _at_most(subject, spec, count_words(subject.text), "words")


@register("min-words", needs=Needs.NUMBER)
def min_words(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output has at least so many words."""
    words = count_words(subject.text)
    return answer(
        spec,
        words >= spec.value,
        because=f"{words}, not fewer than {spec.value}",
        because_not=f"{words} of at least {spec.value}",
        expected=f"at least {spec.value} words",
        actual=f"{words} words",
    )


@register("max-sentences", needs=Needs.NUMBER)
def max_sentences(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output has at most so many sentences; the items of a list count as one each."""
    return _at_most(subject, spec, len(sentences(subject.text)), "sentences")


@register("max-characters", needs=Needs.NUMBER)
def max_characters(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output has at most so many characters, white space included."""
    return _at_most(subject, spec, len(subject.text), "characters")


@register("max-tokens", needs=Needs.NUMBER)
def max_tokens(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The model was charged for at most so many output tokens, those of its reasoning included."""
    if subject.output_tokens is None:
        raise CheckFailure("how many tokens the output has is not known")
    return _at_most(subject, spec, subject.output_tokens, "tokens")


@register("max-length-ratio", needs=Needs.AMOUNT, with_baseline=True, looks_at=["baseline"])
def max_length_ratio(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output has at most so many times the words of the baseline's answer."""
    words, before = count_words(subject.text), count_words(baseline_of(subject).text)
    told = f"{words} words to the baseline's {before}" + (f", ×{words / before:.2f}" if before else "")
    return answer(
        spec,
        words <= spec.value * before,
        because=f"{told}, not more than ×{spec.value:g}",
        because_not=f"{told} of at most ×{spec.value:g}",
        expected=f"at most ×{spec.value:g} the baseline's {before} words",
        actual=f"{words} words",
    )


@register("word-count", needs=Needs.COUNT)
def word_count(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output has exactly so many words, or as many as `{ min = …, max = … }` allows.

    As in promptfoo a word is what stands between white space, in Chinese and Japanese as well; `max-words` and
    `min-words` count those in characters.
    """
    least, most = spec.value
    words = sum(1 for word in _JAVASCRIPT_SPACE.split(subject.text) if word)
    if least == most:
        allowed = f"exactly {least}"
    elif least is None or most is None:
        allowed = f"at most {most}" if least is None else f"at least {least}"
    else:
        allowed = f"{least} to {most}"
    return answer(
        spec,
        (least is None or words >= least) and (most is None or words <= most),
        because=f"{words}, which is {allowed}",
        because_not=f"{words} of {allowed}",
        expected=f"{allowed} words",
        actual=f"{words} words",
    )


def _at_most(subject: Subject, spec: CheckSpec, found: int, unit: str) -> CheckResult:
    return answer(
        spec,
        found <= spec.value,
        because=f"{found}, not more than {spec.value}",
        because_not=f"{found} of at most {spec.value}",
        expected=f"at most {spec.value} {unit}",
        actual=f"{found} {unit}",
    )
