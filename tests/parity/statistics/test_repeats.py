"""Repeats: the case is the cluster, and a model's disagreement with itself is the noise."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.parity.statistics.paired import paired_difference
from migrator_tui.parity.statistics.proportions import wilson
from migrator_tui.parity.statistics.repeats import (
    CaseRepeats,
    Stability,
    clustered_difference,
    self_disagreement,
    stability,
)
from migrator_tui.parity.statistics.values import PairedTable

SIDES = st.integers(1, 6).flatmap(lambda judged: st.tuples(st.integers(0, judged), st.just(judged)))
CASES = st.lists(st.builds(lambda old, new: CaseRepeats(*old, *new), SIDES, SIDES), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("passed", "judged", "expected"),
    [
        (3, 3, Stability.STABLE_PASS),
        (0, 3, Stability.STABLE_FAIL),
        (1, 3, Stability.FLAKY),
        (2, 3, Stability.FLAKY),
        (1, 1, Stability.STABLE_PASS),
        (0, 0, None),
    ],
)
def test_what_repeats_say_of_a_case(passed: int, judged: int, expected: Stability | None) -> None:
    assert stability(passed, judged) is expected


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60))
def test_with_one_repeat_it_is_the_paired_difference(outcomes: list[tuple[int, int]]) -> None:
    table = PairedTable(*(outcomes.count(pair) for pair in ((1, 1), (1, 0), (0, 1), (0, 0))))
    expected = paired_difference(table, 0.95)
    found = clustered_difference([CaseRepeats(old, 1, new, 1) for old, new in outcomes], 0.95)
    assert found is not None
    assert expected is not None
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (expected.estimate, expected.low, expected.high), abs=1e-9
    )


@given(CASES)
def test_it_is_the_mean_over_cases_not_over_repeats(cases: list[CaseRepeats]) -> None:
    found = clustered_difference(cases, 0.95)
    assert found is not None
    rates = [(case.new_rate or 0.0) - (case.old_rate or 0.0) for case in cases]
    assert found.estimate == pytest.approx(sum(rates) / len(rates), abs=1e-12)
    assert found.low <= found.estimate <= found.high
    assert found.high > found.low


def test_copies_of_a_repeat_are_no_new_evidence() -> None:
    once = [CaseRepeats(1, 1, int(number % 7 > 0), 1) for number in range(70)]
    copied = [CaseRepeats(5 * c.old_passed, 5, 5 * c.new_passed, 5) for c in once]
    assert clustered_difference(copied, 0.95) == clustered_difference(once, 0.95)


def test_true_repeats_narrow_the_interval() -> None:
    """The same flaky cases, seen once each and seen ten times each."""
    once = [CaseRepeats(number % 2, 1, (number + number // 2) % 2, 1) for number in range(80)]
    often = [CaseRepeats(5, 10, 4 + number % 3, 10) for number in range(80)]
    seen_once, seen_often = clustered_difference(once, 0.95), clustered_difference(often, 0.95)
    assert seen_once is not None
    assert seen_often is not None
    assert seen_often.high - seen_often.low < (seen_once.high - seen_once.low) / 2


def test_cases_known_on_one_side_alone_are_left_out() -> None:
    assert clustered_difference([], 0.95) is None
    assert clustered_difference([CaseRepeats(0, 0, 1, 1), CaseRepeats(2, 2, 0, 0)], 0.95) is None
    both = CaseRepeats(1, 2, 2, 2)
    assert clustered_difference([both, CaseRepeats(0, 0, 1, 1)], 0.95) == clustered_difference([both], 0.95)


@given(st.integers(2, 8).flatmap(lambda judged: st.tuples(st.integers(0, judged), st.just(judged))))
def test_disagreement_is_that_of_two_repeats_drawn_at_random(case: tuple[int, int]) -> None:
    passed, judged = case
    drawn = list(combinations([True] * passed + [False] * (judged - passed), 2))
    found = self_disagreement([case], 0.95)
    assert found is not None
    assert found.estimate == pytest.approx(sum(one != other for one, other in drawn) / len(drawn))


def test_of_two_repeats_it_is_the_share_of_flaky_cases() -> None:
    cases = [(1, 2)] * 6 + [(2, 2)] * 40 + [(0, 2)] * 4
    assert self_disagreement(cases, 0.95) == wilson(6, 50, 0.95)


def test_single_repeats_say_nothing_about_noise() -> None:
    assert self_disagreement([(1, 1), (0, 1), (0, 0)], 0.95) is None
    assert self_disagreement([], 0.95) is None
    assert self_disagreement([(1, 1), (3, 3)], 0.95) == wilson(0, 1, 0.95)
