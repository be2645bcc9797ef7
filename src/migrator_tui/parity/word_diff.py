"""What changed between two texts, word by word, in an order that reads well.

rapidfuzz compares the words ten to sixty times faster than difflib. Runs of equal words too short to help the eye are
folded into the change around them. Very long texts are first cut at places that occur once in both.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Literal, NamedTuple

from rapidfuzz.distance import Indel

_SHORT = 24
"""Equal runs of more characters always stand by themselves."""

Kind = Literal["same", "removed", "added"]

CELLS = 9_000_000
"""Words of one text times words of the other that are compared directly; a millisecond or two."""
_MOST_CELLS = 100_000_000
"""The same for a stretch in which no place occurs once in both; what is longer counts as replaced."""
_ANCHOR_WORDS = 6
"""So many words in a row make a place by which two long texts are aligned."""

_WORD = re.compile(r"(?:\w+|[^\w\s])\s*")
_SPOKEN = re.compile(r"\w+(?:['’-]\w+)*")
"""What people call a word."""


class Span(NamedTuple):
    """A piece of text that is in both, only in the old or only in the new one."""

    kind: Kind
    text: str


def word_diff(old: str, new: str) -> list[Span]:
    """The spans of both texts in order; of a change, `removed` comes before `added`.

    The texts of `same` and `removed` joined give `old`, those of `same` and `added` give `new`. No two neighbours are
    of one kind, and none is empty.
    """
    if old == new:
        return [Span("same", old)] if old else []
    return _spans(_folded(_changes(_Words(old), _Words(new))))


def similarity(a: str, b: str) -> float:
    """How much of two texts is the same: 1 for equal words in the same order, 0 for none in common.

    Twice the words in common, in order, over the words of both; white space is of no account.
    """
    left, right = _words(a), _words(b)
    if left == right:
        return 1.0
    return 2 * _common(left, right) / (len(left) + len(right))


def words_in_common(a: str, b: str) -> tuple[int, int, int]:
    """How many words each of two texts has, and how many are in both, in order; signs are none."""
    left, right = _SPOKEN.findall(a), _SPOKEN.findall(b)
    return len(left), len(right), len(left) if left == right else _common(left, right)


def _common(left: list[str], right: list[str]) -> int:
    if len(left) * len(right) <= CELLS:
        return (len(left) + len(right) - int(Indel.distance(left, right))) // 2
    return sum(i2 - i1 for i1, i2, _, _ in _equal_runs(left, right))


def _words(text: str) -> list[str]:
    return list(map(str.rstrip, _WORD.findall(text)))


class _Words:
    """A text as words, each with the white space that follows it; what precedes the first is a word of its own."""

    def __init__(self, text: str) -> None:
        pieces = _WORD.findall(text)
        lead = len(text) - len(text.lstrip())
        # The empty word makes white space at the beginning the trailing white space of something.
        self.words = ["", *map(str.rstrip, pieces)]
        self._text = text
        self._starts = [0, *accumulate(map(len, pieces), initial=lead)]

    def text(self, start: int, end: int) -> str:
        return self._text[self._starts[start] : self._starts[end]]

    def space(self, i: int) -> str:
        return self._text[self._starts[i] + len(self.words[i]) : self._starts[i + 1]]


Change = list[str]
"""Text in both, then text only in the old one, then text only in the new one."""


def _changes(old: _Words, new: _Words) -> list[Change]:
    """The texts cut into runs of equal words, each with the change that follows it; none of the runs is empty."""
    changes: list[Change] = [["", "", ""]]
    i = j = 0
    for i1, i2, j1, j2 in _equal_runs(old.words, new.words):
        last = changes[-1]
        last[1] += old.text(i, i1)
        last[2] += new.text(j, j1)
        same = old.text(i1, i2)
        equal = [[same, "", ""]] if same == new.text(j1, j2) else _equal(old, new, i1, i2, j1)
        for change in equal:
            last = changes[-1]
            if not change[0] or not (last[1] or last[2]):
                last[:] = last[0] + change[0], last[1] + change[1], last[2] + change[2]
            else:
                changes.append(change)
        i, j = i2, j2
    last = changes[-1]
    last[1] += old.text(i, len(old.words))
    last[2] += new.text(j, len(new.words))
    return changes


def _equal(old: _Words, new: _Words, start: int, end: int, other: int) -> Iterator[Change]:
    """A run of equal words in which the white space behind some differs: each of those is a change of its own."""
    begun = start
    for i in range(start, end):
        before, after = old.space(i), new.space(i + other - start)
        if before != after:
            yield [old.text(begun, i) + old.words[i], before, after]
            begun = i + 1
    yield [old.text(begun, end), "", ""]


def _equal_runs(old: list[str], new: list[str]) -> list[tuple[int, int, int, int]]:
    """Start and end of each run of equal words in both lists, in order."""
    start, limit = 0, min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < limit - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    runs = [(0, start, 0, start)] if start else []
    runs += _middle(old, new, start, len(old) - tail, start, len(new) - tail)
    if tail:
        runs.append((len(old) - tail, len(old), len(new) - tail, len(new)))
    return runs


def _middle(
    old: list[str], new: list[str], i1: int, i2: int, j1: int, j2: int
) -> Iterator[tuple[int, int, int, int]]:
    if (i2 - i1) * (j2 - j1) <= CELLS:
        yield from _direct(old, new, i1, i2, j1, j2)
        return
    i, j = i1, j1
    for a, b in [*_anchors(old, new, i1, i2, j1, j2), (i2, j2)]:
        if a < i or b < j:
            continue
        if (a - i) * (b - j) <= _MOST_CELLS:
            yield from _direct(old, new, i, a, j, b)
        run = 0
        while a + run < i2 and b + run < j2 and old[a + run] == new[b + run]:
            run += 1
        if run:
            yield a, a + run, b, b + run
        i, j = a + run, b + run


def _direct(
    old: list[str], new: list[str], i1: int, i2: int, j1: int, j2: int
) -> Iterator[tuple[int, int, int, int]]:
    if i1 == i2 or j1 == j2:
        return
    for block in Indel.editops(old[i1:i2], new[j1:j2]).as_matching_blocks():
        i, j, size = block.a, block.b, block.size
        if size:
            yield i1 + i, i1 + i + size, j1 + j, j1 + j + size


def _anchors(old: list[str], new: list[str], i1: int, i2: int, j1: int, j2: int) -> list[tuple[int, int]]:
    """Places that occur once in both, in the order of both (patience diff: the longest increasing sequence)."""
    mine, theirs = _once(old, i1, i2), _once(new, j1, j2)
    pairs = sorted((i, theirs[place]) for place, i in mine.items() if place in theirs)
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for n, (_, j) in enumerate(pairs):
        at = bisect_left(ends, j)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1] = [j]
        last[at : at + 1] = [n]
    chain: list[tuple[int, int]] = []
    n = last[-1] if last else -1
    while n >= 0:
        chain.append(pairs[n])
        n = before[n]
    return chain[::-1]


def _once(words: list[str], start: int, end: int) -> dict[int, int]:
    """Where each group of words that occurs only once begins, by the group's hash."""
    seen: dict[int, int] = {}
    for i in range(start, end - _ANCHOR_WORDS + 1):
        group = hash(tuple(words[i : i + _ANCHOR_WORDS]))
        seen[group] = -1 if group in seen else i
    return {group: i for group, i in seen.items() if i >= 0}


def _folded(changes: list[Change]) -> list[Change]:
    """Changes with short equal runs between two of them taken into one change.

    An equal run is short if it has no more characters than the change before it and than the one after it, and at
    most `_SHORT`: the rule of diff-match-patch's semantic clean-up, with a limit, so that
    long changes eat no sentences.
    """
    done = changes[:1]
    for change in changes[1:]:
        same, removed, added = change
        last = done[-1]
        length = len(same)
        if length <= _SHORT and length <= max(len(last[1]), len(last[2])) and length <= max(len(removed), len(added)):
            last[1] += same + removed
            last[2] += same + added
        else:
            done.append(change)
    return done


def _spans(changes: list[Change]) -> list[Span]:
    spans = []
    for same, removed, added in changes:
        if same:
            spans.append(Span("same", same))
        if removed:
            spans.append(Span("removed", removed))
        if added:
            spans.append(Span("added", added))
    return spans
