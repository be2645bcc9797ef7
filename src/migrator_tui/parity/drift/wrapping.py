"""Drift of what stands around and between the words: code fences, talk before and after, Markdown."""

import re

from migrator_tui.checks.format import markdown_signs
from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import Drift, shown

_LOOKED_AT = 20_000
"""Characters in which Markdown is looked for."""

_MAY_BE_MARKDOWN = re.compile(r"[*`]|\]\(|^ {0,3}[#+|-]", re.MULTILINE)
"""What no sign of Markdown does without; it spares plain text the search for each of them."""

_ITALICS = re.compile(
    r"(?<![\w*])\*(?=[^\s*])[^*\n]{1,200}(?<=\S)\*(?![\w*])|(?<!\w)_(?=[^\s_])[^_\n]{1,200}(?<=\S)_(?!\w)"
)


def fences(old: Answer, new: Answer) -> list[Drift]:
    """Code fences around the answer, or in it."""
    return shown("fences", old.fenced, new.fenced, "fences")


def preamble(old: Answer, new: Answer) -> list[Drift]:
    """Words before JSON, or words before prose that only announce it."""
    return shown("preamble", bool(old.before), bool(new.before), "preamble")


def sign_off(old: Answer, new: Answer) -> list[Drift]:
    """Words after JSON, or an offer of more help after prose."""
    return shown("sign-off", bool(old.after), bool(new.after), "sign-off")


def markdown(old: Answer, new: Answer) -> list[Drift]:
    """Headings, bold, tables, links, inline code or bullets, outside of fenced code.

    Italics alone may be Markdown or not (`*shrugs*`): they are no difference to a text that is.
    """
    before, after = _is_marked(old), _is_marked(new)
    if before != after and _ITALICS.search(_looked_at(new if before else old)):
        return []
    return shown("markdown", before, after, "markdown")


def _looked_at(side: Answer) -> str:
    return side.prose[:_LOOKED_AT]


def _is_marked(side: Answer) -> bool:
    text = _looked_at(side)
    return _MAY_BE_MARKDOWN.search(text) is not None and any(name != "fence" for name, _ in markdown_signs(text))
