"""Values for a tool's parameters, taken from what was said and from what tools answered before."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from migrator_tui.models.simulator.conversation import Talk
from migrator_tui.models.simulator.text import fold, share_of, word_list
from migrator_tui.models.simulator.tools import Tool, role_of

_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_MONEY = re.compile(
    r"[€$£]\s?(\d[\d.,]{0,12}\d|\d)|(\d[\d.,]{0,12}\d|\d)\s?(?:€|\$|£|EUR\b|USD\b|euros?\b|dollars?\b)", re.IGNORECASE
)
_CODED = re.compile(r"(?<![\w-])#?([A-Za-z]{1,5})(?:-|(?<=[A-Z]) )?(\d{3,24})(?![\w-])")
_LED = re.compile(
    r"(?:#|\b(?:order|booking|user|customer|account|event|ticket|invoice|id|number|no|nr|bestellung|bestellnummer|commande|pedido|ordine|bestelling|encomenda|it's|is)"
    r"\b\.?\s?(?:number|nummer|no|nr|n[o°º])?\.?:?\s?#?)(\d{4,12})\b",
    re.IGNORECASE,
)
_BARE = re.compile(r"\b\d{4,12}\b")
_SHORT = 6
"""Words of a message in which a bare number is the number that was asked for."""
_PREFIX = re.compile(r"\^?\(?([A-Za-z]{1,6}[-_]?)(?=\[|\\d|\d|\()")
_EXAMPLE = re.compile(r"\b([A-Z]{1,6}[-_]?)(\d{3,12})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_UP = r"[A-ZÄÖÜÉ][^\W\d_]{0,30}\.?"
_STREET = re.compile(
    rf"(?<![\w-])((?:{_UP}[ -]){{1,4}}\d{{1,4}}[a-z]?|\d{{1,4}}[a-z]?(?: {_UP}){{1,4}}),?\s+(\d{{4,5}})\s+"
    rf"({_UP}(?:[ -]{_UP}){{0,2}})"
)
_NAMED = re.compile(
    rf"(?:my name is|i am|i'm|ich heiße|mein Name ist|je m'appelle|me llamo) ({_UP}(?: {_UP})?)", re.IGNORECASE
)
_PLACE = re.compile(rf"\b(?:in|at|for|to|from|near|nach|à|en|a) ({_UP}(?:[ -]{_UP}){{0,2}})")
_QUOTED = re.compile(r"[\"“„«]([^\"”“»\n]{1,200})[\"”“»]")
_NAMES_IT = re.compile("title|subject|topic|query|search|content|name")
"""Text that is put in quotes where it is told."""
_LATER = re.compile("end|until|till|_to$|before|return|check.?out")
"""The second of two days."""
_PLAIN_PATTERN = re.compile(r"\^?(?:[A-Za-z_-]|\[[\w-]{1,20}\]|\\d|\{\d{1,2}(?:,\d{0,2})?\}|\+)*\$?")
"""Patterns of order numbers that are tried."""
_PHONE = re.compile(r"\+?\d[\d /-]{6,18}\d")
_OTHERS = frozenset({"other", "others", "general", "none", "misc", "unknown", "default", "normal"})
_MOST_DEEP = 6


@dataclass(frozen=True, slots=True)
class Filled:
    """Arguments for a call, and the required parameters that nothing is known for."""

    values: dict[str, Any]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that a tool told about: an order, a booking."""

    id: str
    data: Mapping[str, Any]


def fill(tool: Tool, talk: Talk, request: str, place: int = 0, order: Order | None = None, team: str = "") -> Filled:
    """Arguments from the request (nearest to `place` in it), from earlier messages, and from the order looked up."""
    values, missing = {}, []
    for name, schema in tool.parameters.items():
        value = _value(name, schema, talk, request, place, order, team)
        needed = name in tool.required
        if value is None and needed:
            missing.append(name)
        elif value is not None and (needed or role_of(name, schema) in {"email", "date", "id"}):
            values[name] = value
    return Filled(values, tuple(missing))


def made_up(name: str, schema: Mapping[str, Any]) -> Any:
    """What a model that cannot wait puts in for a value that nobody gave it."""
    role = role_of(name, schema)
    if role == "id":
        return f"{_prefix(schema)}00000"
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    if _kind(schema) in {"number", "integer"}:
        return 1
    return {"email": "customer@example.com", "date": "2026-01-01"}.get(role, "unknown")


def reshaped_id(value: str, key: str) -> str:
    """An order number as a careless model writes it."""
    digits = re.sub(r"\D", "", value)
    forms = [form for form in (digits, f"#{value}", f"Order {value}") if form != value]
    return forms[int(share_of("form of id", key) * len(forms))]


def reshaped(value: Any, role: str) -> Any:
    """An amount with its currency, a date in words: for people, not for programs."""
    if role == "amount" and isinstance(value, int | float):
        return f"{value:.2f} EUR"
    if role == "date" and isinstance(value, str) and (day := _ISO.fullmatch(value)):
        return f"{int(day[3])} {word_list('agent')['months']['en'][int(day[2]) - 1]} {day[1]}"
    return value


def _value(
    name: str, schema: Mapping[str, Any], talk: Talk, request: str, place: int, order: Order | None, team: str
) -> Any:
    texts = [request, *(text for text in reversed(talk.requests) if text != request)]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return _meant(schema["enum"], talk.said, team)
    role, kind = role_of(name, schema), _kind(schema)
    if role == "id" and kind in {"string", "integer"}:
        if order is not None and order.id:
            return _typed(order.id, kind)
        ids = [found for text in texts for found in ids_in(text, schema, place if text == request else 0)]
        return _typed(ids[0], kind) if ids else None
    if role == "amount":
        amounts = [amount for text in texts for amount in _amounts(text)]
        value = amounts[0] if amounts else _total(order)
        return value if value is None or kind != "string" else f"{value:.2f}"
    if kind in {"number", "integer"}:
        found = re.search(r"\b\d{1,9}\b", request)
        return int(found[0]) if found else None
    if kind == "array" and (mails := _MAIL.findall(talk.said)):
        return [mail.rstrip(".") for mail in mails[:20]]
    simple = {"boolean": True, "array": [], "object": {}}
    return simple[kind] if kind in simple else _text(name, role, texts, talk)


def _text(name: str, role: str, texts: Sequence[str], talk: Talk) -> str | None:
    if role == "date":
        place = -1 if _LATER.search(fold(name)) else 0
        return next((days[place] for text in texts if (days := _days(text))), None)
    quoted = next((found[1] for text in texts if (found := _QUOTED.search(text))), None)
    if role in {"street", "postal", "city", "address"}:
        for text in texts:
            if found := _STREET.search(text):
                parts = {"street": found[1], "postal": found[2], "city": found[3].removesuffix(".")}
                return parts.get(role, f"{found[1]}, {found[2]} {found[3]}")
    patterns = {"email": _MAIL, "city": _PLACE, "name": _NAMED, "phone": _PHONE}
    if role in patterns:
        for text in texts:
            if found := patterns[role].search(text):
                return found[1] if found.re.groups else found[0].rstrip(".")
        return None
    if role == "text" and not (quoted and _NAMES_IT.search(fold(name))):
        words = (talk.requests[0] if len(texts[0].split()) < 3 and talk.requests else texts[0]).split()
        return " ".join(words[:30]) or None
    return quoted


def ids_in(text: str, schema: Mapping[str, Any], place: int = 0) -> list[str]:
    """Order numbers and the like in a text, in the form that the schema states, the one nearest to `place` first."""
    prefix = _prefix(schema)
    found: dict[str, int] = {}
    for match in _CODED.finditer(text):
        letters, digits = match[1].upper(), match[2]
        if not prefix or letters == prefix.rstrip("-_").upper():
            found.setdefault(f"{prefix}{digits}" if prefix else match[0].lstrip("#"), match.start())
    loose = _BARE if len(text.split()) <= _SHORT and not _MONEY.search(text) else _LED
    for match in loose.finditer(text):
        digits = match[1] if match.re.groups else match[0]
        found.setdefault(f"{prefix}{digits}", match.start())
    # What stands behind the word counts as nearer than what stands before it: "cancel NL-1, and where is NL-2".
    ranked = sorted(found, key=lambda id_: found[id_] - place if found[id_] >= place else 3 * (place - found[id_]))
    return [id_ for id_ in ranked if _fits(id_, schema)]


def _prefix(schema: Mapping[str, Any]) -> str:
    if found := _PREFIX.match(str(schema.get("pattern", ""))[:200]):
        return found[1]
    told = f"{schema.get('description', '')} {schema.get('example', '')} {schema.get('examples', '')}"[:2000]
    found = _EXAMPLE.search(told)
    return found[1] if found else ""


def _fits(value: str, schema: Mapping[str, Any]) -> bool:
    """Whether the schema's pattern holds; patterns of strangers that could take for ever are not tried."""
    pattern = str(schema.get("pattern", ""))
    if not pattern or len(pattern) > 100 or not _PLAIN_PATTERN.fullmatch(pattern):
        return True
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True


def orders_in(talk: Talk, schema: Mapping[str, Any]) -> list[Order]:
    """What tools told about orders, the latest first; a number is known by the parameter's name or by `id`."""
    found: dict[str, Order] = {}
    for call in reversed(talk.calls):
        if not call.failed:
            for table in _tables(call.data, _MOST_DEEP):
                id_ = next(
                    (table[key] for key in ("order_id", "id", "number", "order", "booking_id") if key in table), ""
                )
                if isinstance(id_, str | int) and str(id_) and _fits(str(id_), schema):
                    found.setdefault(str(id_), Order(str(id_), table))
    return list(found.values())


def _tables(value: Any, deep: int) -> list[Mapping[str, Any]]:
    if deep and isinstance(value, Mapping):
        inner = [table for entry in value.values() for table in _tables(entry, deep - 1)]
        return [value, *inner]
    if deep and isinstance(value, list):
        return [table for entry in value[:50] for table in _tables(entry, deep - 1)]
    return []


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema's type; of several the first that is not null."""
    told = schema.get("type")
    kinds = told if isinstance(told, list) else [told]
    return next((kind for kind in kinds if isinstance(kind, str) and kind != "null"), "string")


def _typed(value: str, kind: str) -> Any:
    digits = re.sub(r"\D", "", value)
    return int(digits) if kind == "integer" and digits else value


def _amounts(text: str) -> list[float | int]:
    return [number(match[1] or match[2]) for match in _MONEY.finditer(text)]


def number(text: str) -> float | int:
    """`1.249,00`, `64.90`, `39,90` or `500` as a number."""
    whole, mark, rest = text, "", ""
    if found := re.search(r"[.,](?=\d{1,2}$)", text):
        whole, mark, rest = text[: found.start()], ".", text[found.end() :]
    digits = re.sub(r"\D", "", whole)
    value = float(f"{digits or 0}{mark}{rest}")
    return int(value) if value.is_integer() else value


def _total(order: Order | None) -> float | int | None:
    for key in ("total", "amount", "price", "sum"):
        value = order.data.get(key) if order is not None else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and (found := re.search(r"\d[\d.,]*\d|\d", value)):
            return number(found[0])
    return None


@cache
def _dates() -> re.Pattern[str]:
    months = {fold(name) for names in word_list("agent")["months"].values() for name in names}
    month = "|".join(sorted(months, key=len, reverse=True))
    return re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th)? (?:de )?(?P<m>{month}) (?:de )?(?P<y>\d{{4}})\b"
        rf"|\b(?P<m2>{month}) (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y2>\d{{4}})\b"
    )


def _days(text: str) -> list[str]:
    """The days that a text names, as `2026-11-01`."""
    if iso := _ISO.findall(text):
        return ["-".join(parts) for parts in iso]
    tables = word_list("agent")["months"].values()
    days = []
    for found in _dates().finditer(fold(text)):
        day, month, year = (found[name] or found[f"{name}2"] for name in "dmy")
        number_of = next(place for names in tables for place, name in enumerate(names, 1) if fold(name) == month)
        days.append(f"{year}-{number_of:02d}-{int(day):02d}")
    return days


def _meant(values: Sequence[Any], said: str, team: str) -> Any:
    """The one of a fixed set of values that the customer means; where none, the one that stands for the rest."""
    folded, known = fold(said), word_list("agent")["values"]
    if team and team in values:
        return team
    for value in values:
        if any(re.search(pattern, folded) for pattern in known.get(str(value), ())):
            return value
    for value in values:
        words = [word for word in re.split(r"[_\W]+", fold(str(value))) if len(word) > 3]
        if words and all(word[:5] in folded for word in words):
            return value
    return next((value for value in values if fold(str(value)) in _OTHERS), values[0])


def as_json(values: Any) -> str:
    """Arguments as a model writes them, and what it reads of a result."""
    return json.dumps(values, ensure_ascii=False)
