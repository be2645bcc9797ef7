"""What a text consists of: sentences, the prose inside JSON. Shared by checks and by whoever compares two answers."""

import re

_SENTENCE_END = re.compile(
    r"""(?<=[^\s.])[.!?…]+["'’”»)\]*_]*(?=\s|$)|[。！？]+[」』”）]*|\n\s*\n|\n(?=\s*(?:[-*+•#>]|\d+[.)])\s)"""
)

_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]|e\.g|i\.e|etc|vs|ca|z\.B|u\.a|d\.h|bzw|Mr|Mrs|Ms|Dr|Prof|St|No|Nr|Art|Abs|Sr|Sra|Mme|p\.ex)|\b\d{1,3})$"
)
"""What a full stop may stand behind without ending a sentence."""


def sentences(text: str, limit: int | None = None) -> list[str]:
    """The sentences of a text, in order, ends trimmed; at most `limit`.

    They end with a mark of their end and white space (`。！？`: without it), a blank line, or the item of a list. An
    approximation for prose: full stops behind common abbreviations, single letters and ordinals end none.
    """
    found: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match[0][0] == "." and text[match.end() : match.end() + 1] != "\n":
            before = text[max(start, match.start() - 8) : match.start()]
            following = text[match.end() : match.end() + 2].strip()
            if _ABBREVIATION.search(before) and following:
                continue
        piece = text[start : match.end()].strip()
        start = match.end()
        if _is_sentence(piece):
            found.append(piece)
            if limit is not None and len(found) >= limit:
                return found
    piece = text[start:].strip()
    if _is_sentence(piece):
        found.append(piece)
    return found


def _is_sentence(piece: str) -> bool:
    return any(character.isalnum() for character in piece)


def strings_in(value: object) -> list[str]:
    """The texts among the values of parsed JSON, however deep, in their order."""
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            waiting.extend(reversed(item.values()))
        elif isinstance(item, list):
            waiting.extend(reversed(item))
    return found
