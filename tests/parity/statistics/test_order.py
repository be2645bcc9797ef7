"""Percentiles by ranks, whatever the distribution."""

from math import inf, isfinite

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, quantile_test

from migrator_tui.parity.statistics.order import percentile_interval

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=120, unique=True)


@given(VALUES, st.sampled_from([0.5, 0.9, 0.95]), st.sampled_from([0.9, 0.95]))
def test_the_interval_is_scipys(values: list[float], share: float, confidence: float) -> None:
    found = percentile_interval(values, share, confidence)
    assert found is not None
    expected = quantile_test(values, q=0, p=share).confidence_interval(confidence)
    if not np.isnan(expected.low):
        assert found.low == min(expected.low, found.estimate)
    if not np.isnan(expected.high):
        assert found.high == max(expected.high, found.estimate)
    assert (found.low == -inf) == bool(np.isnan(expected.low))
    assert (found.high == inf) == bool(np.isnan(expected.high))


def test_from_seventy_two_values_on_p95_has_an_upper_end() -> None:
    for n, known in ((71, False), (72, True)):
        found = percentile_interval([float(value) for value in range(n)], 0.95, 0.95)
        assert found is not None
        assert isfinite(found.high) == known == (0.95**n <= 0.025)


@given(VALUES, st.sampled_from([0.5, 0.95]))
def test_the_order_of_the_values_does_not_matter(values: list[float], share: float) -> None:
    found = percentile_interval(values, share, 0.95)
    assert found == percentile_interval(sorted(values), share, 0.95)
    assert found is not None
    assert found.low <= found.estimate <= found.high


def test_each_end_misses_no_more_often_than_stated() -> None:
    for n in (80, 200):
        found = percentile_interval([float(rank) for rank in range(1, n + 1)], 0.95, 0.95)
        assert found is not None
        below_low = binom.cdf(found.low - 1, n, 0.95)
        at_high = binom.sf(found.high - 1, n, 0.95)
        assert below_low <= 0.025
        assert at_high <= 0.025
        # One rank nearer would be too near.
        assert binom.cdf(found.low, n, 0.95) > 0.025
        assert binom.sf(found.high - 2, n, 0.95) > 0.025


def test_without_values_there_is_none() -> None:
    assert percentile_interval([], 0.95, 0.95) is None
