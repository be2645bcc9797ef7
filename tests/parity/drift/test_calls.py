"""Tools called instead of text, other tools, other arguments."""

import pytest

from tests.parity.drift.pairs import Calls, find, names

LOOK = ("look_up", '{"order": 1}')
REFUND = ("refund", '{"order": 1, "amount": 5.0}')


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ([LOOK], [LOOK], []),
        ([LOOK], [("look_up", '{ "order" : 1 }')], []),
        ([REFUND], [("refund", '{"amount": 5, "order": 1}')], []),
        ([LOOK, REFUND], [REFUND, LOOK], []),
        ([LOOK], [("look_up", '{"order": 2}')], ["arguments of look_up"]),
        ([LOOK, LOOK], [("look_up", '{"order": 2}'), LOOK], ["arguments of look_up"]),
        ([LOOK], [("look_up", "not JSON")], ["arguments of look_up"]),
        ([LOOK], [REFUND], ["look_up→refund"]),
        ([LOOK], [LOOK, REFUND], ["calls refund too"]),
        ([LOOK, REFUND], [LOOK], ["no call of refund"]),
        ([LOOK], [LOOK, LOOK], ["2 tool calls, not 1"]),
    ],
)
def test_calls(old: Calls, new: Calls, words: list[str]) -> None:
    assert [drift.words for drift in find("", "", old_calls=old, new_calls=new)] == words


def test_text_instead_of_a_call_and_the_reverse_explain_everything_about_the_texts() -> None:
    text = "Sure! **Which order** do you mean? I need its number to look it up for you in our system."
    assert [drift.words for drift in find("", text, old_calls=[LOOK])] == ["no tool call"]
    assert [drift.words for drift in find(text, "", new_calls=[LOOK])] == ["calls look_up"]
    assert [drift.words for drift in find("", "", new_calls=[LOOK])] == ["calls look_up"]
    assert names("", "", old_calls=[LOOK]) == {"empty": "+"}
    assert names("", "I'm sorry, but I can't help with that.", old_calls=[LOOK]) == {"refusal": "+"}


def test_texts_beside_calls_are_compared() -> None:
    assert names("Looking it up.", "**Looking** it up.", old_calls=[LOOK], new_calls=[LOOK]) == {"markdown": "+"}


def test_the_changed_arguments_are_named() -> None:
    (drift,) = find("", "", old_calls=[REFUND], new_calls=[("refund", '{"order": 1, "amount": 6, "why": "x"}')])
    assert (drift.name, drift.keys) == ("tool-arguments", ("amount", "why"))


def test_names_from_a_model_are_made_safe() -> None:
    (drift,) = find("", "", old_calls=[LOOK], new_calls=[("x\x1b]2;title\x07" + "y" * 500, "{}")])
    assert "\x1b" not in drift.words and len(drift.words) < 60
