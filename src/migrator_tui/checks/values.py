"""What a check compares with: its value, with the case's variables filled in and in the form that the check needs."""

import json
import re
from collections.abc import Callable
from enum import Enum
from typing import Any

from migrator_tui.checks.base import CheckFailure, CheckResult, CheckSettingError, Subject
from migrator_tui.project.schema import CheckSpec
from migrator_tui.text_safety import safe_line


class Needs(Enum):
    """What kind of value a check takes."""

    NOTHING = "no value"
    ANYTHING = "a value"
    TEXT = "a text"
    TEXTS = "a list of texts, or one text with commas"
    NUMBER = "a whole number that is not negative"
    AMOUNT = "a number that is not negative"
    COUNT = "a whole number, or a table with min, max or both"
    MAYBE = "a value, or none"
    MAYBE_TEXTS = "a list of texts, one text with commas, or none"
    CODE = "code, or the name of its file"
    SCHEMA = "a JSON Schema: a table, or its text"


OPTIONAL = frozenset({Needs.NOTHING, Needs.SCHEMA, Needs.MAYBE, Needs.MAYBE_TEXTS})
"""Kinds that may be left out; the others fall back to what the case says it expects."""

BASELINE = "baseline"
"""Of a check's `to`: what it compares with is the baseline's answer."""
EXPECTED = "expected"
"""The setting that names a key of the case's `expected`: the check says nothing of cases that do not have it."""

_LIST_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"\s*(?=,|$)|([^,]*))(?:,|$)', re.DOTALL)


def text_of(value: Any) -> str:
    """A value as the text that a model would write: `true`, `5` for 5.0, JSON for lists and tables."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def texts_of(value: Any) -> list[str]:
    """The texts of a list, or of one text with commas between them.

    As in promptfoo, an item may stand in double quotes to hold a comma: `yes, "no, thanks"` is two.
    """
    if isinstance(value, list | tuple):
        return [text_of(item) for item in value]
    items = [
        re.sub(r'\\(["\\])', r"\1", quoted) if quoted else plain.strip()
        for quoted, plain in _LIST_ITEM.findall(text_of(value))
    ]
    return [item for item in items if item]


def canonical(value: Any) -> str:
    """JSON in which equal values are equal texts: 1 is 1.0, true is not 1, the order of keys is of no account."""
    return json.dumps(_plain_numbers(value), sort_keys=True, ensure_ascii=False)


def _plain_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_numbers(item) for item in value]
    return value


def stated_problem(needs: Needs, value: Any) -> str | None:
    """What is wrong with a value as the project states it, or `None`."""
    if value is None or needs in (Needs.NOTHING, Needs.ANYTHING, Needs.MAYBE):
        return None
    if needs in (Needs.TEXT, Needs.CODE):
        fine = not isinstance(value, bool | dict | list | tuple) and value != ""
    elif needs in (Needs.TEXTS, Needs.MAYBE_TEXTS):
        fine = not isinstance(value, bool | dict) and value not in ("", [], ())
    elif needs is Needs.NUMBER:
        fine = is_template(value) or _whole_number(value) is not None
    elif needs is Needs.AMOUNT:
        fine = is_template(value) or _amount(value) is not None
    elif needs is Needs.COUNT:
        fine = is_template(value) or _count(value) is not None
    else:
        fine = isinstance(value, str | dict | bool)
    return None if fine else f"needs {needs.value}, not {shown(value)}"


def _whole_number(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return int(value) if isinstance(value, int) or value.is_integer() else None


def _amount(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        return None
    return float(value)


def _count(value: Any) -> tuple[int | None, int | None] | None:
    """Least and most, of which one may be missing."""
    if not isinstance(value, dict):
        number = _whole_number(value)
        return None if number is None else (number, number)
    least, most = (None if value.get(key) is None else _whole_number(value[key]) for key in ("min", "max"))
    stated = {key for key in value if value[key] is not None}
    found = {key for key, number in (("min", least), ("max", most)) if number is not None}
    if not stated or stated != found or (least is not None and most is not None and least > most):
        return None
    return least, most


def is_template(value: Any) -> bool:
    """Whether a value is a text with `{{ variables }}` in it, to be filled in for each case."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def prepared(spec: CheckSpec, needs: Needs, subject: Subject, render: Callable[[str, Subject], str]) -> Any:
    """The value this check compares with for this case.

    `{{ variables }}` are filled in, as promptfoo does, in a text and in the items of a list, never inside a table.
    A check that needs a value and has none compares with the case's `expected`; with `expected = "language"`, with
    what the case expects under that key; with `to = "baseline"`, with the baseline's text. Raises `CheckFailure`
    where there is nothing to compare with, or of the wrong kind.
    """
    value = spec.value
    if needs is Needs.CODE:
        return value  # as it stands: nothing of a case or an output may become code
    if compares_with_baseline(spec):
        return baseline_of(subject).text
    if EXPECTED in spec.options:
        return _in_form(expected_of(spec, subject), needs)
    if value is None:
        if needs in OPTIONAL:
            return None
        value = subject.expected
        if value is None:
            raise CheckFailure("no value to compare with, and the case has no `expected`")
    elif is_template(value):
        value = render(value, subject)
    elif isinstance(value, list | tuple):
        value = [render(item, subject) if is_template(item) else item for item in value]
    return _in_form(value, needs)


def _in_form(value: Any, needs: Needs) -> Any:
    if problem := stated_problem(needs, value):
        raise CheckFailure(problem)
    if needs is Needs.TEXT:
        return text_of(value)
    if needs is Needs.NUMBER:
        return _known(_whole_number(value), needs, value)
    if needs is Needs.AMOUNT:
        return _known(_amount(value), needs, value)
    if needs is Needs.COUNT:
        return _known(_count(value), needs, value)
    if needs in (Needs.TEXTS, Needs.MAYBE_TEXTS):
        texts = texts_of(value)
        if not texts:
            raise CheckFailure(f"needs {needs.value}, not {shown(value)}")
        return texts
    return value


def _known(found: Any, needs: Needs, value: Any) -> Any:
    if found is None:
        raise CheckFailure(f"needs {needs.value}, not {shown(value)}")
    return found


def compares_with_baseline(spec: CheckSpec) -> bool:
    """Whether the check says `to = "baseline"`."""
    return spec.options.get("to") == BASELINE


def baseline_of(subject: Subject) -> Subject:
    """The baseline's output for the same case; raises `CheckFailure` where it has none."""
    if subject.baseline is None:
        raise CheckFailure("the baseline has no answer to compare with")
    return subject.baseline


def expected_of(spec: CheckSpec, subject: Subject) -> Any:
    """What the case expects under the key that the check names; `None` where it expects nothing there."""
    return subject.expected.get(spec.options[EXPECTED]) if isinstance(subject.expected, dict) else None


def sound_expected(spec: CheckSpec) -> None:
    """Look at a check's `expected`; raises `CheckSettingError`."""
    key = spec.options.get(EXPECTED)
    if EXPECTED not in spec.options:
        return
    if not isinstance(key, str) or not key:
        raise setting_error(spec, f'expected is {shown(key)}; it must be a key of what cases expect, as "language"')
    if spec.value is not None:
        raise setting_error(spec, "has a value and expected; it can be compared with one of them")


def sound_comparison(spec: CheckSpec) -> None:
    """Look at a check's `to`; raises `CheckSettingError`."""
    to = spec.options.get("to")
    if to is None:
        return
    if to != BASELINE:
        raise setting_error(spec, f'to is {shown(to)}; it can be "{BASELINE}", or be left out to compare with value')
    if spec.value is not None:
        raise setting_error(spec, 'has a value and to = "baseline"; it can be compared with one of them')


def threshold_between(spec: CheckSpec, low: float, high: float | None, unit: str = "") -> None:
    """Look at a check's threshold where it has one; raises `CheckSettingError`."""
    if spec.threshold is None or (low <= spec.threshold and (high is None or spec.threshold <= high)):
        return
    allowed = f"at least {low:g}" if high is None else f"between {low:g} and {high:g}"
    raise setting_error(spec, f"threshold is {spec.threshold:g}; it must be {allowed}{unit}")


def shown(value: Any, limit: int = 40) -> str:
    """A value in a message: JSON on one line, cut to `limit` characters."""
    if isinstance(value, str):
        return '"' + safe_line(value, limit - 2) + '"'
    try:
        return safe_line(json.dumps(value, ensure_ascii=False, default=str), limit)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__}"


def beside(number: float, limit: float, digits: int = 2) -> str:
    """A number with so many digits, or more where fewer would move it across a limit: 0.7496 of at least 0.75."""
    while digits < 6 and number != limit:
        rounded = round(number, digits)
        if rounded != limit and (rounded < limit) == (number < limit):
            break
        digits += 1
    return f"{number:,.{digits}f}"


def listed(items: list[str], limit: int = 60) -> str:
    """Items with commas between, cut to `limit` characters."""
    return safe_line(", ".join(items[:50]), limit)


def answer(
    spec: CheckSpec, holds: bool, *, because: str, because_not: str, expected: str, actual: str
) -> CheckResult:
    """The result of a check that knows only yes and no.

    `because` is the evidence that it holds (told when a `not-` check fails), `because_not` that it does not.
    """
    passed = holds != spec.negated
    reason = "" if passed else because if holds else because_not
    return CheckResult(spec, passed, 1.0 if passed else 0.0, reason, expected, actual)


def setting_error(spec: CheckSpec, what: str) -> CheckSettingError:
    """The mistake, led by the check's name."""
    return CheckSettingError(f"{spec.full_type}: {what}")
