"""What a simulated assistant would take out of a prompt: courtesy, emphasis, encouragement, what is said twice."""

import re
from collections.abc import Iterator
from typing import Any

from migrator_tui.models.simulator.briefs import AskedEdits, one_line
from migrator_tui.models.simulator.text import fold, word_list

_SENTENCE = re.compile(r"[^\s.!?][^.!?\n]{15,400}[.!?]+")
_LONG_WORD = re.compile(r"\w{7,}")
_ALIKE = 0.8
_MOST_SENTENCES = 300
_CONTEXT = 60


def removals(asked: AskedEdits) -> list[dict[str, Any]]:
    """Edits that delete or shorten, as many as the limits allow."""
    text = asked.template
    room = len(text.split()) * asked.most_change
    found: list[dict[str, Any]] = []
    taken: list[tuple[int, int]] = []
    refused = set(asked.refused)
    for start, end, by, title, why in [*_repeated(text), *_listed(text)]:
        if _frozen(asked, start, end) or any(start < stop and begin < end for begin, stop in taken):
            continue
        edit = _removal(text, start, end, by)
        words = len(text[start:end].split())
        told = {one_line(str(edit.get("text") or edit["anchor"]))} if edit else set()
        if edit is None or told & refused or words > room or len(found) >= asked.most_edits:
            continue
        room -= words
        taken.append((start, end))
        found.append({**edit, "title": title, "why": why, "case_ids": [], "kind": "instruction", "rule": ""})
    return found


def _listed(text: str) -> Iterator[tuple[int, int, str, str, str]]:
    """What fits a pattern of the word list; these read plain text, since places in it must stay."""
    for entry in word_list("adviser")["removals"]:
        told = text.partition("\n")[0] if entry.get("first_line") else text
        for match in re.finditer(entry["pattern"], told, re.IGNORECASE | re.MULTILINE):
            if not match.group().strip() or "{" in match.group():
                continue
            others = fold(text[: match.start()] + text[match.end() :])
            if not (
                entry.get("first_line") and any(word in others for word in _LONG_WORD.findall(fold(match.group())))
            ):
                yield match.start(), match.end(), entry.get("by", ""), entry["title"], entry["why"]


def _repeated(text: str) -> Iterator[tuple[int, int, str, str, str]]:
    """Sentences that say what an earlier one says, in nearly the same words."""
    earlier: list[tuple[str, set[str]]] = []
    for match in list(_SENTENCE.finditer(text))[:_MOST_SENTENCES]:
        words = set(re.findall(r"\w{3,}", fold(match.group())))
        if len(words) < 3 or "{" in match.group():
            continue
        for said, had in earlier:
            if len(words & had) / len(words | had) >= _ALIKE:
                why = f"“{said[:60]}” says it already; once is enough for the new model."
                yield match.start(), match.end(), "", "said twice", why
                break
        else:
            earlier.append((match.group(), words))


def _removal(text: str, start: int, end: int, by: str) -> dict[str, Any] | None:
    """An edit for that stretch, its anchor widened until it occurs once."""
    passage = text[start:end]
    whole_line = (start == 0 or text[start - 1] == "\n") and (end == len(text) or text[end] == "\n")
    if whole_line and not by and start > 0:
        start -= 1
        passage = text[start:end]
    if text.count(passage) == 1 and not by:
        follows = text[end : end + 1]
        if whole_line or not follows.islower() or (start and text[start - 1] not in "\n.!?"):
            return {"op": "delete", "anchor": passage}
    for more in range(0, _CONTEXT, 4):
        left, right = max(0, start - more), min(len(text), end + more + 12)
        anchor = text[left:right]
        if text.count(anchor) == 1:
            rest = text[end:right]
            capital = not by and passage[:1].isupper() and rest[:1].islower()
            return {
                "op": "replace",
                "anchor": anchor,
                "text": text[left:start] + by + (rest[:1].upper() + rest[1:] if capital else rest),
            }
    return None


def _frozen(asked: AskedEdits, start: int, end: int) -> bool:
    first = asked.template.count("\n", 0, start) + 1
    last = asked.template.count("\n", 0, end) + 1
    return any(line in asked.frozen for line in range(first, last + 1))
