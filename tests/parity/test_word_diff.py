"""The word diff loses nothing, reads well, and stays quick on texts of any size."""

import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.parity import word_diff as module
from migrator_tui.parity.word_diff import Span, similarity, word_diff

WORDS = st.lists(st.sampled_from(["a", "be", " ", "  ", "\n", ",", '"', "refund", "é", "日本"]), max_size=60).map(
    "".join
)
TEXTS = st.text(max_size=200) | WORDS


def check_nothing_is_lost(old: str, new: str) -> list[Span]:
    spans = word_diff(old, new)
    assert "".join(span.text for span in spans if span.kind != "added") == old
    assert "".join(span.text for span in spans if span.kind != "removed") == new
    assert all(span.text for span in spans)
    assert all(a.kind != b.kind for a, b in itertools.pairwise(spans))
    return spans


@given(TEXTS, TEXTS)
def test_nothing_is_lost(old: str, new: str) -> None:
    check_nothing_is_lost(old, new)


@given(st.lists(st.sampled_from("abcdefgh"), max_size=120), st.lists(st.sampled_from("abcdefgh"), max_size=120))
def test_nothing_is_lost_where_texts_are_aligned_by_anchors(old: list[str], new: list[str]) -> None:
    cells, most = module.CELLS, module._MOST_CELLS
    module.CELLS, module._MOST_CELLS = 20, 400
    try:
        check_nothing_is_lost(" ".join(old), "\n".join(new))
    finally:
        module.CELLS, module._MOST_CELLS = cells, most


@given(TEXTS)
def test_equal_texts_have_no_change(text: str) -> None:
    assert word_diff(text, text) == ([Span("same", text)] if text else [])
    assert similarity(text, text) == 1


@given(TEXTS, TEXTS)
def test_similarity_is_a_share_and_has_no_direction(a: str, b: str) -> None:
    assert 0 <= similarity(a, b) <= 1
    assert abs(similarity(a, b) - similarity(b, a)) < 1e-9


def test_a_changed_word_stands_by_itself() -> None:
    assert word_diff('{"priority": "high"}', '{"priority": "low"}') == [
        Span("same", '{"priority": "'),
        Span("removed", "high"),
        Span("added", "low"),
        Span("same", '"}'),
    ]


def test_changed_white_space_is_a_change() -> None:
    assert word_diff("one two\n", " one  two") == [
        Span("added", " "),
        Span("same", "one"),
        Span("removed", " "),
        Span("added", "  "),
        Span("same", "two"),
        Span("removed", "\n"),
    ]


def test_short_equal_runs_are_folded_and_long_ones_are_not() -> None:
    spans = word_diff("charged twice for the order", "billed double for one parcel")
    assert [span.kind for span in spans] == ["removed", "added"]
    kept = "the customer writes that nobody answered"
    spans = word_diff(f"Hello there, {kept} on Monday", f"Dear madam or sir, {kept} last week")
    assert any(kept in span.text for span in spans if span.kind == "same")


def test_similarity_looks_at_words_not_at_white_space() -> None:
    assert similarity('{"a": 1}', '{\n  "a":   1\n}') == 1
    assert similarity("I cannot help with that", "Refund the order today") == 0
    assert 0.6 < similarity("refund the order today please", "refund the order tomorrow please") < 0.9
    assert similarity("", "") == 1
    assert similarity("", "x") == 0


def test_a_megabyte_is_bounded() -> None:
    words = [f"w{n % 977}" for n in range(170_000)]
    changed = [f"x{n}" if n % 10 == 0 else word for n, word in enumerate(words)]
    begun = time.perf_counter()
    check_nothing_is_lost(" ".join(words), " ".join(changed))
    check_nothing_is_lost("a b " * 250_000, "b a c " * 170_000)
    check_nothing_is_lost("x" * 1_000_000, "x" * 999_999 + "y")
    assert time.perf_counter() - begun < 20
