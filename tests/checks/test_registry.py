"""Checks are found by name, mistakes in them are told before a run, and results are kept under the right key."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from migrator_tui.checks import registry
from migrator_tui.checks.base import CheckError, CheckFailure, CheckResult, CheckServices, CheckSettingError, Subject
from migrator_tui.checks.registry import check_key, known_checks, register, run_checks, run_plain_checks, validate
from migrator_tui.checks.values import Needs, texts_of
from migrator_tui.models.requests import Answer, ModelRequest
from migrator_tui.project.schema import CheckSpec


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        (CheckSpec("contians", "x"), 'unknown check "contians"; did you mean contains?'),
        (CheckSpec("is-jason", negated=True), 'unknown check "not-is-jason"; did you mean not-is-json?'),
        (CheckSpec("zzz"), "known: "),
        (CheckSpec("contains", ["a"]), 'contains: needs a text, not ["a"]'),
        (CheckSpec("contains", ""), 'contains: needs a text, not ""'),
        (CheckSpec("contains-any", []), "contains-any: needs a list of texts"),
        (CheckSpec("max-words", "many"), "max-words: needs a whole number that is not negative"),
        (CheckSpec("max-words", -1), "not -1"),
        (CheckSpec("max-words", 1.5), "not 1.5"),
        (CheckSpec("max-words", True), "not true"),
        (CheckSpec("max-words", float("nan")), "not NaN"),
        (CheckSpec("contains", "a", weight=-1), "weight is -1"),
        (CheckSpec("contains", "a", options={"vlaue": 1}), 'unknown key "vlaue"; it takes metric, threshold, value'),
        (CheckSpec("regex", "a("), "is no regular expression: missing )"),
        (CheckSpec("is-json", 5), "is-json: needs a JSON Schema"),
        (CheckSpec("is-json", "text"), "a JSON Schema is a table"),
        (CheckSpec("is-json", "a: ["), "neither JSON nor YAML"),
        (CheckSpec("is-json", {"type": "strng"}), "wrong JSON Schema at type"),
        (CheckSpec("is-json", {"$ref": "https://example.com/s.json"}), "leads out of the schema"),
        (CheckSpec("is-json", {"items": {"$ref": "file:///etc/passwd"}}), "leads out of the schema"),
        (CheckSpec("is-json", {"$schema": "https://example.com/mine"}), "unknown $schema"),
    ],
)
def test_a_mistake_is_told_before_a_run(spec: CheckSpec, what: str) -> None:
    with pytest.raises(CheckSettingError) as raised:
        validate(spec)
    assert what in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "spec",
    [
        CheckSpec("max-words", "{{ limit }}"),
        CheckSpec("max-words", 80),
        CheckSpec("max-words", 80.0),
        CheckSpec("equals"),
        CheckSpec("regex", "{{ pattern }}("),
        CheckSpec("is-json"),
        CheckSpec("is-json", {"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}),
        CheckSpec("is-json", {"$id": "urn:x", "properties": {"a": {"$ref": "urn:x"}}}),
        CheckSpec("is-json", "{{ schema }}"),
        CheckSpec("is-json", True),
        CheckSpec("no-markdown", weight=0, metric="style"),
    ],
)
def test_sound_settings_are_taken(spec: CheckSpec) -> None:
    validate(spec)


def test_every_check_of_the_first_set_is_known() -> None:
    assert set(known_checks()) >= {
        *("equals", "contains", "icontains", "contains-any", "contains-all", "icontains-any", "icontains-all"),
        *("starts-with", "regex", "is-json", "contains-json", "max-words", "no-code-fence", "no-markdown"),
    }


def test_a_list_may_be_one_text_with_commas() -> None:
    assert texts_of('yes, "no, thanks" , "say \\"hi\\"",,  last one ') == [
        "yes",
        "no, thanks",
        'say "hi"',
        "last one",
    ]
    assert texts_of(["a, b", 5]) == ["a, b", "5"]


def test_the_key_changes_with_what_is_compared() -> None:
    spec, subject = CheckSpec("contains", "Dear {{ name }}"), Subject("x", variables={"name": "Ada", "other": 1})
    key = check_key(spec, subject)
    assert key == check_key(spec, replace(subject, text="y", variables={"name": "Ada", "other": 2}))
    assert key != check_key(spec, replace(subject, variables={"name": "Grace"}))
    assert key != check_key(replace(spec, negated=True), subject)
    assert key != check_key(replace(spec, weight=2), subject)
    expected = CheckSpec("equals")
    assert check_key(expected, Subject("x", expected="a")) != check_key(expected, Subject("x", expected="b"))
    assert check_key(expected, Subject("x")) == check_key(expected, Subject("y"))
    assert check_key(CheckSpec("contains", "\udc80"), subject)


class Judge:
    """A model that says yes to what holds `good`."""

    async def ask(self, request: ModelRequest) -> Answer:
        text = str(request.messages[0]["content"])
        if "broken" in text:
            raise CheckFailure("the judge did not answer")
        return Answer("yes" if "good" in text else "no")


@pytest.fixture
def waiting_check(monkeypatch: pytest.MonkeyPatch) -> str:
    known_checks()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))

    @register("like-the-baseline", needs=Needs.NOTHING, options=["rubric"], looks_at=["baseline"])
    async def ask(subject: Subject, spec: CheckSpec, services: CheckServices) -> CheckResult:
        said = await services.ask(ModelRequest("1", "judge", [{"role": "user", "content": subject.text}]))
        return CheckResult(spec, said.text == "yes", 0.75, "" if said.text == "yes" else "judge: no")

    return "like-the-baseline"


async def test_checks_that_wait_and_checks_that_do_not_keep_their_order(waiting_check: str) -> None:
    specs = [CheckSpec(waiting_check), CheckSpec("contains", "good"), CheckSpec("nope"), CheckSpec(waiting_check)]
    results = await run_checks(specs, Subject("good"), Judge())
    assert [getattr(result, "passed", "error") for result in results] == [True, True, "error", True]
    assert [result.spec for result in results] == specs
    assert isinstance((await run_checks(specs[:1], Subject("broken"), Judge()))[0], CheckError)
    assert isinstance((await run_checks(specs[:1], Subject("good")))[0], CheckError)
    assert isinstance(run_plain_checks(specs[:1], Subject("good"))[0], CheckError)


def test_the_key_holds_the_baseline_only_for_checks_that_look_at_it(waiting_check: str) -> None:
    a, b = Subject("x", baseline=Subject("old")), Subject("x", baseline=Subject("other"))
    assert check_key(CheckSpec(waiting_check), a) != check_key(CheckSpec(waiting_check), b)
    assert check_key(CheckSpec("contains", "x"), a) == check_key(CheckSpec("contains", "x"), b)


MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "{" * MEGABYTE,
        '{"a":' * (MEGABYTE // 5),
        ('{"a":[' + "1," * 500) * 1000,
        "[" + "{}," * (MEGABYTE // 3) + "{}]",
        "*" * MEGABYTE,
        "- a\n\n" * (MEGABYTE // 5),
        "`" * MEGABYTE,
        "[a](" * (MEGABYTE // 4),
        "|-" * (MEGABYTE // 2),
        " " * MEGABYTE,
        "#" * MEGABYTE,
        "~" * MEGABYTE + "\n" + ">" * 1000,
        "\udc80\x00\u202e" * 1000,
    ],
    ids=range(13),
)
async def test_no_check_hangs_on_a_hostile_output(text: str) -> None:
    values: dict[str, Any] = {
        "max-words": 5,
        "regex": r"(\w+\s?)+$",
        "is-json": {
            "uniqueItems": True,
            "items": {"patternProperties": {"(a+)+$": {}}, "additionalProperties": False},
        },
        "contains-json": {"required": ["x"]},
    }
    specs = [CheckSpec(name, values.get(name, "x")) for name in known_checks()]
    results = await asyncio.wait_for(run_checks(specs, Subject(text)), 30)
    assert len(results) == len(specs)
    for result in results:
        result.reason.encode()
        assert len(result.reason) <= registry.REASON_LIMIT
