"""Foreign texts on their way into a request: between tags that nothing in them can close, and cut to size.

The tags end in digits that follow from the whole request: nobody who writes a part of it can know these, and the same
request has the same tags again, so that its answer can be found again too.
"""

import re
from collections.abc import Iterable, Sequence

from migrator_tui.history.digests import digest_of

DIGITS = 12
"""Of a tag."""

_WORDS_OF_CUT = 40
"""Characters that the mark of a cut takes at most."""


def mark_for(text: str) -> str:
    """Digits for the tags in a request, which occur nowhere in it yet."""
    mark, turn = digest_of(text)[:DIGITS], 0
    while mark in text:
        turn += 1
        mark = digest_of([turn, text])[:DIGITS]
    return mark


def fenced(kind: str, mark: str, text: str, **attributes: str) -> str:
    """The text as data: `<input-3f9a1c2b4d5e id="T-1">`, the text on lines of its own, the closing tag."""
    told = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{kind}-{mark}{told}>\n{text}\n</{kind}-{mark}>"


def cut(text: str, limit: int) -> str:
    """The text; of a longer one its beginning and its end, and between them how much is missing."""
    if len(text) <= limit:
        return text
    keep = max(0, limit - _WORDS_OF_CUT)
    head = (2 * keep + 2) // 3
    tail = keep - head
    mark = f"[… {len(text) - keep:,} characters cut …]"
    return text[:head] + mark + (text[-tail:] if tail else "")


def cut_longest(texts: Sequence[str], room: int) -> list[str]:
    """The texts, together of at most `room` characters: the longest ones give first, down to one common length."""
    lengths = sorted(map(len, texts))
    left, limit = room, 0
    for place, length in enumerate(lengths):
        share = left // (len(lengths) - place)
        if length > share:
            limit = share
            break
        left, limit = left - length, length
    return [cut(text, limit) for text in texts]


_PLAIN_ID = re.compile(r"[\w.:/#@+ -]{1,80}")


def told_names(case_ids: Iterable[str]) -> dict[str, str]:
    """What a request calls each case, by id: the id itself, but for ids that could be taken for something else."""
    ids = list(dict.fromkeys(case_ids))
    plain = {case_id for case_id in ids if _PLAIN_ID.fullmatch(case_id) and case_id == case_id.strip()}
    names: dict[str, str] = {}
    number = 0
    for case_id in ids:
        if case_id in plain:
            names[case_id] = case_id
            continue
        number += 1
        while f"case-{number}" in plain:
            number += 1
        names[case_id] = f"case-{number}"
    return names
