"""The text that stands for a prompt which only a program or a service could make, and how it is known again."""

import re
from dataclasses import dataclass

from migrator_tui.project.formats.promptfoo.values import name_from

_BEFORE, _AFTER = "(This prompt is made by ", ", which is not run here. Write it in its place.)"
_LINE = re.compile(r"\s*(?:\{\{ \")?" + re.escape(_BEFORE) + "(.+)" + re.escape(_AFTER) + r"(?:\" \}\})?\s*")
"""The whole line, also where braces in a name had it written as a template that puts it out (`templates.literal`)."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A prompt that nobody has written yet."""

    maker: str
    """The file, function or service that would make it."""
    line: int
    """Of the prompt file, from 1."""


def placeholder(maker: str) -> str:
    """The text in place of the prompt that `maker` would make."""
    return f"{_BEFORE}{name_from(maker, 200)}{_AFTER}"


def placeholder_in(template: str) -> Placeholder | None:
    """The placeholder that still stands in a prompt, in the folder or in a project made of it; else `None`."""
    if _BEFORE not in template:
        return None
    for number, line in enumerate(template.split("\n"), 1):
        if found := _LINE.fullmatch(line):
            return Placeholder(found[1], number)
    return None
