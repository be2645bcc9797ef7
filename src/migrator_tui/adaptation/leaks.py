"""Words of a case that an edit would put into the prompt: then the case passes because its answer was told.

Two signs: five words in a row, or one token that is hardly a word of the language, such as an order number, an
address or a name. What the prompt or the checks of the task hold already is no leak, nor what many cases share.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from migrator_tui.adaptation.values import Edit, EditKind, Leak
from migrator_tui.project.schema import Case, Task

IN_A_ROW = 5
"""Words in a row that are taken to be copied …"""
_SIGNS_IN_A_ROW = 10
"""… and characters, in scripts that put no spaces between words."""
SHARED_BY = 0.10
"""What more of the cases hold than this share, and more than three, belongs to no case."""
_LOOKED_AT = 200_000
"""Characters of one case that are looked at."""
_MOST_LEAKS = 20
_DEEPEST = 32
_SHOWN = 120
"""Characters of a phrase that are told."""
_NOUNS = 0.12
"""Capitals on more of the words inside sentences: a language such as German, where they make no name."""

_FIRST_SIGN = 0x3040
_SIGNS = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LETTER = rf"[^\W_{_SIGNS}]"
_WORD = re.compile(rf"[{_SIGNS}]|{_LETTER}+(?:['’_-]{_LETTER}+)*")
_TOKEN = re.compile(rf"{_LETTER}(?:(?:{_LETTER}|[.@+_-])*{_LETTER})?")
_NAME = re.compile(r"(?<=[^\W\d_] |[,&] )([A-Z\u00c0-\u00de][^\W\d_]{2,})")
"""A capitalised word that does not begin a sentence."""
_FENCED = re.compile(r"\s*(?:```|~~~)[^\n]*\n(.*?)\n?(?:```|~~~)\s*", re.DOTALL)

_CAPITALISED = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
september october november december arabic chinese czech danish dutch english finnish french german greek hebrew
hindi hungarian indonesian italian japanese korean latin mandarin norwegian polish portuguese romanian russian
spanish swedish thai turkish ukrainian vietnamese markdown unicode european american british
"""

_ORDINARY = frozenset(_CAPITALISED.split())
"""Capitalised words that are no names of anybody's."""


Row = tuple[str, ...]
"""Words in a row, in lower case, as many as are taken to be copied."""


def leaks(
    base: str, edit: Edit, cases: Sequence[Case], outputs: Mapping[str, str], known: Iterable[str] = ()
) -> tuple[Leak, ...]:
    """What the edit copies, for each case it copies from the longest passage first; nothing of one of kind `example`.

    `outputs` are answers to the cases that the assistant was shown, by case id; `known` are further texts that the
    prompt's author may quote, such as `task_texts`.
    """
    if edit.kind is EditKind.EXAMPLE or not edit.text:
        return ()
    ours = [base, *known]
    rows = set(_rows(_words(edit.text))) - {()}
    for text in ours:
        rows -= _held(text, rows)
    tokens = _rare_tokens(edit.text, ours)
    names = _names(edit.text, ours)
    if not (rows or tokens or names):
        return ()
    found: dict[str, set[str | Row]] = {}
    seen: Counter[str | Row] = Counter()
    asked: set[str | Row] = set()
    plain: set[str] = set()
    for case in cases:
        mine: set[str | Row] = set()
        for texts, answered in ((_asked(case), False), (_answered(outputs.get(case.id, "")), True)):
            signs: set[str | Row] = set()
            for text in _bounded(texts):
                signs |= _held(text, rows)
                if tokens:
                    signs |= tokens.intersection(_TOKEN.findall(text))
                if names:
                    words = set(_WORD.findall(text))
                    signs |= names & words
                    plain |= {name for name in names if name.lower() in words}
            mine |= signs
            asked |= set() if answered else signs
        if mine:
            found[case.id] = mine
            seen.update(mine)
    most = max(3, int(SHARED_BY * len(cases)))
    # A name that several cases have is none of theirs, nor is a phrase that only answers share: so the model talks.
    own = {sign for sign, times in seen.items() if times <= (most if sign in asked and sign not in names else 1)}
    shared = set(seen) - own | plain
    told = ((case_id, _phrases(edit.text, mine - shared)) for case_id, mine in found.items())
    return tuple(Leak(case_id, phrase) for case_id, phrases in told for phrase in phrases)[:_MOST_LEAKS]


def task_texts(task: Task) -> tuple[str, ...]:
    """What the task itself says to every case: its checks, tools and response format."""
    checks = [text for spec in task.checks for part in (spec.value, spec.options) for text in _leaves(part)]
    return (*checks, *_leaves(list(task.tools)), *_leaves(task.response_format))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _rows(words: list[str]) -> list[Row]:
    """By the number of its first word, each run of words that is long enough; empty ones at the end of the text."""
    sizes = (_SIGNS_IN_A_ROW if len(word) == 1 and ord(word) >= _FIRST_SIGN else IN_A_ROW for word in words)
    ends = (n + size for n, size in enumerate(sizes))
    return [tuple(words[n:end]) if end <= len(words) else () for n, end in enumerate(ends)]


def _held(text: str, rows: set[Row]) -> set[Row]:
    """Those of the rows that stand in the text."""
    found: set[Row] = set()
    if rows:
        words = _words(text)
        for size in {len(row) for row in rows}:
            found |= rows.intersection(zip(*(words[n:] for n in range(size)), strict=False))
    return found


def _phrases(text: str, signs: set[str | Row]) -> list[str]:
    """The passages of the edit's text that those rows, tokens and names make; the longest first."""
    places = [word.span() for word in _WORD.finditer(text)]
    copied: set[int] = set()
    for start, row in enumerate(_rows(_words(text))):
        if row in signs:
            copied.update(range(start, start + len(row)))
    runs: list[list[int]] = []
    for n in sorted(copied):
        if runs and runs[-1][-1] == n - 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    phrases = [text[places[run[0]][0] : places[run[-1]][1]] for run in runs]
    phrases += sorted(
        sign for sign in signs if isinstance(sign, str) and not any(sign in phrase for phrase in phrases)
    )
    return sorted((" ".join(phrase.split())[:_SHOWN] for phrase in phrases), key=len, reverse=True)


def _rare_tokens(text: str, ours: Sequence[str]) -> set[str]:
    """Its order numbers, amounts, dates, codes and addresses that no text of `ours` holds."""
    rare = set()
    for token in _TOKEN.findall(text):
        digits = sum(map(str.isdigit, token))
        mixed = digits >= 2 and len(token) >= 5 and any(map(str.isalpha, token))
        if (digits >= 4 or mixed or "@" in token) and not any(token in other for other in ours):
            rare.add(token)
    return rare


def _names(text: str, ours: Sequence[str]) -> set[str]:
    """Its capitalised words inside sentences that no text of `ours` holds, unless the language capitalises nouns."""
    found = set(_capitalised(text))
    prompt = f"{ours[0]}\n{text}"
    if not found or len(_capitalised(prompt)) > _NOUNS * len(_WORD.findall(prompt)):
        return set()
    held = {word.casefold() for other in ours for word in _WORD.findall(other)}
    return {name for name in found if name.casefold() not in held and name.casefold() not in _ORDINARY}


def _capitalised(text: str) -> list[str]:
    return [word for word in _NAME.findall(text) if not word.isupper()]


def _bounded(texts: Iterable[str]) -> Iterator[str]:
    left = _LOOKED_AT
    for text in texts:
        if left <= 0:
            return
        yield text[:left]
        left -= len(text)


def _asked(case: Case) -> Iterator[str]:
    """What the case says; keys of JSON are nobody's words."""
    for source in (*_said(case), list(case.vars.values()), case.expected):
        yield from _leaves(source)


def _answered(output: str) -> Iterator[str]:
    """What was answered to it, likewise."""
    fenced = _FENCED.fullmatch(output)
    return _leaves(fenced[1] if fenced else output)


def _said(case: Case) -> Iterator[Any]:
    for message in case.messages:
        yield message.get("content")
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict):
                yield function.get("arguments")


def _leaves(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts and numbers in a value; text that is JSON itself is looked into."""
    if depth > _DEEPEST or value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if value.lstrip()[:1] in ("{", "["):
            try:
                inner = json.loads(value[:_LOOKED_AT])
            except (ValueError, RecursionError):
                yield value
                return
            yield from _leaves(inner, depth + 1)
        elif not value.startswith("data:"):
            yield value
    elif isinstance(value, int | float):
        yield str(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner, depth + 1)
