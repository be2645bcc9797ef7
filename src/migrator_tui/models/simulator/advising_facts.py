"""What a simulated assistant sees when it holds answers against those of the old model: evidence for causes."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator_tui.models.simulator.briefs import AskedEdits, ToldCase, ToldGroup, calls_in
from migrator_tui.models.simulator.shape import read_shape
from migrator_tui.models.simulator.text import count_words, fold

_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_FENCE = re.compile(r"\A\s*```\w*\n(.*?)\n?```\s*\Z", re.DOTALL)
_NONE_OF = re.compile(r'^([\w.\[\]-]{1,60}): "?(.*?)"? is none of (.*?)(?: \(\+.*)?$')
_OTHER_CALL = re.compile(r"calls ([\w.-]+)[^ ]*, not ([\w.-]+)")
_CALLS = re.compile(r"^calls ([\w.-]+)$")
_IS_NOT = re.compile(r"^([\w.-]+): ([\w.-]+): (.{1,80}?) is not (.{1,80})$")
_CHANGED = re.compile(r"(?:values|language) changed: ([\w.\[\]-]{1,60})")
_MOST = re.compile(r"^([\d,]+) of at most ([\d,]+)")
_LEAST = re.compile(r"^([\d,]+) of at least ([\d,]+)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_AMOUNT = re.compile(
    r"^\W*\d[\d.,]*\W*(?:eur|usd|gbp|€|\$|£)?\W*$|^(?:eur|usd|gbp|€|\$|£)\W*\d[\d.,]*$", re.IGNORECASE
)
_ERROR = re.compile(r"error|fail|not[_ ]found|time(?:d )?[_ ]?out|unavailable|\b50\d\b", re.IGNORECASE)
_TOLD_ERROR = re.compile(
    r"sorry|error|fail|could not|couldn't|cannot|can't|unable|problem|not find|no order|unfortunately"
)
_ASKS_VALUE = re.compile(r"ask.*(?:number|\bid\b|address|e-?mail|name|missing)")
_ASKS_FIRST = re.compile(r"ask.*(?:before|first|whether|confirm)")
_MOST_TEXT = 20_000
_CHOSEN_WORDS = 3
"""A value of at most so many words is one of a list, not a text."""


@dataclass
class Evidence:
    """What speaks for causes, of one group of cases."""

    lines: list[str] = field(default_factory=list)
    """"sign:fences", "reason:142 of at most 60", "fact:made-up"."""
    keys: dict[str, list[str]] = field(default_factory=dict)
    """By fact, the keys it is about."""
    tool: str = ""
    """One that the old model called first."""
    called: str = ""
    """One that the new model called instead."""
    most: tuple[int, int] | None = None
    """Words it has, words that are allowed."""
    least: int | None = None
    text_key: str = ""
    """The key whose text grew, or came in another language."""

    def fact(self, name: str, key: str = "") -> None:
        """Note a fact, and the key it is about."""
        if f"fact:{name}" not in self.lines:
            self.lines.append(f"fact:{name}")
        if key and key not in self.keys.setdefault(name, []):
            self.keys[name].append(key)


def evidence(asked: AskedEdits, group: ToldGroup) -> Evidence:
    """All that one group of failing cases says."""
    found = Evidence()
    found.lines += [f"sign:{fold(sign)}" for sign in group.signs]
    found.lines += [f"sign:{fold(label)}" for label, _ in group.reasons]
    found.lines += [f"reason:{fold(reason)}" for _, reason in group.reasons]
    found.lines += [f"person:{fold(case.person)}" for case in group.cases if case.person]
    found.lines.append(f"title:{fold(group.title)}")
    found.lines += [f"person:{fold(group.title)}"] if "“" in group.title else []
    if is_json(asked):
        found.fact("json")
    if any(line.startswith(("sign:refusal", "sign:not-is-refusal")) for line in found.lines):
        found.fact("refused")
    if any(re.match(r"sign:(?:no-code-)?fences?$", line) for line in found.lines):
        found.fact("fenced")
    for case in group.cases:
        _compare(found, case)
    for label, reason in group.reasons:
        _from_reason(found, label, reason)
    named = [key for key in map(_last_name, _CHANGED.findall(group.title)) if key]
    if "sign:language" in found.lines and named:
        found.text_key = named[0]
    if "sign:json-values" in found.lines and not found.keys.get("respelled") and not found.keys.get("rechosen"):
        labels = " ".join(fold(label) for label, _ in group.reasons)
        for key in named or [key for key in keys_of(asked) if re.search(rf"\b{re.escape(fold(key))}\b", labels)]:
            found.fact("rechosen", key)
    return found


def is_json(asked: AskedEdits) -> bool:
    """Whether answers are JSON objects: the prompt says so, or the old model's are."""
    return bool(_JSON.search(asked.template)) or bool(_references(asked))


def keys_of(asked: AskedEdits) -> list[str]:
    """The keys of the answer, as the old model gave them or as the prompt names them."""
    for told in _references(asked):
        named = [key for key in told if key in asked.template]
        if named:
            return named
    return [key.name for key in read_shape(asked.template).keys]


def prose_key(asked: AskedEdits) -> str:
    """The key under which the old model's answers hold the longest text."""
    lengths: dict[str, int] = {}
    for told in _references(asked):
        for key, value in told.items():
            if isinstance(value, str) and key in asked.template and count_words(value) > _CHOSEN_WORDS:
                lengths[key] = max(lengths.get(key, 0), count_words(value))
    return max(lengths, key=lambda key: lengths[key]) if lengths else ""


def _references(asked: AskedEdits) -> list[dict[str, Any]]:
    cases = [case for group in asked.groups for case in group.cases]
    return [told for case in cases if (told := _object(case.reference or ""))]


def _object(text: str) -> dict[str, Any] | None:
    """The JSON object that a text is, in a code fence or not."""
    fence = _FENCE.match(text[:_MOST_TEXT])
    try:
        value = json.loads(fence[1] if fence else text[:_MOST_TEXT])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _last_name(path: str) -> str:
    names = re.findall(r"[A-Za-z_][\w-]*", path)
    return names[-1] if names else ""


def _compare(found: Evidence, case: ToldCase) -> None:
    if case.reference is None:
        return
    old, new = _object(case.reference), _object(case.answer)
    if old is not None and new is not None:
        _compare_values(found, old, new)
    _compare_calls(found, case)
    last = case.input.rstrip().rpartition("\n[")[2]
    failed = last.startswith("tool]") and _ERROR.search(last)
    if failed and not calls_in(case.answer) and not _TOLD_ERROR.search(fold(case.answer)):
        found.fact("hides-errors")


def _compare_values(found: Evidence, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name, missing in (("added-keys", new.keys() - old.keys()), ("missing-keys", old.keys() - new.keys())):
        for key in sorted(missing):
            found.fact(name, key)
    for key, was in old.items():
        now = new.get(key)
        if not isinstance(was, str) or not isinstance(now, str) or was == now:
            continue
        if fold(was) == fold(now):
            found.fact("respelled", key)
        elif count_words(was) <= _CHOSEN_WORDS and count_words(now) <= _CHOSEN_WORDS:
            found.fact("rechosen", key)
        elif not found.text_key or count_words(now) > count_words(str(new.get(found.text_key, ""))):
            found.text_key = key


def _compare_calls(found: Evidence, case: ToldCase) -> None:
    old, new = calls_in(case.reference or ""), calls_in(case.answer)
    if old and not new:
        found.tool = found.tool or old[0][0]
        after_tool = case.input.rstrip().rpartition("\n[")[2].startswith("tool]")
        found.fact("stops-early" if after_tool else "says-not-does")
    elif new and not old:
        found.called = found.called or new[0][0]
        if _made_up(new[0][1], case.input):
            found.fact("made-up")
        elif "?" in (case.reference or "") or "？" in (case.reference or ""):
            found.fact("acts-unasked")
    elif old and new:
        (tool, wanted), (called, given) = old[0], new[0]
        found.tool = found.tool or tool
        if tool != called or len(new) > len(old):
            found.called = found.called or next((name for name, _ in new if name != tool), called)
            found.fact("acts-first" if tool != called else "several-calls")
        for name, value in wanted.items():
            if name in given and given[name] != value and tool == called:
                _argument(found, value)


def _made_up(arguments: Mapping[str, Any], said: str) -> bool:
    """Whether a call has a number or address that the conversation does not hold."""
    figures = [str(value) for value in arguments.values() if re.search(r"\d|@", str(value))]
    return any(not any(part in said for part in re.findall(r"[\w@.-]*[\d@][\w@.-]*", figure)) for figure in figures)


def _argument(found: Evidence, wanted: Any) -> None:
    if _DATE.search(str(wanted)):
        found.fact("dates")
    elif isinstance(wanted, int | float) or _AMOUNT.match(str(wanted)):
        found.fact("amounts")
    elif isinstance(wanted, str):
        found.fact("ids")


def _from_reason(found: Evidence, label: str, reason: str) -> None:
    """What the words of a failed check say where no answer is shown."""
    if match := _NONE_OF.match(reason):
        found.fact("respelled", _last_name(match[1]))
    if match := _OTHER_CALL.search(reason):
        found.called, found.tool = found.called or match[1], found.tool or match[2]
        found.fact("acts-first")
    elif match := _IS_NOT.match(reason):
        found.tool = found.tool or match[1]
        try:
            wanted = json.loads(match[4])
        except ValueError:
            wanted = match[4]
        _argument(found, wanted)
    elif reason.startswith("no tool call: "):
        if "fact:stops-early" not in found.lines:
            found.fact("says-not-does")
    elif _ASKS_VALUE.search(fold(label)) and any(line.startswith("sign:no-tool-call") for line in found.lines):
        found.fact("made-up")
    elif _ASKS_FIRST.search(fold(label)) and found.called:
        found.fact("acts-unasked")
    elif match := _CALLS.match(reason):
        found.called = found.called or match[1]
    if match := _MOST.match(reason):
        words, allowed = (int(part.replace(",", "")) for part in match.groups())
        share = 6 if "char" in label else 1
        if found.most is None:
            found.most = (words // share, max(1, allowed // share))
    if (least := _LEAST.match(reason)) and found.least is None:
        found.least = int(least[2].replace(",", ""))


def reference_words(asked: AskedEdits, key: str) -> Iterator[int]:
    """Words of what the old model wrote, of that key's text where answers are objects."""
    for group in asked.groups:
        for case in group.cases:
            told = _object(case.reference or "")
            text = str(told.get(key, "")) if told is not None and key else case.reference or ""
            if text:
                yield count_words(text)
