"""The check `json-path`: what stands at a place in the output's JSON. Paths are those of RFC 9535.

The path comes from a project that may be a stranger's, the JSON from a model, so a path cannot make work that grows
with the square of the output: at most one `..`, filters look at `@` alone, patterns run under a time limit.
"""

import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from migrator_tui.checks.base import CheckFailure, CheckResult, Subject
from migrator_tui.checks.json_reading import parse_json
from migrator_tui.checks.registry import register
from migrator_tui.checks.values import (
    EXPECTED,
    Needs,
    answer,
    canonical,
    listed,
    setting_error,
    shown,
    sound_expected,
    text_of,
)
from migrator_tui.project.schema import CheckSpec
from migrator_tui.text_safety import safe_line

PATH_SECONDS = 1.0
"""How long one path may be looked up in one output, patterns included."""

MOST_FOUND = 10_000
"""Values at a path that are looked at."""

_deadline = threading.local()
"""`until`: when the look-up under way must be done; one per thread, since checks run in several."""


def _seconds_left() -> float:
    left: float = _deadline.until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@lru_cache(maxsize=1)
def _environment() -> Any:
    import regex
    from jsonpath import JSONPathEnvironment
    from jsonpath.function_extensions import Match, Search
    from jsonpath.function_extensions._pattern import map_re

    def found(pattern: object, value: object, how: str) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        try:
            run: Callable[..., object] = getattr(regex.compile(map_re(pattern)), how)
        except regex.error:
            return False
        return run(value, timeout=_seconds_left()) is not None

    class TimedMatch(Match):
        def __call__(self, value: object, pattern: object) -> bool:
            return found(pattern, value, "fullmatch")

    class TimedSearch(Search):
        def __call__(self, value: object, pattern: object) -> bool:
            return found(pattern, value, "search")

    class Environment(JSONPathEnvironment):
        def setup_function_extensions(self) -> None:
            super().setup_function_extensions()
            self.function_extensions["match"] = TimedMatch()
            self.function_extensions["search"] = TimedSearch()

    return Environment(strict=True)


@lru_cache(maxsize=256)
def _compiled(path: str) -> Any:
    """The path, ready to be looked up; raises `ValueError` that says what is wrong with it."""
    from jsonpath import JSONPathError
    from jsonpath.token import TOKEN_DDOT, TOKEN_FILTER, TOKEN_RE, TOKEN_ROOT

    environment = _environment()
    whole = path if path.startswith("$") else f"${path}" if path.startswith("[") else f"$.{path}"
    try:
        kinds = [token.kind for token in environment.lexer.tokenize(whole)]
        compiled = environment.compile(whole)
    except (JSONPathError, RecursionError) as error:
        raise ValueError(f"is no JSONPath: {safe_line(str(error).partition(chr(10))[0], 80)}") from None
    in_filters = kinds[kinds.index(TOKEN_FILTER) :] if TOKEN_FILTER in kinds else []
    if kinds.count(TOKEN_DDOT) > 1 or TOKEN_DDOT in in_filters:
        raise ValueError("has .. more than once, or in a filter")
    if TOKEN_RE in kinds:
        raise ValueError("has =~; write search(@, 'pattern')")
    if TOKEN_ROOT in in_filters:
        raise ValueError("has $ in a filter; a filter can look at @ alone")
    return compiled


def sound_path(spec: CheckSpec) -> None:
    """Look at a check's `path`; raises `CheckSettingError`."""
    path = spec.options.get("path")
    if not isinstance(path, str) or not path.strip():
        raise setting_error(spec, f'needs path = "priority" or "$.items[*].name", not {shown(path)}')
    try:
        _compiled(path)
    except ValueError as error:
        raise setting_error(spec, f"path {shown(path)} {error}") from None


def found_at(subject: Subject, spec: CheckSpec) -> tuple[list[Any], str | None]:
    """The values at a check's `path` in the output's JSON, and why there are none (`None` where there are some).

    Raises `CheckFailure` where the look-up takes longer than `PATH_SECONDS`.
    """
    sound_path(spec)
    path = str(spec.options["path"])
    parsed = parse_json(subject.text)
    if parsed.problem is not None:
        return [], parsed.problem
    if isinstance(parsed.value, str):  # the library would read a text as JSON once more
        return ([parsed.value], None) if path == "$" else ([], f"nothing at {_named(path)}")
    found: list[Any] = []
    _deadline.until = time.monotonic() + PATH_SECONDS
    try:
        for match in _compiled(path).finditer(parsed.value):
            found.append(match.obj)
            if len(found) >= MOST_FOUND:
                break
            _seconds_left()
    except TimeoutError:
        raise CheckFailure(f"looking for {_named(path)} took longer than {PATH_SECONDS:g} s") from None
    return found, None if found else f"nothing at {_named(path)}"


def _named(path: str) -> str:
    plain = path[2:] if path.startswith("$.") and not path.startswith("$..") else path
    return safe_line(plain, 40)


_TESTS = ("value", "one_of", "pattern", "exists", EXPECTED)


def _sound_settings(spec: CheckSpec) -> None:
    sound_path(spec)
    stated = [name for name in _TESTS if (spec.value if name == "value" else spec.options.get(name)) is not None]
    if len(stated) > 1:
        raise setting_error(spec, f"has {' and '.join(stated)}; it takes one of {', '.join(_TESTS)}")
    sound_expected(spec)
    one_of, pattern, exists = (spec.options.get(name) for name in ("one_of", "pattern", "exists"))
    if one_of is not None and (not isinstance(one_of, list | tuple) or not one_of):
        raise setting_error(spec, f'one_of is {shown(one_of)}; it must be a list, as ["low", "high"]')
    if pattern is not None:
        _pattern(spec)
    if exists is not None and not isinstance(exists, bool):
        raise setting_error(spec, f"exists is {shown(exists)}; it must be true or false")


def _pattern(spec: CheckSpec) -> Any:
    import regex

    pattern = spec.options["pattern"]
    if not isinstance(pattern, str) or not pattern:
        raise setting_error(spec, f"pattern is {shown(pattern)}; it must be a regular expression")
    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError) as error:
        raise setting_error(spec, f"{shown(pattern)} is no regular expression: {error}") from None


@register("json-path", needs=Needs.MAYBE, options=["path", *_TESTS[1:]], settings=_sound_settings)
def json_path(subject: Subject, spec: CheckSpec) -> CheckResult:
    """Something stands at the path in the output's JSON and is, all of it, what was asked for.

    `value`: equal to it (a text also to the number or boolean it spells); `one_of`: to one of them; `pattern`: a text
    in which it matches; `exists = false`: nothing stands there; `expected`: equal to what the case expects under that
    key; none of them: anything will do.
    """
    _sound_settings(spec)
    found, problem = found_at(subject, spec)
    name = _named(str(spec.options["path"]))
    if spec.options.get("exists") is False:
        absent = not found and (problem is None or problem.startswith("nothing at"))
        because_not = f"{name} is {shown(found[0], 30)}" if found else problem or ""
        return _answer(subject, spec, absent, f"nothing at {name}", because_not, f"nothing at {name}")
    test, expected = _test(spec)
    wrong = [value for value in found if not test(value)]
    because = f"{name} is {shown(found[0], 30)}" if found else ""
    because_not = problem or (f"{name}: {shown(wrong[0], 30)} {_miss(spec)}" if wrong else "")
    return _answer(subject, spec, bool(found) and not wrong, because, because_not, expected)


def _test(spec: CheckSpec) -> tuple[Callable[[Any], bool], str]:
    """What is asked of each value, and in words."""
    if (one_of := spec.options.get("one_of")) is not None:
        return lambda value: any(_equal(item, value) for item in one_of), listed([text_of(i) for i in one_of], 200)
    if "pattern" in spec.options:
        return _matcher(_pattern(spec)), str(spec.options["pattern"])
    if spec.value is not None:
        return lambda value: _equal(spec.value, value), text_of(spec.value)
    return lambda _: True, "a value"


def _matcher(pattern: Any) -> Callable[[Any], bool]:
    until = time.monotonic() + PATH_SECONDS

    def matches(value: Any) -> bool:
        try:
            text = text_of(value)
            return pattern.search(text, timeout=max(until - time.monotonic(), 0.001)) is not None
        except TimeoutError:
            raise CheckFailure(f"pattern {shown(pattern.pattern)} ran longer than {PATH_SECONDS:g} s") from None

    return matches


def _equal(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, str) and isinstance(found, bool | int | float):
        return text_of(found) == wanted.strip()
    return canonical(wanted) == canonical(found)


def _miss(spec: CheckSpec) -> str:
    if (one_of := spec.options.get("one_of")) is not None:
        return f"is none of {listed([text_of(item) for item in one_of], 40)}"
    if "pattern" in spec.options:
        return f"does not match {safe_line(str(spec.options['pattern']), 40)}"
    return f"is not {shown(spec.value, 30)}"


def _answer(
    subject: Subject, spec: CheckSpec, holds: bool, because: str, because_not: str, expected: str
) -> CheckResult:
    return answer(spec, holds, because=because, because_not=because_not, expected=expected, actual=subject.text)
