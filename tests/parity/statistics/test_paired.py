"""The paired table: exact McNemar, and the interval of the difference."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar
from scipy.special import xlogy
from scipy.stats import binomtest

from migrator_tui.parity.statistics.paired import CORRECTION, bounds, mcnemar_exact, paired_difference
from migrator_tui.parity.statistics.values import Interval, PairedTable, quantile

TABLES = st.builds(PairedTable, *[st.integers(0, 300)] * 4).filter(lambda table: table.n > 0)
CONFIDENCES = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def difference(table: PairedTable, confidence: float = 0.95) -> Interval:
    found = paired_difference(table, confidence)
    assert found is not None
    return found


# McNemar


@pytest.mark.parametrize(("table", "p"), [((415, 20, 40, 66), 0.0135), ((433, 21, 42, 45), 0.0111)])
def test_two_models_on_a_public_benchmark(table: tuple[int, int, int, int], p: float) -> None:
    assert sum(table) == 541
    assert mcnemar_exact(PairedTable(*table)) == pytest.approx(p, abs=5e-5)


@given(TABLES)
def test_mcnemar_is_the_sign_test_of_scipy(table: PairedTable) -> None:
    discordant = table.regressions + table.fixes
    expected = binomtest(table.regressions, discordant, 0.5).pvalue if discordant else 1.0
    assert mcnemar_exact(table) == pytest.approx(expected, rel=1e-9)


def test_fewer_than_six_discordant_cases_are_never_significant() -> None:
    assert mcnemar_exact(PairedTable(95, 5, 0, 0)) == pytest.approx(0.0625)
    assert mcnemar_exact(PairedTable(94, 6, 0, 0)) == pytest.approx(0.03125)


def test_thousands_of_discordant_cases_neither_overflow_nor_take_long() -> None:
    assert mcnemar_exact(PairedTable(0, 5000, 5000, 0)) == 1.0
    assert mcnemar_exact(PairedTable(0, 9000, 1000, 0)) == pytest.approx(0.0, abs=1e-300)


# The interval


def supposed_score(supposed: float, regressions: int, fixes: int, n: int) -> float:
    """The score statistic, its nuisance rate found by searching the likelihood instead of by the formula."""

    def unlikelihood(regressing: float) -> float:
        fixing = regressing + supposed
        return -float(
            xlogy(regressions, regressing)
            + xlogy(fixes, fixing)
            + xlogy(n - regressions - fixes, 1 - regressing - fixing)
        )

    least, most = max(0.0, -supposed), (1 - supposed) / 2
    best = minimize_scalar(unlikelihood, bounds=(least, most), method="bounded", options={"xatol": 1e-13}).x
    return (fixes - regressions - n * supposed) / sqrt(n * (2 * best + supposed - supposed**2))


@pytest.mark.parametrize(
    ("regressions", "fixes", "n"), [(7, 1, 21), (23, 4, 188), (20, 40, 541), (3, 3, 50), (1, 12, 400), (6, 2, 20)]
)
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_the_ends_are_where_the_score_test_turns(regressions: int, fixes: int, n: int, confidence: float) -> None:
    z = quantile(confidence)
    middle = (fixes - regressions) / n
    low = brentq(lambda d: supposed_score(d, regressions, fixes, n) - z, -0.999, middle)
    high = brentq(lambda d: supposed_score(d, regressions, fixes, n) + z, middle, 0.999)
    assert bounds(regressions, fixes, n, z, correction=0) == pytest.approx((low, high), abs=1e-5)


def test_without_correction_it_is_as_published() -> None:
    """M. W. Fagerland, S. Lydersen and P. Laake, Stat. Med. 33 (2014) 2850-2875: airways before and after."""
    assert bounds(7, 1, 21, quantile(0.95), correction=0) == pytest.approx((-0.517, -0.026), abs=5e-4)


@given(TABLES, CONFIDENCES)
def test_half_a_case_is_taken_from_the_observed_difference(table: PairedTable, confidence: float) -> None:
    """At the lower end the statistic, computed from the observed difference less half a case, is just z."""
    found = difference(table, confidence)
    own = bounds(table.regressions, table.fixes, table.n, quantile(confidence), correction=0)
    assert found.low <= own[0] <= own[1] <= found.high
    assert own[0] - found.low <= 2 * CORRECTION / table.n + 1e-9 or found.low < -0.5


@given(TABLES, CONFIDENCES)
def test_the_interval_holds_the_estimate_and_stays_in_range(table: PairedTable, confidence: float) -> None:
    found = difference(table, confidence)
    assert found.estimate == table.difference
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    assert found.high - found.low > 0


@given(TABLES, CONFIDENCES)
def test_old_and_new_changed_over_turn_it_round(table: PairedTable, confidence: float) -> None:
    found = difference(table, confidence)
    turned = difference(PairedTable(table.both_pass, table.fixes, table.regressions, table.both_fail), confidence)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-12)


@given(TABLES)
def test_more_confidence_is_a_wider_interval(table: PairedTable) -> None:
    narrow, wide = difference(table, 0.9), difference(table, 0.99)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@given(TABLES, CONFIDENCES)
def test_what_passes_on_both_sides_or_fails_on_both_says_the_same(table: PairedTable, confidence: float) -> None:
    moved = PairedTable(table.both_pass + table.both_fail, table.regressions, table.fixes, 0)
    assert difference(moved, confidence) == difference(table, confidence)


@given(TABLES.filter(lambda table: table.both_pass > 0), CONFIDENCES)
def test_a_regression_more_moves_both_ends_down(table: PairedTable, confidence: float) -> None:
    worse = PairedTable(table.both_pass - 1, table.regressions + 1, table.fixes, table.both_fail)
    before, after = difference(table, confidence), difference(worse, confidence)
    assert after.low < before.low or after.low == -1
    assert after.high < before.high or after.high == 1


@pytest.mark.parametrize("n", [1, 20, 50, 200, 400])
def test_no_discordant_case_is_no_certainty(n: int) -> None:
    found = difference(PairedTable(n, 0, 0, 0))
    assert found.low == -found.high
    # With no regression among n, a rate up to 1 − 0.025^(1/n) is not excluded.
    assert found.high >= 1 - 0.025 ** (1 / n) - 0.05 / n


def test_nothing_judged_is_unknown() -> None:
    nothing = PairedTable(0, 0, 0, 0)
    assert paired_difference(nothing, 0.95) is None
    assert (nothing.n, nothing.old_rate, nothing.new_rate, nothing.difference) == (0, None, None, None)
    assert mcnemar_exact(nothing) == 1.0


def test_the_rates_of_a_table() -> None:
    table = PairedTable(148, 23, 4, 13)
    assert (table.old_rate, table.new_rate) == (171 / 188, 152 / 188)
    assert table.difference == pytest.approx(-0.101, abs=5e-4)
