"""How a simulated model reads a ticket: language, topic, urgency and the things it names, by word lists alone."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from migrator_tui.models.simulator.text import excerpt, fold, word_list

_ORDER = re.compile(
    r"(?:#|\bno\.? ?|\bnr\.? ?|\bn[o°º]\.? ?|order |bestellung |bestelling |commande |pedido |ordine |encomenda "
    r"|注文(?:番号)?:? ?)#?([A-Z]{0,3}-?\d{4,10})\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(?:[€$£¥]\s?\d[\d.,]{0,12}|\d[\d.,]{0,12}\s?(?:€|\$|£|¥|円|EUR|USD|euros?\b))")
_THING = re.compile(
    r"\b(?:my|the|your) ((?!order|account|bank|parcel|package|money|same|first|last|name|card|begin)[a-z]{4,14}"
    r"(?: (?:maker|lamp|kettle|shoes|jacket|light|blanket|machine))?)\b"
)
_KANA = re.compile(r"[\u3040-\u30ff]")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text is about."""

    language: str
    """ISO 639-1."""
    topic: str
    """`billing`, `delivery`, `product`, `account` or `other`."""
    urgency: str
    """`high`, `normal` or `low`."""
    loud: bool
    legal: bool
    injected: bool
    """Whether the text tries to give the model orders."""
    empty: bool
    order: str | None
    amount: str | None
    thing: str | None
    opening: str
    """Its first words that say something, at most twelve."""


def read_ticket(text: str, languages: frozenset[str] | None = None, first_words: int | None = None) -> Reading:
    """Read a text as a model does that knows these languages (all if `None`) and takes in so many words of it.

    A model that does not know the language sees an order number and no more: topic `other`, urgency `normal`.
    """
    return _read(excerpt(text), languages, first_words)


@lru_cache(maxsize=4096)
def _read(text: str, languages: frozenset[str] | None, first_words: int | None) -> Reading:
    if first_words is not None:
        text = " ".join(text.split()[:first_words])
    folded = fold(text)
    language = _language(text, folded)
    known = languages is None or language in languages
    empty = not _WORD.search(folded)
    lists = word_list("tickets")
    order, amount, thing = _ORDER.search(text), _AMOUNT.search(text), _THING.search(text)
    return Reading(
        language=language,
        topic=_topic(folded) if known and not empty else "other",
        urgency="low" if empty else _urgency(folded) if known else "normal",
        loud=any(re.search(p, text if "A-Z" in p else folded) for p in lists["loud"]["words"]),
        legal=any(re.search(p, folded) for p in lists["urgency"]["high"]["words"][:18]),
        injected=any(re.search(p, folded) for p in lists["injection"]["words"]),
        empty=empty,
        order=order[1] if order else None,
        amount=amount[0].strip(".,") if amount else None,
        thing=thing[1] if thing else None,
        opening=" ".join(re.sub(r"^(?:subject|betreff|objet|asunto):\s*", "", text.strip(), flags=re.I).split()[:12]),
    )


def _language(text: str, folded: str) -> str:
    if _KANA.search(text):
        return "ja"
    words = _WORD.findall(folded[:4000])
    scores = {code: sum(word in entry for word in words) for code, entry in _stop_words().items()}
    best = max(scores, key=lambda code: (scores[code], code == "en"))
    return best if scores[best] else "en"


@cache
def _stop_words() -> dict[str, frozenset[str]]:
    return {code: frozenset(entry["words"]) for code, entry in word_list("tickets")["languages"].items()}


@cache
def _patterns(group: str) -> dict[str, list[re.Pattern[str]]]:
    table: dict[str, Any] = word_list("tickets")[group]
    return {name: [re.compile(word) for word in entry["words"]] for name, entry in table.items()}


def _topic(folded: str) -> str:
    """The topic most of whose words occur; on a tie the one that is spoken of first."""
    best, best_score = "other", (0, 0)
    for name, patterns in _patterns("topics").items():
        found = [match for pattern in patterns if (match := pattern.search(folded))]
        if found:
            score = (len(found), -min(match.start() for match in found))
            if score > best_score or best == "other":
                best, best_score = name, score
    return best


def _urgency(folded: str) -> str:
    for name in ("high", "low"):
        if any(pattern.search(folded) for pattern in _patterns("urgency")[name]):
            return name
    return "normal"
