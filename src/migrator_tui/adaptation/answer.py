"""Reads what an assistant answered into proposals: mild about what stands around the JSON, strict about its form.

Nothing is done with what was read but to show it. What is wrong is said in one line that the assistant can mend.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from migrator_tui.adaptation.brief_words import ADVICE
from migrator_tui.adaptation.minimal import addition
from migrator_tui.adaptation.values import Advice, Cause, Edit, EditKind, Op
from migrator_tui.project.prompts import normal
from migrator_tui.project.schema import AdaptationSettings, Case
from migrator_tui.project.words import counted, kind_of, listed, quoted
from migrator_tui.text_safety import safe, safe_line

MOST_ANSWER = 200_000
"""Characters of an answer that are looked at."""
MOST_ITEMS = 50
"""Edits, causes or pieces of advice: more than that is no answer to what was asked."""
MOST_TEXT = 20_000
"""Characters of an edit's text or anchor."""
MOST_WHY = 600
MOST_TITLE = 80
MOST_IDS = 200
_PARTS = ("edits", "causes", "not_prompt_fixable", "prompt")

_LINE_NUMBER = re.compile(r"\s*\d+\| ?")

T = TypeVar("T")


class AnswerError(ValueError):
    """An answer is not of the form asked for; its text is the one line that goes back to the assistant."""

    def __init__(self, problem: str, rest: "Reading | None" = None) -> None:
        super().__init__(problem)
        self.rest = rest
        """What is sound of it, where a guard refuses some of its edits and not others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer is held against."""

    base: str
    """The template that edits act on."""
    limits: AdaptationSettings
    names: Mapping[str, str]
    """What the request called the cases it told of, each with its id."""
    rules: Collection[str] = ()
    """Ids of the guidance it was given …"""
    sources: Mapping[str, str] = field(default_factory=dict)
    """… and the pages that these rules follow."""
    frozen: Sequence[str] = ()
    """Passages of the base that no edit may touch."""
    cases: Sequence[Case] = ()
    """Cases that the changed prompt must still render on."""
    minimal: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer proposes."""

    edits: tuple[Edit, ...]
    causes: tuple[Cause, ...] = ()
    advice: tuple[Advice, ...] = ()
    rewritten: bool = False
    """It was a whole new prompt, taken apart into edits without reasons."""
    notes: tuple[str, ...] = ()
    """What was left out of it, a line each."""


def read_answer(text: str, asked: Asked) -> Reading:
    """The proposals in an answer. Raises `AnswerError` where it breaks the form or a guard refuses its edits."""
    from migrator_tui.adaptation.guards import refusals

    found = _object_in(text)
    notes: list[str] = []
    causes = tuple(_cause(item, n, asked, notes) for n, item in _items(found, "causes"))
    advice = tuple(_advice(item, n, asked, notes) for n, item in _items(found, "not_prompt_fixable"))
    edits = tuple(_edit(item, n, asked, notes) for n, item in _items(found, "edits"))
    limits, rewritten = asked.limits, False
    if found.get("prompt") is not None:
        if edits:
            raise AnswerError("the answer holds both edits and a whole prompt; give one of the two")
        if asked.minimal:
            raise AnswerError("the answer holds a whole prompt; give edits that delete or shorten passages")
        edits, rewritten = _rewrite(found["prompt"], asked), True
        # However many pieces it falls into: people take and leave them one by one.
        limits = replace(limits, max_edits=max(limits.max_edits, len(edits)))
    if not edits:
        return Reading((), causes, advice, notes=tuple(notes))
    refused = refusals(asked.base, edits, None, limits, asked.frozen, asked.cases)
    reading = Reading(edits, causes, advice, rewritten, tuple(notes))
    if refused:
        # The pieces of a rewrite were never meant one by one.
        raise AnswerError("; ".join(refused), None if rewritten else _sound(reading, asked))
    return reading


def _sound(reading: Reading, asked: Asked) -> Reading | None:
    """The reading with those of its edits alone that guards let pass together, the first ones first, and a note of
    each that is left out; `None` where no edit is sound."""
    from migrator_tui.adaptation.guards import refusals

    kept: list[int] = []
    notes = list(reading.notes)
    for number, edit in enumerate(reading.edits):
        problems = refusals(asked.base, reading.edits, [*kept, number], asked.limits, asked.frozen, asked.cases)
        if problems:
            notes.append(f"left out: {quoted(edit.title, MOST_TITLE)}, since a guard refuses it ({problems[0]})")
        else:
            kept.append(number)
    if not kept:
        return None
    return replace(reading, edits=tuple(reading.edits[number] for number in kept), notes=tuple(notes))


def _object_in(text: str) -> dict[str, Any]:
    """The JSON object of the answer, whatever stands around it."""
    from migrator_tui.checks.base import CheckFailure
    from migrator_tui.checks.json_reading import json_objects, parse_json

    if not text.strip():
        raise AnswerError("the answer is empty; a JSON object was asked for")
    if len(text) > MOST_ANSWER:
        raise AnswerError(f"the answer has {len(text):,} characters; at most {MOST_ANSWER:,} are read")
    try:
        objects = [value for value in json_objects(text) if isinstance(value, dict)]
    except CheckFailure:
        raise AnswerError("the answer cannot be read as JSON in reasonable time") from None
    fitting = [value for value in objects if any(part in value for part in _PARTS)]
    if fitting:
        # Some think aloud in a first draft: what they end with is what they mean.
        return fitting[-1]
    first = text.find("{")
    # Its outermost braces, whatever stands around them: a mistake in there is what has to be mended.
    problem = parse_json(text[first : max(text.rfind("}") + 1, first + 1)] if first >= 0 else text.strip()).problem
    if problem is None and objects:
        known = listed(sorted(map(str, objects[-1])), 5)
        raise AnswerError(f"the JSON object has no {quoted('edits')}; it has {known or 'nothing in it'}")
    raise AnswerError(f"the answer holds no JSON object: {safe_line(problem or 'a list or a value alone', 120)}")


def _items(found: Mapping[str, Any], key: str) -> list[tuple[int, Mapping[str, Any]]]:
    value = found.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise AnswerError(f"{key} must be a list, not {kind_of(value)}")
    if len(value) > MOST_ITEMS:
        raise AnswerError(f"{key} has {counted(len(value), 'item')}; at most {MOST_ITEMS} are read")
    for number, item in enumerate(value, 1):
        if not isinstance(item, dict):
            raise AnswerError(f"{key}: item {number} must be an object, not {kind_of(item)}")
    return list(enumerate(value, 1))


def _edit(item: Mapping[str, Any], number: int, asked: Asked, notes: list[str]) -> Edit:
    what = f"edit {number}"
    op = _one_of(item, "op", list(Op), what)
    assert op is not None
    text, anchor = _passage(item, "text", what, asked), _passage(item, "anchor", what, asked)
    if op is Op.APPEND and anchor:
        raise AnswerError(f"{what}: append takes no anchor; use insert_after to put text behind a passage")
    if op is not Op.APPEND and not anchor:
        raise AnswerError(f"{what}: {op} needs an anchor, a passage copied from the prompt")
    if op is Op.DELETE and text:
        raise AnswerError(f"{what}: delete takes no text; use replace to put something in its place")
    if op is not Op.DELETE and not text:
        raise AnswerError(f"{what}: {op} needs a text" + ("; use delete to remove" if op is Op.REPLACE else ""))
    if asked.minimal and (problem := addition(op, anchor, text)):
        raise AnswerError(f"{what}: {problem}")
    if _LINE_NUMBER.match(anchor) and anchor not in asked.base:
        raise AnswerError(f"{what}: the anchor begins with a line number, which is no part of the prompt")
    case_ids = _case_ids(item, what, asked, notes)
    if not case_ids and not asked.minimal:
        raise AnswerError(f"{what} names no case it was told of in case_ids")
    title, why = _said(item, "title", what, MOST_TITLE), _said(item, "why", what, MOST_WHY)
    if not why:
        raise AnswerError(f"{what} has no reason in why")
    rule = _said(item, "rule", what, 120)
    return Edit(
        op=op,
        text=text,
        anchor=anchor,
        title=title or safe_line(why, MOST_TITLE),
        why=why,
        case_ids=case_ids,
        kind=_one_of(item, "kind", list(EditKind), what, optional=True) or EditKind.INSTRUCTION,
        rule=rule if rule in asked.rules else "",
        source=asked.sources.get(rule, "") if rule in asked.rules else "",
    )


def _cause(item: Mapping[str, Any], number: int, asked: Asked, notes: list[str]) -> Cause:
    what = f"cause {number}"
    text = _said(item, "text", what, MOST_WHY)
    if not text:
        raise AnswerError(f"{what} has no text")
    return Cause(text, _case_ids(item, what, asked, notes))


def _advice(item: Mapping[str, Any], number: int, asked: Asked, notes: list[str]) -> Advice:
    what = f"not_prompt_fixable: item {number}"
    kind = _one_of(item, "what", ADVICE, what)
    text = _said(item, "text", what, MOST_WHY)
    if not text:
        raise AnswerError(f"{what} has no text")
    return Advice(str(kind), text, _case_ids(item, what, asked, notes))


def _rewrite(value: Any, asked: Asked) -> tuple[Edit, ...]:
    from migrator_tui.adaptation.rewriting import rewrite_edits

    if not isinstance(value, str):
        raise AnswerError(f"prompt must be text, not {kind_of(value)}")
    text = normal(value)
    if not text.strip():
        raise AnswerError("the new prompt is empty")
    _refuse_hidden(text, "the new prompt", asked.base)
    return rewrite_edits(asked.base, text)


def _one_of(
    item: Mapping[str, Any], key: str, allowed: Sequence[T], what: str, *, optional: bool = False
) -> T | None:
    value = item.get(key)
    if value is None or value == "":
        if optional:
            return None
        raise AnswerError(f"{what} has no {key}; it can be {listed(allowed)}")
    for each in allowed:
        if isinstance(value, str) and value == each:
            return each
    shown = quoted(value) if isinstance(value, str) else kind_of(value)
    raise AnswerError(f"{what}: {key} can't be {shown}; it can be {listed(allowed)}")


def _passage(item: Mapping[str, Any], key: str, what: str, asked: Asked) -> str:
    """A text that goes into the prompt, or stands in it: to the letter, but for line feeds."""
    value = item.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise AnswerError(f"{what}: {key} must be text, not {kind_of(value)}")
    if len(value) > MOST_TEXT:
        raise AnswerError(f"{what}: {key} has {len(value):,} characters; at most {MOST_TEXT:,} are taken")
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_hidden(text, f"{what}: {key}", asked.base)
    return text


def _refuse_hidden(text: str, what: str, base: str) -> None:
    """Characters that nobody sees have no place in a prompt, unless they stand in it already."""
    if safe(text) == text:
        return
    strange = next((c for c in text if safe(c) != c and c not in base), None)
    if strange is not None:
        raise AnswerError(f"{what} holds the invisible or control character U+{ord(strange):04X}")


def _said(item: Mapping[str, Any], key: str, what: str, limit: int) -> str:
    """Words for people, in one line."""
    value = item.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise AnswerError(f"{what}: {key} must be text, not {kind_of(value)}")
    return safe_line(value, limit)


def _case_ids(item: Mapping[str, Any], what: str, asked: Asked, notes: list[str]) -> tuple[str, ...]:
    """The cases named, of those it was told of; others cannot be what it has seen, and are left out."""
    value = item.get("case_ids")
    if value is None:
        return ()
    if not isinstance(value, list):
        raise AnswerError(f"{what}: case_ids must be a list, not {kind_of(value)}")
    names = [name for name in value[:MOST_IDS] if isinstance(name, str)]
    strange = [name for name in names if name not in asked.names]
    strange += [kind_of(name) for name in value[:MOST_IDS] if not isinstance(name, str)]
    if strange:
        notes.append(f"{what} names cases that it was not told of: {listed(strange, 5)}")
    return tuple(dict.fromkeys(asked.names[name] for name in names if name in asked.names))
