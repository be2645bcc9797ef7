"""Small text tools that every part of the simulator shares: folding, tokens, seeded numbers, word lists."""

import re
import tomllib
import unicodedata
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
"""Where personas and word lists lie beside the code."""

_TOKEN = re.compile(r"\s*\w{1,6}|\s*[^\w\s]|\s+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-"})
_HEAD, _TAIL = 40_000, 20_000
"""Characters of a text that are read at most."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SPACES = re.compile(r"[^\S\n]+")


@cache
def word_list(name: str) -> dict[str, Any]:
    """The table in `words/NAME.toml`."""
    return tomllib.loads((HERE / "words" / f"{name}.toml").read_text(encoding="utf-8"))


def fold(text: str) -> str:
    """Lower case, without accents, straight quotes, single spaces; line breaks stay. What patterns match on.

    Kana keep their voicing marks: in Japanese they make another word, not another accent.
    """
    out = unicodedata.normalize("NFKD", text.translate(_QUOTES))
    out = "".join(c for c in out if not unicodedata.combining(c) or c in "\u3099\u309a")
    out = unicodedata.normalize("NFC", out).casefold()
    return _SPACES.sub(" ", out)


def excerpt(text: str) -> str:
    """The text, or of a huge one its beginning and end: nobody writes instructions of a megabyte."""
    if len(text) <= _HEAD + _TAIL:
        return text
    return f"{text[:_HEAD]} {text[-_TAIL:]}"


def tokens(text: str) -> list[str]:
    """Pieces of up to six letters with the space before them; joined they are the text again."""
    return _TOKEN.findall(text)


def share_of(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but its arguments: the simulator's dice."""
    digest = blake2b("\x1f".join(str(p) for p in parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def count_words(text: str) -> int:
    """Words of a text; where a script has no spaces, each character counts, as in editors."""
    return len(_UNSPACED.sub(" ", text).split()) + len(_UNSPACED.findall(text))


def first_words(text: str, limit: int) -> str:
    """As much of the text as `limit` words hold, cut between words."""
    end = 0
    for match in re.finditer(rf"{_UNSPACED.pattern}|\S+?(?=\s|$|{_UNSPACED.pattern})", text):
        if limit == 0:
            return text[:end].rstrip(" ,;、") + "…"
        limit -= 1
        end = match.end()
    return text
