"""Wilson's interval, against scipy and the figures of Newcombe's comparison."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from migrator_tui.parity.statistics.proportions import score_interval, wilson
from migrator_tui.parity.statistics.values import quantile

COUNTS = st.integers(1, 600).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_it_is_scipys(counts: tuple[int, int], confidence: float) -> None:
    passed, n = counts
    found = wilson(passed, n, confidence)
    expected = binomtest(passed, n).proportion_ci(confidence, method="wilson")
    assert found is not None
    assert found.estimate == passed / n
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= found.low <= found.estimate <= found.high <= 1


@pytest.mark.parametrize(
    ("passed", "n", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]
)
def test_it_is_as_published(passed: int, n: int, low: float, high: float) -> None:
    """R. G. Newcombe, Stat. Med. 17 (1998) 857-872, table I, method 3."""
    found = wilson(passed, n, 0.95)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_nothing_asked_is_unknown() -> None:
    assert wilson(0, 0, 0.95) is None


def test_all_and_none_reach_the_ends() -> None:
    assert score_interval(7, 7, 0.95).high == 1
    assert score_interval(0, 7, 0.95).low == 0


def test_the_quantile_is_the_two_sided_one() -> None:
    assert quantile(0.95) == pytest.approx(1.959964, abs=1e-6)
