"""Texts that are nearly the same, found without comparing each with each.

Every text is cut into runs of a few words, and the smallest hashes of these are its keys: texts that share most of
their runs nearly surely share a key (Broder's MinHash, its bottom-k form). Only texts with a common key are compared,
by rapidfuzz, and each with few of them, so that the cost grows as the number of texts does.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from zlib import crc32

KEYS = 4
"""Hashes that a text is looked up by. Texts that share four fifths of their runs miss each other 2 times in 1,000."""

RUN = 2
"""Words of a run."""

ALIKE = 90.0
"""From what likeness on, 0 to 100, two texts are nearly the same."""

LOOKED_AT = 1200
"""Characters of a text that are compared: half from its beginning, half from its end."""

MOST_COMPARED = 12
"""Texts with the same key that one is compared with: keys of a common phrase are shared by thousands."""

MOST_STEPS = 64
"""Entries of one place of the table that are passed for each key."""

_TABLE = 19
_MASK = (1 << _TABLE) - 1
"""Places of the table, as a power of two, and the mask of a hash for it."""

_WORD = re.compile(r"\w+")


def normal_text(text: str) -> str:
    """What of a text is compared: its words in lower case, one space between them."""
    if len(text) > 4 * LOOKED_AT:
        text = f"{text[: 2 * LOOKED_AT]} {text[-2 * LOOKED_AT :]}"
    words = " ".join(_WORD.findall(text.casefold()))
    return words if len(words) <= LOOKED_AT else f"{words[: LOOKED_AT // 2]} {words[-LOOKED_AT // 2 :]}"


def keys_of(normal: str) -> tuple[int, ...]:
    """The keys of a text that `normal_text` made, the smallest first."""
    words = normal.split()
    if len(words) <= RUN:
        return (crc32(normal.encode("utf-8", "replace")),)
    hashes = {crc32(f"{a} {b}".encode("utf-8", "replace")) for a, b in pairwise(words)}
    return tuple(sorted(hashes)[:KEYS])


class Groups:
    """Texts taken one by one; each joins the group of the first that it resembles, or begins one.

    `texts` gives the normal texts again by their number: a list, or what lies in a file. A text costs some 60 bytes.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        from rapidfuzz import fuzz

        self._ratio = fuzz.ratio
        self._texts = texts
        # A hash table of our own, in arrays: a dict of lists would cost ten times as much for each text.
        self._heads = array("I", bytes(array("I").itemsize << _TABLE))
        self._keys, self._numbers, self._nexts = array("I", [0]), array("I", [0]), array("I", [0])
        self.leader = array("I")
        """For each text the number of the one that its group begins with."""

    def add(self, normal: str, keys: Sequence[int]) -> int:
        """Take the next text and its keys; the number of the text that its group begins with, perhaps its own."""
        number = len(self.leader)
        found = next(self._alike(normal, keys), number) if normal else number
        self.leader.append(found)
        if found == number and normal:
            for key in keys:
                place = key & _MASK
                self._keys.append(key)
                self._numbers.append(number)
                self._nexts.append(self._heads[place])
                self._heads[place] = len(self._keys) - 1
        return found

    def firsts(self) -> list[int]:
        """The numbers of the texts that groups begin with."""
        return [number for number, first in enumerate(self.leader) if number == first]

    def _alike(self, normal: str, keys: Sequence[int]) -> Iterator[int]:
        """Texts that began a group, have a key in common, and are nearly the same."""
        looked_at: set[int] = set()
        for key in keys:
            entry, steps, compared = self._heads[key & _MASK], 0, 0
            while entry and steps < MOST_STEPS and compared < MOST_COMPARED:
                other = self._numbers[entry]
                if self._keys[entry] == key and other not in looked_at:
                    looked_at.add(other)
                    compared += 1
                    if self._ratio(normal, self._texts[other], score_cutoff=ALIKE):
                        yield other
                entry, steps = self._nexts[entry], steps + 1


def near_duplicates(texts: Sequence[str]) -> list[list[int]]:
    """The groups of texts that are nearly the same, as indexes in order; texts that resemble none are in no group.

    Alike are texts of which rapidfuzz's ratio, over their words in lower case, is `ALIKE` or more with the first text
    of the group. Empty texts resemble nothing.
    """
    normals = [normal_text(text) for text in texts]
    groups = Groups(normals)
    found: dict[int, list[int]] = {}
    for number, normal in enumerate(normals):
        first = groups.add(normal, keys_of(normal))
        if normal:
            found.setdefault(first, []).append(number)
    return [members for members in found.values() if len(members) > 1]
