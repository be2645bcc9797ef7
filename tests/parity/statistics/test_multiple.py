"""Many tests at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from migrator_tui.parity.statistics.multiple import benjamini_hochberg

PS = st.lists(st.floats(0, 1), max_size=30)


@given(PS)
def test_it_is_scipys(ps: list[float]) -> None:
    expected = list(false_discovery_control(ps)) if ps else []
    assert benjamini_hochberg(ps) == pytest.approx(expected)


@given(PS)
def test_it_keeps_the_order_and_never_makes_smaller(ps: list[float]) -> None:
    found = benjamini_hochberg(ps)
    assert all(p <= adjusted <= 1 for p, adjusted in zip(ps, found, strict=True))
    assert [found[place] for place in sorted(range(len(ps)), key=ps.__getitem__)] == sorted(found)


def test_the_papers_example() -> None:
    """Benjamini and Hochberg (1995), section 3.2: at 5 % the first four of fifteen are findings."""
    ps = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
        0.7590, 1.0000,
    ]  # fmt: skip
    assert sum(adjusted <= 0.05 for adjusted in benjamini_hochberg(ps)) == 4
