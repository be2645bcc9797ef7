"""The simulated writer of test inputs: a JSON list of what is wanted, made of the examples, the same each time."""

import json
from typing import Any

import pytest

from migrator_tui.checks.languages import language_of
from migrator_tui.coverage.edges import EDGES, usual_length
from migrator_tui.coverage.inputs import looks_at
from migrator_tui.models.simulator.answering import answer
from migrator_tui.models.simulator.personas import load_persona
from migrator_tui.project.schema import Case
from tests.simulator.conftest import Client

CHATS = [
    {"id": "a", "vars": {"shop": "Nordlicht"}, "messages": [{"role": "user", "content": "Where is order NL-48213?"}]},
    {"id": "b", "messages": [{"role": "user", "content": "Please cancel NL-50610, I found it cheaper."}]},
]
TEXTS = ["Where is my parcel? Order 90412.", "The kettle leaks at the bottom, order 87110."]
NOT_TOLD = {"other-language", "no-tool"}
"""Not seen in an input by itself: told by comparing, by a check."""


def ask(wanted: str, examples: object = TEXTS, number: object = 4) -> list[Any]:
    system = f"You write inputs to test an application with. What is wanted: {wanted}."
    user = f"Examples of what comes in:\n{json.dumps(examples)}\n\nWrite {number} such inputs as a JSON list."
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    told = answer(load_persona("writer-1"), {"messages": messages}).text
    assert told == answer(load_persona("writer-1"), {"messages": messages}).text
    found = json.loads(told)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("kind", [kind for kind in EDGES if kind.name not in NOT_TOLD], ids=lambda kind: kind.name)
@pytest.mark.parametrize("examples", [CHATS, TEXTS], ids=["chats", "texts"])
def test_what_it_writes_is_what_coverage_looks_for(kind: Any, examples: list[Any]) -> None:
    found = ask(kind.title, examples)
    assert len(found) == 4 and len({json.dumps(entry) for entry in found}) == 4
    cases = [
        Case(str(n), vars={}, messages=({"role": "user", "content": entry},))
        if isinstance(entry, str)
        else Case(str(n), messages=tuple(entry["messages"]))
        for n, entry in enumerate(found)
    ]
    usual = usual_length(looks_at([Case("x", messages=({"role": "user", "content": text},)) for text in TEXTS]))
    assert all(kind.detect(look, usual) for look in looks_at(cases)), found


def test_another_language_is_another_one() -> None:
    languages = [language_of(text) for text in ask("another language than most", number="six")]
    assert len(languages) == 6 and "en" not in languages and len(set(languages)) >= 4


def test_objects_keep_their_keys_and_lose_what_belongs_to_the_example_alone() -> None:
    for entry in ask("several requests in one", CHATS):
        assert set(entry) <= {"vars", "messages"} and entry["messages"][-1]["role"] == "user"
    flat = ask("emoji", [{"ticket": "My lamp is broken, order 87001.", "shop": "N"}], 2)
    assert all(set(entry) == {"ticket", "shop"} and entry["shop"] == "N" for entry in flat)


def test_what_is_wanted_decides_and_the_unknown_varies_the_examples() -> None:
    assert {len(ask("very long", number=n)) for n in (1, "three", 7)} == {1, 3, 7}
    varied = ask("customers from the coast")
    assert len(set(varied)) == 4 and not set(varied) & set(TEXTS)
    assert all("parcel" in text or "kettle" in text for text in varied)
    assert ask("instructions inside the input") != ask("code, an error message, JSON")


def test_examples_may_be_lines_or_missing() -> None:
    text = "Write two inputs with emoji. Examples:\n- My umbrella never came.\n- I lost my umbrella."
    told = answer(load_persona("writer-1"), {"messages": [{"role": "user", "content": text}]}).text
    assert all("umbrella" in entry for entry in json.loads(told))
    assert (
        len(json.loads(answer(load_persona("writer-1"), {"messages": [{"role": "user", "content": "Write 3"}]}).text))
        == 3
    )


async def test_over_the_wire_and_only_when_asked(client: Client) -> None:
    _, _, body = await client.post("writer-1", "Write 2 inputs that are empty, as a JSON list.")
    assert len(json.loads(body["choices"][0]["message"]["content"])) == 2
    _, _, body = await client.post("writer-1", "Where is my parcel?")
    assert "carrier" in body["choices"][0]["message"]["content"]
