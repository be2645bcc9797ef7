"""Where in a prompt a sentence belongs: behind the line that speaks of its matter, never before a list or data."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from migrator_tui.models.simulator.text import fold

_BULLET = re.compile(r"^\s*(?:[-*•+]|\d+[.)])\s+")
_DEFINES = re.compile(r"^\s*(?:[-*•+]|\d+[.)])\s+[`\"'*]*[\w-]+[`\"'*]*\s*(?:\([^)]*\)\s*)?[:=–]")
_HEADING = re.compile(r"^# (?:system|user|assistant|developer)\s*$")
_BLOCK = re.compile(r"\{%-?\s*(end)?(?:for|if|raw|macro|block|filter|call|set)\b")
_LEADS_ON = re.compile(r"[:：]\s*$|^\s*(?:-{3,}|={3,}|`{3,}\w*|<[/\w-]+>)\s*$|^\s*#")
_SENTENCE_END = re.compile(r"[.!?:]\s*$")
_EXAMPLE = re.compile(r"\{\s*[\"']")
"""An object that shows the form of answers: nothing is put behind it but what comes behind all."""
_FEW_WORDS = 12
_MOST_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Item:
    """Lines of a prompt that belong together: a paragraph, or an entry of a list with its further lines."""

    first: int
    last: int
    """Lines, from 0."""
    text: str
    usable: bool
    """Something can stand behind it."""
    loose: bool = True
    """It is in no block of the template."""


class Places:
    """The places of one prompt, each given away once."""

    def __init__(self, template: str, frozen: frozenset[int]) -> None:
        self.template = template
        self.lines = template.split("\n")[:_MOST_LINES]
        self.items = _items(self.lines, frozen)
        self.taken: list[tuple[int, int]] = []
        self._appended = False

    def span(self, anchor: str) -> bool:
        """Take a passage, where it occurs once and nobody has taken a part of it."""
        if not anchor.strip() or self.template.count(anchor) != 1:
            return False
        start = self.template.find(anchor)
        if any(start < end and begin < start + len(anchor) for begin, end in self.taken):
            return False
        self.taken.append((start, start + len(anchor)))
        return True

    def end_of(self, patterns: Sequence[str]) -> tuple[str, str] | None:
        """The last line of the first item that fits a pattern, and what leads to a sentence behind it."""
        for pattern in patterns:
            fitting = (item for item in self.items if item.usable and not _EXAMPLE.search(item.text))
            found = [item for item in fitting if re.search(pattern, fold(item.text))]
            for item in found:
                following = "".join(self.lines[item.last + 1 : item.last + 2]).strip()
                if _DEFINES.match(item.text) and following:
                    continue
                if anchor := self._take(item):
                    return anchor, self._lead(item)
        return None

    def end_of_line(self, key: str) -> str | None:
        """The line that describes a key, without a full stop, if nobody has taken it."""
        pattern = re.compile(rf"^\W*{re.escape(key)}\W*(?:\([^)]*\)\s*)?[:=–-]")
        for item in self.items:
            if item.usable and _BULLET.match(item.text) and pattern.match(_BULLET.sub("", item.text)):
                line = self.lines[item.last].rstrip().rstrip(".;,")
                if self.span(line):
                    return line
        return None

    def end(self) -> tuple[str, str] | None:
        """Behind the last instructions, the anchor empty where the prompt ends there; `None`: no place left."""
        instructions = self._instructions()
        if not instructions or instructions[-1].last == self.items[-1].last:
            return "", self._lead_at_end()
        for item in reversed(instructions):
            splits = _DEFINES.match(item.text) and item is not instructions[-1]
            if item.usable and not splits and (anchor := self._take(item)):
                return anchor, self._lead(item)
        return None

    def _lead_at_end(self) -> str:
        """A blank line behind a paragraph or a list, once."""
        last = self.items[-1] if self.items else None
        # Lines that each end a sentence stand by themselves; a wrapped paragraph does not.
        lines = last.text.split("\n") if last else []
        parted = not last or (all(_SENTENCE_END.search(line) for line in lines[:-1]) and not _BULLET.match(last.text))
        parted, self._appended = parted or self._appended, True
        return "" if parted else "\n"

    def _instructions(self) -> list[Item]:
        """The items of the first message, without those at its end that only name the input."""
        found: list[Item] = []
        for item in self.items:
            if _HEADING.match(self.lines[item.first]) and found:
                break
            found.append(item)
        while found and ((not found[-1].usable and found[-1].loose) or _names_input(found[-1].text)):
            found.pop()
        return found

    def _take(self, item: Item) -> str | None:
        for first in range(item.last, max(item.first, item.last - 3) - 1, -1):
            anchor = "\n".join(self.lines[first : item.last + 1])
            if len(anchor.strip()) > 3 and self.span(anchor):
                return anchor
        return None

    def _lead(self, item: Item) -> str:
        bullet = _BULLET.match(self.lines[item.first])
        if bullet is None:
            return "\n"
        # Where entries define names, a rule is none of them; and numbers do not go on by themselves.
        listed = _DEFINES.match(item.text) or bullet.group().strip()[0].isdigit()
        return "\n\n" if listed else "\n" + bullet.group()


def _items(lines: Sequence[str], frozen: frozenset[int]) -> list[Item]:
    found: list[Item] = []
    first, depth = None, 0
    loose = [_outside_blocks(depth := _depth(depth, line)) for line in lines]
    for number, line in enumerate([*lines, ""]):
        starts = not line.strip() or _BULLET.match(line) or _HEADING.match(line)
        if first is not None and (starts or _ends_item(lines[number - 1])):
            found.append(_item(lines, first, number - 1, frozen, loose))
            first = None
        if first is None and line.strip():
            first = number
    return found


def _ends_item(line: str) -> bool:
    return bool(_LEADS_ON.search(line))


def _item(lines: Sequence[str], first: int, last: int, frozen: frozenset[int], loose: Sequence[bool]) -> Item:
    text = "\n".join(lines[first : last + 1])
    touched = any(number + 1 in frozen for number in range(first, last + 1))
    usable = not touched and loose[last] and not _LEADS_ON.search(lines[last]) and "{%" not in text
    return Item(first, last, text, usable, loose[last])


def _names_input(text: str) -> bool:
    return "{{" in text and len(text.split()) < _FEW_WORDS


def _depth(depth: int, line: str) -> int:
    for match in _BLOCK.finditer(line):
        depth += -1 if match[1] else 1
    return depth


def _outside_blocks(depth: int) -> bool:
    return depth == 0
