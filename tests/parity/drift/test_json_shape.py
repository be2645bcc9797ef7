"""What changed inside JSON, by path."""

import json
from typing import Any

import pytest

from tests.parity.drift.pairs import differing, find, named


def told(old: Any, new: Any) -> list[str]:
    return differing(json.dumps(old), json.dumps(new))


ORDER = {"id": "A-1", "total": 12.5, "address": {"zip": "10115", "city": "Berlin"}, "items": [{"sku": "x", "n": 1}]}


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (ORDER, []),
        ({**ORDER, "id": "A-2"}, ["id A-1→A-2"]),
        ({**ORDER, "total": 12.50}, []),
        ({**ORDER, "total": "12.5"}, ["total: number→text"]),
        ({**ORDER, "total": None}, ["total 12.5→null"]),
        ({**ORDER, "total": True}, ["total: number→yes/no"]),
        ({**ORDER, "note": "x"}, ["keys added: note"]),
        ({key: ORDER[key] for key in ("id", "total", "items")}, ["keys missing: address"]),
        ({**ORDER, "address": {"zip": "10115"}}, ["keys missing: address.city"]),
        ({**ORDER, "address": {"zip": 10115, "city": "Berlin"}}, ["address.zip: text→number"]),
        ({**ORDER, "address": "10115 Berlin"}, ["address: table→text"]),
        ({**ORDER, "items": [{"sku": "x"}]}, ["keys missing: items[].n"]),
        ({**ORDER, "items": [{"sku": "x", "n": "1"}]}, ["items[].n: number→text"]),
        ({**ORDER, "items": []}, ["items 1→0 items"]),
        ({**ORDER, "items": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}]}, ["items 1→2 items"]),
        ([ORDER], ["table→list"]),
    ],
)
def test_changes_inside(new: Any, words: list[str]) -> None:
    assert told(ORDER, new) == words


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, []),
        ({"tags": ["a", "b"]}, {"tags": ["a"]}, ["tags a, b→a"]),
        ({"tags": ["a"]}, {"tags": []}, ["tags a→nothing"]),
        ({"tags": None}, {"tags": ["a"]}, ["tags null→list"]),
        ({"text": "One two three four."}, {"text": "Five six seven eight."}, ["wording"]),
        ({"text": "One two three four."}, {"text": None}, ["text One two three f…→null"]),
        ({"a": 1}, {"A": 1}, ["keys missing: a", "keys added: A"]),
        ({"due": "2026-11-23"}, {"due": "11/23/2026"}, ["date 2026-11-23→11/23/2026"]),
        ({"due": "2026-11-23"}, {"due": "11/24/2026"}, ["due 2026-11-23→11/24/2026"]),
        ({"sum": "1,234.50"}, {"sum": "1.234,50"}, ["number 1,234.50→1.234,50"]),
        ([{"a": 1}, {"a": 2, "b": 3}], [{"a": 5}, {"a": 6, "b": 7}], []),
    ],
)
def test_values(old: Any, new: Any, words: list[str]) -> None:
    assert [word for word in told(old, new) if word != "wording" or words] == words


def test_a_form_is_told_with_its_key() -> None:
    old, new = '{"due": "2026-11-23", "n": 1}', '{"due": "23 November 2026", "n": 1}'
    assert [(drift.name, drift.keys) for drift in find(old, new)] == [("date-format", ("due",))]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('{"a": 1}', '{"a": 1', {"json-broken": "+"}),
        ('{"a": 1', '{"a": 1}', {"json-broken": "-"}),
        ('{"a": 1', '{"a": 2', {"json-broken": "="}),
        ('{"a": 1}', '{"a": 1,}', {"json-broken": "+"}),
        ('{"a": 1}', "{'a': 1}", {"json-broken": "+"}),
        ('{"a": 1}', '```json\n{"a": 1,}\n```', {"json-broken": "+", "fences": "+"}),
        ('{"a": 1}', "The value is one.", {"json-broken": "+"}),
        ("The value is one.", '{"a": 1}', {"json": "+"}),
        ("42", "The answer is 42.", {}),
        ("true", "yes", {}),
        ('["a", "b"]', 'Tags:\n["a", "b"]', {"preamble": "+"}),
        ("See [1] and {2}.", "See [2] and {1}.", {}),
    ],
)
def test_json_and_no_json(old: str, new: str, found: dict[str, str]) -> None:
    assert named(old, new) == found


def test_json_too_large_to_see_whole_loses_no_keys() -> None:
    rows = [{"id": n, "name": f"n{n}"} for n in range(1_500)]
    old, new = {"rows": rows, "total": 1}, {"rows": [{"name": "x", "id": 1}] * 1_500, "total": 1}
    assert told(old, new) in ([], ["wording"])
    assert told(old, {"rows": rows})[0] == "keys missing: total"
