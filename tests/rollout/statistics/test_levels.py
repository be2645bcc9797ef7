"""Guardrails looked at all along roll back by mistake as seldom as stated, and see what they should.

`python -m tests.simulations` does the same with more rollouts.
"""

from dataclasses import replace

import pytest

from migrator_tui.project.rollout_settings import USUAL_GUARDRAILS
from migrator_tui.rollout.simulating import Detection, Supposed, Traffic, detection, false_rollbacks, first_trips
from tests.simulations.rollouts import (
    ALONE,
    impatient_mistakes,
    ratio_alarms,
    staged_mistakes,
    tripped,
    user_mistakes,
)
from tests.simulations.samples import chance_error

HALF = Traffic(((4000, 0.5),))


def found(seed: int, runs: int, *supposed: Supposed) -> list[Detection]:
    """How these harms are caught within 4,000 conversations, were none allowed."""
    return [detection(USUAL_GUARDRAILS, one, limit=0, conversations=4000, runs=runs, seed=seed) for one in supposed]


def test_a_thousand_rollouts_without_a_difference_seldom_roll_back() -> None:
    """By any of the usual guardrails, looked at after every tenth conversation, were no harm allowed at all."""
    assert 0 < false_rollbacks(USUAL_GUARDRAILS, HALF, rates={}, runs=1000, seed=1) <= 0.05


@pytest.mark.parametrize("share", [0.05, 0.95])
def test_nor_do_those_with_little_on_one_arm(share: float) -> None:
    rates = {"escalations": 0.3}
    traffic = Traffic(((4000, share),), looks_every=20)
    assert false_rollbacks(USUAL_GUARDRAILS, traffic, rates=rates, runs=200, seed=2) <= 0.05


def test_looking_after_every_conversation_costs_nothing() -> None:
    every_one = Traffic(((1000, 0.5),), looks_every=1)
    assert false_rollbacks(USUAL_GUARDRAILS, every_one, rates={}, runs=200, seed=3) <= 0.05


def test_an_interval_for_one_look_would_cry_wolf() -> None:
    """Else the tests above could not fail."""
    assert impatient_mistakes(0.5, 200) > 0.2


def test_harm_of_five_points_is_seen_where_one_in_twenty_is_escalated() -> None:
    caught = found(4, 300, Supposed("escalations", 0.05, 0.05, 0.5))[0]
    assert caught.caught >= 0.9
    assert caught.median_conversations is not None and caught.median_conversations < 2000


def test_where_more_are_escalated_it_is_missed_more_often_and_that_is_said() -> None:
    some, many = (found(4, 300, Supposed("escalations", rate, 0.05, 0.5))[0] for rate in (0.2, 0.3))
    assert 0.4 < many.caught < some.caught < 0.9


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_harm_of_thirty_points_is_always_seen(share: float) -> None:
    supposed = [Supposed("escalations", rate, 0.3, share) for rate in (0.05, 0.2, 0.3)]
    supposed += [Supposed("check-pass-rate", 0.9, 0.3, share), Supposed("failures", 0.01, 0.3, share)]
    for one in found(5, 200, *supposed):
        assert one.caught == 1.0, one


def test_with_forty_conversations_on_the_candidate_nothing_is_said() -> None:
    caught = found(6, 50, Supposed("escalations", 0.05, 0.3, 0.01))[0]
    assert caught.caught < 0.2 and not caught.watched and caught.median_conversations is None


def test_slower_and_dearer_is_seen() -> None:
    slower, dearer = found(7, 100, Supposed("latency", None, 0.25, 0.5), Supposed("cost", None, 0.3, 0.5))
    assert slower.caught == 1.0 and dearer.caught > 0.9


def test_two_seeds_differ_slightly_and_one_seed_not_at_all() -> None:
    supposed = Supposed("escalations", 0.2, 0.05, 0.5)
    first, again, other = (found(seed, 300, supposed)[0] for seed in (1, 1, 2))
    assert first == again != other
    assert abs(first.caught - other.caught) <= 2 * chance_error(first.caught, 300)


def test_a_percentage_that_rises_while_the_rate_rises_does_not_bias() -> None:
    assert staged_mistakes(0.15, 200, pooled=False) <= 0.05
    assert staged_mistakes(0.15, 200, pooled=True) > 0.5  # what comparing all with all would make of it


def test_harm_is_seen_through_the_stages() -> None:
    traffic = Traffic(((500, 0.01), (500, 0.05), (1000, 0.25), (2000, 0.5)), drift=0.15)
    trips = first_trips(ALONE, "escalations", traffic, baseline=0.05, harm=0.1, limit=0, runs=100, seed=8)
    assert tripped(trips) > 0.95


def test_users_who_come_back_in_every_stage_are_borne() -> None:
    assert user_mistakes(1000, 100) <= 0.05 + chance_error(0.05, 100)


def test_allowed_harm_is_allowed() -> None:
    for limit, expected in ((0.05, 0.05), (0.0, 1.0)):
        trips = first_trips(ALONE, "escalations", HALF, baseline=0.05, harm=0.05, limit=limit, runs=200, seed=9)
        assert tripped(trips) <= expected if limit else tripped(trips) >= 0.95


def test_arms_of_other_sizes_than_stated_are_found_and_those_of_the_stated_sizes_are_left_alone() -> None:
    assert ratio_alarms(0.05, 0.05, 4000, 100) == 0
    assert ratio_alarms(0.5, 0.5, 4000, 100) == 0
    assert ratio_alarms(0.5, 0.42, 4000, 20) == 1
    assert ratio_alarms(0.05, 0.1, 4000, 20) == 1


def test_a_guardrail_less_in_the_family_sees_more() -> None:
    alone = [replace(rule, limit=0.0) for rule in USUAL_GUARDRAILS if rule.metric == "escalations"]
    trips = [
        first_trips(rules, "escalations", HALF, baseline=0.2, harm=0.05, limit=0, runs=200, seed=10)
        for rules in (alone, USUAL_GUARDRAILS)
    ]
    assert tripped(trips[0]) > tripped(trips[1])
