"""Numbers, amounts, dates and times as texts write them, each with the values it may stand for.

`1,234.50` and `1.234,50`, `2026-11-23` and `23 November 2026`, `15:00` and `3 pm`: the same value in another form is
a drift of its own, since programs and people downstream count on the form. What can be read in several ways has
several values (`03/04/2026`, `1.234`). Whatever fits no form is left aside: versions, ranges, telephone numbers.
"""

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Literal

from migrator_tui.parity.drift.months import MONTHS, SHORT_MONTHS

Kind = Literal["number", "amount", "date", "time"]

LOOKED_AT = 20_000
"""Characters of a text in which forms are looked for …"""
MOST = 400
"""… and groups of digits that are looked at."""

_BESIDE = 24
"""Characters before and after digits that may belong to them: a month, a currency, `pm`."""

_GAP = "[ \u00a0\u202f]?"
_CLUSTER = re.compile(r"\d+(?:[.,:/'’\u00a0\u202f-]\d+)*")
_PART_OF_A_WORD = re.compile(r"(?:[^\W_]|[_#/.,:@\\]|[^\W_]-)$")

_GROUPED = re.compile(r"(\d{1,3}(?:([.,'’\u00a0\u202f])\d{3})(?:\2\d{3})*)(?:(?!\2)[.,](\d+))?")
_PLAIN = re.compile(r"(\d+)(?:[.,](\d+))?")

_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_CLOCK = re.compile(r"T\d\d:?\d\d(?::?\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?")
_IDEOGRAPHIC = re.compile(r"(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]")

_DAY_FIRST = re.compile(
    r"(st|nd|rd|th|\.|º|er)?[ \u00a0](?:of |de |di )?([^\W\d_]{3,10})\b\.?(?:,?[ \u00a0](?:de |del |di )?(\d{4})\b)?"
)
_MONTH_FIRST = re.compile(r"(?<![^\W_])([A-Z][a-z]{2,8})\.?[ \u00a0]$")
_THEN_YEAR = re.compile(r"(?:(st|nd|rd|th)\b|(?!\w))(?:(,?)[ \u00a0](\d{4})\b)?")

_TIME = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")
_HALF = re.compile(rf"{_GAP}([ap])\.?m\b\.?", re.IGNORECASE)
_HOUR = re.compile(rf"{_GAP}(Uhr|uur)\b|h([0-5]\d)?\b")

_SIGNS = {
    **dict.fromkeys(("$", "US$", "USD", "dollars", "dollar"), "USD"),
    **dict.fromkeys(("€", "EUR", "Euro", "euros", "euro", "Euros"), "EUR"),
    **dict.fromkeys(("£", "GBP", "pounds"), "GBP"),
    **dict.fromkeys(("¥", "JPY", "yen", "円"), "JPY"),
    **dict.fromkeys(("%", "percent", "Prozent", "procent"), "%"),
}
"""What stands beside an amount, and what it means."""
_SIGN = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))
_SIGN_BEFORE = re.compile(rf"(?<![^\W_])({_SIGN}){_GAP}$")
_SIGN_AFTER = re.compile(rf"{_GAP}({_SIGN})(?![^\W_])")


@dataclass(frozen=True, slots=True)
class Written:
    """A value as a text writes it."""

    kind: Kind
    text: str
    values: frozenset[Hashable]
    """All that it may stand for."""
    form: str
    """The same for two texts of one value that are written alike."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A group of digits where it stands."""

    digits: str
    before: str
    after: str

    def found(self, kind: Kind, values: set[Hashable], form: str, with_after: str = "") -> tuple[Written, int]:
        """The value, and how many characters behind the digits belong to it."""
        return Written(kind, self.digits + with_after, frozenset(values), form), len(with_after)


def written(text: str) -> list[Written]:
    """The numbers, dates and times in a text, in order; small whole numbers without a unit are none."""
    text = text[:LOOKED_AT]
    found: list[Written] = []
    if "年" in text or "년" in text:
        for match in _IDEOGRAPHIC.finditer(text):
            found += [
                Written("date", match[0], frozenset({date}), "y年m月d")
                for date in _dates(match[1], match[2], match[3])
            ]
        text = _IDEOGRAPHIC.sub(" ", text)
    end = 0
    for count, cluster in enumerate(_CLUSTER.finditer(text)):
        if count >= MOST:
            break
        start, stop = cluster.span()
        if start < end:
            continue
        place = _Place(cluster[0], text[max(start - _BESIDE, 0) : start], text[stop : stop + _BESIDE])
        if not _PART_OF_A_WORD.search(place.before):
            for one, more in _read(place):
                found.append(one)
                end = stop + more
    return found


def _read(place: _Place) -> Iterator[tuple[Written, int]]:
    one = _numeric_date(place) or _time(place) or (_date_with_month(place) if place.digits.isdecimal() else None)
    if one is not None:
        yield one
    else:
        yield from _amount(place)


def _dates(year: str, month: str, day: str) -> set[Hashable]:
    y, m, d = int(year), int(month), int(day)
    if len(year) == 2:
        y += 1900 if y >= 70 else 2000
    return {(y, m, d)} if 1 <= m <= 12 and 1 <= d <= 31 else set()


def _numeric_date(place: _Place) -> tuple[Written, int] | None:
    if match := _YEAR_FIRST.fullmatch(place.digits):
        values = _dates(match[1], match[3], match[4])
        clock = _CLOCK.match(place.after)
        with_after = clock[0] if clock else ""
    elif match := _YEAR_LAST.fullmatch(place.digits):
        one, mark, other, year = match.groups()
        if len(year) == 2 and (mark == "-" or len(one) != 2 or len(other) != 2):
            return None
        values, with_after = _dates(year, other, one), ""
        if mark != ".":
            values |= _dates(year, one, other)
    else:
        return None
    if not values or place.after[len(with_after) :][:1].isalnum():
        return None
    form = re.sub(r"\d", "0", place.digits) + ("T" if with_after else "")
    return place.found("date", values, form, with_after)


def _date_with_month(place: _Place) -> tuple[Written, int] | None:
    day = int(place.digits) if len(place.digits) <= 2 else 0
    if not 1 <= day <= 31:
        return None
    if (match := _DAY_FIRST.match(place.after)) and (month := _month(match[2])) is not None:
        form = f"d{match[1] or ''} {month[1]}"
        return place.found("date", {(match[3] and int(match[3]), month[0], day)}, form, match[0])
    if (match := _MONTH_FIRST.search(place.before)) and (month := _month(match[1])) is not None:
        then = _THEN_YEAR.match(place.after)
        if then is None:
            return None
        form = f"{month[1]} d{then[1] or ''}{then[2] or ''}"
        one = place.found("date", {(then[3] and int(then[3]), month[0], day)}, form, then[0])
        return Written("date", match[0] + one[0].text, one[0].values, form), one[1]
    return None


def _month(word: str) -> tuple[int, str] | None:
    """Its number, and whether it is written in full."""
    name = word.casefold()
    if name in MONTHS:
        return MONTHS[name], "month"
    return (SHORT_MONTHS[name], "mon") if name in SHORT_MONTHS else None


def _time(place: _Place) -> tuple[Written, int] | None:
    """A time of day; `3:00` may be meant for the afternoon, but is no other form of `15:00`."""
    match = _TIME.fullmatch(place.digits)
    if match is None and not (place.digits.isdecimal() and len(place.digits) <= 2):
        return None
    half, unit = _HALF.match(place.after), _HOUR.match(place.after)
    if match is None and half is None and unit is None:
        return None
    hour, minute, second = int(match[1] if match else place.digits), match[2] if match else "00", match and match[3]
    if unit is not None and unit[2]:
        minute = unit[2]
    if hour > (12 if half else 24):
        return None
    shape = re.sub(r"\d", "0", place.digits)
    if half is not None:
        afternoon = half[1].lower() == "p"
        exact = hour % 12 + (12 if afternoon else 0)
        values: set[Hashable] = {(exact, minute, second)} | ({("pm", hour, minute, second)} if afternoon else set())
        return place.found("time", values, f"{shape} am", half[0])
    if unit is not None:
        return place.found("time", {(hour, minute, second)}, f"{shape} {unit[1] or 'h'}", unit[0])
    if place.after[:1].isalnum():
        return None
    return place.found("time", {(hour, minute, second), ("pm", hour, minute, second)}, shape)


def _amount(place: _Place) -> Iterator[tuple[Written, int]]:
    sign = _SIGN_BEFORE.search(place.before)
    behind = None if sign else _SIGN_AFTER.match(place.after)
    unit = sign or behind
    if behind is None and (place.after[:1].isalnum() or place.after[:1] == "_"):
        return
    values = _numbers(place.digits)
    small = place.digits.isdecimal() and len(place.digits) < 4
    if not values or (unit is None and small):
        return
    text = (sign[0] if sign else "") + place.digits + (behind[0] if behind else "")
    more = len(behind[0]) if behind else 0
    # `$5` and `$5.00` are one value; `$5` and `5.0` need not be.
    worth: set[Hashable] = {(_SIGNS[unit[1]], value) for value in values} if unit is not None else set()
    yield Written("number", text, frozenset(worth if small else worth | values), place.digits), more
    if unit is not None:
        yield Written("amount", text, frozenset(worth), f"{unit[1]}#" if sign else f"#{unit[1]}"), more


def _numbers(digits: str) -> set[Hashable]:
    """What a group of digits may be as a number: `1.234` is a thousand and more, or a little more than one."""
    values: set[Hashable] = set()
    if (match := _GROUPED.fullmatch(digits)) and not digits.startswith("0"):
        values.add(_number(re.sub(r"\D", "", match[1]), match[3]))
    if (match := _PLAIN.fullmatch(digits)) and not (values and match[2] == "000"):
        values.add(_number(match[1], match[2]))
    return values


def _number(whole: str, fraction: str | None) -> tuple[str, str]:
    return whole.lstrip("0") or "0", (fraction or "").rstrip("0")


def other_forms(old: str, new: str) -> list[tuple[Written, Written]]:
    """What both texts hold, and write in no form that they share; a pair for each, in the order of the old text."""
    if old == new or not _CLUSTER.search(old) or not _CLUSTER.search(new):
        return []
    before, after = written(old), written(new)
    mine, theirs = _by_value(before), _by_value(after)
    found: list[tuple[Written, Written]] = []
    told: set[tuple[str, Hashable]] = set()
    for one in before:
        shared = [(one.kind, value) for value in one.values if (one.kind, value) in theirs]
        if not shared or any(_forms(mine[value]) & _forms(theirs[value]) for value in shared):
            continue
        pair = one, theirs[shared[0]][0]
        # An amount is a number as well: `$5` and `$5.00` differ once, not twice.
        if told.isdisjoint(shared) and all((a.text, b.text) != (pair[0].text, pair[1].text) for a, b in found[-1:]):
            found.append(pair)
        told.update(shared)
    return found


def same_in_another_form(old: str, new: str) -> bool:
    """Whether two short texts are one value, each written in its own way."""
    pairs = other_forms(old, new)
    return len(pairs) == 1 and (pairs[0][0].text.strip(), pairs[0][1].text.strip()) == (old.strip(), new.strip())


def _by_value(found: list[Written]) -> dict[tuple[str, Hashable], list[Written]]:
    by_value: dict[tuple[str, Hashable], list[Written]] = {}
    for one in found:
        for value in one.values:
            by_value.setdefault((one.kind, value), []).append(one)
    return by_value


def _forms(found: list[Written]) -> set[str]:
    return {one.form for one in found}
