"""Drift of what stands around and between the words: code fences, talk before and after, Markdown."""

import re

from migrator_tui.checks.format import markdown_signs
from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import Drift, shown

_LOOKED_AT = 20_000
"""Characters in which Markdown is looked for."""

_MAY_BE_MARKDOWN = re.compile(r"[*`]|\]\(|^ {0,3}[#+|-]", re.MULTILINE)
"""What no sign of Markdown does without; it spares plain text the search for each of them."""


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
    """Headings, bold, tables, links, inline code or bullets, outside of fenced code."""
    return shown("markdown", _is_marked(old), _is_marked(new), "markdown")


def _is_marked(side: Answer) -> bool:
    text = side.prose[:_LOOKED_AT]
    return _MAY_BE_MARKDOWN.search(text) is not None and any(name != "fence" for name, _ in markdown_signs(text))
