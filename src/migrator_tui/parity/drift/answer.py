"""An answer taken apart: what is wrapped around it, the JSON in it, its words. All linear in the text's length."""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from migrator_tui.checks.format import find_fence
from migrator_tui.checks.json_reading import parse_json
from migrator_tui.checks.length import count_words
from migrator_tui.checks.small_talk import find_preamble, find_sign_off
from migrator_tui.checks.text_shapes import strings_in
from migrator_tui.history.records import Output

LARGEST = 200_000
"""Characters of an answer that are looked at; a longer one is known by its beginning."""

_FENCE_LINE = re.compile(r"^[ \t>*+-]{0,12}(`{3,}|~{3,})[ \t]*([^\n`]*)$", re.MULTILINE)
_FENCE_IN_LINE = re.compile(r"^[`~]{3,}(?:json)?|[`~]{3,}(?:json)?$")

_OPENING = re.compile(r"\{|^[ \t]*(\[)(?=\s*[\[{\"])", re.MULTILINE)
"""Where JSON may begin in prose: a brace, or a bracket at the start of a line."""
_OPENINGS_TRIED = 12
_BESIDE = 25
"""Words that may stand around JSON for it to be the answer; more is a text that shows some JSON …"""

_JSON_BEGUN = re.compile(r'\{\s*["}]|\[\s*[\[{"]')

_CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"})
"""Finish reasons of a limit on tokens: OpenAI's form, and how other servers and recordings write it."""

_DECODER = json.JSONDecoder()


class Piece(NamedTuple):
    """A part of a text: between two lines that open or close a code fence."""

    text: str
    language: str | None
    """What stands behind the fence's opening, lower-cased; `None` outside of fences."""


class Wrapped(NamedTuple):
    """JSON with what stands around it, ends trimmed."""

    value: Any
    before: str
    after: str


class Answer:
    """What the detectors look at."""

    def __init__(self, output: Output) -> None:
        text = output.text[:LARGEST]
        self.text = text
        self.calls = [(call.name, call.arguments) for call in output.tool_calls]
        self.cut_off = output.finish_reason in _CUT_OFF
        self.filtered = output.finish_reason == "content_filter"
        self.fenced = ("```" in text or "~~~" in text) and find_fence(text) is not None
        self._pieces = list(_pieces(text)) if self.fenced else [Piece(text, None)]
        self._inside = self._json_inside()
        wrapped = self._inside
        self._is_json = wrapped is not None and _words_around(wrapped) <= max(_BESIDE, words_in(wrapped.value))

    @property
    def empty(self) -> bool:
        """There is neither text nor tool call."""
        return not self.calls and not self.text.strip()

    @property
    def bare(self) -> bool:
        """It is JSON and nothing else, but for a fence."""
        return self._inside is not None and not self._inside.before and not self._inside.after

    @property
    def is_json(self) -> bool:
        """The answer proper is a JSON object or list."""
        return self._is_json

    @property
    def value(self) -> Any:
        """The JSON; `None` where the answer is none."""
        return self._inside.value if self._inside is not None and self._is_json else None

    def take_json(self) -> None:
        """Take the JSON inside for the answer, however much stands around it: the other answer is bare JSON."""
        self._is_json = self._inside is not None

    @property
    def is_label(self) -> bool:
        """It is a word or a few: a category, a number, yes or no."""
        if self.is_json or len(self.text) > 60:
            return False
        words = self.text.split()
        return 1 <= len(words) <= 3 and sum(map(len, words)) <= 40

    @cached_property
    def breaks_json(self) -> bool:
        """It is written as JSON and cannot be read as such."""
        begun = "".join(piece.text for piece in self._pieces[:3])[:200].lstrip()
        return not self.is_json and _JSON_BEGUN.match(begun) is not None

    @cached_property
    def before(self) -> str:
        """What comes before the answer proper: whatever precedes JSON, the preamble of prose."""
        if self._inside is not None and self._is_json:
            return self._inside.before
        return find_preamble(self.text) or ""

    @cached_property
    def after(self) -> str:
        """What comes after it: whatever follows JSON, the last words of prose that offer more help."""
        if self._inside is not None and self._is_json:
            return self._inside.after
        return find_sign_off(self.text) or ""

    @cached_property
    def body(self) -> str:
        """The answer proper where it is not JSON: without the lines of fences, preamble and sign-off."""
        text = "".join(piece.text for piece in self._pieces).strip()
        text = text[len(self.before) :] if self.before else text
        return text[: -len(self.after)].strip() if self.after else text.strip()

    @cached_property
    def prose(self) -> str:
        """What is written for people: the answer proper without code in fences; of JSON, the texts among its
        values."""
        if self.is_json:
            return "\n".join(strings_in(self.value))
        if not self.fenced:
            return self.body
        return "\n".join(piece.text for piece in self._pieces if piece.language is None)

    @cached_property
    def words(self) -> int:
        """Words of the answer proper; of JSON those of its values, so that line breaks and keys do not count."""
        return words_in(self.value) if self.is_json else count_words(self.body)

    def _json_inside(self) -> Wrapped | None:
        """The one JSON object or list in the text, with what stands around it."""
        if (value := _container(self.text)) is not None:
            return Wrapped(value, "", "")
        fences = [place for place, piece in enumerate(self._pieces) if piece.language is not None]
        if not fences:
            return self._json_in_prose()
        place = fences[0]
        value = _container(self._pieces[place].text) if self._pieces[place].language in ("", "json") else None
        if value is None or len(fences) > 1:
            return None
        before, after = self._pieces[:place], self._pieces[place + 1 :]
        return Wrapped(value, *("".join(piece.text for piece in some).strip() for some in (before, after)))

    def _json_in_prose(self) -> Wrapped | None:
        found: list[tuple[int, int, Any]] = []
        at = 0
        for _ in range(_OPENINGS_TRIED):
            opening = _OPENING.search(self.text, at)
            if opening is None:
                break
            start = opening.start(1) if opening[1] else opening.start()
            try:
                value, at = _DECODER.raw_decode(self.text, start)
            except (ValueError, RecursionError):
                at = start + 1
                continue
            if value:
                found.append((start, at, value))
        if len(found) != 1:
            return None
        start, end, value = found[0]
        before = _FENCE_IN_LINE.sub("", self.text[:start].strip())
        after = _FENCE_IN_LINE.sub("", self.text[end:].strip())
        return Wrapped(value, before.strip(), after.strip())


def _container(text: str) -> Any:
    """The object or list that a text is as JSON, or `None`."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    return parse_json(text).value


def _words_around(wrapped: Wrapped) -> int:
    return count_words(wrapped.before) + count_words(wrapped.after)


def words_in(value: Any) -> int:
    """Words of the single values of parsed JSON, however deep."""
    words, texts, waiting = 0, [], [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            texts.append(item)
        else:
            words += 1
    return words + count_words("\n".join(texts))


def _pieces(text: str) -> Iterator[Piece]:
    """The text outside and inside of code fences, in order; a fence that nothing closes reaches to the end."""
    start, opened, language = 0, "", None
    for line in _FENCE_LINE.finditer(text):
        marks, info = line[1], line[2].strip().lower()
        if opened and (info or marks[0] != opened[0] or len(marks) < len(opened)):
            continue
        yield Piece(text[start : line.start()], language)
        start = min(line.end() + 1, len(text))
        opened, language = ("", None) if opened else (marks, info)
    yield Piece(text[start:], language)
