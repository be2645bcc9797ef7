"""Intervals on a line of cells: rounding never lets one touch a line that its numbers do not touch."""

from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.parity.statistics.values import Interval
from migrator_tui.tui.glyphs import ASCII, UNICODE
from migrator_tui.tui.widgets.interval_plot import (
    Scale,
    difference_scale,
    interval_line,
    legend_line,
    position_role,
    rate_scale,
    scale_line,
)

POINTS = Scale(-0.18, 0.06, 49, 0.03)
"""Half a point a cell: −3 in cell 30, 0 in cell 36."""


def interval(low: float, estimate: float, high: float) -> Interval:
    return Interval(estimate, low, high, 0.95)


def drawn(low: float, estimate: float, high: float, scale: Scale = POINTS, margin: float | None = -0.03) -> str:
    return interval_line(interval(low, estimate, high), scale, UNICODE, margin=margin, equal=0.0).plain


def covered(line: str) -> set[int]:
    """The cells that the interval takes."""
    return {at for at, sign in enumerate(line) if sign in "├─┼●┤←→"}


def test_left_of_the_margin() -> None:
    assert drawn(-0.153, -0.101, -0.049) == "     ├" + "─" * 10 + "●" + "─" * 9 + "┤   ┊     │            "


def test_across_both_lines() -> None:
    line = drawn(-0.05, -0.01, 0.03)
    assert line[30] == "┼" and line[36] == "┼" and line[26] == "├" and line[42] == "┤" and line[34] == "●"


def test_cut_off_at_both_ends() -> None:
    line = drawn(-0.4, -0.01, 0.5)
    assert line[0] == "←" and line[-1] == "→" and set(line[1:-1]) == {"─", "┼", "●"}


def test_out_of_sight() -> None:
    assert drawn(-0.9, -0.8, -0.7).startswith("← ")
    assert drawn(0.7, 0.8, 0.9).endswith(" →")


def test_narrower_than_a_cell_is_its_estimate() -> None:
    assert drawn(0.0299, 0.03, 0.0301).count("●") == 1
    assert covered(drawn(0.0299, 0.03, 0.0301)) == {42}


def test_only_the_lines_without_an_interval() -> None:
    line = interval_line(None, POINTS, UNICODE, margin=-0.03, equal=0.0).plain
    assert line.replace(" ", "") == "┊│" and len(line) == 49


def test_colour_follows_from_the_position() -> None:
    assert position_role(interval(-0.03, 0.0, 0.1), -0.03) == "success"
    assert position_role(interval(-0.031, 0.0, 0.1), -0.03) == "warning"
    assert position_role(interval(-0.2, -0.1, -0.03), -0.03) == "warning"
    assert position_role(interval(-0.2, -0.1, -0.031), -0.03) == "error"


def test_ascii_signs_only() -> None:
    line = interval_line(interval(-0.4, -0.01, 0.01), POINTS, ASCII, margin=-0.03, equal=0.0).plain
    words = legend_line(POINTS, ASCII, -0.03, "3 allowed").plain + scale_line(POINTS, ASCII, signed=True).plain
    assert (line + words).isascii()
    assert set(line) == {"<", "-", "+", "*", "]", " "}


def test_ticks_stand_under_their_cells() -> None:
    line = scale_line(POINTS, UNICODE, signed=True).plain
    assert line.split() == ["−18", "−15", "−12", "−9", "−6", "−3", "0", "+3", "+6"]
    assert line[36] == "0" and line[30] == "3" and line[29] == "−" and len(line) == 49


def test_legend_names_both_lines() -> None:
    assert legend_line(POINTS, UNICODE, -0.03, "3 allowed").plain == " " * 20 + "3 allowed ┊     │ equal      "


def test_legend_stands_where_there_is_room() -> None:
    assert legend_line(Scale(-0.04, 0.02, 61, 0.01), UNICODE, -0.03, "3 allowed").plain[:42] == (
        "3 allowed ┊".rjust(11) + " " * 29 + "│ "
    )
    near = legend_line(Scale(-0.035, 0.02, 56, 0.01), UNICODE, -0.03, "3 allowed").plain
    assert near[5:40] == "┊ 3 allowed" + " " * 19 + "│ equ"
    aside = legend_line(Scale(-0.04, 0.2, 80, 0.01), UNICODE, -0.03, "3 allowed").plain
    assert "│ equal   ┊ 3 allowed  " in aside and len(aside) == 80
    assert "allowed" not in legend_line(Scale(-0.04, 0.2, 24, 0.01), UNICODE, -0.03, "3 allowed").plain


values = st.integers(-1_000_000, 1_000_000).map(lambda millionths: millionths / 1_000_000)
"""What lies nearer than that to a line is taken to touch it, by the gate as well."""

intervals = st.lists(values, min_size=3, max_size=3).map(sorted).map(lambda v: interval(v[0], v[1], v[2]))
margins = st.sampled_from([-0.005, -0.01, -0.02, -0.03, -0.05, -0.1, -0.2])
widths = st.integers(20, 140)


@given(one=intervals, others=st.lists(intervals, max_size=6), margin=margins, cells=widths)
def test_rounding_tells_no_lie(one: Interval, others: list[Interval], margin: float, cells: int) -> None:
    scale = difference_scale([one], cells, margin=margin, others=others)
    empty = interval_line(None, scale, UNICODE, margin=margin, equal=0.0).plain
    limit, zero = empty.index("┊"), empty.index("│")
    assert limit < zero
    for each in (one, *others):
        line = interval_line(each, scale, UNICODE, margin=margin, equal=0.0).plain
        assert len(line) == cells
        taken = covered(line)
        assert taken and taken == set(range(min(taken), max(taken) + 1))
        assert (limit in taken) == (each.low <= margin <= each.high)
        if zero - limit > 1:  # two lines side by side leave no cell for what lies between them
            assert (zero in taken) == (each.low <= 0 <= each.high)
        if each.high < margin:
            assert max(taken) < limit
        if each.low > margin:
            assert min(taken) > limit
        assert line.count("●") <= 1


@given(one=intervals, margin=margins, cells=widths)
def test_whole_intervals_are_in_sight(one: Interval, margin: float, cells: int) -> None:
    scale = difference_scale([one], cells, margin=margin)
    line = interval_line(one, scale, UNICODE, margin=margin, equal=0.0).plain
    assert "←" not in line and "→" not in line and line.count("●") == 1


@given(
    passed=st.lists(st.floats(0, 1, allow_nan=False), min_size=3, max_size=3).map(sorted),
    cells=widths,
)
def test_rates_stay_between_nothing_and_all(passed: list[float], cells: int) -> None:
    one = interval(passed[0], passed[1], passed[2])
    scale = rate_scale([one], cells)
    assert -1e-9 <= scale.low <= one.low and one.high <= scale.high <= 1 + 1e-9
    line = interval_line(one, scale, UNICODE).plain
    assert "●" in line and len(line) == cells


@given(one=intervals, cells=widths)
def test_labels_never_run_together(one: Interval, cells: int) -> None:
    scale = difference_scale([one], cells, margin=-0.03)
    line = scale_line(scale, UNICODE, signed=True).plain
    assert len(line) == cells
    assert "0" in line.split()
    assert all(float(word.replace("−", "-")) <= 100 for word in line.split())
