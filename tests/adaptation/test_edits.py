"""Edits: what some of them make, what is refused, and what a changed draft leaves of them."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator_tui.adaptation.edits import EditError, applied, hunk_lines, place, stale
from migrator_tui.adaptation.values import Edit, Op

PROMPT = "Sort the ticket.\n\n- category: one of a, b\n- summary: for a busy agent\n\nTicket:\n{{ ticket }}"


def replace(anchor: str, text: str) -> Edit:
    return Edit(Op.REPLACE, text, anchor)


def insert(anchor: str, text: str) -> Edit:
    return Edit(Op.INSERT_AFTER, text, anchor)


EDITS = [
    replace("for a busy agent", "in English, at most 25 words"),
    insert("Sort the ticket.", " Answer with JSON only."),
    Edit(Op.DELETE, "", "\n\nTicket:\n{{ ticket }}"),
    Edit(Op.APPEND, "No code fences."),
    insert("- category: one of a, b", ", c"),
]


def test_all_of_them_and_none() -> None:
    assert applied(PROMPT, EDITS, ()) == PROMPT
    assert applied(PROMPT, EDITS) == (
        "Sort the ticket. Answer with JSON only.\n\n- category: one of a, b, c\n"
        "- summary: in English, at most 25 words\nNo code fences."
    )


@pytest.mark.parametrize("base", ["", "one", "one\n", "one\r\n"])
def test_what_is_appended_begins_a_line(base: str) -> None:
    edits = [Edit(Op.APPEND, "two"), Edit(Op.APPEND, "three")]
    both = applied(base, edits)
    assert both.startswith(base) and both.split()[-2:] == ["two", "three"]
    assert applied(base, edits, [1]).splitlines()[-1] == "three" and "\n\n" not in both and both[0] != "\n"


def test_an_insertion_before_what_is_replaced_stands_whatever_their_order() -> None:
    edits = [replace("b", "B"), insert("a", "-")]
    assert applied("ab", edits) == applied("ab", edits[::-1]) == "a-B"


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([replace("summry: for a busy agent", "x")], "nowhere in the prompt; nearest is line 4, "),
        ([replace("t", "x")], 'edit 1: its anchor "t" occurs 9 times (lines 1, 3, 4, 6 and 1 more); take in'),
        ([insert("ticket.\n", "x"), replace("the ticket.", "x")], "the anchors of edits 1 and 2 overlap"),
        ([insert("Sort", "x"), insert("Sort", "y")], "the anchors of edits 1 and 2 overlap"),
        ([replace("Sort", "Sort")], "edit 1: its text is the same as its anchor"),
        ([replace("", "x")], "edit 1: replace needs an anchor"),
        ([insert("Sort", "")], "edit 1: insert_after needs a text"),
        ([Edit(Op.APPEND, "")], "edit 1: append needs a text"),
        ([Edit(Op.APPEND, "x", "Sort")], "edit 1: append takes no anchor"),
        ([Edit(Op.DELETE, "x", "Sort")], "edit 1: delete takes no text"),
        ([replace("\x1b]0;x\x07\n" * 999, "x")] * 9, "; and 4 more"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(edits: list[Edit], said: str) -> None:
    with pytest.raises(EditError) as refused:
        place(PROMPT, edits)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


def test_overlapping_places_of_an_anchor_count() -> None:
    with pytest.raises(EditError, match="occurs 2 times"):
        place("aaa", [replace("aa", "b")])


def test_a_mistake_in_an_edit_that_is_left_does_not_matter() -> None:
    assert applied("one", [replace("two", "2"), replace("one", "1")], [1]) == "1"


words = st.lists(st.sampled_from(["a", "b", "ab", " ", "\n", "{{ x }}", "é", "\r\n"]), max_size=12).map("".join)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text of distinct pieces, and edits that each have one of them as anchor."""
    pieces = [f"<{n}{draw(words)}>" for n in range(draw(st.integers(1, 7)))]
    edits = []
    for piece in draw(st.permutations(pieces)):
        op = draw(st.sampled_from([*Op, None]))
        if op is not None:
            text = "" if op is Op.DELETE else "+" + draw(words)
            edits.append(Edit(op, text, "" if op is Op.APPEND else piece))
    return "".join(pieces), edits


@given(edited(), st.data())
@settings(max_examples=60, deadline=None)
def test_every_choice_makes_one_text_in_whatever_order(case: tuple[str, list[Edit]], data: st.DataObject) -> None:
    base, edits = case
    taken = data.draw(st.lists(st.sampled_from(range(len(edits))), unique=True)) if edits else []
    text = applied(base, edits, taken)
    assert text == applied(base, edits, taken[::-1]) == applied(base, edits, set(taken))
    assert applied(base, edits, ()) == base
    assert text == applied(base, [edits[n] for n in sorted(taken)])
    # One after the other, those that insert first since they need their anchors, comes to the same.
    step = base
    ordered = sorted(taken, key=lambda n: (edits[n].op is not Op.INSERT_AFTER, edits[n].op is Op.APPEND, n))
    for n in ordered:
        step = applied(step, [edits[n]])
    assert step == text
    assert stale(base, edits) == {}
    moved = data.draw(st.permutations([edit for edit in edits if edit.op is not Op.APPEND]))
    assert applied(base, moved) == applied(base, [edit for edit in edits if edit.op is not Op.APPEND])


@given(edited(), st.data())
@settings(max_examples=60, deadline=None)
def test_what_a_changed_draft_leaves_can_be_placed(case: tuple[str, list[Edit]], data: st.DataObject) -> None:
    base, edits = case
    at, end = sorted(data.draw(st.tuples(st.integers(0, len(base)), st.integers(0, len(base)))))
    draft = base[:at] + data.draw(words) + base[end:]
    gone = stale(draft, edits)
    left = [n for n in range(len(edits)) if n not in gone]
    applied(draft, edits, left)
    for number, why in gone.items():
        assert why and draft.count(edits[number].anchor) != 1


def test_a_draft_that_pushes_two_anchors_together_keeps_the_first() -> None:
    edits = [replace("one two", "1"), replace("two three", "2")]
    assert applied("one two, two three", edits) == "1, 2"
    assert stale("one two three", edits) == {1: "its anchor and that of edit 1 overlap now"}


def test_lines_of_an_edit_are_shown_among_what_the_others_make() -> None:
    lines = hunk_lines(PROMPT, EDITS, {1, 4}, 0, context=1)
    assert [(line.sign, line.number, line.text) for line in lines] == [
        ("", 3, "- category: one of a, b, c"),
        ("-", 4, "- summary: for a busy agent"),
        ("+", 4, "- summary: in English, at most 25 words"),
        ("", 5, ""),
    ]
    removed, added = lines[1], lines[2]
    assert [removed.text[start:end] for start, end in removed.changed] == ["for a busy agent"]
    assert [added.text[start:end] for start, end in added.changed] == ["in English, at most 25 words"]


def test_lines_of_an_insertion_remove_none() -> None:
    edit = insert("- category: one of a, b", "\n- priority: high or low\n- language: two letters")
    lines = hunk_lines(PROMPT, [edit], (), 0)
    assert [(line.sign, line.number) for line in lines if line.sign] == [("+", 4), ("+", 5)]
    assert [line.number for line in lines if not line.sign] == [1, 2, 3, 6, 7, 8]
    assert all(line.changed == () for line in lines)


@given(edited(), st.data())
@settings(max_examples=40, deadline=None)
def test_lines_of_an_edit_are_those_of_the_texts(case: tuple[str, list[Edit]], data: st.DataObject) -> None:
    base, edits = case
    for number in range(len(edits)):
        taken = {n for n in range(len(edits)) if data.draw(st.booleans())}
        lines = hunk_lines(base, edits, taken, number)
        before = applied(base, edits, taken - {number}).split("\n")
        after = applied(base, edits, taken | {number}).split("\n")
        for line in lines:
            assert line.text == (before if line.sign == "-" else after)[line.number - 1]
        changed = [line for line in lines if line.sign == "+"]
        kept = len(after) - len(changed)
        assert kept == len(before) - sum(line.sign == "-" for line in lines)
        for mine, other in itertools.product(lines, repeat=2):
            if mine.sign == other.sign == "+" and mine.number < other.number:
                assert lines.index(mine) < lines.index(other)
