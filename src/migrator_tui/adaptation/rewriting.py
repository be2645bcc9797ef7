"""Takes a whole new prompt apart into edits, so that each change can be taken or left by itself.

What changed comes from the word diff; each change gets as anchor the least of the old text around it that occurs only
once. Where two anchors would meet, their changes become one edit.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from migrator_tui.adaptation.values import Edit, Op
from migrator_tui.project.words import one_line

_ENDS = re.compile(r"[.!?:;][\"')\]]*\s|\n\s*(?:\n|[-*•#>]|\d+[.)])")
"""Where a sentence, a paragraph or an item of a list ends."""
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
_BESIDE = 24
"""Words and gaps before an insertion among which an anchor is looked for, before those behind it are taken in too."""
_FARTHEST = 200
"""Characters by which a change may move to a place where it reads better."""
_SHOWN = 32
"""Characters of a change that its title repeats."""


@dataclass(slots=True)
class _Hunk:
    """The characters from `start` to `end` of the old text give way to `text`; the anchor reaches further."""

    start: int
    end: int
    text: str
    left: int = 0
    right: int = 0


def rewrite_edits(old: str, new: str) -> tuple[Edit, ...]:
    """Edits without reasons that turn `old` into `new`, in the order of the text; none where the two are equal.

    All of them applied give `new`, to the letter.
    """
    if old == new:
        return ()
    if not old:
        return (Edit(Op.APPEND, new, title=_title("", new), explained=False),)
    anchored = _anchored(old, _changes(old, new))
    return tuple(_edit(old, hunk) for hunk in anchored)


def _changes(old: str, new: str) -> list[_Hunk]:
    """What differs, in pieces that each make sense: changes within one sentence belong together, lines apart."""
    found: list[_Hunk] = []
    for hunk in _by_line(old, _differing(old, new)):
        if found and not _apart(old, found[-1], hunk):
            found[-1] = _merged(old, found[-1], hunk)
        else:
            found.append(hunk)
    for n, hunk in enumerate(found):
        low = found[n - 1].end if n else 0
        high = found[n + 1].start if n + 1 < len(found) else len(old)
        if hunk.start == hunk.end or not hunk.text:
            _slide(old, hunk, low, high)
    return found


def _apart(old: str, first: _Hunk, second: _Hunk) -> bool:
    """Whether a sentence, a line of its own or an item of a list ends between two changes."""
    if (second.text[:1] or old[second.start : second.end][:1]) == "\n" or _ENDS.search(first.text[-3:]):
        return True
    # The mark of an item may be part of the change.
    end = second.start + 3 if old[second.start - 1] == "\n" else second.start
    return bool(_ENDS.search(old, max(first.start, first.end - 2), end))


def _differing(old: str, new: str) -> list[_Hunk]:
    # Here, not above: it imports rapidfuzz.
    from migrator_tui.parity.word_diff import word_diff

    found: list[_Hunk] = []
    at = 0
    for span in word_diff(old, new):
        if span.kind == "same":
            at += len(span.text)
            continue
        if not found or found[-1].end != at:
            found.append(_Hunk(at, at, ""))
        if span.kind == "removed":
            at += len(span.text)
            found[-1].end = at
        else:
            found[-1].text += span.text
    return found


def _by_line(old: str, hunks: list[_Hunk]) -> Iterator[_Hunk]:
    """Changes of as many lines into as many are taken line by line."""
    for hunk in hunks:
        before, after = old[hunk.start : hunk.end].split("\n"), hunk.text.split("\n")
        if len(before) != len(after) or len(before) == 1:
            yield hunk
            continue
        at = hunk.start
        for was, now in zip(before, after, strict=True):
            yield from (_Hunk(at + one.start, at + one.end, one.text) for one in _differing(was, now))
            at += len(was) + 1


def _slide(old: str, hunk: _Hunk, low: int, high: int) -> None:
    """Move what is only added or only removed to where it begins a line or a sentence, if it may as well stand there.

    Of `One. Two. Three.`, `Two. ` was removed rather than `. Two`.
    """
    length = hunk.end - hunk.start
    text = hunk.text or old[hunk.start : hunk.end]
    at = hunk.start
    for _ in range(_FARTHEST):
        if at <= low or old[at - 1] != text[-1]:
            break
        at, text = at - 1, text[-1] + text[:-1]
    best = (-1, 0, at, text)
    for step in range(2 * _FARTHEST):
        best = max(best, (_fitness(old, at, text), -abs(at - hunk.start), at, text))
        if step + 1 == 2 * _FARTHEST or at + length >= high or old[at + length] != text[0]:
            break
        at, text = at + 1, text[1:] + text[0]
    hunk.start, hunk.end = best[2], best[2] + length
    if hunk.text:
        hunk.text = best[3]


def _fitness(old: str, at: int, text: str) -> int:
    """How well a text of its own begins there."""
    if at == 0 or old[at - 1] == "\n" or text[0] == "\n":
        return 3
    if text[0].isspace() and old[at - 1] in ".!?:;":
        return 2
    if not old[at - 1].isspace():
        return 0
    return 2 if old[max(at - 9, 0) : at].rstrip()[-1:] in tuple(".!?:;") else 1


def _anchored(old: str, changes: list[_Hunk]) -> list[_Hunk]:
    """The changes with anchors that occur once and do not overlap, some of them made one."""
    bounds = [0, *(token.end() for token in _TOKEN.finditer(old))]
    done: list[_Hunk] = []
    left = list(reversed(changes))
    while left:
        hunk = left.pop()
        low = done[-1].right if done else 0
        high = left[-1].start if left else len(old)
        if _grow(old, bounds, hunk, low, high):
            done.append(hunk)
        elif left and (not done or left[-1].start - hunk.end <= hunk.start - done[-1].end):
            left.append(_merged(old, hunk, left.pop()))
        else:
            # The whole text occurs once: the last change left finds an anchor.
            left.append(_merged(old, done.pop(), hunk))
    return done


def _merged(old: str, first: _Hunk, second: _Hunk) -> _Hunk:
    return _Hunk(first.start, second.end, first.text + old[first.end : second.start] + second.text)


def _grow(old: str, bounds: list[int], hunk: _Hunk, low: int, high: int) -> bool:
    """Give it the smallest anchor between `low` and `high` that occurs once; false where none does."""
    if hunk.start == hunk.end:
        # What only adds is best put after what stands before it.
        at = bisect_left(bounds, hunk.start)
        for left in range(2, _BESIDE + 1):
            start = max(bounds[max(at - left, 0)], low)
            if old[start : hunk.start].strip() and _once(old, start, hunk.start):
                hunk.left, hunk.right = start, hunk.start
                return True
    failed, step = -1, 0 if hunk.start < hunk.end else 1
    while not _once(old, *_around(bounds, hunk, step, low, high)):
        if _around(bounds, hunk, step, low, high) == (low, high):
            return False
        failed, step = step, max(2 * step, 1)
    while step - failed > 1:
        middle = (failed + step) // 2
        if middle and _once(old, *_around(bounds, hunk, middle, low, high)):
            step = middle
        else:
            failed = middle
    hunk.left, hunk.right = _around(bounds, hunk, step, low, high)
    return True


def _around(bounds: list[int], hunk: _Hunk, step: int, low: int, high: int) -> tuple[int, int]:
    """Start and end of the change with so many words and gaps to either side, as far as `low` and `high`."""
    if not step:
        return hunk.start, hunk.end
    start = bounds[max(bisect_left(bounds, hunk.start) - step, 0)]
    end = bounds[min(bisect_left(bounds, hunk.end) + step, len(bounds) - 1)]
    return max(start, low), min(end, high)


def _once(text: str, start: int, end: int) -> bool:
    passage = text[start:end]
    return bool(passage) and text.find(passage) == start and text.find(passage, start + 1) < 0


def _edit(old: str, hunk: _Hunk) -> Edit:
    removed = old[hunk.start : hunk.end]
    title = _title(removed, hunk.text)
    anchor = old[hunk.left : hunk.right]
    if hunk.right == hunk.start:
        return Edit(Op.INSERT_AFTER, hunk.text, anchor, title, explained=False)
    if not hunk.text and anchor == removed:
        return Edit(Op.DELETE, "", anchor, title, explained=False)
    text = old[hunk.left : hunk.start] + hunk.text + old[hunk.end : hunk.right]
    return Edit(Op.REPLACE, text, anchor, title, explained=False)


def _title(removed: str, added: str) -> str:
    """`“be concise” → “use two sentences”`, `+ “in English”`, `− “please”`."""
    old, new = (f"“{one_line(' '.join(text.split()), _SHOWN)}”" for text in (removed, added))
    if not removed.strip() or not added.strip():
        if not (removed + added).strip():
            return "white space"
        return f"+ {new}" if added.strip() else f"− {old}"
    return f"{old} → {new}"
