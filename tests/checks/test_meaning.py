"""Each check means what its documentation says (promptfoo's, where it has one), a failure says why."""

from typing import Any

import pytest

from migrator_tui.checks.base import CheckError, CheckResult, Subject
from migrator_tui.checks.registry import run_plain_checks, validate
from migrator_tui.project.schema import CheckSpec

JSON = '{"category": "billing", "priority": "urgent"}'
FENCED = f"Here's the triage for this ticket:\n\n```json\n{JSON}\n```\n"
SCHEMA = {
    "type": "object",
    "properties": {"priority": {"enum": ["low", "medium", "high"]}, "reply": {"type": "string", "maxLength": 5}},
    "required": ["priority"],
}


def run(kind: str, value: Any, text: str, **subject: Any) -> CheckResult:
    spec = CheckSpec(kind.removeprefix("not-"), value, negated=kind.startswith("not-"))
    (result,) = run_plain_checks([spec], Subject(text, **subject))
    assert isinstance(result, CheckResult), result
    assert result.spec is spec
    assert result.score == float(result.passed)
    assert bool(result.reason) != result.passed
    assert "\n" not in result.reason
    return result


PASSES: list[tuple[str, Any, str]] = [
    ("equals", "yes", "yes"),
    ("equals", 5, "5"),
    ("equals", 5.0, "5"),
    ("equals", True, "true"),
    ("equals", {"a": 1, "b": [True]}, '{"b": [true], "a": 1.0}'),
    ("not-equals", {"a": 1}, "no JSON"),
    ("not-equals", {"a": 1}, '{"a": true}'),
    ("contains", "bill", JSON),
    ("contains", 4, "route 42"),
    ("icontains", "BILLING", JSON),
    ("not-contains", "BILLING", JSON),
    ("contains-any", ["x", "urgent"], JSON),
    ("contains-any", "x, urgent", JSON),
    ("contains-any", 'x, "yes, please"', "oh yes, please"),
    ("not-contains-any", "x,y", "abc"),
    ("icontains-any", "X, BILL", JSON),
    ("contains-all", "category, priority", JSON),
    ("not-contains-all", ["category", "x"], JSON),
    ("icontains-all", ["CATEGORY"], JSON),
    ("starts-with", "{", JSON),
    ("not-starts-with", "{", " " + JSON),
    ("regex", r"\d{3}-\d{4}", "call 555-1234"),
    ("regex", "^b", "a\nb".replace("a\n", "")),
    ("not-regex", "^b", "a\nb"),
    ("is-json", None, JSON),
    ("is-json", None, " \n[1, 2]\n"),
    ("is-json", None, '"text"'),
    ("is-json", None, "1" * 6000),
    ("not-is-json", None, "NaN"),
    ("not-is-json", None, "{'a': 1}"),
    ("not-is-json", None, "[" * 100_000),
    ("is-json", SCHEMA, '{"priority": "low"}'),
    ("is-json", "type: object\nrequired: [category]", JSON),
    ("not-is-json", SCHEMA, JSON),
    ("not-is-json", SCHEMA, "no JSON"),
    ("contains-json", None, FENCED),
    ("not-contains-json", None, "see {name} and {'a'}"),
    ("contains-json", {"required": ["priority"]}, 'first {"a": 1} then {"priority": 2}'),
    ("not-contains-json", SCHEMA, FENCED),
    ("max-words", 3, "one two\nthree"),
    ("not-max-words", 2, "one two three"),
    ("max-words", 4, "返金 です"),
    ("no-code-fence", None, JSON),
    ("no-code-fence", None, "use `x` and ``` inline"),
    ("not-no-code-fence", None, FENCED),
    ("no-markdown", None, "Costs 2*3 and a_b_c, #1 of 3\n1. first\n2. second\n- one dash"),
    ("no-markdown", None, '{"reply": "plain text"}'),
    ("not-no-markdown", None, '{"reply": "now **bold** text"}'),
]


@pytest.mark.parametrize(("kind", "value", "text"), PASSES)
def test_passes_and_its_opposite_fails(kind: str, value: Any, text: str) -> None:
    assert run(kind, value, text).passed
    opposite = kind.removeprefix("not-") if kind.startswith("not-") else f"not-{kind}"
    assert not run(opposite, value, text).passed


@pytest.mark.parametrize(
    ("kind", "value", "text", "reason"),
    [
        ("max-words", 80, "word " * 93, "93 of at most 80"),
        ("max-words", 3, "返金です", "4 of at most 3"),
        ("is-json", None, FENCED, 'text before "{": Here\'s the triage for this…'),
        ("is-json", None, f"```json\n{JSON}\n```", "code fence: ```json"),
        ("is-json", None, JSON + "\n\nLet me know!", 'text after "}": Let me know!'),
        ("is-json", None, JSON[:30], 'cut off: ends "…"billing", "prior"'),
        ("is-json", None, '{\n "a": 1,\n}', 'line 3: expecting property name enclosed in double quotes at "}"'),
        ("is-json", None, "I'm sorry, but I can't.", "not JSON: I'm sorry, but I can't."),
        ("is-json", None, "", "empty"),
        ("is-json", None, " \n", "only white space"),
        ("is-json", SCHEMA, JSON, 'priority: "urgent" is none of low, medium, high'),
        ("is-json", SCHEMA, '{"a": 1}', "missing priority"),
        ("is-json", SCHEMA, '{"priority": "low", "reply": 1}', "reply: 1 is no string"),
        ("is-json", SCHEMA, '{"priority": "low", "reply": "123456"}', "reply: 6 characters of at most 5"),
        (
            "is-json",
            {"additionalProperties": False, "properties": {"a": {}}},
            '{"a": 1, "b": 2}',
            'has "b", not in the schema',
        ),
        ("contains-json", None, "none", "no JSON object in it"),
        ("contains", "refund", JSON, '"refund" missing'),
        ("not-contains", "urgent", JSON, '"urgent" in …"priority": "urgent"}"'),
        ("contains-all", "billing, refund, order", JSON, '"refund", "order" missing'),
        ("contains-any", "refund, order", JSON, 'none of "refund", "order"'),
        ("not-contains-any", "refund, billing", JSON, 'has "billing"'),
        ("starts-with", "{", FENCED, 'starts "Here\'s the triage for…", not "{"'),
        ("equals", "foo", "fob", '"fob" is not "foo"'),
        ("equals", "foo", "foo\n", "differs in white space at its ends only"),
        ("equals", {"a": 1}, "x", "not JSON"),
        ("regex", "^a+$", "b", "no match for ^a+$"),
        ("no-code-fence", None, FENCED, "```json in line 3"),
        ("no-markdown", None, "# Title\n\n**bold** and [x](https://x.y)", "heading: # Title, bold, link"),
        ("no-markdown", None, "So:\n\n- one\n- two\n", "list: - one - t"),
        ("no-markdown", None, "| a | b |\n|---|---|\n| 1 | 2 |", "table: |---|---|"),
    ],
)
def test_a_failure_shows_its_evidence_first(kind: str, value: Any, text: str, reason: str) -> None:
    told = run(kind, value, text).reason
    assert told.startswith(reason)
    assert len(told) <= 90


def test_hostile_text_in_a_reason_is_made_safe() -> None:
    assert run("is-json", None, "\x1b]2;x\x07 \u202e[/b] {}").reason == 'text before "{": ␛]2;x␇ ‹202E›[/b]'


def test_values_are_filled_in_from_the_case() -> None:
    case = {"variables": {"name": "Ada", "limit": 2}, "expected": "Grace"}
    assert run("contains", "Dear {{ name }}", "Dear Ada,", **case).passed
    assert run("contains-all", ["{{ name }}", "{{ expected }}"], "Ada and Grace", **case).passed
    assert not run("max-words", "{{ limit }}", "one two three", **case).passed
    assert run("equals", None, "Grace", **case).passed


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        (CheckSpec("contains", "{{ nobody }}"), "nobody"),
        (CheckSpec("equals"), "the case has no `expected`"),
        (CheckSpec("max-words", "{{ name }}"), 'not "Ada"'),
        (CheckSpec("regex", "(a|a)*b(?=c)d{999}|(a+a+)+$"), "ran longer than 1 s"),
        (CheckSpec("is-json", {"properties": {"x": {"pattern": "(a|a)*b(?=c)d{999}|(a+a+)+$"}}}), "took longer than"),
        (CheckSpec("is-json", {"$ref": "#"}), "nested too deeply"),
        (CheckSpec("is-json", {"$ref": "#/nowhere"}), "/nowhere"),
        (CheckSpec("is-jsn"), "did you mean is-json?"),
    ],
)
def test_what_cannot_be_carried_out_is_an_error_not_a_fail(spec: CheckSpec, what: str) -> None:
    subject = Subject('{"x": "%s!"}' % ("a" * 60_000), variables={"name": "Ada"})
    (result,) = run_plain_checks([spec], subject)
    assert isinstance(result, CheckError)
    assert what in result.reason
    assert "\n" not in result.reason


def test_an_answer_nested_without_end_is_an_error_and_nothing_more() -> None:
    for depth in (300, 600, 900, 100_000):
        (result,) = run_plain_checks([CheckSpec("equals", {"a": 1})], Subject("[" * depth + "]" * depth))
        assert isinstance(result, CheckError) or not result.passed


@pytest.mark.parametrize("number", ["1e999", "1" + "0" * 400])
def test_a_number_beyond_all_bounds_fits_no_schema(number: str) -> None:
    result = run("is-json", {"properties": {"n": {"multipleOf": 0.5}}}, f'{{"n": {number}}}')
    assert not result.passed and "too large" in result.reason


def test_a_property_may_be_called_id() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string"}, "$id": {"type": "number"}}}
    validate(CheckSpec("is-json", schema))
    assert run("is-json", schema, '{"id": "a"}').passed
    assert not run("is-json", schema, '{"id": 3}').passed
