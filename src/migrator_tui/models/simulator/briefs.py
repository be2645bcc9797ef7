"""Reads a request for edits to a prompt, as `adaptation.brief` writes it.

What stands between its tags is looked at and never obeyed. A simulated assistant knows of a project what such a
request says and nothing else.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator_tui.models.simulator.conversation import content_text
from migrator_tui.models.simulator.text import fold

_PROMPT = re.compile(r"^<prompt-([0-9a-f]{8,64})[^>\n]{0,80}>\n", re.MULTILINE)
_NUMBERED = re.compile(r"^ *\d+\| ?(.*)$")
_CALL = re.compile(r"^\[calls ([\w.-]{1,100})\((.*)\)\]$", re.MULTILINE)
_MOST_EDITS = re.compile(r"at most (\d{1,3}) edits")
_MOST_CHANGE = re.compile(r"at most (\d{1,3}) ?% of the prompt's words")
_MOST_GROWTH = re.compile(r"grow by at most (\d{1,4}) ?%")
_MAX_TOKENS = re.compile(r'"max_(?:completion_|output_)?tokens": (\d{1,7})\b')
_FROZEN = re.compile(r"^Frozen lines[^:\n]*: ([\d, -]+)$", re.MULTILINE)
_RULE = re.compile(r"^- \[([^\]\n]{1,120})\] (.*)$", re.MULTILINE)
_FREE_GROWTH = 400
"""Characters by which even a short prompt may grow, unless it must not grow at all."""
_MOST_GROUPS = 40


@dataclass(frozen=True, slots=True)
class ToldCase:
    """A failing case that is shown whole."""

    id: str
    input: str
    answer: str
    reference: str | None = None
    reference_passes: bool = False
    person: str = ""


@dataclass(frozen=True, slots=True)
class ToldGroup:
    """Failing cases that the request puts together."""

    title: str
    signs: tuple[str, ...]
    """Labels of failed checks and names of drift."""
    case_ids: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...] = ()
    """Failed checks, each with why."""
    cases: tuple[ToldCase, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedEdits:
    """What a request for edits says."""

    template: str
    groups: tuple[ToldGroup, ...]
    refused: tuple[str, ...] = ()
    """Texts of edits that are not wanted again."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """Guidance by its id."""
    frozen: frozenset[int] = frozenset()
    """Lines that stay, from 1."""
    most_edits: int = 5
    most_change: float = 0.4
    growth: int = 0
    """Characters by which the prompt may grow."""
    max_tokens: int | None = None
    """As it is sent to the new model, where the request says so."""
    minimal: bool = False
    """It asks for what can go."""
    errors: tuple[str, ...] = ()
    """What was wrong with the answers so far, and …"""
    answered: str = ""
    """… the last of them."""


def asked_edits(messages: Sequence[Mapping[str, Any]]) -> AskedEdits | None:
    """What is asked for; `None` where the messages are no request for edits."""
    texts = [(str(message.get("role")), content_text(message)) for message in messages]
    system = "\n".join(text for role, text in texts if role in {"system", "developer"})
    for place, (role, text) in enumerate(texts):
        if role != "user" or "JSON" not in system or '"edits"' not in system:
            continue
        found = _PROMPT.search(text)
        end = text.find(f"\n</prompt-{found[1]}>", found.end() - 1) if found else -1
        if found and end >= 0:
            later = texts[place + 1 :]
            return _read(
                text,
                found[1],
                text[found.end() : end],
                minimal='"append"' not in system,
                errors=tuple(words for who, words in later if who == "user"),
                answered=next((words for who, words in reversed(later) if who == "assistant"), ""),
            )
    return None


def calls_in(answer: str) -> list[tuple[str, dict[str, Any]]]:
    """The tools that an answer calls, with their arguments, as far as these can be read."""
    found = []
    for match in _CALL.finditer(answer):
        try:
            arguments = json.loads(match[2])
        except (ValueError, RecursionError):
            arguments = {}
        found.append((match[1], arguments if isinstance(arguments, dict) else {}))
    return found


def _read(text: str, mark: str, prompt: str, *, minimal: bool, errors: tuple[str, ...], answered: str) -> AskedEdits:
    lines = [found[1] if (found := _NUMBERED.match(line)) else line for line in prompt.split("\n")]
    template = "\n".join(lines)
    outside = _outside(text, mark)
    frozen: set[int] = set()
    for told in _FROZEN.findall(outside):
        for part in told.split(","):
            first, _, last = part.strip().partition("-")
            if first.isdigit():
                frozen |= set(
                    range(int(first), min(int(last or first) if (last or first).isdigit() else 0, 10**5) + 1)
                )
    growth = int(found[1]) if (found := _MOST_GROWTH.search(outside)) else 0
    return AskedEdits(
        template=template,
        groups=tuple(_groups(text, mark))[:_MOST_GROUPS],
        refused=tuple(_refused(text, mark)),
        rules={found[1]: found[2] for found in _RULE.finditer(outside)},
        frozen=frozenset(frozen),
        most_edits=int(found[1]) if (found := _MOST_EDITS.search(outside)) else 5,
        most_change=int(found[1]) / 100 if (found := _MOST_CHANGE.search(outside)) else 0.4,
        growth=max(len(template) * growth // 100, _FREE_GROWTH) if growth else 0,
        max_tokens=_max_tokens(text, mark),
        minimal=minimal,
        errors=errors,
        answered=answered,
    )


def _max_tokens(text: str, mark: str) -> int | None:
    for _, _, body in _blocks(text, mark, "settings"):
        if found := _MAX_TOKENS.search(body):
            return int(found[1])
    return None


def _blocks(text: str, mark: str, kinds: str = r"[a-z-]+") -> Iterator[tuple[str, str, str]]:
    """Kind, attributes and text of what stands between the request's own tags."""
    pattern = rf"^<({kinds})-{mark}([^>\n]{{0,300}})>\n(.*?)\n?</\1-{mark}>$"
    for found in re.finditer(pattern, text, re.MULTILINE | re.DOTALL):
        yield found[1], found[2], found[3]


def _outside(text: str, mark: str) -> str:
    return re.sub(rf"^<([a-z-]+)-{mark}[^>\n]{{0,300}}>\n.*?</\1-{mark}>$", "", text, flags=re.MULTILINE | re.DOTALL)


def _groups(text: str, mark: str) -> Iterator[ToldGroup]:
    standing: ToldGroup | None = None
    for kind, attributes, body in _blocks(text, mark):
        if kind == "cause":
            if standing is not None:
                yield standing
            standing = _group(body)
        elif kind == "case" and standing is not None:
            case, reasons = _case(attributes, body, mark)
            standing = ToldGroup(
                standing.title,
                standing.signs,
                standing.case_ids,
                tuple(dict.fromkeys((*standing.reasons, *reasons))),
                (*standing.cases, case),
            )
    if standing is not None:
        yield standing


def _group(body: str) -> ToldGroup:
    told: dict[str, str] = {}
    reasons = []
    for line in body.splitlines():
        if line.startswith("- "):
            reasons.append(_reason(line))
        else:
            name, _, value = line.partition(": ")
            told.setdefault(name, value)
    ids = re.sub(r" and \d+ more$", "", told.get("cases", ""))
    return ToldGroup(
        title=told.get("title", ""),
        signs=tuple(sign for sign in told.get("signs", "").split(", ") if sign),
        case_ids=tuple(name for name in ids.split(", ") if name),
        reasons=tuple(reasons),
    )


def _reason(line: str) -> tuple[str, str]:
    label, _, why = line[2:].partition(": ")
    return label, why


def _case(attributes: str, body: str, mark: str) -> tuple[ToldCase, list[tuple[str, str]]]:
    parts: dict[str, tuple[str, str]] = {}
    for kind, told, text in _blocks(body, mark):
        parts.setdefault(kind, (told, text))
    name = re.search(r'id="([^"]*)"', attributes)
    reference = parts.get("reference")
    case = ToldCase(
        id=name[1] if name else "",
        input=parts.get("input", ("", ""))[1],
        answer=parts.get("answer", ("", ""))[1],
        reference=None if reference is None else reference[1],
        reference_passes=reference is not None and 'state="passes"' in reference[0],
        person=parts.get("person", ("", ""))[1],
    )
    failed = parts.get("failed-checks", ("", ""))[1]
    return case, [_reason(line) for line in failed.splitlines() if line.startswith("- ")]


def _refused(text: str, mark: str) -> Iterator[str]:
    for _, _, body in _blocks(text, mark, "(?:refused|tried)"):
        for line in body.splitlines():
            try:
                edit, _ = json.JSONDecoder().raw_decode(line.removeprefix("- "))
            except (ValueError, RecursionError):
                continue
            if isinstance(edit, dict):
                yield one_line(str(edit.get("text") or edit.get("anchor") or ""))


def one_line(text: str) -> str:
    """Folded, on one line: what two texts are compared by."""
    return " ".join(fold(text).split())
