"""Numbers in reasons never contradict what they are the reason for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.registry import run_plain_checks
from migrator_tui.checks.values import beside
from migrator_tui.project.schema import CheckSpec


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


@pytest.mark.parametrize(
    ("spec", "subject", "reason"),
    [
        (CheckSpec("latency", threshold=1000), Subject("x", latency_ms=1000.4), "1,000.4 ms of at most 1,000 ms"),
        (CheckSpec("latency", threshold=1000.5), Subject("x", latency_ms=2000), "2,000 ms of at most 1,000.5 ms"),
        (CheckSpec("similarity", "a" * 1000, threshold=0.75), Subject("a" * 599), "0.749 like"),
        (CheckSpec("tool-call-f1", ["a", "b"], threshold=0.667), Subject('[{"name": "a"}]'), "F1 0.6667 of at least"),
    ],
)
def test_reasons_of_checks_tell_them_apart(spec: CheckSpec, subject: Subject, reason: str) -> None:
    (result,) = run_plain_checks([spec], subject)
    assert isinstance(result, CheckResult) and not result.passed
    assert result.reason.startswith(reason)
