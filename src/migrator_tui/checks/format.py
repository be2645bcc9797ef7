"""Checks on the form of an output: code fences, Markdown, talk around the answer; and the language it is in."""

import re

from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.json_path import found_at, sound_path
from migrator_tui.checks.json_reading import parse_json
from migrator_tui.checks.languages import language_of
from migrator_tui.checks.registry import register
from migrator_tui.checks.small_talk import find_preamble
from migrator_tui.checks.text_shapes import strings_in
from migrator_tui.checks.values import (
    EXPECTED,
    Needs,
    answer,
    is_template,
    listed,
    setting_error,
    shown,
    sound_expected,
)
from migrator_tui.project.schema import CheckSpec
from migrator_tui.text_safety import safe_line

_LANGUAGE = re.compile("[A-Za-z]{2}(?:[-_][A-Za-z]{2,8})*")

_FENCE = re.compile(r"^[ \t>*+-]{0,12}(`{3,}|~{3,})[ \t]*([\w+#.-]*)", re.MULTILINE)

_SIGNS = (
    ("heading", re.compile(r"^ {0,3}#{1,6} +\S[^\n]{0,40}", re.MULTILINE)),
    ("bold", re.compile(r"(?<![\w*\\])\*\*(?=[^\s*])[^*\n]{1,200}(?<=\S)\*\*(?![\w*])")),
    ("table", re.compile(r"^ {0,3}\|?[ :]*-{2,}[ :]*\|[-| :]*$", re.MULTILINE)),
    ("link", re.compile(r"\[[^\]\[\n]{1,200}\]\((?:https?://|mailto:|/|#)[^)\s]{1,500}\)")),
    ("code", re.compile(r"(?<!`)`[^`\n]{1,200}`(?!`)")),
    ("list", re.compile(r"^ {0,3}[-*+] +\S[^\n]*\n(?: {0,8}[^\n]*\n){0,3}? {0,3}[-*+] +\S", re.MULTILINE)),
)
"""Name and pattern of each sign of Markdown. One bullet or numbered lines are plain writing; two bullets are not."""


def find_fence(text: str) -> tuple[str, int] | None:
    """The first line that opens a code fence, as written (```` ```json ````), and its number; or `None`."""
    match = _FENCE.search(text)
    return (match[1][:3] + match[2], text.count("\n", 0, match.start()) + 1) if match else None


def markdown_signs(text: str) -> list[tuple[str, str]]:
    """Each kind of Markdown in a text with its first example, fences first; empty for plain text.

    Where the text is JSON, what counts is the text inside its values.
    """
    signs = [("fence", fence[0])] if (fence := find_fence(text)) else []
    parsed = parse_json(text)
    prose = "\n".join(strings_in(parsed.value)) if parsed.problem is None else text
    for name, pattern in _SIGNS:
        if match := pattern.search(prose):
            signs.append((name, safe_line(match.group(), 30)))
    return signs


@register("no-code-fence", needs=Needs.NOTHING)
def no_code_fence(subject: Subject, spec: CheckSpec) -> CheckResult:
    """No line opens a code fence."""
    fence = find_fence(subject.text)
    return answer(
        spec,
        fence is None,
        because="no code fence",
        because_not=f"{fence[0]} in line {fence[1]}" if fence else "",
        expected="no code fence",
        actual=subject.text,
    )


@register("no-markdown", needs=Needs.NOTHING)
def no_markdown(subject: Subject, spec: CheckSpec) -> CheckResult:
    """No headings, bold, tables, links, inline code, bullet lists or fences."""
    signs = markdown_signs(subject.text)
    return answer(
        spec,
        not signs,
        because="no Markdown",
        because_not=listed(
            [f"{name}: {example}" for name, example in signs[:1]] + [name for name, _ in signs[1:]], 80
        ),
        expected="no Markdown",
        actual=subject.text,
    )


@register("no-preamble", needs=Needs.NOTHING)
def no_preamble(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output begins with the answer, not with words that only say that it comes (`Sure! Here is …:`)."""
    preamble = find_preamble(subject.text)
    return answer(
        spec,
        preamble is None,
        because="begins with the answer",
        because_not=f"begins {shown(preamble, 50)}",
        expected="no preamble",
        actual=subject.text,
    )


def _sound_language(spec: CheckSpec) -> None:
    if isinstance(spec.value, str) and not is_template(spec.value) and not _LANGUAGE.fullmatch(spec.value):
        raise setting_error(spec, f'value is {shown(spec.value)}; it must be a code of two letters, as "en"')
    sound_expected(spec)
    if "path" in spec.options:
        sound_path(spec)


@register("language", needs=Needs.TEXT, options=["path", EXPECTED], settings=_sound_language)
def language(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output is in this language (`en`), or that which the case expects under the key `expected`; with `path`,
    the texts found there in the output's JSON.

    A text too short or too mixed to tell speaks neither for nor against a language: it passes, with `not-` as well.
    """
    wanted = str(spec.value)[:2].lower()
    text = subject.text
    if "path" in spec.options:
        values, problem = found_at(subject, spec)
        if problem is not None:
            return answer(spec, False, because="", because_not=problem, expected=wanted, actual=text)
        text = "\n".join(strings_in(values))
    found = language_of(text)
    if found is None:
        return CheckResult(spec, True, 1.0, "", wanted, "too short or mixed to tell")
    return answer(
        spec,
        found == wanted,
        because=f"is in {found}: {safe_line(text, 40)}",
        because_not=f"is in {found}, not in {wanted}: {safe_line(text, 40)}",
        expected=wanted,
        actual=found,
    )
