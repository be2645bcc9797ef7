"""A winner's way from the start: the steps of a search as edits of the prompt it began with."""

import random

import pytest

from migrator_tui.adaptation.edits import EditError, applied
from migrator_tui.adaptation.search.winner import combined_edits
from migrator_tui.adaptation.values import Edit, EditKind, Op

START = "Sort the ticket.\nAnswer with JSON.\n- answer: a short answer\nBe kind, and be kind.\n"


def edit(op: Op, anchor: str = "", text: str = "", title: str = "", **more: object) -> Edit:
    return Edit(op=op, anchor=anchor, text=text, title=title, why=f"why {title}", **more)  # type: ignore[arg-type]


def chained(steps: list[list[Edit]]) -> str:
    text = START
    for step in steps:
        text = applied(text, step)
    return text


def test_edits_that_fit_the_start_stay_as_they_are() -> None:
    steps = [
        [edit(Op.APPEND, text="No fences.", title="fences")],
        [
            edit(Op.INSERT_AFTER, "with JSON", " and nothing else", "bare"),
            edit(Op.APPEND, text="Short.", title="short"),
        ],
    ]
    found = combined_edits(START, chained(steps), steps)
    assert found == (*steps[0], *steps[1])


def test_an_edit_of_what_an_earlier_one_wrote_becomes_part_of_it_with_both_reasons() -> None:
    steps = [
        [edit(Op.INSERT_AFTER, "a short answer", ", at most 40 words", "length", case_ids=("a",))],
        [
            edit(
                Op.INSERT_AFTER, "a short answer, at most 40 words", "\nExactly as listed.", "values", case_ids=("b",)
            ),
            edit(Op.APPEND, text="Short.", title="short"),
        ],
        [edit(Op.REPLACE, "40 words", "30 words", "shorter", kind=EditKind.EXAMPLE)],
    ]
    text = chained(steps)
    found = combined_edits(START, text, steps)
    assert applied(START, found) == text
    by_title = {one.title: one for one in found}
    assert list(by_title) == ["length; values; shorter", "short"]
    merged = by_title["length; values; shorter"]
    assert merged.case_ids == ("a", "b") and merged.why == "why length why values why shorter"
    assert merged.kind is EditKind.EXAMPLE, "its case must not prove anything"


def test_what_was_written_and_taken_back_leaves_no_edit() -> None:
    steps = [[edit(Op.APPEND, text="No fences.", title="fences")], [edit(Op.DELETE, "No fences.", title="none")]]
    found = combined_edits(START, chained(steps), steps)
    assert applied(START, found) == chained(steps)


def test_what_was_deleted_and_written_anew_is_a_replacement() -> None:
    steps = [
        [edit(Op.DELETE, "Answer with JSON.", title="out")],
        [edit(Op.INSERT_AFTER, "Sort the ticket.\n", "Answer in JSON.", "in")],
    ]
    text = chained(steps)
    found = combined_edits(START, text, steps)
    assert applied(START, found) == text


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_steps_were_the_edits_give_the_winner(seed: int) -> None:
    chance = random.Random(seed)
    words = ["JSON", "kind", "short", "Sort", "ticket", "answer", "one", "two", "\n", "three."]
    text, steps = START, []
    for _ in range(chance.randint(1, 4)):
        step = []
        for number in range(chance.randint(1, 3)):
            begin = chance.randrange(len(text))
            anchor = text[begin : begin + chance.randint(1, 25)]
            new = " ".join(chance.choices(words, k=chance.randint(1, 4)))
            op = chance.choice(list(Op))
            made = Edit(op, "" if op is Op.DELETE else new, "" if op is Op.APPEND else anchor, f"t{number}")
            try:
                applied(text, [*step, made])
            except EditError:
                continue
            step.append(made)
        if step:
            text, steps = applied(text, step), [*steps, step]
    assert applied(START, combined_edits(START, text, steps)) == text
