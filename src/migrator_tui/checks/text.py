"""Checks on the text itself: what it equals, holds, begins with, matches. Meanings are promptfoo's.

Upper and lower case count, but for the `i…` checks, which compare lower-cased texts.
"""

from typing import Any

from migrator_tui.checks.base import CheckFailure, CheckResult, Subject
from migrator_tui.checks.json_reading import parse_json
from migrator_tui.checks.patterns import ends_at_the_end
from migrator_tui.checks.registry import register
from migrator_tui.checks.values import Needs, answer, canonical, listed, setting_error, shown, text_of
from migrator_tui.project.schema import CheckSpec
from migrator_tui.text_safety import safe_line

REGEX_SECONDS = 1.0
"""How long one pattern may run on one output."""


@register("equals", needs=Needs.ANYTHING)
def equals(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The whole text is the value; for a list or table, the output is JSON of equal value."""
    if isinstance(spec.value, dict | list | tuple):
        wanted, got = canonical(spec.value), _json_or_none(subject.text)
        return answer(
            spec,
            wanted == got,
            because=f"is {shown(spec.value)}",
            because_not="not JSON" if got is None else _difference(wanted, got),
            expected=wanted,
            actual=subject.text,
        )
    value = text_of(spec.value)
    return answer(
        spec,
        subject.text == value,
        because=f"is {shown(value)}",
        because_not=_difference(value, subject.text),
        expected=value,
        actual=subject.text,
    )


def _json_or_none(text: str) -> str | None:
    parsed = parse_json(text)
    return canonical(parsed.value) if parsed.problem is None else None


def _difference(wanted: str, got: str) -> str:
    """Both texts, from shortly before the place where they part."""
    if got.strip() == wanted.strip():
        return "differs in white space at its ends only"
    at = next((i for i, (a, b) in enumerate(zip(wanted, got, strict=False)) if a != b), min(len(wanted), len(got)))
    start = max(at - 8, 0) if at > 20 else 0
    lead = "…" if start else ""
    return f"{lead}{shown(got[start : start + 80], 24)} is not {lead}{shown(wanted[start : start + 80], 24)}"


@register("contains", needs=Needs.TEXT)
def contains(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The value occurs in the text."""
    return _contains(subject.text, subject.text, spec, str(spec.value))


@register("icontains", needs=Needs.TEXT)
def icontains(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The value occurs in the text, upper or lower case."""
    return _contains(subject.text, subject.text.lower(), spec, str(spec.value).lower())


def _contains(text: str, searched: str, spec: CheckSpec, value: str) -> CheckResult:
    at = searched.find(value)
    return answer(
        spec,
        at >= 0,
        because=f"{shown(spec.value, 30)} in {_around(text, at, len(value))}",
        because_not=f"{shown(spec.value)} missing",
        expected=str(spec.value),
        actual=text,
    )


def _around(text: str, at: int, length: int) -> str:
    """The place where something was found, with a few words around it."""
    start, end = max(at - 12, 0), at + min(length, 40) + 12
    return f"{'…' if start else ''}{shown(text[start:end], 60)}{'…' if end < len(text) else ''}"


@register("contains-any", needs=Needs.TEXTS)
def contains_any(subject: Subject, spec: CheckSpec) -> CheckResult:
    """At least one of the values occurs in the text."""
    return _contains_any(subject.text, spec, list(spec.value))


@register("icontains-any", needs=Needs.TEXTS)
def icontains_any(subject: Subject, spec: CheckSpec) -> CheckResult:
    """At least one of the values occurs in the text, upper or lower case."""
    return _contains_any(subject.text.lower(), spec, [value.lower() for value in spec.value])


def _contains_any(searched: str, spec: CheckSpec, values: list[str]) -> CheckResult:
    found = [value for value in values if value in searched]
    return answer(
        spec,
        bool(found),
        because=f"has {listed([shown(value) for value in found])}",
        because_not=f"none of {listed([shown(value) for value in spec.value])}",
        expected=listed(list(spec.value), 200),
        actual=searched,
    )


@register("contains-all", needs=Needs.TEXTS)
def contains_all(subject: Subject, spec: CheckSpec) -> CheckResult:
    """Every one of the values occurs in the text."""
    return _contains_all(subject.text, spec, list(spec.value))


@register("icontains-all", needs=Needs.TEXTS)
def icontains_all(subject: Subject, spec: CheckSpec) -> CheckResult:
    """Every one of the values occurs in the text, upper or lower case."""
    return _contains_all(subject.text.lower(), spec, [value.lower() for value in spec.value])


def _contains_all(searched: str, spec: CheckSpec, values: list[str]) -> CheckResult:
    missing = [value for value, wanted in zip(spec.value, values, strict=True) if wanted not in searched]
    return answer(
        spec,
        not missing,
        because=f"has all of {listed([shown(value) for value in spec.value])}",
        because_not=f"{listed([shown(value) for value in missing])} missing",
        expected=listed(list(spec.value), 200),
        actual=searched,
    )


@register("starts-with", needs=Needs.TEXT)
def starts_with(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The text begins with the value, white space included."""
    value = str(spec.value)
    return answer(
        spec,
        subject.text.startswith(value),
        because=f"starts with {shown(value)}",
        because_not=f"starts {shown(subject.text[:80], 24)}, not {shown(value, 24)}",
        expected=value,
        actual=subject.text,
    )


def _pattern_is_sound(spec: CheckSpec) -> None:
    if isinstance(spec.value, str) and "{{" not in spec.value:
        _compiled(spec)


def _compiled(spec: CheckSpec) -> Any:
    import regex

    try:
        return regex.compile(ends_at_the_end(str(spec.value)))
    except (regex.error, OverflowError, RecursionError) as error:
        raise setting_error(spec, f"{shown(spec.value)} is no regular expression: {error}") from None


@register("regex", needs=Needs.TEXT, settings=_pattern_is_sound, revision=2)
def matches(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The pattern (Python's syntax, package `regex`) matches somewhere in the text, within `REGEX_SECONDS`.

    As in JavaScript, `$` is the very end: the line feed that an answer ends with is part of it.
    """
    try:
        match = _compiled(spec).search(subject.text, timeout=REGEX_SECONDS)
    except TimeoutError:
        raise CheckFailure(
            f"pattern {shown(spec.value)} ran longer than {REGEX_SECONDS:g} s on this output"
        ) from None
    return answer(
        spec,
        match is not None,
        because=f"{shown(match.group(), 30)} matches {safe_line(str(spec.value), 40)}" if match else "",
        because_not=f"no match for {safe_line(str(spec.value), 60)}",
        expected=str(spec.value),
        actual=subject.text,
    )
