"""In which ways a candidate's answer differs from the baseline's, each with a name and a few words.

Only what the list of cases needs to say `fences, longer ×2.3`. A change does not count what a more specific one
explains: fences and text around JSON are taken off before Markdown, JSON and length are looked at.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from migrator_tui.checks.base import CheckFailure
from migrator_tui.checks.format import find_fence, markdown_signs
from migrator_tui.checks.json_reading import json_objects, parse_json
from migrator_tui.checks.length import count_words
from migrator_tui.history.records import Output
from migrator_tui.text_safety import safe_line

LONGER, SHORTER = 1.5, 0.67
"""From these ratios of words on, a difference in length is a change of its own …"""
FEWEST_WORDS = 8
"""… if it comes to at least so many words."""

LARGEST = 200_000
"""Characters of an answer that are looked at; a longer one is known by its beginning."""

_FENCED = re.compile(
    r"^[ \t]*(?:`{3,}|~{3,})[^\n`]*\n(.*?)(?:^[ \t]*(?:`{3,}|~{3,})[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)

_REFUSAL = re.compile(
    r"""\W*(?:(?:i['’]m|i\ am)\ (?:very\ |so\ |really\ )?(?:sorry|afraid)|sorry|unfortunately|as\ an\ ai)?
    [^.!?\n]{0,60}?\b
    i(?:\ can(?:no|['’])t|['’]m\ (?:unable|not\ able)|\ am\ (?:unable|not\ able)|\ won['’]t)
    \ (?:be\ able\ )?(?:to\ )?(?:help|assist|comply|do\ (?:that|this)|fulfil|answer|continue|provide|discuss|share)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which two answers differ."""

    name: str
    """A slug of the contract's table of drifts."""
    words: str
    """Short enough for a column: `longer ×2.3`."""
    keys: tuple[str, ...] = ()
    """The JSON keys it is about."""


def changes(baseline: Output, candidate: Output) -> list[Change]:
    """How the candidate's answer differs from the baseline's, the gravest first; both calls gave an answer."""
    old, new = _Answer(baseline), _Answer(candidate)
    if (old.text, old.calls) == (new.text, new.calls):
        return []
    found = [*_whole(old, new), *_calls(old, new)]
    if new.text.strip() and old.text.strip():
        found += [*_wrapping(old, new), *_content(old, new)]
        if all(change.name != "truncated" for change in found):
            found += _length(old, new)
    return found


class _Answer:
    """An answer taken apart: what is wrapped around its JSON, and the JSON."""

    def __init__(self, output: Output) -> None:
        text = output.text[:LARGEST]
        self.text = text
        self.finish_reason = output.finish_reason
        self.calls = [(call.name, call.arguments) for call in output.tool_calls]
        self.fenced = find_fence(text) is not None
        self.before = self.after = ""
        body = text
        self.json = parse_json(text)
        if self.json.problem is not None and (match := _FENCED.search(text)):
            inside = parse_json(match[1])
            if inside.problem is None or match[0].strip() == text.strip():
                self.json, body = inside, match[1]
                self.before, self.after = text[: match.start()].strip(), text[match.end() :].strip()
        if self.json.problem is not None and "{" in text:
            body = self._look_inside(text)
        self.body = body
        """The text without what is wrapped around it."""

    @property
    def is_json(self) -> bool:
        return self.json.problem is None

    @property
    def refuses(self) -> bool:
        """It opens by saying, in English, that it won't do what was asked."""
        return not self.is_json and _REFUSAL.match(self.text[:400]) is not None

    def _look_inside(self, text: str) -> str:
        """Find the one JSON object that prose stands around, if there is one."""
        try:
            objects = json_objects(text, limit=2)
        except CheckFailure:
            return text
        if len(objects) != 1 or not objects[0]:
            return text
        start = text.index("{")
        inside = text[start : text.rindex("}") + 1]
        parsed = parse_json(inside)
        if parsed.problem is None:
            self.json, self.before, self.after = parsed, text[:start].strip(), text[start + len(inside) :].strip()
            return inside
        return text


def _whole(old: _Answer, new: _Answer) -> list[Change]:
    found = []
    if not new.text.strip() and not new.calls and (old.text.strip() or old.calls):
        found.append(Change("empty", "empty"))
    if new.finish_reason == "content_filter" != old.finish_reason:
        found.append(Change("refusal", "filtered"))
    elif new.refuses and not old.refuses:
        found.append(Change("refusal", "refusal"))
    if new.finish_reason == "length" != old.finish_reason:
        found.append(Change("truncated", "cut off"))
    return found


def _calls(old: _Answer, new: _Answer) -> list[Change]:
    if old.calls == new.calls:
        return []
    before, after = [name for name, _ in old.calls], [name for name, _ in new.calls]
    if before == after:
        pairs = zip(old.calls, new.calls, strict=True)
        if all(_loaded(a) == _loaded(b) for (_, a), (_, b) in pairs):
            return []
        return [Change("tool-arguments", f"arguments of {safe_line(before[0], 24)}")]
    if not after:
        return [Change("tool-choice", "no tool call")]
    if not before:
        return [Change("tool-choice", f"calls {safe_line(after[0], 24)}")]
    if before[0] != after[0]:
        return [Change("tool-choice", f"{safe_line(before[0], 20)}→{safe_line(after[0], 20)}")]
    return [Change("tool-choice", f"{len(after)} tool calls, not {len(before)}")]


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _wrapping(old: _Answer, new: _Answer) -> list[Change]:
    """What stands around the answer proper."""
    found = []
    if old.is_json and not new.is_json and not new.refuses and new.finish_reason != "length":
        found.append(Change("json-broken", "JSON broken"))
    if new.fenced and not old.fenced:
        found.append(Change("fences", "fences"))
    if new.before and not old.before and old.is_json:
        found.append(Change("preamble", "preamble"))
    if new.after and not old.after and old.is_json:
        found.append(Change("sign-off", "sign-off"))
    if old.fenced and not new.fenced:
        found.append(Change("fences", "fences gone"))
    return found


def _content(old: _Answer, new: _Answer) -> list[Change]:
    found = []
    if old.is_json and new.is_json:
        found += _json_changes(old.json.value, new.json.value)
    elif new.is_json and not old.is_json:
        found.append(Change("json", "JSON now"))
    before, after = ({name for name, _ in markdown_signs(side.body)} - {"fence"} for side in (old, new))
    if after and not before:
        found.append(Change("markdown", "markdown"))
    elif before and not after:
        found.append(Change("markdown", "markdown gone"))
    return found


def _json_changes(old: Any, new: Any) -> list[Change]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if type(old) is type(new) else [Change("json-types", f"{_kind(old)}→{_kind(new)}")]
    found = []
    missing, added = [key for key in old if key not in new], [key for key in new if key not in old]
    if missing:
        found.append(Change("json-keys", f"keys missing: {safe_line(', '.join(missing), 40)}", tuple(missing[:20])))
    if added:
        found.append(Change("json-keys", f"keys added: {safe_line(', '.join(added), 40)}", tuple(added[:20])))
    for key in old:
        if key not in new or old[key] == new[key]:
            continue
        before, after = old[key], new[key]
        name = safe_line(key, 20)
        if _kind(before) != _kind(after):
            found.append(Change("json-types", f"{name}: {_kind(before)}→{_kind(after)}", (key,)))
        elif _is_label(before) and _is_label(after):
            found.append(Change("json-values", f"{name} {_shown(before)}→{_shown(after)}", (key,)))
    return found


_KINDS: dict[type, str] = {bool: "yes/no", int: "number", float: "number", str: "text", list: "list", dict: "table"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "null")


def _is_label(value: Any) -> bool:
    """A value that means something by itself: a number, yes or no, one word; not prose."""
    return isinstance(value, bool | int | float) or (
        isinstance(value, str) and len(value) <= 32 and len(value.split()) <= 2
    )


def _shown(value: Any) -> str:
    return safe_line(value if isinstance(value, str) else json.dumps(value), 16) or '""'


def _length(old: _Answer, new: _Answer) -> list[Change]:
    before, after = count_words(old.body), count_words(new.body)
    if not before or not after or abs(after - before) < FEWEST_WORDS:
        return []
    ratio = after / before
    if ratio >= LONGER:
        return [Change("longer", f"longer ×{ratio:.1f}" if ratio < 10 else f"longer ×{ratio:.0f}")]
    return [Change("shorter", f"shorter ×{ratio:.1f}")] if ratio <= SHORTER else []


EXPLAINS: dict[str, frozenset[str]] = {
    "fences": frozenset({"is-json", "no-code-fence", "no-markdown", "equals", "starts-with"}),
    "preamble": frozenset({"is-json", "equals", "starts-with"}),
    "sign-off": frozenset({"is-json", "equals"}),
    "markdown": frozenset({"no-markdown"}),
    "longer": frozenset({"max-words"}),
    "json-broken": frozenset({"is-json", "contains-json"}),
    "truncated": frozenset({"is-json", "contains-json"}),
    "refusal": frozenset({"is-json", "contains-json"}),
}
"""Which failed checks, by label, a change is reason enough for …"""


def explains(change: Change, label: str, reason: str) -> bool:
    """Whether a failed check needs no word of its own beside this change.

    A changed key or value explains the checks that name it: `priority low→high` says more than the check does.
    """
    if change.name == "empty" or label in EXPLAINS.get(change.name, ()):
        return True
    told = f"{label} {reason}".casefold()
    return any(re.search(rf"\b{re.escape(key.casefold())}\b", told) is not None for key in change.keys)
