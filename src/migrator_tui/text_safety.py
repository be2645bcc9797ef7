"""The one door for foreign text on its way to a terminal, and on its way into the database.

Model answers, cases, file names and error messages may hold escape sequences that set a terminal's title or
clipboard, overrides that turn the reading direction, characters nobody sees, and halves of surrogate pairs that
cannot be encoded. Here they become marks that can be seen. What is stored stays raw, but for what UTF-8 or
PostgreSQL cannot hold.
"""

import re

_HIDDEN = (
    "\u200b\u2060\ufeff"  # zero-width space, word joiner, byte order mark
    "\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c"  # embeddings, overrides, isolates and marks of direction
    "\u2028\u2029"  # line and paragraph separators: terminals and we would disagree about lines
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2061-\u2065\u206a-\u206f\u3164\uffa0\ufff0-\ufffb"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags: whole sentences can hide in them
)
_UNSAFE = re.compile(
    rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{_HIDDEN}]"
    # A variation selector belongs behind the ideograph whose form it chooses.
    "|(?<![\u3400-\u9fff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]+"
)

# U+200C and U+200D shape words in Persian or Hindi, and emoji: right between two visible characters, abuse elsewhere.
_JOINER = re.compile("[\u200c\u200d]")
_LONELY_JOINER = re.compile("(?:^|(?<=[\\s!-~]))[\u200c\u200d]+|[\u200c\u200d]+(?=[\\s!-~]|$)|[\u200c\u200d]{2,}")

_TAG_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{3,7}\U000e007f")
"""The flags of England, Scotland and Wales: the one honest use of tag characters."""

_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_STACKED = re.compile(f"([{_MARKS}]{{4}})([{_MARKS}]+)")
"""More marks on one letter than any script needs paint over the lines above and below."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _mark(match: re.Match[str]) -> str:
    """One visible mark per hidden character: a picture for C0, the code point for the rest."""
    return "".join(_mark_of(ord(character)) for character in match.group())


def _mark_of(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"‹{code:04X}›"


def safe(text: str) -> str:
    r"""The text as it may be drawn on several lines; tabs and newlines stay.

    `\r\n` becomes `\n`. Control characters become their pictures (`␛`), and what could turn or hide text becomes
    its code point (`‹202E›`). The result holds no character that a terminal acts on, and encodes as UTF-8.
    `safe(safe(x)) == safe(x)`. Costs a scan of the text where nothing is to be done.
    """
    if text.isascii() and text.isprintable():
        return text
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if text.isascii():
        return _UNSAFE.sub(_mark, text)
    if "\U000e007f" in text and (flags := list(_TAG_FLAG.finditer(text))):
        return _around(text, flags)
    return _safe_unicode(text)


def _around(text: str, kept: list[re.Match[str]]) -> str:
    """`text` made safe, but for those matches."""
    parts, at = [], 0
    for match in kept:
        parts += [_safe_unicode(text[at : match.start()]), match.group()]
        at = match.end()
    return "".join(parts) + _safe_unicode(text[at:])


def _safe_unicode(text: str) -> str:
    text = _UNSAFE.sub(_mark, text)
    if _JOINER.search(text):
        text = _LONELY_JOINER.sub(_mark, text)
    return _STACKED.sub(lambda match: f"{match[1]}‹+{len(match[2])}›", text)


def safe_line(text: str, limit: int | None = None) -> str:
    """The text as one line: runs of white space become one space, ends are trimmed, the rest as `safe`.

    With `limit`, at most that many characters, the last of them `…` where something was cut. Only the beginning of
    a long text is looked at, so a megabyte costs no more than a line.
    """
    if limit is not None and len(text) > (looked_at := 8 * limit + 256):
        text = text[:looked_at] + " …"
    line = " ".join(safe(text).split())
    if limit is not None and len(line) > limit:
        line = line[: max(limit - 1, 0)].rstrip() + "…" if limit > 0 else ""
    return line


def storable(text: str) -> tuple[str, bool]:
    r"""The text as UTF-8 and PostgreSQL can hold it, and whether anything had to be escaped.

    NUL becomes `\x00` and a lone surrogate `\udXXX`, as those characters; everything else stays raw. Where nothing
    had to be escaped the text is returned as it is, so the flag tells one from a text that held such an escape.
    """
    if _UNSTORABLE.search(text) is None:
        return text, False
    return _UNSTORABLE.sub(_escape, text), True


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return "\\x00" if code == 0 else f"\\u{code:04x}"
