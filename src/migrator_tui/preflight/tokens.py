"""How many tokens a request may be, without a tokenizer: a guess that says how wrong it can be.

English has about four characters a token, Chinese and Japanese one or two tokens a character, other scripts lie
between. The low and the high end span what tokenizers of today's models make of one text: newer ones count the same
text up to 35 % higher (Anthropic says so of its own, in the migration guides of 2026).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator_tui.project.schema import Message

INFLATION = 1.35
"""How much more another tokenizer may count for the same text."""
_LOW, _HIGH = 0.8, 1.35
_O200K = re.compile(r"gpt-4o|gpt-4\.1|gpt-5|o[134](?:-|$)")
"""OpenAI's models that count alike: its library tiktoken gives them all the tokenizer o200k_base."""
_MESSAGE = 6
"""Tokens around a message."""
_MEDIA = {"image": 1_100, "file": 3_000, "audio": 1_000}
"""Tokens of an image of ordinary size (providers count from 85 to several thousand), two pages, half a minute."""
_PLAIN = re.compile(r"[\x00-\x7f]+")
_WIDE = "\u2e80"
"""From here on characters are ideographs, kana, hangul."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """About so many."""

    text: float
    media: float = 0.0
    """Of images, files and sound, whose size nobody looks at here: counted at the high end alone."""

    @property
    def likely(self) -> float:
        """In between."""
        return self.text + self.media

    @property
    def low(self) -> int:
        """Hardly fewer."""
        return round(self.text * _LOW)

    @property
    def high(self) -> int:
        """Hardly more."""
        return round(self.likely * _HIGH)


def inflation(old: str, new: str) -> float:
    """How much more the new model may count for a text than the old one did."""
    names = [name.rpartition("/")[2] for name in (old, new)]
    return 1.0 if old == new or all(_O200K.match(name) for name in names) else INFLATION


def text_tokens(text: str) -> float:
    """The likely number of tokens of a text."""
    if text.isascii():
        return len(text) / 4
    other = _PLAIN.sub("", text)
    wide = sum(1 for character in other if character >= _WIDE)
    return (len(text) - len(other)) / 4 + (len(other) - wide) / 2 + wide


def request_tokens(messages: Sequence[Message], beside: Iterable[Any] = ()) -> Tokens:
    """A request's input: messages, and what stands `beside` them (tools, a response format)."""
    text = sum(text_tokens(str(each)) for each in beside if each)
    media = 0.0
    for message in messages:
        text += _MESSAGE
        text += text_tokens(str(message["tool_calls"])) if message.get("tool_calls") else 0
        content = message.get("content")
        for part in content if isinstance(content, list) else [content or ""]:
            kind = part_kind(part) if isinstance(part, Mapping) else "text"
            if kind in _MEDIA:  # its bytes in base64 are no text
                media += _MEDIA[kind]
            else:
                text += text_tokens(str(part.get("text") or "") if isinstance(part, Mapping) else str(part))
    return Tokens(text, media)


def part_kind(part: Mapping[str, Any]) -> str:
    """`image`, `file`, `audio` or `text`, whichever provider's name the part has."""
    kind = str(part.get("type") or "")
    if "image" in kind:
        return "image"
    if "file" in kind or "document" in kind:
        return "file"
    return "audio" if "audio" in kind else "text"
