"""Regular expressions as promptfoo and JSON Schema mean them, for package `regex`."""

import re

# An escaped character, a class, or the sign itself.
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", re.DOTALL)
_LINES = re.compile(r"\(\?[a-zA-Z]*m")


def ends_at_the_end(pattern: str) -> str:
    """The pattern with each `$` meaning the very end of the text, as in JavaScript.

    Python's `$` matches before a line feed at the end as well: `^yes$` would take "yes\\n" for "yes". Patterns
    that ask for lines themselves (`(?m)`) stay as they are.
    """
    if "$" not in pattern or _LINES.search(pattern):
        return pattern
    return _PIECE.sub(lambda match: r"\Z" if match.group() == "$" else match.group(), pattern)
