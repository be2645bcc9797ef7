"""What guardrails say of given figures, and what follows from it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from migrator_tui.project.rollout_settings import USUAL_GUARDRAILS, GuardrailRule
from migrator_tui.rollout.guardrails import QUIET_S, decide, error, evaluate, health, merged
from migrator_tui.rollout.simulating import Traffic, drawn
from migrator_tui.rollout.statistics.sequences import ends
from migrator_tui.rollout.statistics.stages import Sums, compare
from migrator_tui.rollout.values import ArmFigures, GuardrailResult, Measure, Slice, StageFigures

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TRIPWIRE = GuardrailRule("tripwire", 0.2, "roll-back", min_sample=20, window_s=300)


def shares(n: int, count: float) -> Measure:
    """`n` conversations of one value each, of which `count` are yes."""
    return Measure(n, n, count, count, n, count)


def amounts(values: Sequence[float]) -> Measure:
    """Conversations of one value each."""
    n = len(values)
    return Measure(n, n, sum(values), sum(v * v for v in values), n, sum(values))


def an_arm(n: int, measures: Mapping[str, Measure], **more: int) -> ArmFigures:
    figures = ArmFigures(requests=n, conversations=n, measures=measures, last_at=NOW)
    return replace(figures, **more)  # type: ignore[arg-type]


def a_stage(percentage: float, old: ArmFigures, new: ArmFigures, revision: int = 1) -> StageFigures:
    return StageFigures(revision, 0, percentage, False, NOW - timedelta(minutes=5), None, old, new)


def escalated(percentage: float, old: tuple[int, int], new: tuple[int, int]) -> StageFigures:
    arms = [an_arm(n, {"escalations": shares(n, count)}) for n, count in (old, new)]
    return a_stage(percentage, *arms)


def one(rule: GuardrailRule, *stages: StageFigures) -> GuardrailResult:
    return evaluate([rule], stages)[0]


ESCALATIONS = GuardrailRule("escalations", 0.02, "roll-back")


def test_the_four_states() -> None:
    tripped = one(ESCALATIONS, escalated(50, (1000, 50), (1000, 150)))
    assert tripped.state == "tripped" and tripped.low is not None and tripped.low > 0.02
    assert tripped.estimate == pytest.approx(0.1) and "10.0 points" in tripped.why
    chance = one(ESCALATIONS, escalated(50, (1000, 50), (1000, 80)))
    assert chance.state == "inconclusive" and "chance" in chance.why and chance.used > 1
    near = one(ESCALATIONS, escalated(50, (1000, 50), (1000, 66)))
    assert near.state == "near" and near.used == pytest.approx(0.8)
    fine = one(ESCALATIONS, escalated(50, (1000, 50), (1000, 55)))
    assert fine.state == "ok" and fine.used == pytest.approx(0.25) and not fine.why


def test_too_few_conversations_are_no_answer() -> None:
    few = one(ESCALATIONS, escalated(1, (4900, 245), (49, 49)))
    assert few.state == "inconclusive" and few.estimate is None and few.smallest_harm is None
    assert few.why == "49 of 50 conversations on the candidate"
    assert "of 50 conversations on the baseline" in one(ESCALATIONS, escalated(95, (30, 1), (600, 30))).why


def test_the_smallest_harm_shrinks_as_conversations_come_and_is_caught_about_as_often_as_said() -> None:
    rule = replace(ESCALATIONS, limit=0.0)
    seen = [one(rule, escalated(50, (n, n // 20), (n, n // 20))).smallest_harm for n in (100, 400, 1600)]
    assert seen == sorted([s for s in seen if s is not None], reverse=True)
    assert seen[-1] is not None
    random = np.random.default_rng(1)
    runs = 400
    counts = zip(random.binomial(1600, 0.05, runs), random.binomial(1600, 0.05 + seen[-1], runs), strict=True)
    caught = sum(one(rule, escalated(50, (1600, int(a)), (1600, int(b)))).state == "tripped" for a, b in counts)
    assert 0.7 < caught / runs < 0.9


def test_a_pass_rate_is_worse_where_it_is_lower() -> None:
    rule = GuardrailRule("check-pass-rate", 0.02, "roll-back")
    for passed, state in ((700, "tripped"), (980, "ok")):
        arms = [an_arm(1000, {"check-pass-rate": shares(1000, count)}) for count in (950, passed)]
        result = one(rule, a_stage(50, *arms))
        assert result.state == state
        assert result.estimate == pytest.approx(0.95 - passed / 1000)


@pytest.mark.parametrize("metric", ["latency", "cost"])
def test_times_and_costs_are_compared_as_ratios(metric: str) -> None:
    random = np.random.default_rng(2)
    old, new = (random.lognormal(7, 0.6, 800) * factor for factor in (1.0, 1.5))
    values = [np.log(old), np.log(new)] if metric == "latency" else [old, new]
    arms = [an_arm(800, {metric: amounts(arm.tolist())}) for arm in values]
    result = one(GuardrailRule(metric, 0.2, "hold"), a_stage(50, *arms))
    assert result.state == "tripped" and result.estimate == pytest.approx(0.5, abs=0.12)
    assert result.why.startswith("worse by ") and "20.0 % allowed" in result.why
    assert one(GuardrailRule(metric, 1.0, "hold"), a_stage(50, *arms)).state == "ok"


def test_a_model_without_a_price_is_neither_cheap_nor_dear() -> None:
    rule = GuardrailRule("cost", 0.2, "hold")
    free, dear = (an_arm(100, {"cost": amounts([each] * 100)}) for each in (0.0, 0.01))
    for arms in ((dear, free), (free, dear)):
        result = one(rule, a_stage(50, *arms))
        assert result.state == "inconclusive" and "price" in result.why and result.unfed
    # A stage in which nothing was known is left out; the others count.
    assert one(rule, a_stage(5, free, dear), a_stage(50, dear, dear)).estimate == pytest.approx(0)


def test_calls_of_one_conversation_are_not_taken_for_independent() -> None:
    """100 conversations of ten calls that all fail together say no more than 100 calls."""
    rule = GuardrailRule("failures", 0.0, "roll-back")
    together = Measure(100, 1000, 200.0, 2000.0, 10_000, 2000.0)
    apart = Measure(1000, 1000, 200.0, 200.0, 1000, 200.0)
    spans = []
    for measure in (together, apart):
        result = one(rule, a_stage(50, an_arm(1000, {"failures": measure}), an_arm(1000, {"failures": measure})))
        assert result.low is not None and result.high is not None
        spans.append(result.high - result.low)
    assert spans[0] > 3 * spans[1]


def test_fallbacks_are_the_candidates_own() -> None:
    stage = a_stage(5, an_arm(1900, {}), an_arm(200, {"fallbacks": shares(200, 60)}))
    assert one(GuardrailRule("fallbacks", 0.1, "roll-back"), stage).state == "tripped"


def test_two_limits_of_one_metric_share_a_part_of_the_error() -> None:
    assert error(USUAL_GUARDRAILS, "roll-back") == 0.05 / 6  # the tripwire has none
    assert error(USUAL_GUARDRAILS, "hold") == 0.05 / 5


def test_stages_with_one_percentage_are_one_and_a_shadow_is_none() -> None:
    shadow = replace(escalated(0, (10, 0), (10, 0)), shadow=True)
    five = escalated(5, (95, 5), (5, 1))
    found = merged([shadow, five, five, escalated(50, (20, 1), (20, 1))])
    assert [stage.percentage for stage in found] == [5, 50]
    assert found[0].candidate.measures["escalations"] == shares(10, 2)
    assert found[0].baseline.conversations == 190
    # Five conversations of the candidate's are no stage, ten are.
    rule = replace(ESCALATIONS, min_sample=5)
    assert one(rule, five).why == "no stage has enough conversations on both arms"
    assert one(rule, five, five).estimate == pytest.approx(0.2 - 10 / 190)


def test_a_rate_that_rises_with_the_percentage_is_no_harm() -> None:
    stages = [escalated(1, (9900, 495), (100, 5)), escalated(50, (1000, 300), (1000, 300))]
    result = one(ESCALATIONS, *stages)
    assert result.estimate == pytest.approx(0, abs=1e-9) and result.state == "ok"


def test_what_the_simulation_sees_is_what_guardrails_say() -> None:
    """The same rollouts, by the arrays of the simulation and by the figures of a look."""
    rules = [replace(rule, limit=0.0) for rule in USUAL_GUARDRAILS]
    for metric in ("escalations", "failures", "check-pass-rate", "latency", "cost"):
        rule = next(rule for rule in rules if rule.metric == metric)
        traffic = Traffic(((1000, 0.1), (1000, 0.5)), looks_every=100)
        old, new = next(drawn(metric, traffic, None, 0.05, 3, 1))
        scale = {"latency": "logs", "cost": "ratio"}.get(metric, "points")
        low, _ = ends(compare(old, new, scale), error(rules, rule.action))  # type: ignore[arg-type]
        for run in range(3):
            for look in (12, 19):
                stages = [
                    a_stage(
                        share, *(an_arm(1000, {metric: _measure(arm, run, look, s, metric)}) for arm in (old, new))
                    )
                    for s, share in enumerate((10, 50))
                ]
                result = next(r for r in evaluate(rules, stages) if r.metric == metric)
                expected = float(low[run, look])
                shown = math.expm1(expected) if metric in ("latency", "cost") else expected
                assert result.low == pytest.approx(shown)


def _measure(sums: Sums, run: int, look: int, stage: int, metric: str) -> Measure:
    units, n, y, yy, nn, ny = (
        float(each[run, look, stage])
        for each in (sums.units, sums.values, sums.total, sums.squares, sums.value_squares, sums.cross)
    )
    if metric == "check-pass-rate":  # drawn are the answers that fail
        y, yy, ny = n - y, nn - 2 * ny + yy, nn - ny
    return Measure(int(units), int(n), y, yy, int(nn), ny)


# The tripwire


def pieces(*of: tuple[tuple[int, int], tuple[int, int]], together: bool = False) -> list[tuple[Slice, Slice]]:
    """Short times, oldest first: calls and failures on both arms; `together`: all in one conversation."""
    made = []
    for place, arms in enumerate(of):
        old, new = (
            Slice(NOW, n, k, failing=frozenset("one" if together else f"{place}-{i}" for i in range(k)))
            for n, k in arms
        )
        made.append((old, new))
    return made


def sudden(recent: Sequence[tuple[Slice, Slice]], ever: tuple[int, int] = (2000, 2)) -> GuardrailResult:
    stage = a_stage(50, an_arm(ever[0], {}, failures=ever[1]), an_arm(2000, {}))
    return evaluate([TRIPWIRE], [stage], recent)[0]


def test_a_sudden_failure_trips_at_once_also_after_healthy_minutes() -> None:
    healthy = ((200, 0), (200, 0))
    result = sudden(pieces(healthy, healthy, healthy, ((20, 0), (20, 15))))
    assert result.state == "tripped" and result.why == "15 of the last 20 calls failed"
    assert decide([result], []).answer == "roll-back"


def test_nineteen_calls_trip_nothing_and_keep_nobody_waiting() -> None:
    result = sudden(pieces(((20, 0), (19, 19))))
    assert result.state == "inconclusive" and "19 calls" in result.why
    assert decide([result], []).answer == "advance-allowed"


def test_what_fails_on_both_arms_is_not_the_candidates_fault() -> None:
    assert sudden(pieces(((25, 25), (25, 25)))).state != "tripped"


def test_four_failures_in_twenty_calls_may_be_chance_where_some_always_fail() -> None:
    assert sudden(pieces(((20, 0), (20, 4))), ever=(2000, 20)).state == "near"
    assert sudden(pieces(((400, 0), (200, 40))), ever=(2000, 20)).state == "tripped"


def test_one_conversation_that_is_tried_again_and_again_trips_nothing() -> None:
    again = pieces(((30, 0), (30, 25)), ((30, 0), (30, 25)), together=True)
    assert sudden(again).state != "tripped"


# Health, and what follows


def test_arms_of_other_sizes_than_the_percentage_hold() -> None:
    stage = escalated(5, (9000, 450), (1000, 50))
    found = {result.metric: result for result in health([stage], NOW)}
    assert found["sample-ratio"].state == "tripped"
    assert decide([], health([stage], NOW)).answer == "hold"
    calls = {result.metric: result for result in health([escalated(10, (9000, 450), (1000, 50))], NOW)}
    assert calls["sample-ratio"].state == "ok"


def test_unkeyed_calls_are_no_conversations_of_the_arms_and_hold_when_many() -> None:
    old, new = an_arm(950, {}, unkeyed=0), an_arm(350, {}, unkeyed=300)
    found = {result.metric: result for result in health([a_stage(5, old, new)], NOW)}
    assert found["sample-ratio"].state == "ok"
    assert found["unkeyed"].state == "tripped" and "conversation_id" in found["unkeyed"].why
    assert {r.metric: r.state for r in health([a_stage(5, an_arm(950, {}), an_arm(50, {}))], NOW)}["unkeyed"] == "ok"


def test_what_few_conversations_have_is_not_waited_for_unless_it_looks_bad() -> None:
    rule = GuardrailRule("thumbs-down", 0.03, "hold")
    for old, new, answer in (((400, 4), (40, 0), "advance-allowed"), ((400, 4), (60, 4), "hold")):
        arms = [an_arm(1000, {"thumbs-down": shares(*rated)}) for rated in (old, new)]
        result = one(rule, a_stage(10, *arms))
        assert result.state == "inconclusive" and decide([result], []).answer == answer


def test_without_keys_nothing_is_compared_and_that_holds() -> None:
    stage = a_stage(50, an_arm(500, {}, unkeyed=500), an_arm(500, {}, unkeyed=500))
    result = one(GuardrailRule("failures", 0.01, "roll-back"), stage)
    assert result.state == "inconclusive" and result.why == "no call names its conversation"
    assert decide([result], []).answer == "hold"


def test_silence_holds() -> None:
    stage = escalated(50, (100, 5), (100, 5))
    for later, state in ((QUIET_S - 1, "ok"), (QUIET_S + 1, "tripped")):
        found = {r.metric: r.state for r in health([stage], NOW + timedelta(seconds=later))}
        assert found["no-traffic"] == state
    assert [result.metric for result in health([], NOW)] == ["sample-ratio"]


def test_what_trips_rolls_back_or_holds_as_its_rule_says() -> None:
    stage = escalated(50, (1000, 50), (1000, 150))
    rolled = decide(evaluate([ESCALATIONS], [stage]), [])
    assert rolled.answer == "roll-back" and rolled.reasons[0].startswith("escalations: worse by 10.0 points")
    held = decide(evaluate([replace(ESCALATIONS, action="hold")], [stage]), [])
    assert held.answer == "hold"
    fine = decide(evaluate([ESCALATIONS], [escalated(50, (1000, 50), (1000, 50))]), health([stage], NOW))
    assert fine.answer == "advance-allowed" and not fine.reasons


def test_not_enough_to_tell_holds() -> None:
    decision = decide(evaluate([ESCALATIONS], [escalated(5, (95, 5), (5, 0))]), [])
    assert decision.answer == "hold" and "5 of 50" in decision.reasons[0]


def test_what_nobody_feeds_is_never_fine_and_only_missing_escalations_hold() -> None:
    fed = {"failures": shares(500, 2), "fallbacks": shares(500, 0), "latency": shares(500, 250)}
    stage = a_stage(50, *(an_arm(500, fed) for _ in "ab"))
    results = {(r.metric, r.action): r for r in evaluate(USUAL_GUARDRAILS, [stage])}
    for metric in ("escalations", "thumbs-down", "check-pass-rate", "first-token"):
        silent = [result for (name, _), result in results.items() if name == metric]
        assert all(result.state == "inconclusive" and result.unfed for result in silent)
    decision = decide(list(results.values()), [])
    assert decision.answer == "hold"
    assert [reason.partition(":")[0] for reason in decision.reasons] == ["escalations"]
