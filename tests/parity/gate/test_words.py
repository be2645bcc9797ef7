"""Numbers in the gate's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.parity.gate.words import about, change, counted, listed, number, seconds, settling, signed, the


@given(st.floats(-1, 1), st.floats(-1, 1).map(lambda value: round(value, 3)))
def test_rounding_never_crosses_a_limit(value: float, limit: float) -> None:
    shown = float(signed(value, limit).replace("−", "-"))
    allowed = round(limit * 100, 1)
    if abs(value - limit) > 1e-6:
        assert (shown < allowed) == (value < limit)


@pytest.mark.parametrize(
    ("value", "text"), [(-0.101, "−10.1"), (0.01, "+1.0"), (0.0, "0.0"), (-0.0001, "0.0"), (0.00049, "0.0")]
)
def test_signs(value: float, text: str) -> None:
    assert signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.0302, "3.02"), (-0.0298, "2.98"), (-0.03, "3.0"), (-0.049, "4.9"), (-0.0300004, "3.00004")],
)
def test_digits_are_added_near_the_limit(value: float, text: str) -> None:
    assert number(value, -0.03) == text


def test_changes_and_times() -> None:
    assert change(-0.12, None, "less", "more") == "12 % less"
    assert change(0.004, None, "less", "more") == "the same"
    assert (seconds(3810), seconds(840), seconds(840, 4000)) == ("3.81 s", "840 ms", "0.84 s")


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "about 1"), (9, "about 9"), (12, "about 15"), (66, "about 70"), (310, "about 350"), (2166, "about 2,200")],
)
def test_about_rounds_up(count: int, text: str) -> None:
    assert about(count) == text


@given(st.integers(1, 10_000))
def test_about_never_promises_less(count: int) -> None:
    assert int(about(count).removeprefix("about ").replace(",", "")) >= count


def test_counts_and_lists() -> None:
    assert (counted(1, "case"), counted(0, "case"), counted(12, "case")) == ("1 case", "0 cases", "12 cases")
    assert (the(1, "open case"), the(3, "open case")) == ("the open case", "the 3 open cases")
    assert listed(["a", "b"]) == "a, b"


def test_one_more_case_is_one() -> None:
    assert settling(1, to_ready=True, only_this=True) == "about 1 more case like these would settle it as ready"
    assert settling(2, to_ready=False, only_this=True) == "about 2 more cases like these would settle it as not ready"
