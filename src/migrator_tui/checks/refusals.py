"""Answers that decline to do what was asked, in nine languages.

This reader is for whoever compares two answers: it must not call a useful answer a refusal because it says in passing
what cannot be done, nor look into JSON. The check `is-refusal` is another thing and stands in `checks.behaviour`: it
gives what promptfoo gives, by a list of English phrases, any of which sets it off wherever it stands.
"""

import re
from collections.abc import Iterable

from migrator_tui.checks.json_reading import parse_json
from migrator_tui.checks.refusal_words import DECLINES, GOES_ON, HINTS, WITHHOLDS, WORD_HINTS
from migrator_tui.checks.text_shapes import sentences

OPENING_CHARACTERS = 500
"""A refusal comes at the beginning: of so many characters …"""
OPENING_SENTENCES = 3
"""… so many sentences are looked at."""

SHORT = 450
"""Characters of an answer that may be a refusal though it only says that something particular can't be given. A
Chinese, Japanese or Korean character counts as three."""

EVIDENCE_LIMIT = 200


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_DECLINING = _any_of(pattern for some in DECLINES.values() for pattern in some)
_WITHHOLDING = _any_of(pattern for some in WITHHOLDS.values() for pattern in some)
_GOING_ON = _any_of(GOES_ON)
_WORD_HINT = re.compile(WORD_HINTS)
_QUOTES = ("'", '"', "“", "‘", "«", "„", "`")
_WIDE = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


def find_refusal(text: str) -> str | None:
    """The sentence by which an answer declines what was asked, or `None` where it does not.

    Looked at are the first sentences only. Declining the whole request counts at any length, unless a long answer
    goes on to help (`…, but here is how you can …`); declining something particular counts in a short answer only.
    JSON is no refusal: what it says it says to a program.
    """
    opening = text[: 2 * OPENING_CHARACTERS].lstrip(" \t\r\n>*_#\"'“”")[:OPENING_CHARACTERS].replace("’", "'")
    if not _hints(opening.lower()) or (opening[:1] in ("{", "[") and parse_json(text).problem is None):
        return None
    short = len(text) + 2 * len(_WIDE.findall(text[: 2 * SHORT])) <= SHORT
    for sentence in sentences(opening, OPENING_SENTENCES):
        plain = " ".join(sentence.split())
        if not _hints(plain.lower()):
            continue
        helps = _GOING_ON.search(plain) is not None
        if (short or not helps) and _says(_DECLINING, plain):
            return plain[:EVIDENCE_LIMIT]
        if short and not helps and _says(_WITHHOLDING, plain):
            return plain[:EVIDENCE_LIMIT]
    return None


def _says(pattern: re.Pattern[str], sentence: str) -> bool:
    """Whether the sentence says so itself, not somebody it quotes."""
    match = pattern.search(sentence)
    return match is not None and sentence[max(match.start() - 1, 0) : match.start()] not in _QUOTES


def _hints(opening: str) -> bool:
    return any(hint in opening for hint in HINTS) or _WORD_HINT.search(opening) is not None
