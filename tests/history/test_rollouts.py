"""The record of a rollout: changes compared and set, events, the row that the plugin reads, and the lease."""

import json
import threading
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from migrator_tui.history.errors import HistoryError, OvertakenError
from migrator_tui.history.rollout_records import EventKind, Rollout, RolloutState
from migrator_tui.history.store import History
from migrator_tui.project.rollout_settings import SHADOW_STEP
from migrator_tui.project.schema import Project
from tests.history.conftest import MakeProject
from tests.history.rollout_fixtures import ARMS, START, STEPS, a_call, a_feedback, a_rollout, write

LATER = START + timedelta(seconds=90)


def test_a_rollout_begins_at_its_first_step_and_the_gateway_is_told(history: History) -> None:
    started = a_rollout(history)
    assert history.rollout(started.id) == started == history.rollouts("triage")[0]
    assert started.steps == STEPS and started.state is RolloutState.RUNNING and started.percentage == 10
    published = history.published_rollout("triage")
    assert published is not None and published["arms"] == ARMS
    assert (published["revision"], published["percentage"], published["shadow"]) == (1, 10, False)
    (event,) = history.rollout_events(started.id)
    assert (event.kind, event.who, event.why, event.at) == (EventKind.STARTED, "ann", "the decision", START)


def test_a_rollout_that_an_earlier_form_stored_is_read(history: History) -> None:
    started = a_rollout(history)
    settings = {
        "steps": [asdict(step) for step in started.steps],
        "guardrails": [asdict(rule) | {"direction": "up"} for rule in started.guardrails],
        "hold_back": 5.0,
        "auto_advance": False,
        "sample_answers": 0.0,
    }
    with history._history.writing() as connection:
        connection.execute(text("update migrator_rollout set settings = :s"), {"s": json.dumps(settings)})
    assert history.rollout(started.id) == started and started.models is None


def test_a_shadow_step_comes_first_and_serves_nobody(history: History) -> None:
    started = a_rollout(history, steps=(SHADOW_STEP, *STEPS))
    published = history.published_rollout("triage")
    assert started.state is RolloutState.SHADOW and published is not None
    assert published["shadow"] and published["percentage"] == 0
    back = history.change_rollout(
        started, kind=EventKind.ROLLED_BACK, who="ann", why="too slow", state=RolloutState.ROLLED_BACK
    )
    published = history.published_rollout("triage")
    assert published is not None and not published["shadow"] and not back.shadow


def test_a_change_is_an_event_and_reaches_the_gateway(history: History) -> None:
    started = a_rollout(history)
    changed = history.change_rollout(
        started,
        kind=EventKind.ADVANCED,
        who="bob",
        why="enough calls",
        state=RolloutState.RUNNING,
        step=1,
        percentage=50,
        at=LATER,
    )
    assert (changed.revision, changed.step, changed.percentage, changed.since) == (2, 1, 50, LATER)
    held = history.change_rollout(changed, kind=EventKind.HELD, who="bob", why="lunch", state=RolloutState.HELD)
    assert held.since == LATER and held.percentage == 50  # the step goes on
    published = history.published_rollout("triage")
    assert published is not None and (published["revision"], published["state"]) == (3, "held")
    assert published["arms"] == ARMS
    kinds = [(event.kind, event.who, event.revision) for event in history.rollout_events(started.id)]
    assert kinds == [(EventKind.HELD, "bob", 3), (EventKind.ADVANCED, "bob", 2), (EventKind.STARTED, "ann", 1)]


def test_what_was_changed_meanwhile_is_not_changed_again(history: History) -> None:
    seen = a_rollout(history)
    history.change_rollout(
        seen,
        kind=EventKind.ROLLED_BACK,
        who="monitor",
        why="failures",
        state=RolloutState.ROLLED_BACK,
        percentage=0,
    )
    with pytest.raises(OvertakenError, match="monitor was faster: rolled-back at 0 %"):
        history.change_rollout(
            seen,
            kind=EventKind.ADVANCED,
            who="ann",
            why="fine",
            state=RolloutState.RUNNING,
            step=1,
            percentage=50,
        )
    assert history.rollout(seen.id).state is RolloutState.ROLLED_BACK
    published = history.published_rollout("triage")
    assert published is not None and published["percentage"] == 0
    assert len(history.rollout_events(seen.id)) == 2


def test_of_many_writers_at_once_one_wins_and_the_others_are_told(history: History, project: Project) -> None:
    seen = a_rollout(history)
    ready, won, told = threading.Barrier(6), [], []

    def change(who: str) -> None:
        with History.open(project) as own:
            ready.wait(20)
            try:
                won.append(
                    own.change_rollout(seen, kind=EventKind.HELD, who=who, why="race", state=RolloutState.HELD)
                )
            except OvertakenError as error:
                told.append(str(error))

    threads = [threading.Thread(target=change, args=(f"writer {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(won) == 1 and len(told) == 5
    (held, _) = history.rollout_events(seen.id)
    assert all(held.who in line for line in told) and held.revision == 2 == history.rollout(seen.id).revision


def test_one_rollout_of_a_name_at_a_time_and_revisions_go_on(history: History) -> None:
    first = a_rollout(history)
    with pytest.raises(HistoryError, match="under way"):
        a_rollout(history)
    back = history.change_rollout(
        first, kind=EventKind.ROLLED_BACK, who="ann", why="no", state=RolloutState.ROLLED_BACK, percentage=0
    )
    second = a_rollout(history)
    assert second.revision == second.first_revision == back.revision + 1 and second.salt != first.salt
    complete = history.change_rollout(
        second, kind=EventKind.COMPLETED, who="ann", why="done", state=RolloutState.COMPLETE, percentage=95
    )
    third = a_rollout(history)
    assert third.revision == complete.revision + 2
    assert history.rollout(second.id).state is RolloutState.ENDED
    assert [found.id for found in history.rollouts()] == [third.id, second.id, first.id]


def test_a_name_belongs_to_one_project_of_a_database(make_project: MakeProject, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.sqlite3'}"
    with (
        History.open(make_project(database=url)) as mine,
        History.open(make_project(tmp_path / "b", name="b", database=url)) as other,
    ):
        started = a_rollout(mine)
        with pytest.raises(HistoryError, match="another project"):
            a_rollout(other)
        with pytest.raises(KeyError):
            other.rollout(started.id)
        assert other.rollouts() == []


def test_an_event_may_change_nothing(history: History) -> None:
    started: Rollout = a_rollout(history)
    history.note_rollout(started, kind=EventKind.WARNED, who="monitor", why="latency is near its limit")
    assert history.rollout(started.id) == started
    assert history.rollout_events(started.id)[0].kind is EventKind.WARNED


def test_what_is_noted_of_a_step_that_somebody_left_meanwhile_stands_in_no_other(history: History) -> None:
    seen = a_rollout(history)
    write(history, "migrator_traffic", [a_call(n) for n in range(20)])
    history.sum_up_traffic(at=LATER)
    history.change_rollout(
        seen, kind=EventKind.ADVANCED, who="ann", why="well", state=RolloutState.RUNNING, step=1, percentage=50
    )
    with pytest.raises(OvertakenError, match="ann was faster: advanced at 50 %"):
        history.note_rollout(seen, kind=EventKind.READY, who="monitor", why="ready for the next step")
    stages = history.stage_figures(history.rollout(seen.id))
    assert [stage.revision for stage in stages] == [1, 2]
    assert sum(stage.baseline.requests + stage.candidate.requests for stage in stages) == 20  # none counts twice


def test_one_monitor_acts_and_another_takes_over_when_it_falls_silent(history: History) -> None:
    assert history.lease() is None
    assert history.take_lease("a", 5, at=START)
    assert not history.take_lease("b", 5, at=START + timedelta(seconds=4.9))
    assert history.take_lease("a", 5, at=START + timedelta(seconds=4.9))  # prolonged
    assert not history.take_lease("b", 5, at=START + timedelta(seconds=9.8))
    assert history.take_lease("b", 5, at=START + timedelta(seconds=9.9))
    assert not history.take_lease("a", 5, at=START + timedelta(seconds=10))
    history.note_look("b", at=START + timedelta(seconds=11))
    lease = history.lease()
    assert lease is not None and lease.owner == "b" and lease.looked_at == START + timedelta(seconds=11)
    history.give_lease_back("b", at=START + timedelta(seconds=12))
    assert history.take_lease("a", 5, at=START + timedelta(seconds=12))
    # The clock of the machine with "a" was an hour ahead, and is right again: nobody waits for that hour.
    assert history.take_lease("a", 5, at=START + timedelta(hours=1))
    assert history.take_lease("b", 5, at=START + timedelta(seconds=20))


def test_of_several_monitors_that_begin_at_once_one_acts(history: History, project: Project) -> None:
    ready, took = threading.Barrier(6), []

    def begin(owner: str) -> None:
        with History.open(project) as own:
            ready.wait(20)
            if own.take_lease(owner, 5, at=START):
                took.append(owner)

    threads = [threading.Thread(target=begin, args=(f"monitor {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    lease = history.lease()
    assert lease is not None and took == [lease.owner]


def test_other_programs_can_read_what_happened(history: History) -> None:
    started = a_rollout(history)
    write(history, "migrator_traffic", [a_call(1), a_call(2, name="of another program")])
    write(history, "migrator_feedback", [a_feedback("call-1", "thumbs", 1)])
    history.sum_up_traffic(at=START)
    rows = [row for row in history.export() if row["kind"] not in ("version",)]
    assert [row["kind"] for row in rows] == ["rollout", "rollout-event", "traffic", "feedback"]
    assert rows[0]["settings"]["hold_back"] == 5 and rows[1]["rollout_id"] == started.id
    assert (
        rows[1]["what"] == "started"
        and rows[2]["what"] == "ok"
        and rows[2]["request_id"] == "call-1"
        and rows[3]["traffic_id"] == rows[2]["id"]
    )
