"""Checks on JSON: is the output JSON, does it hold JSON, and does that fit a schema? Meanings are promptfoo's."""

from typing import Any

from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.json_reading import json_objects, parse_json
from migrator_tui.checks.json_schema import misfit, schema_of
from migrator_tui.checks.registry import register
from migrator_tui.checks.values import Needs, answer, shown
from migrator_tui.project.schema import CheckSpec


def _schema_is_sound(spec: CheckSpec) -> None:
    if spec.value is not None and not (isinstance(spec.value, str) and "{{" in spec.value):
        schema_of(spec)


@register("is-json", needs=Needs.SCHEMA, settings=_schema_is_sound)
def is_json(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The whole output is JSON, and fits the schema where one is given."""
    schema = schema_of(spec)
    parsed = parse_json(subject.text)
    problem = parsed.problem
    if problem is None and schema is not None:
        problem = misfit(parsed.value, schema, spec)
    return _answer(subject, spec, problem, "is JSON", schema)


@register("contains-json", needs=Needs.SCHEMA, settings=_schema_is_sound)
def contains_json(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output holds a JSON object, one that fits the schema where one is given.

    Stricter than promptfoo in one point: what it finds must be JSON, not YAML that looks like it.
    """
    schema = schema_of(spec)
    whole = parse_json(subject.text)
    found = [whole.value] if isinstance(whole.value, dict) else json_objects(subject.text)
    problem = None if found else "no JSON object in it"
    if schema is not None:
        for value in found:
            problem = misfit(value, schema, spec)
            if problem is None:
                break
    held = f"holds {shown(found[0], 30)}" if found else ""
    return _answer(subject, spec, problem, held, schema)


def _answer(subject: Subject, spec: CheckSpec, problem: str | None, held: str, schema: Any) -> CheckResult:
    return answer(
        spec,
        problem is None,
        because=held if schema is None else f"{held} that fits the schema",
        because_not=problem or "",
        expected="JSON" if schema is None else "JSON that fits the schema",
        actual=subject.text,
    )
