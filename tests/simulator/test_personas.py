"""Persona files: what they may say, and the one line a mistake gets."""

import os
from pathlib import Path

import pytest

from migrator_tui.models.simulator.personas import load_persona, persona_price, shipped_personas
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Price


def test_shipped_personas_load() -> None:
    assert {"classic-1", "bright-2", "metronome"} <= set(shipped_personas())
    for name in shipped_personas():
        assert "simulated" in load_persona(name).title


def test_prices_are_told_where_there_are_any(tmp_path: Path) -> None:
    assert persona_price("simulated:bright-2") == Price(input=0.8, output=4.0)
    (tmp_path / "free.toml").write_text("")
    assert persona_price("simulated:free.toml", tmp_path) is None
    assert persona_price("simulated:absent") is None


def test_an_edited_persona_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('text = "one"')
    assert load_persona("mine.toml", tmp_path).text == "one"
    file.write_text('text = "another"')
    stat = file.stat()
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
    assert load_persona("mine.toml", tmp_path).text == "another"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("habit = 1", ['unknown key "habit"', 'did you mean "habits"?']),
        ("[habits]\nfence = 0.5", ['unknown habit "fence"', 'did you mean "fences"?']),
        ("[habits]\nfences = 30", ["share from 0 to 1"]),
        ('[[faults]]\nkind = "explode"', ["kind is one of", "hang"]),
        ('[[faults]]\nkind = "hang"\nfirts = 1', ['did you mean "first"?']),
        ('pace = "fast"', ['pace is "streamed"']),
        ("x = \ny = 1", ["line 1"]),
        ('seed = "one"', ["seed", "whole number"]),
        ('languages = "en"', ["languages", "list"]),
        ('[[faults]]\nkind = "hang"\nfirst = "one"', ["first", "whole number"]),
        ("tokens_per_second = 0", ["tokens_per_second", "more than 0"]),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, text: str, words: list[str]) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ProjectError) as caught:
        load_persona("mine.toml", tmp_path)
    message = str(caught.value)
    assert message.startswith("mine.toml: ")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_names_and_places_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match='did you mean "bright-2"'):
        load_persona("simulated:bright2")
    with pytest.raises(ProjectError, match="does not exist"):
        load_persona("absent.toml", tmp_path)
    with pytest.raises(ProjectError, match="outside the project"):
        load_persona("../other.toml", tmp_path)
    with pytest.raises(ProjectError, match="no project folder"):
        load_persona("mine.toml")
