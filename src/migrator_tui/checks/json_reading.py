"""JSON as a strict reader takes it, and a short word on what keeps an output from being JSON.

As with JavaScript's `JSON.parse`: no `NaN`, no comments, white space around it is fine.
"""

import json
import re
import time
from dataclasses import dataclass
from typing import Any, NoReturn

from migrator_tui.checks.base import CheckFailure
from migrator_tui.checks.values import shown
from migrator_tui.text_safety import safe_line

SEARCH_SECONDS = 1.0
"""How long an output is searched for JSON inside it."""

_FENCE = re.compile(r"\s*(```|~~~)[ \t]*(\w*)")

_OPENING = re.compile(r"""\{|\[(?=\s*[\[{\]"\dtfn-])""")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A JSON value, or the reason why there is none."""

    value: Any = None
    problem: str | None = None
    """One short line; `None` where the text is JSON."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _number(digits: str) -> int | float:
    # Python refuses to read integers of thousands of digits; JSON knows only one kind of number anyway.
    return int(digits) if len(digits) < 300 else float(digits)


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_int=_number)


def parse_json(text: str) -> Parsed:
    """Read the whole text as one JSON value."""
    try:
        return Parsed(_DECODER.decode(text))
    except json.JSONDecodeError as error:
        return Parsed(problem=_why_not(text, error))
    except RecursionError:
        return Parsed(problem="nested too deeply to read")
    except ValueError as error:
        return Parsed(problem=str(error))


def _why_not(text: str, error: json.JSONDecodeError) -> str:
    body = text.lstrip()
    if not body:
        return "empty" if not text else "only white space"
    if fence := _FENCE.match(text):
        language = fence[2]
        return f"code fence: {fence[1]}{language}"
    if error.msg == "Extra data" and text[: error.pos].strip():
        rest = text[error.pos :]
        if body[0] in "{[":
            return f'text after "{text[: error.pos].rstrip()[-1]}": {safe_line(rest, 28)}'
        return f"not JSON: {safe_line(body, 36)}"
    if body[0] not in '{["':
        opening = _OPENING.search(body)
        if opening and opening.start() < 2000:
            return f'text before "{opening.group()}": {safe_line(body[: opening.start()] or body, 28)}'
        return f"not JSON: {safe_line(body, 36)}"
    unterminated = error.msg.startswith("Unterminated string") and "\n" not in text[error.pos :]
    if unterminated or error.pos >= len(text.rstrip()):
        return f"cut off: ends {_tail(text)}"
    what = error.msg[0].lower() + error.msg[1:]
    return f"line {error.lineno}: {what} at {shown(text[error.pos : error.pos + 40], 16)}"


def _tail(text: str) -> str:
    return '"…' + safe_line(text[-60:])[-18:].lstrip() + '"'


def json_objects(text: str, limit: int = 100) -> list[Any]:
    """The JSON objects in a text, outermost only, at most `limit`.

    Raises `CheckFailure` where looking for them takes longer than `SEARCH_SECONDS`: a hostile output can be built
    so that every brace opens something that ends only with the text.
    """
    found: list[Any] = []
    until = time.monotonic() + SEARCH_SECONDS
    at = text.find("{")
    while at >= 0 and len(found) < limit:
        try:
            value, at = _DECODER.raw_decode(text, at)
            found.append(value)
        except (ValueError, RecursionError):
            at += 1
        if time.monotonic() > until:
            raise CheckFailure(f"looking for JSON in this output took longer than {SEARCH_SECONDS:g} s")
        at = text.find("{", at)
    return found
