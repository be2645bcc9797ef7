"""How many more cases would decide, and what the open ones could do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator_tui.parity.statistics.paired import paired_difference
from migrator_tui.parity.statistics.samples import MOST_FURTHER, further_cases, worst_case_low
from migrator_tui.parity.statistics.values import PairedTable

TABLES = st.builds(PairedTable, *[st.integers(0, 120)] * 4)


@settings(max_examples=60)
@given(TABLES, st.sampled_from([0.0, 0.03, 0.1]))
def test_it_is_nothing_exactly_where_the_interval_decides(table: PairedTable, margin: float) -> None:
    found = further_cases(table, margin=margin, confidence=0.95)
    interval = paired_difference(table, 0.95)
    decided = interval is not None and (interval.low >= -margin or interval.high < -margin)
    assert (found == 0) == decided
    assert found is None or 0 <= found <= MOST_FURTHER


def test_equal_models_need_what_their_discordance_asks_for() -> None:
    """With nothing but agreement in 20 cases, the smoothing supposes one discordant case in 21."""
    found = further_cases(PairedTable(20, 0, 0, 0), margin=0.03, confidence=0.95)
    assert found is not None
    # By the plain formula z²·discordant/margin²; the score interval, which supposes the margin true, asks for more.
    planned = 1.96**2 * (1 / 21) / 0.03**2 - 20
    assert planned < found < 1.5 * planned
    # Rosier, and wrong, would be what zero discordant cases need.
    assert found > 1.96**2 / 0.03 - 20


def test_so_many_more_like_these_decide() -> None:
    seen = PairedTable(90, 4, 4, 2)
    more = further_cases(seen, margin=0.03, confidence=0.95)
    assert more is not None
    times = 1 + more / seen.n
    grown = PairedTable(*(round(count * times) for count in (90, 4.5, 4.5, 1)))
    interval = paired_difference(grown, 0.95)
    assert interval is not None
    assert interval.low == pytest.approx(-0.03, abs=0.002)


def test_a_wider_margin_needs_fewer() -> None:
    table = PairedTable(40, 2, 1, 3)
    needed = [further_cases(table, margin=margin, confidence=0.95) for margin in (0.06, 0.08, 0.1)]
    assert all(number is not None for number in needed)
    assert needed == sorted(needed, key=lambda number: -(number or 0))
    assert len(set(needed)) == 3


def test_less_confidence_needs_fewer() -> None:
    table = PairedTable(90, 2, 2, 6)
    sure, surer = (further_cases(table, margin=0.03, confidence=confidence) for confidence in (0.9, 0.99))
    assert sure is not None
    assert surer is not None
    assert sure < surer


def test_a_clearly_worse_candidate_can_be_settled_too() -> None:
    found = further_cases(PairedTable(34, 6, 0, 0), margin=0.05, confidence=0.95)
    assert found is not None
    assert 0 < found < 100


def test_near_the_margin_no_number_is_named() -> None:
    assert further_cases(PairedTable(91, 4, 1, 4), margin=0.03, confidence=0.95) is None
    assert further_cases(PairedTable(0, 0, 0, 0), margin=0.03, confidence=0.95) is None


def test_open_cases_are_counted_as_regressions() -> None:
    table = PairedTable(396, 2, 2, 0)
    expected = paired_difference(PairedTable(396, 5, 2, 0), 0.95)
    assert expected is not None
    assert worst_case_low(table, 3, 0.95) == expected.low
    assert worst_case_low(PairedTable(0, 0, 0, 0), 0, 0.95) is None


@given(TABLES.filter(lambda table: table.n > 0), st.integers(0, 50))
def test_another_open_case_never_helps(table: PairedTable, open_cases: int) -> None:
    low, lower = (worst_case_low(table, count, 0.95) for count in (open_cases, open_cases + 1))
    assert low is not None
    assert lower is not None
    assert lower <= low
