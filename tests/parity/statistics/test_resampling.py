"""The bootstrap of ratios, against scipy and against resampling written out."""

import random
from time import process_time

import numpy as np
import pytest
from scipy.stats import bootstrap, norm, t

from migrator_tui.parity.statistics.resampling import FEWEST, Statistic, bootstrap_ratio
from migrator_tui.parity.statistics.values import Interval

STATISTICS: tuple[Statistic, ...] = ("mean", "median", "p95")


def pairs(n: int, seed: int = 1) -> tuple[list[float], list[float]]:
    draw = random.Random(seed)
    old = [draw.lognormvariate(0, 0.8) for _ in range(n)]
    return old, [value * draw.lognormvariate(0.2, 0.4) for value in old]


def ratio(n: int, statistic: Statistic, confidence: float = 0.95, **given: int) -> Interval:
    found = bootstrap_ratio(*pairs(n), statistic, confidence, **given)
    assert found is not None
    return found


def statistic_of(values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", statistic: Statistic) -> float:
    return float(
        values.mean() if statistic == "mean" else np.quantile(values, 0.5 if statistic == "median" else 0.95)
    )


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("n", [40, 600])
def test_it_is_resampling_of_pairs_written_out(statistic: Statistic, n: int) -> None:
    old, new = (np.array(side) for side in pairs(n))
    draw = np.random.default_rng(9)
    changes = []
    for _ in range(3000):
        taken = draw.integers(0, n, n)
        changes.append(statistic_of(new[taken], statistic) / statistic_of(old[taken], statistic) - 1)
    tail = norm.cdf(-((n / (n - 1)) ** 0.5) * t.ppf(0.975, n - 1))
    low, high = np.quantile(changes, (tail, 1 - tail))
    found = ratio(n, statistic, resamples=3000)
    assert found.estimate == pytest.approx(statistic_of(new, statistic) / statistic_of(old, statistic) - 1)
    # Both are samples of resamples: an end moves by some hundredths of the width.
    assert found.low == pytest.approx(low, abs=0.1 * (high - low))
    assert found.high == pytest.approx(high, abs=0.1 * (high - low))


def test_of_many_pairs_it_is_scipys() -> None:
    old, new = pairs(2000)
    expected = bootstrap(
        (np.array(old), np.array(new)),
        lambda before, after, axis: after.mean(axis=axis) / before.mean(axis=axis) - 1,
        paired=True,
        method="percentile",
        n_resamples=2000,
        rng=np.random.default_rng(3),
    ).confidence_interval
    found = ratio(2000, "mean")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.005)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_the_same_input_gives_the_same_interval(statistic: Statistic) -> None:
    assert ratio(50, statistic) == ratio(50, statistic)
    assert ratio(50, statistic) != ratio(50, statistic, seed=2)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_more_confidence_is_wider(statistic: Statistic) -> None:
    narrow, wide = ratio(80, statistic, 0.8), ratio(80, statistic, 0.99)
    assert wide.low < narrow.low <= narrow.estimate <= narrow.high < wide.high


@pytest.mark.parametrize("statistic", STATISTICS)
def test_what_all_cases_share_is_certain(statistic: Statistic) -> None:
    old = pairs(30)[0]
    found = bootstrap_ratio(old, [value * 1.25 for value in old], statistic, 0.95)
    assert found is not None
    assert (found.low, found.estimate, found.high) == pytest.approx((0.25, 0.25, 0.25))


@pytest.mark.parametrize("statistic", STATISTICS)
def test_the_unit_does_not_matter(statistic: Statistic) -> None:
    old, new = pairs(60)
    in_ms = bootstrap_ratio([1000 * v for v in old], [1000 * v for v in new], statistic, 0.95)
    found = ratio(60, statistic)
    assert in_ms is not None
    assert (in_ms.low, in_ms.high) == pytest.approx((found.low, found.high))


@pytest.mark.parametrize("statistic", STATISTICS)
def test_of_few_pairs_nothing_is_said(statistic: Statistic) -> None:
    few = FEWEST[statistic]
    assert bootstrap_ratio(*pairs(few - 1), statistic, 0.95) is None
    assert bootstrap_ratio(*pairs(few), statistic, 0.95) is not None
    assert bootstrap_ratio([], [], statistic, 0.95) is None


def test_nothing_has_no_multiple() -> None:
    free, dear = [0.0] * 30, [0.01] * 30
    assert bootstrap_ratio(free, dear, "mean", 0.95) is None
    assert bootstrap_ratio(free, free, "mean", 0.95) == Interval(0.0, 0.0, 0.0, 0.95)
    assert bootstrap_ratio(dear, free, "mean", 0.95) == Interval(-1.0, -1.0, -1.0, 0.95)


def test_sides_of_different_length_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="2 old values and 1 new ones are not pairs"):
        bootstrap_ratio([1.0, 2.0], [1.0], "mean", 0.95)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_ten_thousand_pairs_are_quick(statistic: Statistic) -> None:
    old, new = pairs(10_000)
    bootstrap_ratio(old[:100], new[:100], statistic, 0.95)
    began = process_time()
    found = bootstrap_ratio(old, new, statistic, 0.95)
    assert process_time() - began < 0.5
    assert found is not None
    assert found.high - found.low < 0.2
