# ruff: noqa: E501 - one case a line
"""The checks beyond text and JSON: what passes, what fails, and the reason that is told."""

import time
from typing import Any

import pytest

from migrator_tui.checks.base import CheckError, CheckResult, CheckSettingError, Subject
from migrator_tui.checks.registry import applies, check_key, run_plain_checks, validate
from migrator_tui.models.requests import ToolCall
from migrator_tui.project.check_specs import check_spec, check_to_json

ORDER = '{"order": {"id": 7, "items": [{"sku": "a1", "n": 2}, {"sku": "b2", "n": 0}]}, "ok": true, "note": null}'
ENGLISH = "Thank you for your message, we will answer tomorrow."
GERMAN = "Danke für Ihre Nachricht, wir antworten Ihnen morgen."


def run(text: str, subject: dict[str, Any] | None = None, **check: Any) -> CheckResult | CheckError:
    spec = check_spec(check)
    validate(spec)
    (result,) = run_plain_checks([spec], Subject(text, **(subject or {})))
    assert "\n" not in result.reason
    return result


def calls(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"tool_calls": [ToolCall(f"call_{n}", name, arguments) for n, (name, arguments) in enumerate(pairs)]}


BASELINE = {"baseline": Subject("one two three four")}

PASSES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("kitten", {"type": "levenshtein", "value": "sitting", "threshold": 3}, {}),
    ("one two three four!", {"type": "levenshtein", "to": "baseline"}, BASELINE),
    ("the quick brown fox", {"type": "similarity", "value": "the quick brown cat"}, {}),
    ("one two three for", {"type": "similarity", "to": "baseline", "threshold": 0.9}, BASELINE),
    ("", {"type": "similarity", "to": "baseline"}, {"baseline": Subject("")}),
    ("one two", {"type": "min-words", "value": 2}, {}),
    ("返金です", {"type": "min-words", "value": 4}, {}),
    ("First, e.g. this one. Then that!", {"type": "max-sentences", "value": 2}, {}),
    ("まず確認します。次に返金します。", {"type": "max-sentences", "value": 2}, {}),
    ("12345", {"type": "max-characters", "value": 5}, {}),
    ("x", {"type": "max-tokens", "value": 20}, {"output_tokens": 20}),
    ("a b c d e f", {"type": "max-length-ratio", "value": 1.5}, BASELINE),
    ("", {"type": "max-length-ratio", "value": 2}, {"baseline": Subject("")}),
    ("Your parcel is on its way.", {"type": "no-preamble"}, {}),
    (ENGLISH, {"type": "language", "value": "en"}, {}),
    (GERMAN, {"type": "language", "value": "de-AT"}, {}),
    (f'{{"reply": "{GERMAN}", "team": "billing"}}', {"type": "language", "value": "de", "path": "reply"}, {}),
    (ORDER, {"type": "json-path", "path": "order.id", "value": 7}, {}),
    (ORDER, {"type": "json-path", "path": "$.order.id", "value": "{{ id }}"}, {"variables": {"id": "7"}}),
    (ORDER, {"type": "json-path", "path": "order.items[*].sku", "pattern": r"^[a-z]\d$"}, {}),
    (ORDER, {"type": "json-path", "path": "$..sku", "one_of": ["a1", "b2", "c3"]}, {}),
    (ORDER, {"type": "json-path", "path": "$.order.items[?@.n > 1].sku", "value": "a1"}, {}),
    (ORDER, {"type": "json-path", "path": "note"}, {}),
    (ORDER, {"type": "json-path", "path": "ok", "value": "true"}, {}),
    (ORDER, {"type": "json-path", "path": "order", "value": {"items": [{"sku": "a1", "n": 2}, {"n": 0, "sku": "b2"}], "id": 7.0}}, {}),
    (ORDER, {"type": "json-path", "path": "refund", "exists": False}, {}),
    ("[1, 2]", {"type": "json-path", "path": "[0]", "value": 1}, {}),
    ('"text"', {"type": "json-path", "path": "$", "value": "text"}, {}),
    ("x", {"type": "no-tool-call"}, {}),
    ("", {"type": "tool-call", "value": "look"}, calls(("other", "{}"), ("look", ""))),
    ("", {"type": "tool-call", "value": "look", "arguments": {"a": 1, "b": {"c": "x"}}}, calls(("look", '{"a": 1.0, "b": {"c": "x", "d": 2}, "e": 3}'))),
    ("", {"type": "tool-call", "value": "look", "arguments": {"a": 1}, "exact": True}, calls(("look", '{"a": 2}'), ("look", '{"a": 1}'))),
    ("", {"type": "tool-call"}, {"expected": {"name": "look", "arguments": {"a": 1}}, **calls(("look", '{"a": 1, "b": 2}'))}),
    ("", {"type": "tool-call"}, {"expected": "look", **calls(("look", "{}"))}),
    ("a", {"type": "assert-set", "checks": [{"type": "contains", "value": "a"}, "no-markdown"]}, {}),
    ("b", {"type": "assert-set", "assert": [{"type": "contains", "value": "a"}, "no-markdown"], "threshold": 0.5}, {}),
    ("{{name}}", {"type": "assert-set", "checks": [{"type": "contains", "value": "{{ name }}"}]}, {"variables": {"name": "{{name}}"}}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "check", "subject"), PASSES, ids=[str(n) for n in range(len(PASSES))])
def test_passes_and_its_opposite_fails(text: str, check: dict[str, Any], subject: dict[str, Any]) -> None:
    result = run(text, subject, **check)
    assert isinstance(result, CheckResult) and result.passed, result
    assert not result.reason
    opposite = run(text, subject, **check | {"type": f"not-{check['type']}"})
    assert isinstance(opposite, CheckResult) and not opposite.passed, opposite
    assert opposite.reason and len(opposite.reason) <= 120
    assert 0 <= opposite.score <= 1


@pytest.mark.parametrize(
    ("text", "check", "subject", "reason"),
    [
        ("kitten", {"type": "levenshtein", "value": "a dozen dogs"}, {}, '10 edits from "a dozen dogs", of at most 5'),
        ("x", {"type": "levenshtein", "to": "baseline"}, BASELINE, "18 edits from the baseline's answer, of at most 5"),
        ("abc", {"type": "similarity", "value": "xyz"}, {}, '0.00 like "xyz", of at least 0.75'),
        ("one", {"type": "min-words", "value": 2}, {}, "1 of at least 2"),
        ("One. Two. Three.", {"type": "max-sentences", "value": 2}, {}, "3 of at most 2"),
        ("123456", {"type": "max-characters", "value": 5}, {}, "6 of at most 5"),
        ("x", {"type": "max-tokens", "value": 20}, {"output_tokens": 21}, "21 of at most 20"),
        ("a b c d e f", {"type": "max-length-ratio", "value": 1.2}, BASELINE, "6 words to the baseline's 4, ×1.50 of at most ×1.2"),
        ("a b c", {"type": "word-count", "value": {"min": 4, "max": 9}}, {}, "3 of 4 to 9"),
        ("Sure! Here is the summary:\n\nIt works.", {"type": "no-preamble"}, {}, 'begins "Sure! Here is the summary:'),
        (GERMAN, {"type": "language", "value": "en"}, {}, "is in de, not in en: Danke für"),
        ("no JSON", {"type": "language", "value": "en", "path": "reply"}, {}, "not JSON: no JSON"),
        ('{"a": 1}', {"type": "language", "value": "en", "path": "reply"}, {}, "nothing at reply"),
        (ORDER, {"type": "json-path", "path": "order.id", "value": 8}, {}, "order.id: 7 is not 8"),
        (ORDER, {"type": "json-path", "path": "$..sku", "one_of": ["a1", "c3"]}, {}, '$..sku: "b2" is none of a1, c3'),
        (ORDER, {"type": "json-path", "path": "$..n", "pattern": "^[1-9]$"}, {}, "$..n: 0 does not match ^[1-9]$"),
        (ORDER, {"type": "json-path", "path": "refund.sum"}, {}, "nothing at refund.sum"),
        (ORDER, {"type": "json-path", "path": "ok", "exists": False}, {}, "ok is true"),
        ("Sorry.", {"type": "json-path", "path": "ok", "exists": False}, {}, "not JSON: Sorry."),
        ("Sorry.", {"type": "is-valid-openai-tools-call"}, {}, "no tool call: Sorry."),
        ("", {"type": "no-tool-call"}, calls(("a", "{}"), ("b", "{}")), "calls a, b"),
        ("I look.", {"type": "tool-call", "value": "look"}, {}, "no tool call: I look."),
        ("", {"type": "tool-call", "value": "look"}, calls(("see", "{}")), "calls see, not look"),
        ("", {"type": "tool-call", "value": "look", "arguments": {"a": {"b": 1}}}, calls(("look", '{"a": {"b": 2}}')), "look: a.b: 2 is not 1"),
        ("", {"type": "tool-call", "value": "look", "arguments": {"a": 1}}, calls(("look", "{}")), "look: missing a"),
        ("", {"type": "tool-call", "value": "look", "arguments": {"a": 1}}, calls(("look", "a")), "look: arguments are not JSON: a"),
        ("", {"type": "tool-call", "value": "look", "arguments": {}, "exact": True}, calls(("look", '{"a": 1}')), "look: has a, which is not expected"),
        ("", {"type": "tool-call-f1", "value": "a, b"}, calls(("a", "{}")), "F1 0.67 of at least 1: calls a, expected a, b"),
        ("", {"type": "is-refusal"}, calls(("a", "{}")), "no refusal: calls a tool"),
        ("I'm sorry, no.", {"type": "not-is-refusal"}, {}, 'says "i\'m sorry"'),
        (" ", {"type": "not-is-refusal"}, {}, "empty, which counts as a refusal"),
        ("x", {"type": "finish-reason", "value": "stop"}, {"finish_reason": "length"}, 'ended with "length", not "stop"'),
        ("x", {"type": "finish-reason", "value": "stop"}, {}, "why it ended is not known"),
        ("x", {"type": "latency", "threshold": 2000}, {"latency_ms": 2315.4}, "2,315 ms of at most 2,000 ms"),
        ("x", {"type": "cost", "threshold": 0.001}, {"cost": 0.0021}, "$0.0021 of at most $0.001"),
        ("<a>", {"type": "is-xml"}, {}, "not XML: line 1: no element found"),
        ('<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', {"type": "is-xml"}, {}, "not XML: it brings definitions of its own"),
        ("<x:a/>", {"type": "is-xml"}, {}, "not XML: prefix x: is not declared"),
        ("<a/>", {"type": "is-xml", "value": "a.b, c"}, {}, "missing a.b, c"),
        ("a < b", {"type": "contains-xml"}, {}, "no XML element in it"),
        ("b", {"type": "assert-set", "checks": [{"type": "contains", "value": "a"}, "is-json"]}, {}, 'contains: "a" missing; is-json: not JSON: b'),
        ("b", {"type": "assert-set", "checks": [{"type": "contains", "value": "a", "metric": "has an a"}, "no-markdown"], "threshold": 0.6}, {}, 'score 0.50 of at least 0.6: has an a: "a" missing'),
    ],
)  # fmt: skip
def test_a_failure_says_what_was_expected_and_what_came(
    text: str, check: dict[str, Any], subject: dict[str, Any], reason: str
) -> None:
    result = run(text, subject, **check)
    assert isinstance(result, CheckResult) and not result.passed
    assert result.reason.startswith(reason)
    assert result.expected or check["type"] == "is-refusal"


@pytest.mark.parametrize(
    ("check", "subject", "what"),
    [
        ({"type": "latency", "threshold": 5}, {}, "how long the answer took is not known"),
        ({"type": "cost", "threshold": 5}, {}, "what the answer cost is not known"),
        ({"type": "max-tokens", "value": 5}, {}, "how many tokens"),
        ({"type": "levenshtein", "to": "baseline"}, {}, "the baseline has no answer"),
        ({"type": "max-length-ratio", "value": 2}, {}, "the baseline has no answer"),
        ({"type": "tool-call"}, {"expected": 5}, "names no tool: 5"),
        ({"type": "tool-call"}, {}, "the case has no `expected`"),
        ({"type": "assert-set", "checks": [{"type": "cost", "threshold": 1}]}, {}, "cost: what the answer cost"),
        (
            {
                "type": "assert-set",
                "threshold": 0.5,
                "checks": [{"type": "cost", "threshold": 1}, {"type": "is-json"}],
            },
            {},
            "cost: what the answer cost",
        ),
    ],
)
def test_what_is_not_known_is_an_error_not_a_fail(check: dict[str, Any], subject: dict[str, Any], what: str) -> None:
    result = run("text", subject, **check)
    assert isinstance(result, CheckError)
    assert what in result.reason


def test_a_set_that_is_settled_needs_no_part_that_is_not_known() -> None:
    cost, a, b = (
        {"type": "cost", "threshold": 1},
        {"type": "contains", "value": "a"},
        {"type": "contains", "value": "b"},
    )
    lost = run("a", type="assert-set", checks=[cost, b])
    assert isinstance(lost, CheckResult) and not lost.passed
    won = run("a", type="assert-set", checks=[cost, a | {"weight": 3}], threshold=0.75)
    assert isinstance(won, CheckResult) and won.passed
    short = run("a", type="assert-set", checks=[cost, b | {"weight": 3}], threshold=0.5)
    assert isinstance(short, CheckResult) and not short.passed


@pytest.mark.parametrize(
    ("check", "what"),
    [
        ({"type": "levenshtein", "to": "candidate"}, 'to is "candidate"; it can be "baseline"'),
        ({"type": "levenshtein", "to": "baseline", "value": "x"}, 'has a value and to = "baseline"'),
        ({"type": "levenshtein", "value": "x", "threshold": -1}, "threshold is -1; it must be at least 0 edits"),
        ({"type": "similarity", "value": "x", "threshold": 75}, "threshold is 75; it must be between 0 and 1"),
        ({"type": "word-count", "value": {"min": 5, "max": 2}}, "a table with min, max or both"),
        ({"type": "word-count", "value": {"least": 5}}, "a table with min, max or both"),
        ({"type": "max-length-ratio", "value": -2}, "needs a number that is not negative"),
        ({"type": "language", "value": "english"}, 'it must be a code of two letters, as "en"'),
        ({"type": "latency"}, "needs threshold = 2000 (milliseconds)"),
        ({"type": "cost", "value": 1}, "needs threshold = 0.01 (USD a call)"),
        ({"type": "json-path", "value": 1}, 'needs path = "priority"'),
        ({"type": "json-path", "path": "a[", "value": 1}, "is no JSONPath"),
        ({"type": "json-path", "path": "$..a..b"}, "has .. more than once"),
        ({"type": "json-path", "path": "$[?@..b]"}, "has .. more than once, or in a filter"),
        ({"type": "json-path", "path": "$[?@.a == $.b]"}, "has $ in a filter"),
        ({"type": "json-path", "path": "a", "value": 1, "exists": True}, "has value and exists; it takes one of"),
        ({"type": "json-path", "path": "a", "value": 1, "expected": "a"}, "has value and expected; it takes one of"),
        ({"type": "json-path", "path": "a", "expected": 5}, "expected is 5; it must be a key of what cases expect"),
        ({"type": "language", "value": "en", "expected": "a"}, "has a value and expected"),
        ({"type": "json-path", "path": "a", "one_of": "b"}, "it must be a list"),
        ({"type": "json-path", "path": "a", "pattern": "("}, "is no regular expression"),
        ({"type": "json-path", "path": "a", "exists": "no"}, "it must be true or false"),
        ({"type": "tool-call", "value": 5}, "names no tool: 5; write value ="),
        ({"type": "tool-call", "value": "a", "arguments": []}, "arguments is []; it must be a table"),
        ({"type": "tool-call", "value": "a", "exact": True}, "exact = true compares arguments"),
        ({"type": "tool-call-f1", "value": []}, "needs a list of texts"),
        ({"type": "is-xml", "value": True}, "or none, not true"),
        ({"type": "assert-set"}, "assert-set: needs checks = ["),
        ({"type": "assert-set", "checks": ["is-json"], "assert": ["is-json"]}, "assert-set: needs checks = ["),
        ({"type": "assert-set", "checks": [{"value": 1}]}, "type"),
        ({"type": "assert-set", "checks": ["is-jason"]}, "did you mean is-json?"),
        (
            {"type": "assert-set", "checks": [{"type": "max-words", "value": "many"}]},
            "max-words: needs a whole number",
        ),
        ({"type": "assert-set", "checks": [{"type": "assert-set", "checks": ["is-json"]}]}, "holds another set"),
        ({"type": "assert-set", "checks": [{"type": "is-json", "weight": 0}]}, "only checks of weight 0"),
        ({"type": "assert-set", "checks": ["is-json"], "threshold": 2}, "must be between 0 and 1"),
    ],
)
def test_a_mistake_in_a_setting_is_told_before_a_run(check: dict[str, Any], what: str) -> None:
    with pytest.raises(CheckSettingError) as raised:
        validate(check_spec(check))
    assert what in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("language", ["en", "not-en"])
def test_a_text_too_short_to_tell_speaks_against_no_language(language: str) -> None:
    kind = "not-language" if language.startswith("not-") else "language"
    result = run("OK", type=kind, value="en")
    assert isinstance(result, CheckResult) and result.passed


def test_checks_against_the_baseline_do_not_apply_to_its_own_answers() -> None:
    own, other = Subject("x", is_baseline=True), Subject("x", baseline=Subject("y"))
    beside = [
        check_spec({"type": "levenshtein", "to": "baseline"}),
        check_spec({"type": "not-similarity", "to": "baseline"}),
        check_spec({"type": "max-length-ratio", "value": 2}),
        check_spec({"type": "assert-set", "checks": [{"type": "max-length-ratio", "value": 2}]}),
    ]
    alone = [
        check_spec({"type": "levenshtein", "value": "x"}),
        check_spec("is-json"),
        check_spec("no-such-check"),
        check_spec({"type": "assert-set", "checks": ["is-json", {"type": "max-length-ratio", "value": 2}]}),
        check_spec({"type": "assert-set"}),
    ]
    assert not any(applies(spec, own) for spec in beside)
    assert all(applies(spec, other) for spec in beside)
    assert all(applies(spec, subject) for spec in alone for subject in (own, other))
    # Of a set what applies is looked at.
    (result,) = run_plain_checks([alone[3]], own)
    assert isinstance(result, CheckResult) and result.reason == "is-json: not JSON: x"


@pytest.mark.parametrize("kind", ["json-path", "language"])
def test_a_check_says_nothing_of_a_case_that_expects_nothing_there(kind: str) -> None:
    check = {"type": kind, "path": "reply", "expected": "reply"}
    wanted = "en" if kind == "language" else "All of our shops open at nine in the morning."
    text = '{"reply": "All of our shops open at nine in the morning."}'
    for expected in (None, "reply", {}, {"other": "x"}, {"reply": None}):
        assert not applies(check_spec(check), Subject(text, expected=expected))
    for expected, passed in ((wanted, True), ("de", False)):
        subject = Subject(text, expected={"reply": expected})
        assert applies(check_spec(check), subject)
        (result,) = run_plain_checks([check_spec(check)], subject)
        assert isinstance(result, CheckResult) and result.passed is passed
    keys = {check_key(check_spec(check), Subject(text, expected={"reply": word})) for word in ("en", "de")}
    assert len(keys) == 2, "another expectation is another result"
    assert applies(check_spec({**check, "expected": 5}), Subject(text)), "a mistake is told"


def test_the_key_holds_what_a_check_compares_with() -> None:
    def key(subject: Subject, **check: Any) -> str:
        return check_key(check_spec(check), subject)

    old, new = Subject("x", baseline=Subject("a")), Subject("x", baseline=Subject("b"))
    assert key(old, type="levenshtein", to="baseline") != key(new, type="levenshtein", to="baseline")
    assert key(old, type="levenshtein", value="v") == key(new, type="levenshtein", value="v")
    assert key(old, type="max-length-ratio", value=2) != key(new, type="max-length-ratio", value=2)
    inner = [{"type": "max-length-ratio", "value": 2}, {"type": "contains", "value": "{{ name }}"}]
    assert key(old, type="assert-set", checks=inner) != key(new, type="assert-set", checks=inner)
    ada, grace = Subject("x", variables={"name": "Ada"}), Subject("x", variables={"name": "Grace"})
    assert key(ada, type="assert-set", checks=inner[1:]) != key(grace, type="assert-set", checks=inner[1:])
    tools = Subject("x", tools=[{"type": "function", "function": {"name": "a"}}])
    assert key(tools, type="is-valid-openai-tools-call") != key(old, type="is-valid-openai-tools-call")


def test_a_set_is_written_back_as_it_was_read() -> None:
    stated = {"type": "assert-set", "checks": [{"type": "is-json", "weight": 2}], "threshold": 0.5, "metric": "form"}
    assert check_to_json(check_spec(stated)) == stated


def test_a_pattern_in_a_path_runs_under_a_time_limit() -> None:
    text = '{"a": [{"x": "%s!"}]}' % ("a" * 60_000)
    result = run(text, type="json-path", path="$.a[?match(@.x, '(a|a)*b|(a+a+)+c')]")
    assert isinstance(result, CheckError) and "took longer than 1 s" in result.reason
    result = run(text, type="json-path", path="$..x", pattern="(a|a)*b(?=c)d{999}|(a+a+)+$")
    assert isinstance(result, CheckError) and "ran longer than 1 s" in result.reason


MEGABYTE = 1_000_000

HOSTILE = {
    "open tags": "<a>" * (MEGABYTE // 3),
    "tags that do not end": "<a " * (MEGABYTE // 3),
    "attributes": "<a " + "b='" * (MEGABYTE // 3),
    "quotes": "<a b=\"c'" * (MEGABYTE // 8),
    "comments": "<!-- " * (MEGABYTE // 5),
    "declarations": "<!DOCTYPE a [" * (MEGABYTE // 13),
    "elements": "<a><b/></a>" * (MEGABYTE // 11),
    "sentences": "A. b! " * (MEGABYTE // 6),
    "dots": "." * MEGABYTE,
    "ideographs": "。返" * (MEGABYTE // 2),
    "refusals": "I cannot " * (MEGABYTE // 9),
    "blanks": " \n" * (MEGABYTE // 2),
    "deep JSON": "[" * 400 + "]" * 400,
    "wide JSON": "[" + '{"x": {"y": 1}},' * (MEGABYTE // 16) + "{}]",
    "surrogates": "\ud800\x00\u202e word. " * (MEGABYTE // 12),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_family_hangs_on_a_hostile_output(text: str) -> None:
    specs = [
        check_spec(stated)
        for stated in (
            {"type": "levenshtein", "to": "baseline"},
            {"type": "levenshtein", "value": "x" * 5000},
            {"type": "similarity", "to": "baseline"},
            {"type": "json-path", "path": "$..x", "pattern": "(a+a+)+$"},
            {"type": "json-path", "path": "$[?search(@.x.y, '(a+a+)+$')]"},
            {"type": "is-xml", "value": "a.b.c"},
            {"type": "contains-xml", "value": ["a.0.b", "c"]},
            {"type": "word-count", "value": 5},
            {"type": "max-sentences", "value": 5},
            {"type": "max-length-ratio", "value": 5},
            {"type": "language", "value": "en"},
            {"type": "language", "value": "en", "path": "$..x"},
            {"type": "tool-call", "value": "a", "arguments": {"x": [1]}},
            {"type": "assert-set", "checks": ["no-preamble", "is-refusal"], "threshold": 0.5},
            "no-preamble",
            "is-refusal",
            {"type": "tool-call-f1", "value": "a"},
            {"type": "is-valid-openai-tools-call"},
        )
    ]
    tools = [{"type": "function", "function": {"name": "a", "parameters": {"type": "object"}}}]
    subject = Subject(text, tools=tools, baseline=Subject(text[::-1]), **calls(("a", text)))
    start = time.monotonic()
    results = run_plain_checks(specs, subject)
    assert time.monotonic() - start < 25
    for result in results:
        result.reason.encode()
        assert len(result.reason) <= 300 and "\n" not in result.reason
