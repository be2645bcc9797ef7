"""Agreement beyond chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.parity.statistics.kappa import cohens_kappa

COUNTS = st.tuples(*[st.integers(0, 100)] * 4)


@pytest.mark.parametrize(
    ("counts", "kappa"), [((20, 5, 10, 15), 0.4), ((45, 15, 25, 15), 0.1304), ((25, 35, 5, 35), 0.2593)]
)
def test_known_tables(counts: tuple[int, int, int, int], kappa: float) -> None:
    """The textbook's table, and two with the same raw agreement of 0.6 that differ in kappa."""
    assert cohens_kappa(*counts) == pytest.approx(kappa, abs=5e-5)


@given(COUNTS)
def test_it_is_the_definition(counts: tuple[int, int, int, int]) -> None:
    both, judge, human, neither = counts
    n = sum(counts)
    found = cohens_kappa(*counts)
    if found is None:
        assert n == 0 or both == n or neither == n
        return
    observed = (both + neither) / n
    expected = ((both + judge) * (both + human) + (neither + human) * (neither + judge)) / n**2
    assert found == pytest.approx((observed - expected) / (1 - expected))
    assert -1 <= found <= 1
    assert found == cohens_kappa(both, human, judge, neither)
    assert (found == 1) == (judge == human == 0)


def test_where_it_says_nothing() -> None:
    assert cohens_kappa(0, 0, 0, 0) is None
    assert cohens_kappa(30, 0, 0, 0) is None
    assert cohens_kappa(30, 0, 1, 0) == 0
