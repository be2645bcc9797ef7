"""Edits of a prompt: where each acts, the text that some of them make, and what of them a screen shows.

Every anchor is looked for in the text as it was before any edit, occurs in it exactly once, and shares no character
with another edit's. So any choice of edits makes one text, in whatever order they were taken.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from migrator_tui.adaptation.values import Edit, Op
from migrator_tui.project.words import NEAR, counted, listed, quoted

CONTEXT_LINES = 3
"""Unchanged lines shown above and below an edit."""

_SHOWN = 80
"""Characters of an anchor that a message repeats."""
_TOLD = 5
"""So many mistakes are told at once."""


class EditError(ValueError):
    """Edits do not fit their text, or go too far; its text is one line, for the assistant and for a person alike."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an edit acts: the characters from `start` to `end` give way to `text`."""

    start: int
    end: int
    text: str
    """Of an `append` without the line break that `applied` puts before it where one is wanting."""
    edit: int
    """Its place among the edits, from 0."""


@dataclass(frozen=True, slots=True)
class HunkLine:
    """One line of what an edit changes, with its context."""

    sign: Literal["", "-", "+"]
    """Kept, removed or added."""
    number: int
    """Its line, from 1: of a removed one in the text before, of the others in the text after."""
    text: str
    changed: tuple[tuple[int, int], ...] = ()
    """Start and end of the stretches that differ, in characters, where lines give way to lines."""


def place(base: str, edits: Sequence[Edit], taken: Collection[int] | None = None) -> list[Placed]:
    """Where the edits act, or those of them with the numbers `taken`, from 0, in the order of the text.

    Only these must fit; `EditError` where they do not fit the text, or each other.
    """
    return _placed(base, edits, range(len(edits)) if taken is None else sorted(set(taken)))


def applied(base: str, edits: Sequence[Edit], taken: Collection[int] | None = None) -> str:
    """The text that the edits make, or those of them with the numbers `taken`; `EditError` as for `place`."""
    parts: list[str] = []
    at = 0
    last = ""
    for placed in place(base, edits, taken):
        passed = base[at : placed.start]
        last = (passed or last)[-1:]
        starts_line = edits[placed.edit].op is Op.APPEND and last not in ("", "\n", "\r")
        parts += (passed, "\n" if starts_line else "", placed.text)
        last = (placed.text or last)[-1:]
        at = placed.end
    return "".join([*parts, base[at:]])


def stale(text: str, edits: Sequence[Edit]) -> dict[int, str]:
    """By number, from 0: the edits that cannot be placed in that text, and why. The others can, together.

    For a draft that changed since the edits were made for it.
    """
    found: dict[int, str] = {}
    spans: list[tuple[int, int, int]] = []
    for number, edit in enumerate(edits):
        at, problem = _span(text, edit)
        if problem:
            found[number] = problem
        elif at is not None:
            other = next((n for start, end, n in spans if start < at[1] and at[0] < end), None)
            if other is not None:
                found[number] = f"its anchor and that of edit {other + 1} overlap now"
            else:
                spans.append((*at, number))
    return found


def hunk_lines(
    base: str, edits: Sequence[Edit], taken: Collection[int], edit: int, context: int = CONTEXT_LINES
) -> list[HunkLine]:
    """What the edit with that number changes in the text that the taken ones make, whether it is one of them or not.

    Raises `EditError` where these do not fit the text.
    """
    others = set(taken) - {edit}
    before = applied(base, edits, others).split("\n")
    after = applied(base, edits, others | {edit}).split("\n")
    limit = min(len(before), len(after))
    head = next((n for n in range(limit) if before[n] != after[n]), limit)
    tail = next((n for n in range(limit - head) if before[-1 - n] != after[-1 - n]), limit - head)
    removed, added = before[head : len(before) - tail], after[head : len(after) - tail]
    gone, new = _stretches(removed, added)
    first = max(head - context, 0)
    end = len(after) - tail
    return [
        *(HunkLine("", n + 1, after[n]) for n in range(first, head)),
        *(HunkLine("-", head + n + 1, line, gone[n]) for n, line in enumerate(removed)),
        *(HunkLine("+", head + n + 1, line, new[n]) for n, line in enumerate(added)),
        *(HunkLine("", n + 1, after[n]) for n in range(end, min(end + context, len(after)))),
    ]


def occurrences(text: str, anchor: str) -> list[int]:
    """Where it stands in the text, overlapping places included, so that `aa` stands twice in `aaa`."""
    return list(_occurrences(text, anchor))


def _occurrences(text: str, anchor: str) -> Iterator[int]:
    at = text.find(anchor)
    while at >= 0:
        yield at
        at = text.find(anchor, at + 1)


def _placed(base: str, edits: Sequence[Edit], numbers: Collection[int]) -> list[Placed]:
    problems: list[str] = []
    spans: list[tuple[int, int, int]] = []
    found: list[Placed] = []
    for number in numbers:
        if not 0 <= number < len(edits):
            raise EditError(f"there is no edit {number + 1}: {counted(len(edits), 'edit')}")
        edit = edits[number]
        at, problem = _span(base, edit)
        if problem:
            problems.append(f"edit {number + 1}: {problem}")
        elif at is None:
            found.append(Placed(len(base), len(base), edit.text, number))
        else:
            spans.append((*at, number))
            start = at[1] if edit.op is Op.INSERT_AFTER else at[0]
            found.append(Placed(start, at[1], edit.text, number))
    problems += _overlaps(spans)
    if problems:
        more = len(problems) - _TOLD
        raise EditError("; ".join(problems[:_TOLD]) + (f"; and {more} more" if more > 0 else ""))
    # What is appended comes last, even where another edit acts at the very end.
    return sorted(found, key=lambda one: (edits[one.edit].op is Op.APPEND, one.start, one.end, one.edit))


def _overlaps(spans: list[tuple[int, int, int]]) -> Iterator[str]:
    reach, owner = -1, -1
    for start, end, number in sorted(spans):
        if start < reach:
            first, second = sorted((owner + 1, number + 1))
            yield f"the anchors of edits {first} and {second} overlap; make them one edit"
        if end > reach:
            reach, owner = end, number


def _span(base: str, edit: Edit) -> tuple[tuple[int, int] | None, str]:
    """Where the edit's anchor stands, or why it cannot be placed; neither for an `append`."""
    if edit.op is Op.DELETE and edit.text:
        return None, "delete takes no text"
    if edit.op in (Op.INSERT_AFTER, Op.APPEND) and not edit.text:
        return None, f"{edit.op.value} needs a text"
    if edit.op is Op.APPEND:
        return None, "append takes no anchor" if edit.anchor else ""
    if not edit.anchor:
        return None, f"{edit.op.value} needs an anchor: a passage that occurs exactly once in the prompt"
    if edit.op is Op.REPLACE and edit.text == edit.anchor:
        return None, "its text is the same as its anchor, so that it changes nothing"
    places = occurrences(base, edit.anchor)
    if not places:
        return None, f"its anchor {quoted(edit.anchor, _SHOWN)} is nowhere in the prompt{_nearest(base, edit.anchor)}"
    if len(places) > 1:
        lines = listed(dict.fromkeys(base.count("\n", 0, at) + 1 for at in places[:20]), 4)
        what = f"its anchor {quoted(edit.anchor, _SHOWN)} occurs {len(places)} times (lines {lines})"
        return None, f"{what}; take in more of the words around it"
    return (places[0], places[0] + len(edit.anchor)), ""


def _nearest(base: str, anchor: str) -> str:
    """`; nearest is line 10, "- summary: for a busy agent"`, or nothing where no line is near."""
    # Here, not above: an answer without mistakes should not wait for this import.
    from rapidfuzz import fuzz, process

    wanted = next((line.strip() for line in anchor.split("\n") if line.strip()), "")
    found = process.extractOne(wanted[:500], base.split("\n"), scorer=fuzz.ratio, score_cutoff=NEAR)
    return f"; nearest is line {found[2] + 1}, {quoted(found[0].strip(), _SHOWN)}" if found else ""


def _stretches(
    removed: list[str], added: list[str]
) -> tuple[list[tuple[tuple[int, int], ...]], list[tuple[tuple[int, int], ...]]]:
    """Of each line, the stretches that differ; none where lines were only removed or only added."""
    if not removed or not added:
        return [()] * len(removed), [()] * len(added)
    # Here, not above: it imports rapidfuzz.
    from migrator_tui.parity.word_diff import word_diff

    spans = word_diff("\n".join(removed), "\n".join(added))
    return (
        _by_line([(span.text, span.kind == "removed") for span in spans if span.kind != "added"], len(removed)),
        _by_line([(span.text, span.kind == "added") for span in spans if span.kind != "removed"], len(added)),
    )


def _by_line(pieces: list[tuple[str, bool]], lines: int) -> list[tuple[tuple[int, int], ...]]:
    found: list[list[tuple[int, int]]] = [[] for _ in range(lines)]
    line = column = 0
    for text, differs in pieces:
        for n, part in enumerate(text.split("\n")):
            if n:
                line, column = line + 1, 0
            if differs and part:
                found[line].append((column, column + len(part)))
            column += len(part)
    return [tuple(stretches) for stretches in found]
