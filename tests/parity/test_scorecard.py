"""The scorecard says of some cases what can be counted by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.history.records import DriftMark
from migrator_tui.parity.evidence import CaseEvidence, Evidence, Side, side_of
from migrator_tui.parity.gate import Answer
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.scorecard import ALL_CASES, Scorecard, scorecard
from migrator_tui.project.schema import GateRules
from tests.parity.builders import output

FENCES = (DriftMark("fences", baseline=False, candidate=True),)


def side(outcome: Outcome, **fields: Any) -> Side:
    judged = outcome.passed is not None
    values = {"source": "checks", "asked": 1, "repeats": (int(outcome.passed or False), int(judged))} | fields
    return Side(outcome, **values)


def case(no: int, was: Outcome, now: Outcome, **fields: Any) -> CaseEvidence:
    sides = {"baseline": side(was, **fields.pop("old", {})), "candidate": side(now, **fields.pop("new", {}))}
    return CaseEvidence(f"c{no}", fields.pop("tags", ()), fields.pop("critical", False), **sides, **fields)


def card_of(*cases: CaseEvidence, **rules: Any) -> Scorecard:
    evidence = Evidence("triage", "newer", "openai/old", "openai/new", None, None, cases)
    return scorecard(evidence, GateRules(**rules))


PASS, FAIL, ERROR, OPEN, NOT_RUN = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.UNJUDGED, Outcome.NOT_RUN


def test_every_case_is_counted_once() -> None:
    card = card_of(
        case(1, PASS, PASS),
        case(2, PASS, FAIL),
        case(3, FAIL, PASS),
        case(4, FAIL, FAIL),
        case(5, PASS, Outcome.FLAKY),
        case(6, Outcome.ASSUMED, PASS),
        case(7, PASS, ERROR),
        case(8, PASS, OPEN),
        case(9, NOT_RUN, PASS, critical=True),
    )
    table = card.table
    assert (table.both_pass, table.regressions, table.fixes, table.both_fail) == (2, 2, 1, 1)
    assert (list(card.regressions), list(card.fixes)) == (["c2", "c5"], ["c3"])
    assert (card.judged, card.open_cases, card.not_run) == (6, 3, 1)
    assert (card.new.passed, card.new.failed, card.new.errors, card.new.unjudged) == (4, 3, 1, 1)
    assert list(card.new.flaky) == ["c5"] and card.baseline.assumed == 1
    assert card.baseline.rate is not None and card.baseline.rate.estimate == pytest.approx(4 / 6)
    assert card.decision.answer is Answer.NOT_ENOUGH


def test_a_critical_regression_is_never_ready() -> None:
    fine = [case(no, PASS, PASS) for no in range(400)]
    assert card_of(*fine).decision.answer is Answer.READY
    bad = card_of(*fine, case(400, PASS, FAIL, critical=True))
    assert bad.decision.answer is Answer.NOT_READY and list(bad.critical_regressions) == ["c400"]
    assert card_of(*fine, case(400, PASS, FAIL, critical=True), max_critical_regressions=1).decision.answer is (
        Answer.READY
    )


def test_errors_on_the_candidate_are_no_fails_and_still_block() -> None:
    fine = [case(no, PASS, PASS) for no in range(400)]
    few = card_of(*fine, case(400, PASS, ERROR))
    many = card_of(*fine, *(case(400 + no, PASS, ERROR) for no in range(40)))
    assert few.new.failed == many.new.failed == 0 and few.difference is not None and few.difference.estimate == 0
    assert few.decision.answer is Answer.READY
    assert many.decision.answer is Answer.NOT_ENOUGH


def test_the_largest_cause_is_that_of_the_regressions() -> None:
    longer = (DriftMark("longer", baseline=False, candidate=True),)
    cases = [case(no, PASS, FAIL, drift=FENCES) for no in range(6)]
    cases += [case(6 + no, PASS, PASS, drift=longer) for no in range(30)]
    card = card_of(*cases)
    assert any("fences added, 6 of 6" in reason for reason in card.decision.reasons)
    assert [row.name for row in card.drift] == ["longer", "fences"]  # the contract's order: by how many cases
    assert [row.name for row in card.drift_by_harm] == ["fences", "longer"]
    assert card.drift_by_harm[0].failing == tuple(f"c{no}" for no in range(6))


def test_what_nearly_all_answers_show_is_no_cause() -> None:
    """Keys differ in all 25 cases, 12 of which still pass; fences in 8 that all fail."""
    keys = (DriftMark("json-keys", baseline=False, candidate=True),)
    cases = [case(no, PASS, PASS, drift=keys) for no in range(12)]
    cases += [case(12 + no, PASS, FAIL, drift=keys if no > 7 else (*FENCES, *keys)) for no in range(13)]
    assert any("fences added, 8 of 13" in reason for reason in card_of(*cases).decision.reasons)
    everywhere = [case(no, PASS, FAIL, drift=keys) for no in range(10)]
    assert any("10 of 10" in reason for reason in card_of(*everywhere).decision.reasons)


def test_errors_are_known_by_their_kind() -> None:
    fine = [case(no, PASS, PASS) for no in range(20)]
    missing = [case(50 + no, ERROR, PASS, old={"error_kind": "recording"}) for no in range(3)]
    card = card_of(*fine, *missing)
    assert card.decision.next_step.startswith("complete the recording: it has no answer for 3 cases")


def test_slices_are_the_tags_worst_first_after_all_cases() -> None:
    cases = [case(no, PASS, PASS, tags=("calm",)) for no in range(10)]
    cases += [case(10 + no, PASS, FAIL, tags=("angry", "angry", "vip")) for no in range(5)]
    cases += [case(20 + no, PASS, FAIL, tags=("rare",)) for no in range(2)]
    card = card_of(*cases)
    assert [one.tag for one in card.slices] == [ALL_CASES, "angry", "vip", "calm"]
    assert card.slices[0].table == card.table and card.slices[1].table.n == 5
    assert all(one.p <= one.adjusted_p <= 1 for one in card.slices)


def test_figures_compare_what_both_sides_know() -> None:
    def timed(no: int, old: dict[str, Any], new: dict[str, Any]) -> CaseEvidence:
        return case(no, PASS, PASS, old=old, new=new)

    both = [
        timed(no, {"cost": 0.01, "latency_ms": 100.0 + no, "words": 10}, {"cost": 0.02, "latency_ms": 200.0 + 2 * no})
        for no in range(40)
    ]
    streamed = timed(99, {"latency_ms": 1.0}, {"latency_ms": 9e9, "first_token_ms": 5.0})
    figures = card_of(*both, streamed).figures
    assert figures["cost"].pairs == 40 and figures["cost"].change is not None
    assert figures["cost"].change.estimate == pytest.approx(1.0)
    assert figures["cost"].change.low == pytest.approx(1.0) == pytest.approx(figures["cost"].change.high)
    latency = figures["latency_p50"]
    assert latency.pairs == 40, "a streamed answer is not compared with one that was not"
    assert latency.change is not None and latency.change.estimate == pytest.approx(1.0)
    assert (latency.old, latency.new) == (pytest.approx(119.5), pytest.approx(239.0))
    assert (figures["words"].pairs, figures["words"].old, figures["words"].change) == (0, None, None)


def test_goals_are_held_against_the_figures() -> None:
    dear = [case(no, PASS, PASS, old={"cost": 0.01}, new={"cost": 0.02}) for no in range(400)]
    assert card_of(*dear).decision.answer is Answer.READY
    assert card_of(*dear, max_cost_increase=0.5).decision.answer is Answer.NOT_READY
    assert card_of(*dear, max_cost_increase=1.5).decision.answer is Answer.READY
    unknown = [case(no, PASS, PASS) for no in range(400)]
    assert card_of(*unknown, max_cost_increase=0.5).decision.answer is Answer.NOT_ENOUGH


def test_noise_is_of_what_was_judged() -> None:
    repeats = [
        case(1, Outcome.FLAKY, PASS, old={"repeats": (1, 3), "asked": 3}, new={"repeats": (3, 3), "asked": 3}),
        case(2, PASS, PASS, old={"repeats": (3, 3), "asked": 3}, new={"repeats": (3, 3), "asked": 3}),
        case(3, Outcome.ASSUMED, PASS, old={"repeats": (3, 3), "asked": 3, "source": "nobody"}, new={"asked": 3}),
    ]
    card = card_of(*repeats)
    assert card.repeats == 3
    # Of three repeats one passes: two of the three pairs of repeats disagree, and none of the second case's.
    assert card.noise is not None and card.noise.estimate == pytest.approx((2 / 3 + 0) / 2)
    assert card.per_repeat is not None
    recorded = Evidence("triage", "newer", "recorded:old.jsonl", "openai/new", None, None, repeats)
    assert scorecard(recorded, GateRules()).noise is None, "a recording says the same however often it is read"
    assert card_of(case(1, PASS, PASS)).noise is None and card_of(case(1, PASS, PASS)).per_repeat is None


def test_nothing_run_is_not_enough() -> None:
    for card in (card_of(), card_of(case(1, NOT_RUN, NOT_RUN))):
        assert card.nothing_run and card.decision.answer is Answer.NOT_ENOUGH
        assert card.difference is None and card.mcnemar_p == 1.0


OUTCOMES = st.lists(st.tuples(st.sampled_from(Outcome), st.sampled_from(Outcome)), max_size=40)


@given(OUTCOMES)
def test_counts_always_add_up(pairs: list[tuple[Outcome, Outcome]]) -> None:
    card = card_of(*(case(no, old, new, tags=("a",)) for no, (old, new) in enumerate(pairs)))
    for count in (card.baseline, card.new):
        assert count.passed + count.failed + count.errors + count.unjudged == len(pairs)
    assert card.table.n + card.open_cases == len(pairs)
    assert len(card.regressions) == card.table.regressions and len(card.fixes) == card.table.fixes
    if card.difference is not None:
        assert -1 <= card.difference.low <= card.difference.estimate <= card.difference.high <= 1
    if card.decision.answer is Answer.READY:
        assert card.difference is not None and card.difference.low >= -0.03 and not card.critical_regressions


def test_a_side_sums_its_repeats() -> None:
    outputs = [
        output(1, cost=0.1, latency_ms=10.0, output_tokens=4),
        output(2, cost=0.3, latency_ms=30.0, output_tokens=8),
        output(3, error_kind="timed-out"),
    ]
    found = side_of(Outcome.ERROR, "call", (2, 2), 7, outputs)
    assert (found.asked, found.failed_calls, found.words) == (3, 1, 7)
    assert (found.cost, found.total_cost) == (pytest.approx(0.2), pytest.approx(0.4))
    assert (found.latency_ms, found.output_tokens, found.first_token_ms) == (20.0, 6.0, None)
    assert side_of(Outcome.PASS, "checks", (2, 2), 7, [*outputs[:2], output(4)]).cost is None, "one price is unknown"
