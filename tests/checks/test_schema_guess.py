"""A schema guessed from examples: every example meets it, and it says what all of them keep to."""

from typing import Any

import pytest

from migrator_tui.checks.json_schema import misfit
from migrator_tui.checks.schema_guess import schema_of
from migrator_tui.project.schema import CheckSpec

TICKETS = [
    {"category": "billing", "priority": "high", "words": 12, "reply": None},
    {"category": "order", "priority": "low", "words": 3, "reply": "yes"},
] * 4


def test_keys_types_and_small_choices() -> None:
    schema = schema_of(TICKETS)
    assert schema["required"] == ["category", "priority", "words", "reply"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["category"] == {"type": "string", "enum": ["billing", "order"]}
    assert schema["properties"]["words"] == {"type": "integer"}
    assert schema["properties"]["reply"] == {"type": ["null", "string"]}


def test_what_some_leave_out_is_not_required() -> None:
    schema = schema_of([{"a": 1}, {"a": 1.5, "b": [1, 2]}])
    assert schema["required"] == ["a"]
    assert schema["properties"] == {"a": {"type": "number"}, "b": {"type": "array", "items": {"type": "integer"}}}


def test_two_examples_are_no_choice() -> None:
    assert "enum" not in schema_of(["red", "blue"])
    assert "enum" not in schema_of(["red"] * 20), "a text that never changes may be chance"


def test_keys_that_are_data_are_left_open() -> None:
    assert schema_of([{f"T-{n}": n} for n in range(60)]) == {"type": "object"}


@pytest.mark.parametrize(
    "values",
    [TICKETS, [1, "a", None], [[]], [[{"a": [None]}], []], [True, 1], [{}], [{"a": {"b": {"c": 1}}}, {"a": {}}]],
)
def test_every_example_meets_its_schema(values: list[Any]) -> None:
    schema = schema_of(values)
    for value in values:
        assert misfit(value, schema, CheckSpec("is-json", schema)) is None
