"""Counts add up, and what is unknown is never 0."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.summary import percentile, summarise, total_cost
from tests.parity.builders import output

OUTCOMES = st.dictionaries(st.text(max_size=3), st.sampled_from(Outcome), max_size=20)


@given(OUTCOMES)
def test_counts_add_up_to_the_cases(outcomes: dict[str, Outcome]) -> None:
    found = summarise(outcomes, [])
    assert found.passed + found.failed + found.errors + found.unjudged == found.cases == len(outcomes)
    assert (found.pass_rate is None) == (found.passed + found.failed == 0)
    assert found.assumed <= found.passed


def test_the_numbers_of_a_model() -> None:
    kinds = [*Outcome, Outcome.PASS]
    outcomes = {str(no): kind for no, kind in enumerate(kinds)}
    outputs = [output(no, latency_ms=float(no), cost=0.5) for no in range(1, 101)]
    outputs.append(output(101, latency_ms=9999.0, error_kind="timed-out"))
    found = summarise(outcomes, outputs)
    assert (found.passed, found.failed, found.errors, found.unjudged, found.assumed) == (3, 2, 1, 2, 1)
    assert found.pass_rate == pytest.approx(0.6)
    assert found.cost == pytest.approx(50)
    assert found.latency_p50_ms == pytest.approx(50.5)
    assert found.latency_p95_ms == pytest.approx(95.05)


def test_an_unknown_cost_makes_the_sum_unknown() -> None:
    assert total_cost([]) is None
    assert total_cost([output(1, cost=0.1), output(2)]) is None
    assert total_cost([output(1, cost=0.1), output(2, error_kind="server")]) == pytest.approx(0.1)
    assert total_cost([output(1, error_kind="server")]) is None
    assert total_cost([output(1, cost=0.0)]) == 0


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=50))
def test_percentiles_are_those_of_the_standard_library(numbers: list[float]) -> None:
    ordered = sorted(numbers)
    cuts = statistics.quantiles(ordered, n=20, method="inclusive")
    assert percentile(ordered, 0.5) == pytest.approx(statistics.median(ordered))
    assert percentile(ordered, 0.95) == pytest.approx(cuts[18])
    assert percentile([], 0.5) is None
