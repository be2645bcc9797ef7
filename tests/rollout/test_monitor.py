"""The monitor: what it does by itself, what it leaves to people, and which of several acts."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from migrator_tui.history.errors import HistoryError, OvertakenError
from migrator_tui.history.store import History
from migrator_tui.project.rollout_settings import SHADOW_STEP, GuardrailRule
from migrator_tui.project.schema import Project
from migrator_tui.rollout import control
from migrator_tui.rollout.figures import Look, before_and_after, drifted, look
from migrator_tui.rollout.monitor import LEASE_S, LOOK_EVERY_S
from migrator_tui.rollout.values import EventKind, Rollout, RolloutState
from tests.history.rollout_fixtures import START, a_feedback, write
from tests.rollout.conftest import Clock, Traffic, Watched

Start = Callable[..., Rollout]
FAILING = {"kind": "failed", "served": None, "error_class": "Timeout", "latency_ms": None}
RESCUED = {"served": "baseline", "attempts": 2, "error_class": "InternalServerError"}
QUICK = (GuardrailRule("failures", 0.01, "roll-back"), GuardrailRule("latency", 0.25, "hold"))
"""Guardrails that have something to say after some hundred calls."""


def healthy(traffic: Traffic, rollout: Rollout, calls: int = 400) -> None:
    """Calls on both arms as the percentage says, some of which fail for the application's own mistakes."""
    candidate = round(calls * rollout.percentage / 100)
    traffic(rollout, "baseline", calls - candidate)
    traffic(rollout, "candidate", candidate)


def test_sudden_failure_rolls_back_within_a_look(
    history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start()
    healthy(traffic, rollout)
    clock.on(10)
    assert watched.look() and history.rollout(rollout.id).state is RolloutState.RUNNING
    clock.on(LOOK_EVERY_S)
    traffic(rollout, "baseline", 200)
    traffic(rollout, "candidate", 22, **RESCUED)  # nobody sees it: the old model answers, and it counts all the same
    clock.on(0.1)
    watched.look()
    back = history.rollout(rollout.id)
    assert (back.state, back.percentage) == (RolloutState.ROLLED_BACK, 0)
    published = history.published_rollout("triage")
    assert published is not None and published["percentage"] == 0
    event = history.rollout_events(rollout.id)[0]
    assert event.kind is EventKind.ROLLED_BACK and event.who == "monitor" and "tripwire" in event.why
    assert watched.kinds == ["rolled-back"] and watched.alerts[0].what == event.why
    watched.look()
    assert watched.kinds == ["rolled-back"]  # and that is the end of it


def test_what_comes_in_after_a_rollback_is_not_counted_to_its_last_step(
    project: Project, history: History, start: Start, traffic: Traffic, clock: Clock
) -> None:
    rollout = start()
    healthy(traffic, rollout)
    clock.on(10)
    back = control.roll_back(history, rollout, who="ann", why="complaints", at=clock())
    clock.on(1)
    traffic(back, "baseline", 70)
    arms = look(history, back, clock(), project).arms
    assert (arms["baseline"].requests, arms["candidate"].requests) == (360, 40)


def test_a_mistake_of_the_application_is_no_failure(
    history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start()
    healthy(traffic, rollout)
    traffic(rollout, "candidate", 30, **FAILING, client_error=True)
    clock.on(10)
    watched.look()
    assert history.rollout(rollout.id).state is not RolloutState.ROLLED_BACK


def test_too_little_data_is_not_fine(
    project: Project, history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(guardrails=QUICK)
    traffic(rollout, "baseline", 30)
    traffic(rollout, "candidate", 30)
    clock.on(61)
    watched.look()
    seen = look(history, rollout, clock(), project)
    assert seen.needs.met and {result.state for result in seen.results} == {"inconclusive"}
    assert not seen.ready and any("failures" in reason for reason in seen.blockers) and watched.alerts == []


def test_nothing_heard_is_not_fine_either(
    project: Project, history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(guardrails=(GuardrailRule("escalations", 0.02, "roll-back"),))
    healthy(traffic, rollout, 5_000)
    clock.on(61)
    seen = look(history, rollout, clock(), project)
    assert seen.needs.met and not seen.ready and seen.results[0].state == "inconclusive"


def test_a_monitor_that_stood_still_says_nothing_a_second_time(
    project: Project,
    history: History,
    start: Start,
    traffic: Traffic,
    watched: Watched,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Suspended in the middle of a look, for longer than its lease: another one has acted by then."""
    healthy(traffic, start(guardrails=QUICK), 8_000)
    clock.on(61)
    second = Watched(project, history, clock, owner="second")

    def stand_still(seen: Look) -> dict[str, str]:
        monkeypatch.undo()
        clock.on(LEASE_S + 0.1)
        assert second.look()
        return drifted(seen)

    monkeypatch.setattr("migrator_tui.rollout.monitor.drifted", stand_still)
    watched.look()
    assert second.kinds == ["ready"] and watched.kinds == []
    kinds = [event.kind for event in history.rollout_events(history.rollouts()[0].id)]
    assert kinds.count(EventKind.READY) == 1
    assert any("another monitor has taken over" in line for line in watched.lines)
    assert not watched.look() and second.look()


def test_a_healthy_step_asks_a_person_once_and_waits(
    project: Project, history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(guardrails=QUICK)
    healthy(traffic, rollout, 8_000)
    clock.on(59)
    watched.look()
    assert watched.alerts == [] and not look(history, rollout, clock(), project).ready
    clock.on(2)
    watched.look()
    watched.look()
    assert watched.kinds == ["ready"] and "50 %" in watched.alerts[0].what
    assert history.rollout(rollout.id).percentage == 10 and look(history, rollout, clock(), project).ready
    assert history.rollout_events(rollout.id)[0].kind is EventKind.READY


def test_a_step_that_is_gone_back_to_asks_anew(
    history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(guardrails=())
    healthy(traffic, rollout)
    clock.on(120)
    watched.look()
    assert watched.kinds == ["ready"]
    clock.on(5)
    on = control.advance(history, rollout, who="ann", blockers=(), at=clock())
    back = control.step_back(history, on, who="ann", why="by hand", at=clock())
    assert (back.step, back.percentage, back.state) == (0, rollout.percentage, RolloutState.RUNNING)
    healthy(traffic, back)
    clock.on(120)
    watched.look()
    assert watched.kinds == ["ready", "ready"]


def test_it_goes_on_by_itself_where_the_project_says_so(
    history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(guardrails=QUICK, auto_advance=True)
    for percentage, state in ((50, "running"), (95, "running"), (95, "complete")):
        healthy(traffic, rollout, 8_000)
        clock.on(61)
        watched.look()
        rollout = history.rollout(rollout.id)
        assert (rollout.percentage, rollout.state.value) == (percentage, state)
        watched.look()  # the next step has to be held anew
        assert history.rollout(rollout.id) == rollout
    assert watched.kinds == ["advanced", "advanced", "completed"]
    assert all(event.who == "monitor" for event in history.rollout_events(rollout.id)[:3])


def test_a_guardrail_that_holds_holds_once(
    project: Project, history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(guardrails=QUICK)
    traffic(rollout, "baseline", 1_800)
    traffic(rollout, "candidate", 200, latency_ms=2_000.0)
    traffic(rollout, "candidate", 1, latency_ms=1_900.0)
    clock.on(10)
    watched.look()
    held = history.rollout(rollout.id)
    assert held.state is RolloutState.HELD and held.percentage == 10 and watched.kinds == ["held"]
    assert history.rollout_events(rollout.id)[0].why.startswith("latency: ")
    control.resume(history, held, who="ann", why="known; the prompt is longer")
    watched.look()
    resumed = history.rollout(rollout.id)
    assert resumed.state is RolloutState.RUNNING  # a person has seen it
    assert any(
        "latency" in reason for reason in look(history, resumed, clock(), project).blockers
    )  # and it still stands


def test_the_shadow_step_holds_where_copies_fail_and_harms_nobody(
    project: Project, history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(steps=(SHADOW_STEP, *project.rollout.steps), guardrails=QUICK)
    traffic(rollout, "baseline", 300)
    traffic(rollout, "candidate", 300, kind="shadow", served=None, error_class="Timeout", latency_ms=None)
    clock.on(10)
    watched.look()
    held = history.rollout(rollout.id)
    assert held.state is RolloutState.HELD and held.shadow
    assert "failures" in history.rollout_events(rollout.id)[0].why


def test_the_shadow_step_goes_on_after_its_time_and_copies(
    project: Project, history: History, start: Start, traffic: Traffic, clock: Clock
) -> None:
    rollout = start(steps=(SHADOW_STEP, *project.rollout.steps), guardrails=QUICK)
    traffic(rollout, "baseline", 300)
    traffic(rollout, "candidate", 199, kind="shadow")
    clock.on(SHADOW_STEP.hold_s)
    assert look(history, rollout, clock(), project).blockers == ["1 more call on the candidate"]
    traffic(rollout, "candidate", 1, kind="shadow")
    assert look(history, rollout, clock(), project).ready


def test_of_two_monitors_one_acts_and_the_other_takes_over(
    project: Project, history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start()
    second = Watched(project, history, clock, owner="second")
    assert watched.look() and not second.look()
    clock.on(LOOK_EVERY_S)
    assert watched.look()
    traffic(rollout, "candidate", 40, **FAILING)  # and now the first one dies
    clock.on(LEASE_S - 0.1)
    assert not second.look() and history.rollout(rollout.id).state is RolloutState.RUNNING
    clock.on(0.1)
    assert second.look() and history.rollout(rollout.id).state is RolloutState.ROLLED_BACK
    assert not watched.look() and watched.alerts == [] and second.kinds == ["rolled-back"]
    assert LEASE_S + 2 * LOOK_EVERY_S <= 10


def test_a_person_who_is_faster_is_let_be(
    project: Project, history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start()
    traffic(rollout, "candidate", 40, **FAILING)
    clock.on(5)
    seen = look(history, rollout, clock(), project)
    control.roll_back(history, rollout, who="ann", why="I saw it")
    with pytest.raises(OvertakenError, match="ann was faster"):
        watched.monitor._watch(seen)
    assert history.rollout_events(rollout.id)[0].who == "ann" and watched.alerts == []


def test_sampled_answers_are_put_to_the_checks_once(
    history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start()
    asked = json.dumps({"vars": {"ticket": "x"}, "messages": []})
    for arm, answer in (
        ("baseline", '{"category": "billing"}'),
        ("candidate", "Here is it:\n```json\n{}\n```"),
        ("candidate", None),
        ("candidate", '{"category": "billing"}'),
    ):
        traffic(rollout, arm, 1, sampled_input=asked, sampled_output=json.dumps(answer))
    for hostile in ("not JSON", "[1]", "7", json.dumps({"content": 1}), json.dumps({"tool_calls": [3, {"x": 1}]})):
        traffic(rollout, "candidate", 1, sampled_input="[[", sampled_output=hostile)
    clock.on(1)
    watched.look()
    watched.look()
    (stage,) = history.stage_figures(rollout)
    assert stage.baseline.measures["check-pass-rate"].mean == 1
    found = stage.candidate.measures
    assert found["check-pass-rate"].values == 4 and found["check-pass-rate"].total == 1
    assert found["drift:fences"].total == 1 and found["drift:empty"].total == 2 and found["drift:any"].units == 4
    assert watched.lines == ["watching"]
    worst = history.worst_calls(rollout)
    assert worst[0].signals["check-pass"] == 0 and {call.signals.get("check-pass") for call in worst[4:]} >= {1, None}


def test_after_the_switch_it_is_compared_with_the_days_before(
    history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(guardrails=QUICK)
    traffic(rollout, "baseline", 300)
    assert before_and_after(history, rollout) == []
    for _ in range(3):
        clock.on(60)
        rollout = control.advance(history, rollout, who="ann", blockers=["x"], reason="practice", at=clock())
    assert rollout.state is RolloutState.COMPLETE
    clock.on(60)
    watched.look()
    traffic(rollout, "candidate", 300, cost=0.002)
    clock.on(30)
    watched.look()
    assert watched.kinds == []  # that is looked at once a minute: after some months there is much to sum
    clock.on(31)
    watched.look()
    found = {each.metric: each for each in before_and_after(history, rollout)}
    assert found["cost"].worse_by > 0.9 and abs(found["latency"].worse_by) < 0.05 and found["failures"].worse_by == 0
    assert watched.kinds == ["warned"] and "cost since the switch: worse by 100.0 %" in watched.alerts[0].what
    watched.look()
    assert watched.kinds == ["warned"]


def test_feedback_that_escalates_rolls_back(
    history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(guardrails=(GuardrailRule("escalations", 0.02, "roll-back"),))
    traffic(rollout, "baseline", 900)
    answered = traffic(rollout, "candidate", 100)
    write(history, "migrator_feedback", [a_feedback(name, "escalated", 1) for name in answered[:60]])
    clock.on(10)
    watched.look()
    assert history.rollout(rollout.id).state is RolloutState.ROLLED_BACK
    assert history.rollout_events(rollout.id)[0].why.startswith("escalations: ")
    assert START + timedelta(seconds=10) == clock()


def test_a_database_that_is_away_is_told_once_and_waited_for(
    history: History,
    start: Start,
    traffic: Traffic,
    watched: Watched,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rollout = start()
    traffic(rollout, "candidate", 40, **FAILING)
    clock.on(5)
    stop, answers = threading.Event(), iter([True, True, False])
    take = history.take_lease

    def away(*words: Any, **more: Any) -> bool:
        if next(answers, False):
            raise HistoryError("history: the server is gone")
        return take(*words, **more)

    monkeypatch.setattr(history, "take_lease", away)
    monkeypatch.setattr(history, "note_look", lambda *_, **__: stop.set())
    watched.monitor.run(stop, every_s=0)
    assert watched.lines[0] == "history: the server is gone; it is tried again"
    assert watched.lines[1] == "watching" and "rolled back" in watched.lines[2] and len(watched.lines) == 4
    assert history.rollout(rollout.id).state is RolloutState.ROLLED_BACK


def test_a_bug_of_ours_does_not_end_the_watch(
    history: History, start: Start, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    stop, looks = threading.Event(), []

    def stumble(*_: Any) -> None:
        looks.append(1)
        if len(looks) == 3:
            stop.set()
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("migrator_tui.rollout.monitor.look", stumble)
    watched.monitor.run(stop, every_s=0)
    assert len(looks) == 3
    assert [line for line in watched.lines if "went wrong inside" in line] == watched.lines[1:]
    assert len(watched.lines) == 2  # said once, however often it came


def test_what_goes_wrong_with_one_rollout_leaves_the_others_watched(
    history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = start()
    traffic(rollout, "candidate", 40, **FAILING)
    clock.on(5)
    # Another task of the project is rolled out too, began later, and something about it finds a bug of ours.
    another = replace(rollout, id=rollout.id + 1, name="sort", task="sort")
    monkeypatch.setattr(history, "rollouts", lambda: [another, rollout])
    with pytest.raises(KeyError):
        watched.look()
    assert history.rollout(rollout.id).state is RolloutState.ROLLED_BACK


def test_drift_that_the_candidate_shows_more_often_is_said_and_nothing_follows(
    project: Project, history: History, start: Start, traffic: Traffic, watched: Watched, clock: Clock
) -> None:
    rollout = start(steps=project.rollout.steps[1:], guardrails=QUICK)  # both arms have as many
    fenced, plain = json.dumps("```json\n{}\n```"), json.dumps("{}")
    for arm, answers in (("baseline", [plain] * 95 + [fenced] * 5), ("candidate", [plain] * 60 + [fenced] * 40)):
        for answer in answers:
            traffic(rollout, arm, 1, sampled_input="{}", sampled_output=answer)
    clock.on(1)
    for _ in range(6):  # fifty answers a look
        watched.look()
    said = [alert.what for alert in watched.alerts]
    assert said == ["drift:fences: shows in 40% of the candidate's answers, 5% before"]
    assert history.rollout(rollout.id).state is RolloutState.RUNNING
    assert sum(event.kind is EventKind.WARNED for event in history.rollout_events(rollout.id)) == 1


def test_what_is_old_is_forgotten_with_the_looks_and_then_left_alone_for_an_hour(
    project: Project,
    history: History,
    start: Start,
    traffic: Traffic,
    watched: Watched,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    forget = history.forget_traffic

    def forgets(**more: Any) -> int:
        asked.append((clock() - more["before"], clock() - more["texts_before"]))
        return forget(**more, batch=10)

    monkeypatch.setattr(history, "forget_traffic", forgets)
    rollout = start()
    traffic(rollout, "baseline", 25, sampled_input="{}", sampled_output='"sure"')
    watched.look()
    back = control.roll_back(history, rollout, who="ann", why="complaints", at=clock())
    traffic(back, "baseline", 12)  # nobody looks at these, and they are forgotten all the same
    assert asked == [(timedelta(days=90), timedelta(days=30))]
    clock.on(91 * 86_400)
    for _ in range(6):
        watched.look()
    assert len(asked) == 6 and history.stage_figures(back)[0].baseline.requests == 25
    with history._history.reading() as connection:
        assert connection.execute(text("select count(*) from migrator_traffic")).scalar_one() == 1
    clock.on(60)
    watched.look()
    assert len(asked) == 6
    clock.on(3_600)
    watched.look()
    assert len(asked) == 7
