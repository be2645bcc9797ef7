"""Plain values as TOML text, for what is written into a configuration."""

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_key(key: str) -> str:
    """A key, in quotes where it needs them."""
    return key if _BARE.fullmatch(key) else toml_value(key)


def toml_value(value: Any) -> str:
    """A value in one line: `{ max_tokens = 600, stop = ["a"] }`; `ValueError` for what TOML can't say."""
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, and lone surrogates, which TOML has no way to write.
        text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        text.encode()
        return text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{toml_key(str(key))} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    raise ValueError("TOML has no way to say null" if value is None else f"TOML has no way to say {value!r}")
