"""Each rule: which side of the limit, and the words for it."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.parity.gate import RuleState
from migrator_tui.parity.gate.rules import at_least, at_most
from migrator_tui.parity.statistics.values import Interval, PairedTable
from migrator_tui.project.schema import GateRules
from tests.parity.gate.seen import BAD, GOOD, RULES, around, rule, seen

MET, OPEN, MISSED = RuleState.MET, RuleState.OPEN, RuleState.MISSED
ENDS = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(sorted)


@given(ENDS, st.floats(-1, 1))
def test_met_and_missed_are_whole_intervals(ends: list[float], limit: float) -> None:
    low, estimate, high = ends
    interval = Interval(estimate, low, high, 0.95)
    turned = Interval(-estimate, -high, -low, 0.95)
    assert at_least(interval, limit) is at_most(turned, -limit)
    if low > limit + 1e-6:
        assert (at_least(interval, limit), at_most(interval, limit)) == (MET, MISSED)
    if low < limit - 1e-6 and high > limit + 1e-6:
        assert at_least(interval, limit) is at_most(interval, limit) is OPEN


def test_at_the_limit_itself_it_is_met() -> None:
    exactly = 1.1 + 2.2 - 2.3
    assert exactly != 1.0
    assert at_most(around(exactly, exactly, exactly), 1.0) is MET
    assert at_least(around(1.0, 1.0, 1.0), exactly) is MET
    assert at_least(None, 0.5) is at_most(None, 0.5) is OPEN


def test_pass_rate() -> None:
    found = rule("margin", RULES, seen(BAD))
    assert (found.title, found.allowed, found.state) == ("pass rate", "no more than 3 pt lower", MISSED)
    assert found.measured == "−10.1  (−16.2 … −4.8)"
    assert found.interval is not None
    assert found.limit == -0.03


@pytest.mark.parametrize(
    ("table", "margin", "reason"),
    [
        (GOOD, 0.03, "passes 0.5 points more often, at worst 1.1 less; 3 are allowed"),
        (GOOD, 0.025, "passes 0.5 points more often, at worst 1.1 less; 2.5 are allowed"),
        (PairedTable(90, 5, 5, 0), 0.1, "passes as often, at worst 7.6 less; 10 are allowed"),
        (PairedTable(150, 2, 40, 8), 0.03, "passes 19.0 points more often, at worst 13.4 more; 3 are allowed"),
        (BAD, 0.01, "passes 10.1 points less often, at best 4.8 less; 1 is allowed"),
        (BAD, 0.0, "passes 10.1 points less often, at best 4.8 less; no less is allowed"),
    ],
)
def test_pass_rate_in_words(table: PairedTable, margin: float, reason: str) -> None:
    assert rule("margin", replace(RULES, margin=margin), seen(table)).reason == reason


def test_no_margin_at_all() -> None:
    assert rule("margin", replace(RULES, margin=0.0), seen(GOOD)).allowed == "not lower"


@given(st.integers(50, 400), st.integers(0, 40), st.integers(0, 40), st.sampled_from([0.0, 0.01, 0.03, 0.05]))
def test_shown_numbers_never_contradict_the_state(both: int, regressed: int, fixed: int, margin: float) -> None:
    found = rule("margin", replace(RULES, margin=margin), seen(PairedTable(both, regressed, fixed, 0)))
    ends = found.measured.split("(")[1].rstrip(")").split(" … ")
    low, high = (float(end.replace("−", "-")) for end in ends)
    limit = -round(margin * 100, 4)
    expected = MET if low >= limit else MISSED if high < limit else OPEN
    assert found.state is expected


def test_a_hair_below_the_margin_is_shown_with_another_digit() -> None:
    rules = replace(RULES, max_cost_increase=0.25)
    found = rule("max_cost_increase", rules, seen(cost=around(0.26, 0.2504, 0.27)))
    assert found.state is MISSED
    assert found.reason == "26 % more expensive per call, at best 25.04 % more expensive; 25 % allowed"


def test_critical_regressions() -> None:
    one = rule("max_critical_regressions", RULES, seen(critical_regressions=["T-0042"]))
    assert (one.allowed, one.measured, one.state) == ("0", "1   T-0042", MISSED)
    assert one.cases == ["T-0042"]
    many = rule("max_critical_regressions", RULES, seen(critical_regressions=[f"T-{no}" for no in range(8)]))
    assert many.reason == "8 critical cases regressed: T-0, T-1, T-2, T-3, T-4 and 3 more"
    some = replace(RULES, max_critical_regressions=2)
    allowed = rule("max_critical_regressions", some, seen(critical_regressions=["T-1", "T-2"]))
    assert (allowed.state, allowed.allowed) == (MET, "at most 2")
    assert allowed.reason == "2 critical cases regressed, 2 are allowed: T-1, T-2"
    waiting = rule("max_critical_regressions", some, seen(critical_regressions=["T-1", "T-2"], critical_open=["T-3"]))
    assert (waiting.state, waiting.cases) == (OPEN, ["T-1", "T-2", "T-3"])


def test_ids_in_sentences_are_safe_to_show() -> None:
    found = rule("max_critical_regressions", RULES, seen(critical_regressions=["T-1\x1b[2J\n"]))
    assert "\x1b" not in found.reason + found.measured
    assert "\n" not in found.reason + found.measured
    assert found.cases == ["T-1\x1b[2J\n"]


@pytest.mark.parametrize(
    ("interval", "state", "measured", "reason"),
    [
        (around(-0.12, -0.2, -0.05), MET, "12 % less", "12 % cheaper per call"),
        (around(0.12, 0.05, 0.2), MET, "12 % more", "12 % more expensive per call, 25 % allowed"),
        (around(0.0, -0.01, 0.01), MET, "the same", "the same per call"),
        (
            around(0.2, 0.1, 0.3),
            OPEN,
            "20 % more  (+10 … +30 %)",
            "20 % more expensive per call, at best 10 % more expensive, at worst 30 % more expensive; 25 % allowed",
        ),
        (None, OPEN, "unknown", "how much the cost of a call changes is not known; 25 % allowed"),
    ],
)
def test_cost(interval: Interval | None, state: RuleState, measured: str, reason: str) -> None:
    found = rule("max_cost_increase", GateRules(max_cost_increase=0.25), seen(cost=interval))
    assert (found.title, found.allowed) == ("cost per call", "at most +25 %")
    assert (found.state, found.measured, found.reason) == (state, measured, reason)


def test_saving_is_a_goal_as_well() -> None:
    rules = GateRules(min_cost_saving=0.3)
    missed = rule("min_cost_saving", rules, seen(cost=around(-0.12, -0.14, -0.1)))
    assert (missed.allowed, missed.measured, missed.state) == ("at least 30 % less", "12 % less", MISSED)
    assert missed.reason == "12 % cheaper per call, at best 14 % cheaper; 30 % cheaper is asked"
    assert rule("min_cost_saving", rules, seen(cost=around(-0.4, -0.42, -0.38))).state is MET
    assert rule("min_cost_saving", rules, seen(cost=around(-0.3, -0.42, -0.2))).state is OPEN


def test_latency() -> None:
    rules = GateRules(max_latency_increase=0.5)
    met = rule("max_latency_increase", rules, seen(latency_p95=around(0.31, 0.2, 0.45)))
    assert (met.title, met.allowed, met.measured) == ("latency p95", "at most +50 %", "31 % slower")
    assert met.reason == "31 % slower at p95, 50 % allowed"
    missed = rule("max_latency_increase", rules, seen(latency_p95=around(0.7, 0.55, 0.9)))
    assert missed.reason == "70 % slower at p95, at best 55 % slower; 50 % allowed"


def test_seconds() -> None:
    rules = GateRules(max_latency_p95_ms=4000)
    met = rule("max_latency_p95_ms", rules, seen(candidate_latency_p95_ms=around(3200, 2900, 3810)))
    assert (met.allowed, met.measured, met.state) == ("at most 4 s", "3.20 s", MET)
    missed = rule("max_latency_p95_ms", rules, seen(candidate_latency_p95_ms=around(5200, 4003, 6000)))
    assert missed.reason == "5.20 s at p95, at best 4.003 s; 4 s allowed"
    short = rule(
        "max_latency_p95_ms", GateRules(max_latency_p95_ms=800), seen(candidate_latency_p95_ms=around(7, 6, 9))
    )
    assert (short.allowed, short.reason) == ("at most 800 ms", "7 ms at p95; 800 ms allowed")


def test_from_few_calls_nothing_follows_about_the_slowest() -> None:
    rules = GateRules(max_latency_p95_ms=4000)
    found = rule("max_latency_p95_ms", rules, seen(candidate_latency_p95_ms=around(3200, 2900, inf)))
    assert (found.state, found.interval) == (OPEN, None)
    assert found.reason == "3.20 s at p95, too few calls to say how slow it may be; 4 s allowed"
    slow = rule("max_latency_p95_ms", rules, seen(candidate_latency_p95_ms=around(6200, 5000, inf)))
    assert slow.state is MISSED


def test_least_pass_rate() -> None:
    rules = GateRules(min_pass_rate=0.9)
    found = rule("min_pass_rate", rules, seen(candidate_rate=around(0.809, 0.746, 0.859)))
    assert (found.allowed, found.measured, found.state) == ("at least 90 %", "80.9 %  (74.6 … 85.9)", MISSED)
    assert found.reason == "the candidate passes 80.9 % of the cases, at best 85.9 %; at least 90 % is asked"


def test_everything_judged() -> None:
    found = rule("everything-judged", RULES, seen(BAD, open_cases=16, errors=1, not_run=3))
    assert (found.allowed, found.measured, found.state) == ("0 open", "12 to judge, 1 error, 3 not run", OPEN)
    assert found.reason == "16 cases are open: 12 to judge, 1 error, 3 not run"
    done = rule("everything-judged", RULES, seen(BAD))
    assert (done.measured, done.state) == ("0 open", MET)
