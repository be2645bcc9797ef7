"""Parts of reports: the charts' places, what of long texts is folded, which cases are the worst."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from migrator_tui.parity.statistics.values import Interval
from migrator_tui.reports.case_texts import worst_cases
from migrator_tui.reports.html.charts import Mark, axis_for, axis_over, axis_row, interval_row, spread_rows
from migrator_tui.reports.html.diffs import COMPARED, one_text, side_by_side
from migrator_tui.reports.words import about, dollars, p_told, percent, points
from tests.reports.conftest import MakeShop
from tests.reports.shops import Row

MARKS = [Mark(-0.03, "margin", "3 allowed"), Mark(0.0, "zero", "equal")]


def places(chart: Markup, name: str) -> list[float]:
    """The values of an attribute in percent."""
    return [float(found) for found in re.findall(rf'\b{name}="([\d.]+)%"', chart)]


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9))
def test_an_axis_holds_its_values_and_its_ticks_are_round(values: list[float]) -> None:
    axis = axis_over(values)
    assert axis.low <= min(values) + 1e-9 and max(values) - 1e-9 <= axis.high
    assert 2 <= len(axis.ticks) <= 9
    assert all(0 <= axis.place(value) <= 100 for value in values)
    steps = {round(b - a, 9) for a, b in zip(axis.ticks, list(axis.ticks)[1:], strict=False)}
    assert len(steps) == 1


def test_an_interval_stands_where_its_numbers_are() -> None:
    one = Interval(-0.1, -0.15, -0.05, 0.95)
    axis = axis_for([one], MARKS)
    chart = interval_row(axis, one, "bad", MARKS, "x")
    assert places(chart, "cx") == [axis.place(-0.1)]
    assert axis.place(-0.15) in places(chart, "x1") and axis.place(-0.05) in places(chart, "x2")
    assert axis.place(-0.03) < axis.place(0.0) < 97, "zero has room for its name"
    assert "◂" not in chart and "▸" not in chart


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow() -> None:
    narrow, wide = Interval(0.0, -0.05, 0.05, 0.95), Interval(0.0, -0.9, 0.9, 0.95)
    axis = axis_for([narrow, wide], MARKS)
    chart = interval_row(axis, wide, "open", MARKS, "x")
    assert "◂" in chart and "▸" in chart
    assert axis.high < 0.5


@pytest.mark.parametrize("ends", [(-1.0, 0.2), (-0.8, 0.2), (0.2, 1.0)])
def test_where_there_is_little_room_every_other_number_is_left_and_zero_with_them(ends: tuple[float, float]) -> None:
    axis = axis_over(ends)
    texts = re.findall(
        r'<text( class="minor")? x="[\d.]+%" y="16">([^<]*)<', axis_row(axis, lambda tick: f"{tick:g}")
    )
    assert [name for _, name in texts] == [f"{tick:g}" for tick in axis.ticks]
    assert all(bool(one) != bool(other) for (one, _), (other, _) in pairwise(texts))
    assert all(not minor for minor, name in texts if name == "0")


def test_a_chart_says_in_words_what_it_shows_and_takes_no_markup() -> None:
    axis = axis_over([0, 1])
    chart = spread_rows(axis, (0, 0.1, 0.2, 0.3, 0.4, 0.5, 1), (), '"><script>')
    assert "<script" not in chart and 'role="img" aria-label="&#34;' in chart


@settings(max_examples=60)
@given(st.text(max_size=80), st.text(max_size=80))
def test_sides_are_the_texts_they_compare(old: str, new: str) -> None:
    from migrator_tui.reports.words import shown

    sides = side_by_side(old, new)
    for side, text in ((sides.old, old), (sides.new, new)):
        read = Markup(re.sub(r"</?(ins|del)>", "", side)).unescape()
        if not re.search(r"<(ins|del)>[\s·⏎⇥]+</", side):  # white space alone is shown by signs
            assert read == shown(text)


def test_long_texts_are_folded_and_it_is_said() -> None:
    same = "one two three " * 400
    sides = side_by_side(f"{same}old", f"{same}new {'x' * 20_000}")
    assert "equal characters …" in sides.old and "<del>old</del>" in sides.old
    assert f"the first {COMPARED:,} of the candidate's 25,604 characters" in sides.left_out
    assert len(sides.new) < COMPARED
    text, left_out = one_text("a " * 1_000, "a " * 1_000 + "b", 100)
    assert left_out.startswith("the first 100 of 2,001 characters") and "<ins>" not in text


def test_answers_without_anything_in_common_are_not_marked() -> None:
    sides = side_by_side('{"a": 1, "b": [2, 3]}', "I am sorry, but I cannot help with that at all.")
    assert sides.unlike and "<del>" not in sides.old and "<ins>" not in sides.new
    assert not side_by_side("", "new").unlike


def test_white_space_alone_is_seen() -> None:
    assert "<del>⏎\n⏎\n</del>" in side_by_side("a few words here\n\n", "a few words here").old


def test_the_worst_cases_are_critical_first_and_show_different_things(shop_of: MakeShop) -> None:
    fence, long = "```json\n{}\n```", "word " * 300
    rows = [Row(f"c{n}", old="{}", new="{}") for n in range(12)]
    for number, text in ((1, fence), (2, fence), (3, fence), (4, long), (5, fence)):
        rows[number] = Row(f"c{number}", old="{}", new=text, new_passed=False, critical=number == 5)
    rows[6] = Row("c6", old="{}", new=fence)
    rows[7] = Row("c7", old="{}", new="{}", error="429")
    card = shop_of(rows).report().candidates[0].card
    assert worst_cases(card, 12) == ["c5", "c1", "c4", "c2", "c3", "c6"]
    assert worst_cases(card, 2) == ["c5", "c1"]


def test_fixes_are_the_last_of_the_worst_cases_and_folded(shop_of: MakeShop) -> None:
    rows = [Row(f"c{n}", old="{}", new="```json\n{}\n```", old_passed=n > 1) for n in range(4)]
    shop = shop_of([*rows, Row("c4", old="{}", new="{}", old_passed=False)])
    assert worst_cases(shop.report().candidates[0].card, 12) == ["c2", "c3", "c0", "c1"]
    text = shop.text("html").split('id="c1-worst"')[1]
    places = [
        text.index(part) for part in ("nothing regressed", 'id="both-c1.c2"', "2 fixes, folded", 'id="both-c1.c0"')
    ]
    assert places == sorted(places)


def test_a_sentence_is_said_once_and_states_as_on_the_screen(shop_of: MakeShop) -> None:
    shop = shop_of([Row(f"c{n}", more=(True, True)) for n in range(30)])
    decision = shop.report().candidates[0].card.decision
    assert decision.settles and decision.next_step.startswith(decision.settles)
    for form in ("html", "markdown", "junit"):
        text = re.sub(r"(?s)<failure.*?>", "", shop.text(form))
        assert text.count(decision.settles) == 1, form
        assert "~ Not enough evidence" in re.sub("<[^>]*>", "", text) or form == "junit"
    assert "| ~ not enough evidence | pass rate |" in shop.text("markdown")
    # The baseline was asked once, the candidate three times.
    assert "30 cases, up to 3 runs each" in shop.text("markdown")
    card = shop.report().candidates[0].card
    even = [replace(case, baseline=replace(case.baseline, asked=3)) for case in card.cases]
    assert about(replace(card, cases=even)).startswith("30 cases, 3 runs each")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (points(-0.101), "−10.1"),
        (points(0.01), "+1.0"),
        (points(-0.0001), "0.0"),
        (points(None), "–"),
        (percent(0.91), "91.0 %"),
        (dollars(0.0041), "$0.0041"),
        (dollars(0.0000012), "$0.0000012"),
        (dollars(1234.5), "$1,234.50"),
        (dollars(0.00061), "$0.00061"),
        (dollars(0.0), "$0.00"),
        (dollars(None), "–"),
        (p_told(0.00001), "p\u00a0<\u00a00.0001"),
        (p_told(0.0135), "p\u00a0=\u00a00.0135"),
    ],
)
def test_numbers_read_well(told: str, expected: str) -> None:
    assert told == expected
