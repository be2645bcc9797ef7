"""Configurations and results with odd values put anywhere: each opens, or is refused in one line; none crashes."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.converting import native_files, read_promptfoo
from migrator_tui.project.recordings import Recording
from tests.project.formats.promptfoo_folder import cases_of, converted, native, write
from tests.project.formats.test_promptfoo_results import CSV_FORMS, FORMS, TABLE, table

ROUNDS = 70
ODD = (
    *(None, True, 0, -1, 1.5, 10**30, 1e308, "", " ", "x", "x:y", "{{a}}", "{{", "\ud800", "\x00", "\x1b[31m"),
    *("file://x.txt", "file://", "file://nope*", "file://d", "file://t.csv", "http://a/b", "a.py", "# user\nx"),
    *(
        [],
        {},
        [None],
        [[]],
        {"a": None},
        {"id": None},
        {"id": "openai:a"},
        {"type": "contains"},
        {"$ref": "#/prompts"},
    ),
    *({"$ref": 3}, ["a", "b"], {"raw": "r"}, {"role": "user", "content": "c"}, {"vars": {"q": ["1", "2"]}}),
    *('[{"role":"user","content":"{{q}}"}]', [{"role": "user", "content": [{"type": "text", "text": "{{q}}"}]}]),
    *({"path": "x.csv"}, {"path": "x.py"}, {"type": "human"}),
)
CONFIG: dict[str, Any] = {
    "prompts": ["hi {{q}}", {"raw": "r {{q}}", "label": "l", "config": {"temperature": 1, "tools": []}}],
    "providers": [
        "openai:a",
        {
            "id": "openai:b",
            "label": "L",
            "config": {"temperature": 0, "tools": [{"name": "f"}], "response_format": {"type": "json_object"}},
        },
    ],
    "defaultTest": {
        "vars": {"z": "1"},
        "assert": [{"type": "is-json", "value": {"type": "object"}}],
        "options": {"provider": {"id": "openai:g", "embedding": "openai:embedding:e"}, "prefix": "p"},
        "threshold": 0.5,
        "metadata": {"k": "v"},
    },
    "tests": [
        {
            "description": "t",
            "vars": {"q": ["1", "2"], "r": {"s": 1}},
            "assert": [
                {"type": "contains", "value": "x", "weight": 1, "threshold": 1, "metric": "m"},
                {"type": "assert-set", "assert": [{"type": "equals", "value": 1}]},
                {"$ref": "#/assertionTemplates/t"},
                {"type": "word-count", "value": {"min": 1, "max": 2}},
            ],
            "metadata": {"tags": ["a"]},
        }
    ],
    "scenarios": [{"config": [{"vars": {"a": 1}}], "tests": [{"vars": {"b": 2}}]}],
    "assertionTemplates": {"t": {"type": "contains", "value": "y"}},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a value where another one could stand."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*path, key)
        yield from places(item, (*path, key))


def damaged(value: Any, chance: random.Random) -> Any:
    """The value with one to three odd ones in it."""
    made = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 2, 3))):
        *path, last = chance.choice(list(places(made)))
        holder = made
        for key in path:
            holder = holder[key]
        holder[last] = copy.deepcopy(chance.choice(ODD))
    return made


@pytest.mark.parametrize("seed", range(2))
def test_configurations(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    opened = 0
    for number in range(ROUNDS):
        files = {"x.txt": "T {{q}}\n---\nU", "d/y": "", "t.csv": "q,__expected\n1,contains:a\n"}
        try:
            found = converted(tmp_path / f"in{number}", damaged(CONFIG, chance), **files)
            native_files(found)
        except ProjectError as error:
            assert "\n" not in str(error)
            continue
        try:
            native(found, tmp_path / f"out{number}")
        except ProjectError as error:
            # A prompt of nothing but white space says so when it is rendered, as a native one would.
            assert "the prompt is empty" in str(error) or "the chat has no messages" in str(error)
        opened += 1
    assert opened > ROUNDS / 2


def test_results(tmp_path: Path) -> None:
    chance = random.Random(3)
    bases = [FORMS["v3.json"], FORMS["list.json"], {"version": 1, "results": [], "table": TABLE}]
    opened = 0
    for number in range(ROUNDS):
        file = write(tmp_path, {f"{number}.json": damaged(chance.choice(bases), chance)}) / f"{number}.json"
        try:
            found = read_promptfoo(file)
        except ProjectError as error:
            assert "\n" not in str(error)
            continue
        project = native(found, tmp_path / f"out{number}")
        recording = Recording.load(project.folder / project.baseline.model.removeprefix("recorded:"))
        assert not recording.unmatched(cases_of(project)).names
        opened += 1
    assert opened > ROUNDS / 2


def test_tables(tmp_path: Path) -> None:
    chance = random.Random(4)
    odd = ("", "[PASS]", "[FAIL] x", "[ERROR]", "{", "{}", '{"raw":3}', "\x1b[31m", "Status", "a,b", "[x] y", "\n")
    for number in range(ROUNDS):
        rows = copy.deepcopy(CSV_FORMS[chance.choice(list(CSV_FORMS))])
        for _ in range(chance.choice((1, 2, 4))):
            row = chance.choice(rows)
            row[chance.randrange(len(row))] = chance.choice(odd)
        file = write(tmp_path, {f"{number}.csv": table(rows)}) / f"{number}.csv"
        try:
            found = read_promptfoo(file)
        except ProjectError as error:
            assert "\n" not in str(error)
            continue
        native(found, tmp_path / f"out{number}")
