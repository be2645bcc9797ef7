"""What is said of a choice: its word, its purpose against its price, and how far held-out cases can be trusted."""

from dataclasses import replace

import pytest
from textual.content import Content

from migrator_tui.adaptation.values import Ablation, Acceptance, Flips
from migrator_tui.tui.adaptation.acceptance_parts import flip_bar, matrix
from migrator_tui.tui.adaptation.acceptance_words import (
    chip_words,
    held_out_words,
    keeps_although,
    kept_words,
    looks_words,
    purpose_words,
    trust_words,
)
from migrator_tui.tui.adaptation.review_parts import worth, written_by
from migrator_tui.tui.adaptation.review_state import Choice, Review
from migrator_tui.tui.glyphs import ASCII, UNICODE
from tests.tui.adaptation.reviewing import BREAKS, SUGGESTION

NOTHING = Acceptance(Flips(still_failing=("a",)), Flips(kept=("b", "c")), Flips(), looks=0)


def test_the_word_is_the_worst_that_happens() -> None:
    assert chip_words(NOTHING, UNICODE) == ("~ CHANGES NOTHING", "warning")
    assert chip_words(NOTHING, UNICODE, minimal=True) == ("✓ BREAKS NOTHING", "success")
    assert chip_words(replace(NOTHING, aimed_at=Flips(fixed=("a",))), UNICODE) == ("✓ FIXES 1", "success")
    assert chip_words(replace(NOTHING, passed=Flips(open=("b",))), UNICODE) == ("○ CANNOT TELL", "primary")
    assert chip_words(replace(NOTHING, held_out=Flips(broken=("h",))), UNICODE) == ("! BREAKS 1", "warning")
    critical = replace(BREAKS, critical_broken=("c2",))
    assert chip_words(critical, UNICODE) == ("✗ BREAKS c2◆", "error")
    stopped = replace(NOTHING, aimed_at=Flips(fixed=("a",)), stopped_because="stopped")
    assert chip_words(stopped, UNICODE) == ("! NOT TO THE END", "warning")
    assert chip_words(critical, ASCII)[0].isascii()


def test_stripping_is_told_by_what_it_does_not_break() -> None:
    cut = replace(SUGGESTION, minimal=True)
    review = Review(SUGGESTION, "", {}, None, "v1", choices=[Choice.TAKEN] * 2 + [Choice.OPEN], acceptance=BREAKS)
    assert kept_words(review, "v2") == "2 edits kept as v2, 3 fixed"
    assert kept_words(replace(review, suggestion=cut), "v2") == "2 removals kept as v2, 1 broken"
    assert (
        kept_words(replace(review, suggestion=cut, acceptance=NOTHING), "v2")
        == "2 removals kept as v2, nothing broken"
    )
    assert "by 6 cases: what can go" in written_by(replace(review, suggestion=cut))


def test_purpose_stands_against_price() -> None:
    assert purpose_words(BREAKS) == "fixes 1 of the 2 it was written for, breaks 1 of 4 that passed"
    assert purpose_words(NOTHING, minimal=True) == "less to read, 0 fixed of 1 that failed, breaks 0 of 2 that passed"


@pytest.mark.parametrize(
    ("fixed", "broken", "words"),
    [
        (0, 0, "nothing flips"),
        (5, 0, "too few to prove a small gain"),
        (6, 0, "surely better"),
        (0, 6, "surely worse"),
    ],
)
def test_held_out_cases_prove_as_much_as_they_can(fixed: int, broken: int, words: str) -> None:
    """Six of six in one direction has a two-sided p of 1/32, five of five of 1/16."""
    held = Flips(
        fixed=tuple(f"f{n}" for n in range(fixed)), broken=tuple(f"b{n}" for n in range(broken)), kept=("k",)
    )
    assert trust_words(held) == words


def test_looks_at_held_out_cases_are_counted_from_the_second_on() -> None:
    assert looks_words(replace(BREAKS, looks=1)) == ""
    assert looks_words(replace(BREAKS, looks=2)) == "asked once before"
    assert looks_words(BREAKS) == "asked 3 times before"
    assert "too few of them" in held_out_words(NOTHING)


def test_what_is_overridden_is_said_once_each() -> None:
    assert keeps_although(NOTHING) == []
    broken = replace(BREAKS, critical_broken=("c2",), others=Flips(broken=("x",)), held_out=Flips(broken=("h",)))
    assert keeps_although(broken) == [
        "It breaks c2, which is critical.",
        "It breaks 1 other case that passed.",
        "It breaks 1 held-out case.",
    ]


@pytest.mark.parametrize("width", [160, 116, 76, 40])
def test_the_matrix_keeps_its_rows_apart_and_its_width(width: int) -> None:
    lines = matrix(BREAKS, width, UNICODE).split("\n")
    assert len(lines) == 5 and all(line.cell_length <= width for line in lines)
    if width >= 76:
        held_out = lines[-1].plain.split()
        assert held_out[:5] == ["held", "out", "60", "2", "·"] and held_out[5:7] == ["11", "47"]


@pytest.mark.parametrize("cells", [12, 40, 97])
def test_a_bar_fills_its_cells_and_shows_the_smallest_part(cells: int) -> None:
    for flips in (BREAKS.held_out, BREAKS.aimed_at, BREAKS.passed, Flips(fixed=("a", "b", "c"), broken=("d",))):
        bar: Content = flip_bar(flips, cells, UNICODE)
        assert bar.cell_length == cells
        assert ("━" in bar.plain) == bool(flips.fixed or flips.broken)


def test_an_edit_earns_its_place_by_what_fails_without_it_and_a_removal_by_what_does_not_fail() -> None:
    idle, needed, harmful = Ablation(0, (), ()), Ablation(0, ("a",), ()), Ablation(0, (), ("b",))
    assert [words for words, *_ in worth(idle, UNICODE)] == ["~ nothing fails without it"]
    assert [words for words, *_ in worth(idle, UNICODE, minimal=True)] == ["✓ nothing fails with it"]
    assert [words for words, *_ in worth(needed, UNICODE)] == ["✓ needed for 1 case"]
    assert worth(harmful, UNICODE)[-1] == ("! 1 case passes only without it", "warning", ("b",))
    assert [words for words, *_ in worth(harmful, UNICODE, minimal=True)] == ["! 1 case passes only without it"]
