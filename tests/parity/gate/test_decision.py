"""The contract's three answers, and what is said with them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator_tui.parity.gate import Answer, Decision, RuleState, decide, decide_project
from migrator_tui.parity.statistics.paired import paired_difference
from migrator_tui.parity.statistics.samples import worst_case_low
from migrator_tui.parity.statistics.values import PairedTable
from migrator_tui.project.schema import GateRules
from tests.parity.gate.seen import BAD, FEW, GOOD, RULES, around, rule, seen

TABLES = st.builds(PairedTable, *[st.integers(0, 150)] * 4)


@settings(max_examples=150)
@given(TABLES, st.integers(0, 20), st.booleans(), st.sampled_from([0.0, 0.03, 0.1]))
def test_it_is_the_contracts_rule(table: PairedTable, open_cases: int, critical: bool, margin: float) -> None:
    rules = GateRules(margin=margin)
    found = decide(rules, seen(table, open_cases=open_cases, critical_regressions=("T-1",) if critical else ()))
    interval = paired_difference(table, rules.confidence)
    worst = worst_case_low(table, open_cases, rules.confidence)
    if critical or (interval is not None and interval.high < -margin):
        expected = Answer.NOT_READY
    elif interval is not None and interval.low >= -margin and worst is not None and worst >= -margin:
        expected = Answer.READY
    else:
        expected = Answer.NOT_ENOUGH
    assert found.answer is expected
    assert found.reasons
    assert found.next_step


def test_ready() -> None:
    found = decide(RULES, seen(GOOD))
    assert found.answer is Answer.READY
    assert found.reasons == [
        "passes 0.5 points more often, at worst 1.1 less; 3 are allowed",
        "0 critical regressions",
        "everything is judged",
    ]
    assert found.further_cases is None
    assert found.next_step == "sign the decision"
    assert all(result.state is RuleState.MET for result in found.rules)


def test_not_ready_with_its_largest_cause() -> None:
    found = decide(
        RULES, seen(BAD, open_cases=12, critical_regressions=["T-0042"], largest_cause=("fences added", 19))
    )
    assert found.answer is Answer.NOT_READY
    assert found.reasons == [
        "passes 10.1 points less often, at best 4.8 less; 3 are allowed",
        "1 critical case regressed: T-0042",
        "largest cause: fences added, 19 of 23 regressions",
    ]
    assert found.further_cases is None
    assert found.next_step == "adapt the prompt: fences added in 19 of 23 regressions"


def test_not_enough_evidence_says_how_many_more() -> None:
    found = decide(RULES, seen(FEW))
    assert found.answer is Answer.NOT_ENOUGH
    assert found.further_cases is not None
    assert found.further_cases > 100
    first, second = found.reasons
    assert first == "passes as often, at worst 10.3 less, at best 10.3 more; 3 are allowed"
    assert second.startswith("about ")
    assert second.endswith(" more cases like these would settle it as ready, if they turn out as these did")
    assert found.next_step.endswith(" more cases like these would settle it as ready")


def test_it_says_which_way_more_cases_would_settle_it() -> None:
    worse = decide(RULES, seen(PairedTable(40, 7, 2, 1)))
    assert worse.answer is Answer.NOT_ENOUGH and worse.further_cases is not None
    assert "would settle it as not ready" in worse.settles and worse.settles in worse.reasons[-1]
    other = decide(replace(RULES, max_cost_increase=0.1), seen(FEW))
    assert other.settles.endswith("would settle it as far as the pass rate goes"), "the cost is open besides"


def test_errors_that_asking_again_does_not_cure_are_not_asked_again() -> None:
    table = PairedTable(20, 1, 1, 0)
    lasting = seen(table, open_cases=12, errors=12, error_kinds={"recording": 12})
    assert decide(RULES, lasting).next_step.startswith("complete the recording: it has no answer for 12 cases")
    mixed = seen(table, open_cases=5, errors=5, error_kinds={"key": 1, "timed-out": 3, "": 1})
    step = decide(RULES, mixed).next_step
    assert "give the key that is missing or refused: 1 case could not be asked" in step
    assert "see why a check could not be carried out on 1 case" in step
    assert "run the 3 errors again" in step


def test_near_the_margin_it_says_that_cases_will_not_help() -> None:
    found = decide(RULES, seen(PairedTable(90, 4, 1, 4)))
    assert found.answer is Answer.NOT_ENOUGH
    assert found.further_cases is None
    assert (
        "so near to the 3 points allowed that not even 10,000 more cases like these would settle it" in found.reasons
    )
    assert found.next_step == "look at the 4 regressions"


def test_open_cases_that_could_change_it_block_ready() -> None:
    table = PairedTable(300, 4, 4, 12)
    blocked = decide(RULES, seen(table, open_cases=4))
    assert decide(RULES, seen(table)).answer is Answer.READY
    assert blocked.answer is Answer.NOT_ENOUGH
    assert blocked.reasons == [
        "4 cases are open: 4 to judge; if all of them regressed, up to 3.9 points fewer might pass, 3 allowed"
    ]
    assert blocked.further_cases is None
    assert blocked.next_step == "judge the 4 open cases"


def test_open_cases_that_could_not_change_it_do_not_block() -> None:
    found = decide(RULES, seen(GOOD, open_cases=2, errors=1))
    assert found.answer is Answer.READY
    assert found.reasons[-1] == "2 cases are open: 1 to judge, 1 error; too few to matter"


def test_a_critical_case_that_nobody_judged_blocks_ready() -> None:
    found = decide(RULES, seen(GOOD, open_cases=1, critical_open=["T-7"]))
    assert found.answer is Answer.NOT_ENOUGH
    assert found.reasons == ["1 critical case is not judged yet: T-7"]
    assert found.next_step == "judge the open case"
    allowed = replace(RULES, max_critical_regressions=1)
    assert decide(allowed, seen(GOOD, open_cases=1, critical_open=["T-7"])).answer is Answer.READY


def test_nothing_run() -> None:
    found = decide(RULES, seen(PairedTable(0, 0, 0, 0), open_cases=36, not_run=36))
    assert found.answer is Answer.NOT_ENOUGH
    assert found.reasons == ["no case is judged on both models", "36 cases are open: 36 not run"]
    assert found.further_cases is None
    assert found.next_step == "run the 36 cases not run yet"


def test_nothing_judged() -> None:
    found = decide(RULES, seen(PairedTable(0, 0, 0, 0), open_cases=36, errors=3))
    assert found.answer is Answer.NOT_ENOUGH
    assert found.next_step == "run the 3 errors again, judge the 33 open cases"


def test_no_cases() -> None:
    found = decide(RULES, seen(PairedTable(0, 0, 0, 0)))
    assert found.answer is Answer.NOT_ENOUGH
    assert found.next_step == "add cases and run them"


def test_open_cases_count_towards_the_further_ones() -> None:
    found = decide(RULES, seen(FEW, open_cases=10))
    assert found.further_cases is not None
    assert found.next_step.startswith("judge the 10 open cases, and add about ")


def test_a_missed_goal_is_not_ready_however_good_the_rest() -> None:
    rules = replace(RULES, max_cost_increase=0.25)
    found = decide(rules, seen(GOOD, cost=around(0.4, 0.31, 0.5)))
    assert found.answer is Answer.NOT_READY
    assert found.reasons == ["40 % more expensive per call, at best 31 % more expensive; 25 % allowed"]
    assert found.next_step == "shorten the prompt or the answers, or take a cheaper model"


@pytest.mark.parametrize(
    ("goal", "step"),
    [
        ({"max_cost_increase": 0.25}, "give the model a price = { input, output } in migrator.toml"),
        ({"max_latency_increase": 0.25}, "run both models: a latency is not known"),
        ({"max_latency_p95_ms": 900.0}, "run the candidate: its latency is not known"),
        ({"min_pass_rate": 0.9}, "add cases: the candidate's pass rate is not known well enough"),
    ],
)
def test_an_unknown_goal_is_open_and_says_so(goal: dict[str, float], step: str) -> None:
    found = decide(GateRules(**goal), seen(GOOD))  # type: ignore[arg-type]
    assert found.answer is Answer.NOT_ENOUGH
    assert len(found.reasons) == 1
    assert "known" in found.reasons[0]
    assert found.next_step == step


def test_limits_that_are_not_set_make_no_rule() -> None:
    assert [result.rule for result in decide(RULES, seen()).rules] == [
        "margin",
        "max_critical_regressions",
        "everything-judged",
    ]
    assert rule("margin", RULES, seen()).limit == -0.03


def decided(answer: Answer, *reasons: str) -> Decision:
    return Decision(answer, reasons, (), None, "")


def test_the_project_is_ready_when_every_task_is() -> None:
    ready, unsure, bad = (
        decided(Answer.READY, "0 critical regressions", "fine"),
        decided(Answer.NOT_ENOUGH, "few"),
        decided(Answer.NOT_READY, "bad"),
    )
    assert decide_project([ready, ready]) == (Answer.READY, ["0 critical regressions", "fine"])
    assert decide_project([ready, unsure]) == (Answer.NOT_ENOUGH, ["few"])
    assert decide_project([unsure, bad, ready]) == (Answer.NOT_READY, ["bad"])
    assert decide_project([])[0] is Answer.NOT_ENOUGH


def test_reasons_of_several_tasks_say_their_task() -> None:
    bad = Decision(Answer.NOT_READY, ["12 cases are open"], [], None, "")
    ready = Decision(Answer.READY, ["fine"], [], None, "")
    found = decide_project([bad, ready, bad], ["reply on newer", "sort on newer", "triage on older"])
    assert found == (Answer.NOT_READY, ["reply on newer: 12 cases are open", "triage on older: 12 cases are open"])
