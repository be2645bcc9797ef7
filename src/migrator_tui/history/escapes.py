"""How text that UTF-8 or PostgreSQL cannot hold is stored: escaped, with a flag, and given back as it was."""

import re

from migrator_tui.text_safety import storable

ESCAPED = "\x1a"
"""The flag of an escaped text: its first character, the control code named SUBSTITUTE."""

_ESCAPE = re.compile(r"\\(\\|x00|u[0-9a-f]{4})")


def stored_text(text: str) -> str:
    """The text as every database can hold it: raw, or flagged and escaped where it holds NUL or lone surrogates."""
    # Most texts are plain: `isascii` costs nothing, and looking for one character is far cheaper than a pattern.
    if text.isascii() and "\x00" not in text and not text.startswith(ESCAPED):
        return text
    if storable(text)[1] or text.startswith(ESCAPED):
        # Backslashes first: a text may hold both NUL and the four characters of its escape.
        return ESCAPED + storable(text.replace("\\", "\\\\"))[0]
    return text


def raw_text(stored: str) -> str:
    """The text that `stored_text` was given."""
    if not stored.startswith(ESCAPED):
        return stored
    return _ESCAPE.sub(_unescape, stored[1:])


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return "\\" if code == "\\" else chr(int(code[1:], 16))
