"""Checks on how long an output is."""

import re

from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.registry import register
from migrator_tui.checks.values import Needs, answer
from migrator_tui.project.schema import CheckSpec

_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def count_words(text: str) -> int:
    """Words of a text: runs between white space; a Chinese or Japanese character counts as a word, as in editors."""
    if text.isascii():
        return len(text.split())
    return len(_UNSPACED.sub(" ", text).split()) + len(_UNSPACED.findall(text))


@register("max-words", needs=Needs.NUMBER)
def max_words(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output has at most so many words."""
    words = count_words(subject.text)
    return answer(
        spec,
        words <= spec.value,
        because=f"{words}, not more than {spec.value}",
        because_not=f"{words} of at most {spec.value}",
        expected=f"at most {spec.value} words",
        actual=f"{words} words",
    )
