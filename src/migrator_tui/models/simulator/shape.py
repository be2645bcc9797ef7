"""What form of answer a prompt asks for: the keys of a JSON object and what they may be, a label, or prose."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from migrator_tui.models.simulator.text import excerpt, fold, word_list

Role = Literal["topic", "urgency", "language", "answer", "summary", "flag", "order", "number", "quote"]

_OPENER = re.compile(
    r"\b(?:keys?|fields?|propert(?:y|ies)|json|object|objekt|schluessel|schlussel|feldern?|cles?|champs?|claves?|campos?)\b"
)
_KEY_LINE = re.compile(
    r"^\s*(?:[-*•+]\s+|\d+[.)]\s+)?[`\"'*]*([A-Za-z][\w-]{0,30})[`\"'*]*\s*(?:\(([^)]*)\)\s*)?(?:[:=]|–|—|-\s)\s*(.*)$"
)
_BARE_BULLET = re.compile(
    r"^\s*(?:[-*•+]|\d+[.)])\s+[`\"'*]*([A-Za-z][\w-]{0,30})[`\"'*]*\s*(?:\(([^)]*)\))?\s*[,;]?$"
)
_MARKED = re.compile(r"^\s*(?:[-*•+]\s|\d+[.)]\s|[`\"'*])")
_JSON_KEY = re.compile(r"[\"“]([A-Za-z][\w-]{0,30})[\"”]\s*:")
_PROSE_KEYS = re.compile(
    r"\b(?:keys?|fields?|properties|Schlüsseln?|Feldern?|clés?|champs?|claves?|campos?)\b[ :]*"
    r"(?:are|named|called|namens|nommée?s|llamad[oa]s)?[ :]*([^.\n]*(?:\n[^.\n]+){0,2})",
    re.IGNORECASE,
)
_NO_KEYS = {
    "ticket",
    "tickets",
    "example",
    "examples",
    "note",
    "notes",
    "rule",
    "rules",
    "important",
    "output",
    "input",
}
_NO_KEYS |= {
    "json",
    "customer",
    "remember",
    "warning",
    "hint",
    "format",
    "answer-format",
    "system",
    "user",
    "is",
    "for",
}
_VALUE = re.compile(r"^[\w][\w-]{0,30}$")
_ONE_OF = re.compile(
    r"\b(?:one of|either|choose (?:from|between)|a single word|one word|labels?|as)\b[^:\n]{0,40}:?\s*(.+)"
)

_ROLE_WORDS: dict[Role, str] = {
    "topic": r"categor|topic|type|kind|label|class|kategorie|thema|sujet|categoria|tema|department|team",
    "urgency": r"priorit|urgen|severity|importance|dringlich|prioridad",
    "language": r"lang|sprache|idioma|locale",
    "answer": r"answer|reply|response|respond|message|antwort|reponse|respuesta|text",
    "summary": r"summar|gist|zusammenfassung|resume|resumen|subject|title|titel",
    "flag": r"^(?:is|has|needs|should|can)_|_(?:needed|required|flag)$|escalat|human",
    "order": r"order|bestell|commande|pedido|reference",
    "number": r"score|count|number|confidence|rating",
    "quote": r"$^",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key the answer must have."""

    name: str
    role: Role
    values: tuple[str, ...] = ()
    """What it may be, as the prompt spells it; empty if anything goes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The form of answer: a JSON object with `keys`, one of `labels`, or prose if both are empty."""

    keys: tuple[Key, ...] = ()
    labels: tuple[str, ...] = ()


def shape_for(prompt: str, response_format: Mapping[str, Any] | None) -> Shape:
    """The form that the request states; a JSON Schema in `response_format` outdoes the prompt."""
    if response_format and response_format.get("type") == "json_schema":
        schema = (response_format.get("json_schema") or {}).get("schema") or {}
        keys = tuple(_schema_key(name, entry) for name, entry in (schema.get("properties") or {}).items())
        if keys:
            return Shape(keys=keys)
    forced = bool(response_format) and (response_format or {}).get("type") == "json_object"
    return read_shape(prompt, forced)


def read_shape(prompt: str, forced_json: bool = False) -> Shape:
    """Read keys from a list ("- category: billing, delivery or other"), an example object, or a sentence."""
    return _read(excerpt(prompt), forced_json)


@lru_cache(maxsize=512)
def _read(prompt: str, forced_json: bool) -> Shape:
    if forced_json or re.search(r"\bjson\b", prompt, re.IGNORECASE):
        found = _listed_keys(prompt) or _example_keys(prompt) or _told_keys(prompt)
        return Shape(keys=tuple(found.values()) or (Key("answer", "answer"),))
    told = _ONE_OF.search(prompt)
    return Shape(labels=_values(told[1]) if told else ())


def _listed_keys(prompt: str) -> dict[str, Key]:
    """Keys that stand at the beginning of lines, below a line that speaks of keys or of an object."""
    found: dict[str, Key] = {}
    marked: set[str] = set()
    opened = False
    for line in prompt.splitlines():
        match = _KEY_LINE.match(line) or _BARE_BULLET.match(line)
        name = match[1] if match else ""
        if opened and match and name.lower() not in _NO_KEYS and not name.isupper():
            description = " ".join(part for part in match.groups()[1:] if part)
            found.setdefault(name, _key(name, description, match[2] or ""))
            if _MARKED.match(line):
                marked.add(name)
        elif _OPENER.search(fold(line)):
            opened = True
        elif found and line.strip() and not line.startswith((" ", "\t")):
            opened = False
    if marked:
        # A wrapped sentence may look like a key ("else: …"), but not among keys that have bullets or quotes.
        found = {name: key for name, key in found.items() if name in marked}
    return found if len(found) > 1 or (found and not _JSON_KEY.search(prompt)) else {}


def _example_keys(prompt: str) -> dict[str, Key]:
    found: dict[str, Key] = {}
    for match in _JSON_KEY.finditer(prompt):
        description = re.split(
            r"[\"”]\s*,\s*[\"“]|[,\n}]\s*[\"“][\w-]+[\"”]\s*:|\n|}", prompt[match.end() :], maxsplit=1
        )[0]
        found.setdefault(match[1], _key(match[1], description.strip(' "“”<>,'), ""))
    return found


def _told_keys(prompt: str) -> dict[str, Key]:
    found: dict[str, Key] = {}
    for match in _PROSE_KEYS.finditer(prompt):
        for part in _split_outside_brackets(match[1]):
            named = re.match(r"^[`\"'“]*([A-Za-z][\w-]{1,30})[`\"'”]*\s*(?:\((.*)\))?\s*$", part.strip(), re.DOTALL)
            if named and named[1].lower() not in _NO_KEYS | {"and", "or", "only", "these", "exactly", "nothing"}:
                found.setdefault(named[1], _key(named[1], named[2] or "", named[2] or ""))
        if len(found) > 1:
            return found
        found.clear()
    return found


def _split_outside_brackets(text: str) -> Iterator[str]:
    depth, piece = 0, ""
    for bit in re.split(r"([(),]|\b(?:and|und|et|y)\b)", text):
        depth += (bit == "(") - (bit == ")")
        if depth == 0 and bit in {",", "and", "und", "et", "y"}:
            yield piece
            piece = ""
        else:
            piece += bit
    yield piece


def _key(name: str, description: str, bracketed: str) -> Key:
    values = _values(bracketed) or _values(description)
    return Key(name, _role(name, description, values), values)


def _schema_key(name: str, schema: Any) -> Key:
    schema = schema if isinstance(schema, Mapping) else {}
    values = tuple(str(value) for value in schema.get("enum", ()) if isinstance(value, str))
    kind = schema.get("type")
    if kind == "boolean":
        return Key(name, "flag")
    if kind in {"number", "integer"}:
        return Key(name, "number")
    return Key(name, _role(name, str(schema.get("description", "")), values), values)


def _values(description: str) -> tuple[str, ...]:
    """The words of "one of billing, delivery or other"; empty if the text does not list single words."""
    head = re.split(r"[;.:](?:\s|$)|\n|\s(?:when|if|where|wenn|si|cuando)\s|\s[–—-]\s|\(", description, maxsplit=1)[0]
    head = re.sub(
        r"^\W*(?:one of|either|exactly one of|eine?[rs]? von|parmi|un[ao] de)\b(?: the following| these)?:?",
        "",
        head.strip(),
        flags=re.I,
    )
    parts = [
        part.strip(" `\"'“”<>[]{}") for part in re.split(r",|/|\||\bor\b|\band\b|\boder\b|\bou\b|\bund\b|\bo\b", head)
    ]
    parts = [part for part in parts if part]
    if len(parts) > 1 and all(_VALUE.match(part) for part in parts):
        return tuple(dict.fromkeys(parts))
    return ()


def _role(name: str, description: str, values: Sequence[str]) -> Role:
    folded = fold(name)
    if {fold(value) for value in values} == {"true", "false"} or re.search(
        r"\b(?:true|boolean)\b", description.lower()
    ):
        return "flag"
    if values:
        by_group = {group: len({fold(v) for v in values} & names) for group, names in _group_names().items()}
        best = max(by_group, key=lambda group: by_group[group])
        if by_group[best]:
            return "topic" if best == "topics" else "urgency"
    for role, pattern in _ROLE_WORDS.items():
        if re.search(pattern, folded):
            return role
    return "topic" if values else "quote"


def _group_names() -> dict[str, set[str]]:
    lists = word_list("tickets")
    return {
        group: {name for entry in lists[group].values() for name in entry["names"]} for group in ("topics", "urgency")
    }


def choose(value_of: str, group: Literal["topics", "urgency"], values: Sequence[str], ticket: str) -> str:
    """The one of `values` that means `value_of` ("billing" may be spelt "payments"), else the nearest."""
    if not values:
        return value_of
    names = word_list("tickets")[group].get(value_of, {}).get("names", [value_of])
    for value in values:
        if fold(value) in names or fold(value) == value_of:
            return value
    folded = fold(ticket)
    for value in values:
        stem = fold(value)[:6]
        if len(stem) > 3 and stem in folded:
            return value
    for value in values:
        if fold(value) in {
            "other",
            "misc",
            "general",
            "none",
            "sonstiges",
            "andere",
            "autre",
            "otro",
            "otros",
            "neutral",
        }:
            return value
    return values[len(values) // 2] if group == "urgency" else values[-1]
