"""Whether a JSON value fits a JSON Schema, and the one line that says where it does not.

The schema comes from a project that may be a stranger's, the value from a model: `$ref` never leaves the schema,
patterns run under a time limit, and so does the whole. A schema without `$schema` is read as JSON Schema 2019-09,
which understands what promptfoo's reader (draft 7) does, or as the draft whose keywords it uses.
"""

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from migrator_tui.checks.base import CheckFailure, CheckSettingError
from migrator_tui.checks.patterns import ends_at_the_end
from migrator_tui.checks.values import canonical, listed, setting_error, shown
from migrator_tui.project.schema import CheckSpec
from migrator_tui.text_safety import safe_line

SCHEMA_SECONDS = 2.0
"""How long one value may be held against one schema."""

_ERRORS_LOOKED_AT = 50

_EMAIL = re.compile(
    r"[^\s@\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


class _OutOfTimeError(Exception):
    pass


def schema_of(spec: CheckSpec) -> Any:
    """The check's schema as a table or boolean, or `None` where it states none.

    Raises `CheckSettingError` for what is no schema, or one that refers to something outside itself.
    """
    value = spec.value
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _read(value, spec)
    if not isinstance(value, dict | bool):
        raise setting_error(spec, f"a JSON Schema is a table, not {shown(value)}")
    _validator(json.dumps(value, sort_keys=True, default=str), spec.full_type)
    return value


def _read(text: str, spec: CheckSpec) -> Any:
    if text.startswith("file://"):
        raise setting_error(spec, f"the schema file {shown(text)} was not read")
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise setting_error(spec, f"the schema is neither JSON nor YAML: {safe_line(str(error), 80)}") from None


def misfit(value: Any, schema: Any, spec: CheckSpec) -> str | None:
    """Where the value departs from the schema, in one line (`priority: "urgent" is none of low, high`), or `None`.

    Raises `CheckFailure` where that takes longer than `SCHEMA_SECONDS`.
    """
    validator = _validator(json.dumps(schema, sort_keys=True, default=str), spec.full_type)
    from referencing.exceptions import Unresolvable

    _deadline.until = time.monotonic() + SCHEMA_SECONDS
    try:
        errors = list(islice(validator.iter_errors(value), _ERRORS_LOOKED_AT))
    except (_OutOfTimeError, TimeoutError):
        raise CheckFailure(f"holding this output against the schema took longer than {SCHEMA_SECONDS:g} s") from None
    except RecursionError:
        raise CheckFailure("the schema or the output is nested too deeply to compare") from None
    except OverflowError:  # 1e999 is JSON, and read as infinity; the library divides by it
        return "holds a number too large to compare"
    except Unresolvable as error:
        raise setting_error(spec, f"$ref {shown(str(error.ref))} is not in the schema") from None
    if not errors:
        return None
    from jsonschema.exceptions import best_match

    more = f" (+{len(errors) - 1} more)" if len(errors) > 1 else ""
    return _told(best_match(errors)) + more


def _told(error: Any) -> str:
    """One error of a schema in a few words, led by the place in the value."""
    where = ".".join(str(part) for part in error.absolute_path)
    lead = f"{safe_line(where, 30)}: " if where else ""
    keyword, limit, value = error.validator, error.validator_value, error.instance
    size = len(value) if isinstance(value, str | list | dict) else 0
    texts = {
        "enum": lambda: f"{shown(value, 24)} is none of {listed([_bare(item) for item in limit])}",
        "const": lambda: f"{shown(value, 24)} is not {shown(limit, 24)}",
        "type": lambda: f"{shown(value, 24)} is no {' or '.join([limit] if isinstance(limit, str) else limit)}",
        "required": lambda: f"missing {listed([key for key in limit if key not in value])}",
        "additionalProperties": lambda: f"has {_extra(error)}, not in the schema",
        "maxLength": lambda: f"{size} characters of at most {limit}",
        "minLength": lambda: f"{size} characters of at least {limit}",
        "maxItems": lambda: f"{size} items of at most {limit}",
        "minItems": lambda: f"{size} items of at least {limit}",
        "maximum": lambda: f"{shown(value)} is more than {limit}",
        "minimum": lambda: f"{shown(value)} is less than {limit}",
        "pattern": lambda: f"{shown(value, 24)} does not match {shown(limit, 24)}",
        "format": lambda: f"{shown(value, 24)} is no {limit}",
    }
    tell = texts.get(keyword)
    return lead + (tell() if tell else safe_line(error.message, 80))


def _bare(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


def _extra(error: Any) -> str:
    known = error.schema.get("properties", {})
    extra = [key for key in error.instance if key not in known]
    return listed([shown(key, 20) for key in extra])


_deadline = threading.local()
"""`until`: when the check under way must be done; one per thread, since checks run in several."""


def _seconds_left() -> float:
    left: float = _deadline.until - time.monotonic()
    if left <= 0:
        raise _OutOfTimeError
    return left


@lru_cache(maxsize=64)
def _validator(schema_text: str, named: str) -> Any:
    """The validator of a schema; a project's checks come by thousands of times with the same few schemas."""
    import jsonschema
    from referencing import Registry

    schema = json.loads(schema_text)
    base = _draft(schema, named)
    try:
        base.check_schema(schema)
    except jsonschema.SchemaError as error:
        place = ".".join(str(part) for part in error.absolute_path) or "its top"
        raise CheckSettingError(f"{named}: wrong JSON Schema at {place}: {safe_line(error.message, 100)}") from None
    except RecursionError:
        raise CheckSettingError(f"{named}: the JSON Schema is nested too deeply") from None
    _stays_inside(schema, named)
    keywords = {name: _timed(function) for name, function in base.VALIDATORS.items()} | {
        "pattern": _timed(_pattern),
        "patternProperties": _timed(_pattern_properties),
        "additionalProperties": _timed(_additional_properties),
        "uniqueItems": _timed(_unique_items),
    }
    extend: Any = jsonschema.validators.extend
    made = extend(base, keywords)
    # An empty registry has no way to fetch anything; jsonschema's own default would.
    return made(schema, registry=Registry(), format_checker=_formats(base))


def _draft(schema: Any, named: str) -> Any:
    import jsonschema

    if isinstance(schema, dict) and "$schema" in schema:
        draft: Any = jsonschema.validators.validator_for(schema, default=jsonschema.Draft3Validator)
        if draft is jsonschema.Draft3Validator:
            raise CheckSettingError(f"{named}: unknown $schema {shown(schema['$schema'])}")
        return draft
    keys = {key for table in _tables(schema) for key in table}
    if keys & {"prefixItems", "$dynamicRef"}:
        return jsonschema.Draft202012Validator
    return jsonschema.Draft7Validator if "dependencies" in keys else jsonschema.Draft201909Validator


def _tables(schema: Any) -> Iterator[dict[str, Any]]:
    """Every table in a schema, the schema itself included."""
    waiting = [schema]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _stays_inside(schema: Any, named: str) -> None:
    tables = list(_tables(schema))
    # Among `properties`, `id` is a name of the user's, with a schema behind it.
    names = {name for table in tables for name in (table.get("$id"), table.get("id")) if isinstance(name, str)}
    for table in tables:
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            target = table.get(keyword)
            if isinstance(target, str) and not target.startswith("#") and target.split("#")[0] not in names:
                raise CheckSettingError(f"{named}: {keyword} {shown(target)} leads out of the schema; put it inside")
        if "patternProperties" in table and "unevaluatedProperties" in table:
            # The library would run these patterns without a time limit.
            raise CheckSettingError(
                f"{named}: use additionalProperties beside patternProperties, not unevaluatedProperties"
            )


def _timed(function: Any) -> Any:
    def keyword(validator: Any, limit: Any, instance: Any, schema: Any) -> Iterator[Any]:
        _seconds_left()
        yield from function(validator, limit, instance, schema) or ()

    return keyword


def _found(pattern: str, text: str) -> bool:
    import regex

    try:
        return regex.search(ends_at_the_end(pattern), text, timeout=_seconds_left()) is not None
    except regex.error as error:
        raise CheckSettingError(f"pattern {shown(pattern)} in the schema is no regular expression: {error}") from None


def _pattern(validator: Any, pattern: str, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not _found(pattern, instance):
        yield ValidationError("does not match the pattern")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    if isinstance(instance, dict):
        for pattern, inner in patterns.items():
            for key, value in instance.items():
                if _found(pattern, key):
                    yield from validator.descend(value, inner, path=key, schema_path=pattern)


def _additional_properties(validator: Any, inner: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), list(schema.get("patternProperties", {}))
    extra = [key for key in instance if key not in known and not any(_found(pattern, key) for pattern in patterns)]
    if inner is False and extra:
        yield ValidationError("has keys that the schema does not know")
    elif isinstance(inner, dict):
        for key in extra:
            yield from validator.descend(instance[key], inner, path=key)


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    # The library compares every item with every other where they cannot be sorted.
    if wanted and isinstance(instance, list) and len({canonical(item) for item in instance}) < len(instance):
        yield ValidationError("has the same item twice")


@lru_cache(maxsize=8)
def _formats(base: Any) -> Any:
    """The format checks that come with the library, and some that are stricter or would need further packages."""
    from jsonschema import FormatChecker

    checker = FormatChecker()
    checker.checkers = dict(base.FORMAT_CHECKER.checkers)
    checker.checks("date-time", raises=ValueError)(_is_date_time)
    checker.checks("uri", raises=ValueError)(_is_uri)
    checker.checks("email")(_is_email)
    checker.checkers.pop("regex", None)  # compiles a model's text as a pattern; of no use to anybody
    return checker


def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or ("T" in value.upper() and datetime.fromisoformat(value).tzinfo is not None)


def _is_email(value: object) -> bool:
    return not isinstance(value, str) or _EMAIL.fullmatch(value) is not None


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and " " not in value)
