"""Huge and hostile answers cost little; the same answers give the same drifts."""

import json
import time

import pytest

from tests.parity.drift.pairs import find

MB = 1_000_000
HOSTILE = {
    "letters": "a" * MB,
    "spaces": " " * MB,
    "lines": "\n" * MB,
    "braces": "{" * MB,
    "open objects": '{"a":' * (MB // 5),
    "brackets": "[" * MB,
    "objects": '{"a": 1} ' * (MB // 9),
    "broken objects": '{"a" 1} ' * (MB // 8),
    "fences": "```\n" * (MB // 4),
    "fence line": "`" * MB,
    "stars": "*" * MB,
    "bold": "**a " * (MB // 4),
    "links": "[a](" * (MB // 4),
    "bullets": "- a\n\n" * (MB // 5),
    "digits": "1" * MB,
    "groups": "1,234." * (MB // 6),
    "numbers": "12 " * (MB // 3),
    "dates": "2026-11-23 at 15:00, $5; " * (MB // 25),
    "months": "3 November " * (MB // 11),
    "openings": "Sure, " * (MB // 6),
    "closings": ". Let me know if" * (MB // 16),
    "sorry": "I'm sorry, but I can't " * (MB // 23),
    "prose": "The quick brown fox jumps over the lazy dog and is not sorry. " * (MB // 62),
    "japanese": "ご注文について確認します。" * (MB // 13),
    "surrogates": "\ud800\u202e\x1b[31m\x00" * (MB // 8),
    "json": json.dumps([{"id": n, "text": "word " * 5} for n in range(MB // 45)]),
    "deep": '{"a": ' * 900 + "1" + "}" * 900,
    "long number": '{"n": ' + "9" * 10_000 + "}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_costs_little(name: str) -> None:
    for old, new in (('{"answer": "yes"}', HOSTILE[name]), (HOSTILE[name], "It is " + HOSTILE[name][:-7] + " so.")):
        began = time.process_time()
        found = find(old, new)
        assert time.process_time() - began < 1.0
        for drift in found:
            assert len(drift.words) < 120
            assert not any(ord(character) < 32 or character in "\u202e\ud800" for character in drift.words)
        assert find(old, new) == found


def test_hostile_tool_calls() -> None:
    calls = [("f", json.dumps({"a": "x" * MB}))]
    assert find("", "", old_calls=calls, new_calls=[("f", "{" * MB)])[0].name == "tool-arguments"
    many = [("f", json.dumps({"n": n})) for n in range(1_000)]
    began = time.process_time()
    assert find("", "", old_calls=many, new_calls=[("f", json.dumps({"n": -n})) for n in range(1_000)])
    assert time.process_time() - began < 1.0
