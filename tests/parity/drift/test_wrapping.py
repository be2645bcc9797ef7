"""Fences, talk around an answer, Markdown, length: each counted once, and on the side that shows it."""

import json

import pytest

from tests.parity.drift.pairs import differing, named, names

TRIAGE = json.dumps({"category": "billing", "answer": "We refund the order within five working days, as always."})
PLAIN = "The parcel left our house on Monday and will reach you within three days from now."
ESSAY = "It rains in the north, and the people there have many words for it. " * 12


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (TRIAGE, f"```json\n{TRIAGE}\n```", {"fences": "+"}),
        (f"```json\n{TRIAGE}\n```", TRIAGE, {"fences": "-"}),
        (f"```\n{TRIAGE}\n```", f"~~~json\n{TRIAGE}\n~~~", {"fences": "="}),
        (TRIAGE, f"```json\n{TRIAGE}", {"fences": "+"}),
        (TRIAGE, f"```json {TRIAGE} ```", {"fences": "+"}),
        (TRIAGE, f"Here is the triage:\n\n{TRIAGE}", {"preamble": "+"}),
        (TRIAGE, f"Voilà le résultat :\n{TRIAGE}\n\nBonne journée !", {"preamble": "+", "sign-off": "+"}),
        (
            TRIAGE,
            f"以下是结果：\n```json\n{TRIAGE}\n```\n希望有帮助",
            {"fences": "+", "preamble": "+", "sign-off": "+"},
        ),
        (f"Sure: {TRIAGE}", f"Here: {TRIAGE}", {"preamble": "="}),
        (TRIAGE, json.dumps(json.loads(TRIAGE), indent=4), {}),
        (PLAIN, f"Sure! {PLAIN}", {"preamble": "+"}),
        (PLAIN, f"{PLAIN}\n\nLet me know if you need anything else!", {"sign-off": "+"}),
        (f"Gerne! Hier ist die Antwort:\n\n{PLAIN}", PLAIN, {"preamble": "-"}),
        (PLAIN, PLAIN.replace("Monday", "**Monday**"), {"markdown": "+"}),
        (PLAIN, PLAIN.replace("Monday", "*Monday*"), {}),
        (PLAIN.replace("Monday", "*Monday*"), PLAIN.replace("Monday", "**Monday**"), {}),
        ("- one\n- two\n- three", "# Numbers\n\none, two, three", {"markdown": "="}),
        (TRIAGE, TRIAGE.replace("We refund", "**We refund**"), {"markdown": "+"}),
        (
            "Run `make`.\n```sh\n# heading?\nmake\n```",
            "Run `make`.\n```sh\n# other\nmake\n```",
            {"fences": "=", "markdown": "="},
        ),
        ("Run it.\n```sh\n# a comment\n- x\n- y\n```", "Run it.\n```sh\nmake\n```", {"fences": "="}),
    ],
)
def test_what_stands_around_an_answer(old: str, new: str, found: dict[str, str]) -> None:
    assert named(old, new) == found


def test_a_text_that_shows_some_json_is_no_json_answer() -> None:
    old = f'{ESSAY}\n\nFor example:\n\n```json\n{{"rain": true}}\n```\n\n{ESSAY}'
    new = f'{ESSAY}\n\nFor example:\n\n```json\n{{"rain": false, "snow": 1}}\n```\n\n{ESSAY}'
    assert names(old, new) == {"fences": "="}
    # Where the other answer is nothing but JSON, the same text is a very long preamble.
    assert {"preamble", "sign-off"} <= set(names('{"rain": true}', old))


def test_two_objects_in_prose_are_no_answer_in_json() -> None:
    assert "json-broken" in names('{"a": "one"}', 'Either {"a": "one"} or {"a": "two"}.')


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("word " * 20, "word " * 46, ["longer ×2.3"]),
        ("word " * 20, "word " * 29, []),
        ("word " * 4, "word " * 11, []),
        ("word " * 100, "word " * 40, ["shorter ×0.4"]),
        ("word " * 20, "word " * 400, ["longer ×20"]),
        ("これはとても短い返事です。", "これはとても長い返事です。" * 3, ["longer ×3.0"]),
        # Line breaks and keys of JSON are no words, and what only one of them has is told by its name.
        ('{"a":"b","c":"d"}', json.dumps({"a": "b", "c": "d"}, indent=8), []),
        ('{"a": "one two"}', json.dumps({"a": "one two", "b": "word " * 40}), ["keys added: b"]),
        ('{"a": "one two"}', json.dumps({"a": "one two " * 20, "b": "x"}), ["keys added: b", "longer ×20"]),
        (PLAIN, f"Sure! Here is what you asked for, with pleasure and all our love:\n\n{PLAIN}", ["preamble"]),
    ],
)
def test_length_is_that_of_the_answer_proper(old: str, new: str, words: list[str]) -> None:
    assert differing(old, new) in (words, words or ["wording"])
