"""A whole rewrite taken apart: all its edits make the new text, none the old, and each can be left."""

import random
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrator_tui.adaptation.edits import applied, place
from migrator_tui.adaptation.rewriting import rewrite_edits
from migrator_tui.adaptation.values import Op

texts = st.one_of(
    st.lists(
        st.sampled_from(
            ["the", "a", "be", "to", " ", "  ", "\n", "\r\n", ".", "{{ x }}", "é", "e\u0301", "漢字", "\t"]
        ),
        max_size=40,
    ).map("".join),
    st.text(max_size=40),
)


@given(texts, texts, st.randoms())
@settings(max_examples=300, deadline=None)
@example("", "x", random.Random(0))
@example("a", "", random.Random(0))
@example("a a a a", "a a b a a", random.Random(0))
@example(" ", "\n", random.Random(0))
@example("\ud800x", "x\ud800", random.Random(0))
def test_all_edits_make_the_new_text_and_none_the_old(old: str, new: str, chance: random.Random) -> None:
    edits = rewrite_edits(old, new)
    assert applied(old, edits) == new
    assert applied(old, edits, ()) == old
    assert (edits == ()) == (old == new)
    assert not any(edit.explained or not edit.title for edit in edits)
    some = [n for n in range(len(edits)) if chance.random() < 0.5]
    left = [n for n in range(len(edits)) if n not in some]
    # What is left still leads from there to the new text, and what was taken is what was taken away from there.
    assert len(applied(old, edits, some)) - len(old) == sum(
        len(placed.text) - placed.end + placed.start for placed in place(old, edits) if placed.edit in some
    )
    assert len(applied(old, edits, left)) + len(applied(old, edits, some)) == len(old) + len(new)


@given(st.lists(st.sampled_from(["one ", "two ", "three ", "four\n", "five, "]), min_size=5, max_size=60), st.data())
@settings(max_examples=100, deadline=None)
def test_words_changed_in_two_sentences_are_two_edits(pieces: list[str], data: st.DataObject) -> None:
    """Where the text around is unlike itself, nothing is made one that need not be; within a sentence all is one."""
    ends = {n for n in range(len(pieces)) if n % 12 == 6 and data.draw(st.booleans())}
    old = [f"{n}{piece}" + ("End.\n" if n in ends else "") for n, piece in enumerate(pieces)]
    places = sorted(data.draw(st.sets(st.sampled_from(range(0, len(old), 12)), min_size=1)))
    new = [f"new{n} " if n in places else piece for n, piece in enumerate(old)]
    edits = rewrite_edits("".join(old), "".join(new))
    assert len(edits) == len({sum(end < n for end in ends) for n in places})


def test_edits_are_small_and_say_what_they_do() -> None:
    old = "Be concise. Read the text.\n\n- category: one word\n- text: one word\n\nNow the ticket. Thank you. Go on."
    new = "Use two sentences. Read the text.\n\n- category: one word\n- text: in English\n\nNow the ticket. Go on."
    edits = rewrite_edits(old, new)
    assert [(edit.op, edit.title) for edit in edits] == [
        (Op.REPLACE, "“Be concise” → “Use two sentences”"),
        (Op.REPLACE, "“one word” → “in English”"),
        (Op.DELETE, "− “Thank you.”"),
    ]
    assert edits[1].anchor == " one word\n\n"


def test_an_insertion_comes_after_what_stands_before_it() -> None:
    (edit,) = rewrite_edits("Answer with JSON. Be kind.", "Answer with JSON only. Be kind.")
    assert (edit.op, edit.anchor, edit.text) == (Op.INSERT_AFTER, " JSON", " only")


@pytest.mark.parametrize("kind", ["other words", "some words", "the same line again and again", "one word"])
def test_a_long_prompt_takes_no_time_to_speak_of(kind: str) -> None:
    chance = random.Random(1)
    vocabulary = [f"w{n}" for n in range(800)]
    old = " ".join(chance.choice(vocabulary) + chance.choice(["", ".", "\n"]) for _ in range(11_000))
    if kind == "other words":
        new = " ".join(chance.choice(vocabulary) for _ in range(11_000))
    elif kind == "some words":
        new = " ".join("new" if chance.random() < 0.05 else word for word in old.split(" "))
    elif kind == "one word":
        old, new = "a " * 25_000, "a " * 12_000 + "b " + "a " * 12_000
    else:
        old = "- always answer in the language of the ticket\n" * 1_100
        new = "".join(line + "\n" if chance.random() < 0.5 else line + " please\n" for line in old.splitlines())
    began = time.process_time()
    edits = rewrite_edits(old, new)
    took = time.process_time() - began
    assert applied(old, edits) == new
    assert took < 1.0, took
