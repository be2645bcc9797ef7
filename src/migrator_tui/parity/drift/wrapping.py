"""Drift of what stands around and between the words: code fences, talk before and after, Markdown."""

from migrator_tui.checks.format import markdown_signs
from migrator_tui.parity.drift.answer import Answer
from migrator_tui.parity.drift.base import Drift, shown

_LOOKED_AT = 50_000
"""Characters in which Markdown is looked for."""


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
    before, after = (
        any(name != "fence" for name, _ in markdown_signs(side.prose[:_LOOKED_AT])) for side in (old, new)
    )
    return shown("markdown", before, after, "markdown")
