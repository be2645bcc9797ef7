"""Checks on the form of an output: code fences and Markdown where plain text or bare JSON was asked for."""

import re

from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.json_reading import parse_json
from migrator_tui.checks.registry import register
from migrator_tui.checks.text_shapes import strings_in
from migrator_tui.checks.values import Needs, answer, listed
from migrator_tui.project.schema import CheckSpec
from migrator_tui.text_safety import safe_line

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
