"""Personal data and keys in rows that were never meant to be files of a project: found, named by kind, masked.

Found are e-mail addresses, telephone numbers, payment cards (by Luhn's sum), IBANs (by ISO 7064's), and strings that
look like keys. What is found stands as `[e-mail 1]` afterwards: within one value the same text gets the same mark, so
that an answer still fits its question. Names of people and addresses of houses are not found: nothing here reads.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

EMAIL, PHONE, CARD, IBAN, KEY = "e-mail", "phone", "card", "IBAN", "key"
KINDS = (EMAIL, PHONE, CARD, IBAN, KEY)

ALWAYS = frozenset((KEY,))
"""Kinds that are masked whatever one says: a key in a file of a project is a key in somebody's git."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?![\w-])")

_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk|gsk|xai|hf|ghp|gho|ghs|github_pat|glpat|xox[abprs]|AIza|npm|dop_v1|shpat|sq0atp|pplx|nvapi)"
    r"[-_][A-Za-z0-9_\-]{12,}"
    r"|AIza[A-Za-z0-9_\-]{30,}"
    r"|AKIA[A-Z0-9]{16}|ASIA[A-Z0-9]{16}"
    r"|eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}"
    r")|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,10000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)"
    r"|(?<=[Bb]earer )[A-Za-z0-9._~+/=\-]{12,}"
    r"|(?i:(?<=password=)|(?<=passwd=)|(?<=api_key=)|(?<=apikey=)|(?<=token=)|(?<=secret=))[^\s\"'&,;<>]{6,}"
)

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d-]|[.,]\d)")
_PHONE = re.compile(
    r"(?<![\w.,/:#-])(?<!\d )(?:"
    r"(?:\+|00)[1-9]\d{0,2}[ ./-]{0,2}(?:\(0?\d{1,5}\)[ ./-]{0,2})?\d(?:[ ./-]{0,2}\d){5,12}"  # international
    r"|\(\d{2,5}\)[ ./-]{0,2}\d(?:[ ./-]?\d){4,9}"  # (030) 123456
    r"|0\d{1,4}[ /-]{1,3}\d(?:[ -]?\d){4,9}"  # 030 1234567, 0171/1234567
    r"|\d{3}[ .-]\d{3}[ .-]\d{4}"  # 555-123-4567
    r")(?![\w-]|[.,:/]\d)"
)
_MARKED = re.compile(rf"\[(?:{'|'.join(KINDS)}) \d+\]")
_DIGITS = re.compile(r"\d")


def mask(value: Any, *, keep: Collection[str] = ()) -> tuple[Any, frozenset[str]]:
    """The value with what was found masked, and the kinds that were found, those that `keep` leaves in place too.

    `value` is text, or any plain JSON value, whose texts are looked at, but for its keys. The same text has the same
    mark throughout. Kinds in `ALWAYS` are masked even where `keep` names them. The value itself is not changed.
    """
    masker = Masker(keep)
    masked = masker.mask(value)
    return masked, frozenset(masker.found)


class Masker:
    """Masks several values as one: what is the same in them gets the same mark."""

    def __init__(self, keep: Collection[str] = ()) -> None:
        self._keep = frozenset(keep) - ALWAYS
        self._marks: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self.found: set[str] = set()
        """The kinds that were found so far."""

    def mask(self, value: Any) -> Any:
        """The value, masked; where nothing is found, the very same one."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            masked = {key: self.mask(item) for key, item in value.items()}
            return masked if any(masked[key] is not item for key, item in value.items()) else value
        if isinstance(value, list | tuple):
            items = [self.mask(item) for item in value]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        return value

    def _text(self, text: str) -> str:
        if text.startswith("data:") and ";base64," in text[:100]:
            return text  # a picture
        if "@" in text:
            text = _EMAIL.sub(lambda m: self._mark(EMAIL, m[0], m[0].casefold()), text)
        if len(text) >= 12 and _KEY.search(text):
            text = _KEY.sub(lambda m: m[0] if _MARKED.fullmatch(m[0]) else self._mark(KEY, m[0], m[0]), text)
        if len(text) < 7 or (len(text) < 4000 and len(_DIGITS.findall(text)) < 7):
            return text
        text = _IBAN.sub(self._iban, text)
        text = _CARD.sub(self._card, text)
        return _PHONE.sub(lambda m: self._mark(PHONE, m[0], re.sub(r"\D", "", m[0])), text)

    def _iban(self, match: re.Match[str]) -> str:
        # What follows an IBAN in a sentence may look like one more group of it.
        text = match[0]
        while text and not is_iban(text):
            text = text.rpartition(" ")[0]
        return self._mark(IBAN, text, text.replace(" ", "")) + match[0][len(text) :] if text else match[0]

    def _card(self, match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match[0])
        return self._mark(CARD, match[0], digits) if is_card(digits) else match[0]

    def _mark(self, kind: str, text: str, same: str) -> str:
        self.found.add(kind)
        if kind in self._keep:
            return text
        mark = self._marks.get((kind, same))
        if mark is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            mark = self._marks[kind, same] = f"[{kind} {self._counts[kind]}]"
        return mark


def is_card(digits: str) -> bool:
    """Whether those digits are the number of a payment card: its length, its first digit, Luhn's sum."""
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or len(set(digits)) < 2:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Whether the text is an IBAN by its check digits (ISO 7064, modulo 97)."""
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1
