"""Instructions are understood by what they mean: a table of phrasings, lengths, and what wins in a conflict."""

import pytest

from migrator_tui.models.simulator.instructions import read_wishes
from migrator_tui.models.simulator.personas import HABITS
from tests.simulator.phrasings import PHRASINGS
from tests.simulator.tool_phrasings import TOOL_PHRASINGS


@pytest.mark.parametrize(("text", "expected"), PHRASINGS + TOOL_PHRASINGS)
def test_phrasing(text: str, expected: str) -> None:
    levels = read_wishes(text).levels
    wanted = {word[1:]: word[0] for word in expected.split()}
    for habit in HABITS:
        level = levels.get(habit, 0.0)
        sign = wanted.get(habit, "0")
        assert sign == "?" or {"+": level >= 0.8, "-": level <= -0.5, "0": -0.5 < level < 0.35}[sign], (habit, level)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Use at most 60 words.", 60),
        ("No more than 40 words, please.", 40),
        ("Max. 25 words", 25),
        ("Keep it under fifty words.", 50),
        ("Höchstens 30 Wörter.", 30),
        ("Au plus 20 mots.", 20),
        ("Como máximo 35 palabras.", 35),
        ("Answer in two sentences.", 36),
        ("At most 300 characters.", 50),
        ("Write at least 100 words.", None),
        ("You don't have to keep to 60 words.", None),
        ("Tickets arrive within 3 days.", None),
    ],
)
def test_length_limits(text: str, words: int | None) -> None:
    assert read_wishes(text).max_words == words


def test_of_two_firm_wishes_the_later_counts() -> None:
    assert read_wishes("Use code fences.\nNo code fences.").levels["fences"] == 1.0
    assert read_wishes("No code fences.\nUse code fences.").levels["fences"] == -1.0


def test_a_faint_wish_does_not_undo_a_firm_one() -> None:
    assert read_wishes("Don't use code fences. Return valid JSON.").levels["fences"] == 1.0


def test_vague_wishes_are_weaker_than_plain_ones() -> None:
    vague = read_wishes("Return valid JSON.").levels["fences"]
    assert 0 < vague < read_wishes("Your answer is parsed by a program.").levels["fences"] < 1


def test_lines_that_an_editor_wrapped_are_one_sentence() -> None:
    wrapped = "Please return the object as it is and take care that you do not put the JSON\ninside a code block."
    assert read_wishes(wrapped).levels["fences"] == 1.0
    assert read_wishes("Never\n- use code fences\n- greet").levels["preamble"] == 1.0


def test_lines_of_their_own_do_not_run_together() -> None:
    assert read_wishes("No preamble\nUse code fences").levels == {"preamble": 1.0, "fences": -1.0}
