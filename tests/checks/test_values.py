"""Numbers in reasons never contradict what they are the reason for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.checks.values import beside


@pytest.mark.parametrize(
    ("number", "limit", "digits", "told"),
    [
        (0.5, 0.75, 2, "0.50"),
        (0.7496, 0.75, 2, "0.7496"),
        (0.7504, 0.75, 2, "0.7504"),
        (0.75, 0.75, 2, "0.75"),
        (1000.4, 1000, 0, "1,000.4"),
        (1999.0, 1000, 0, "1,999"),
    ],
)
def test_a_number_stays_on_its_side_of_a_limit(number: float, limit: float, digits: int, told: str) -> None:
    assert beside(number, limit, digits) == told


@given(st.floats(0, 1), st.sampled_from([0.5, 0.75, 0.8, 1.0]))
def test_what_is_told_is_on_the_same_side(number: float, limit: float) -> None:
    if abs(number - limit) > 1e-5:
        assert (float(beside(number, limit)) < limit) == (number < limit)
