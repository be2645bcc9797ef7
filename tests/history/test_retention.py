"""What is forgotten of traffic, and what never is."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text as sql

from migrator_tui.history.rollout_records import EventKind, Finding, Rollout, RolloutState
from migrator_tui.history.store import History
from tests.history.conftest import MakeProject
from tests.history.rollout_fixtures import START, a_call, a_feedback, a_rollout, write

LATER = START + timedelta(days=100)


def rows(history: History, of: str, where: str = "1 = 1") -> int:
    with history._history.reading() as connection:
        return int(connection.execute(sql(f"select count(*) from migrator_{of} where {where}")).scalar_one())


def calls(history: History, numbers: range, **more: object) -> None:
    """Each of a conversation of its own, with its texts, a word about it, and a minute to itself."""
    texts = {"sampled_input": '{"vars": {}}', "sampled_output": '"sure"'}
    made = [
        a_call(n, **({"ts": START.timestamp() + 60 * n, "assigned": ("baseline", "candidate")[n % 2]} | texts | more))
        for n in numbers
    ]
    write(history, "migrator_traffic", made)
    write(history, "migrator_feedback", [a_feedback(f"call-{n}", "escalated", float(n % 3 == 0)) for n in numbers])


def counted(history: History, at: datetime) -> None:
    history.sum_up_traffic(at=at)
    history.samples_checked(history.unchecked_samples(["triage"], 10_000)[1])


def forget(history: History, before: datetime, texts_before: datetime | None = None, batch: int = 1_000) -> None:
    while history.forget_traffic(before=before, texts_before=texts_before or before, batch=batch):
        pass


def ended(history: History, rollout: Rollout, at: datetime) -> Rollout:
    back = {"kind": EventKind.ROLLED_BACK, "who": "ann", "why": "x", "state": RolloutState.ROLLED_BACK}
    return history.change_rollout(rollout, **back, percentage=0.0, at=at)  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, make_project: MakeProject) -> Iterator[History]:
    """A history on either kind of database."""
    url = None if request.param == "sqlite" else str(request.getfixturevalue("postgres"))
    with History.open(make_project(database=url)) as opened:
        yield opened


def test_calls_of_a_rollout_that_is_over_go_and_its_figures_stay(either: History) -> None:
    history = either
    rollout = a_rollout(history)
    calls(history, range(40))
    write(history, "migrator_feedback", [a_feedback("nobody's", "stars", 1)])
    counted(history, START + timedelta(hours=1))
    rollout = ended(history, rollout, START + timedelta(hours=1))
    before = history.stage_figures(rollout)[0]
    assert before.candidate.requests == 20 and before.candidate.measures["escalations"].total > 0
    forget(history, START + timedelta(minutes=20), batch=7)
    assert rows(history, "traffic") == 20 and rows(history, "feedback", "traffic_id > 0") == 20
    assert rows(history, "traffic_slice") == 20 and rows(history, "traffic_conversation") == 40
    forget(history, LATER, batch=7)
    # The newest row stays: SQLite would give its number to the next call, which would then count as counted.
    assert rows(history, "traffic") == 1 and rows(history, "feedback") == 1
    assert rows(history, "traffic_conversation") == rows(history, "traffic_conversation_signal") == 0
    after = history.stage_figures(rollout)[0]
    assert (after.baseline.measures, after.candidate.measures) == (
        before.baseline.measures,
        before.candidate.measures,
    )
    assert len(history.rollout_events(rollout.id)) == 2
    again = a_rollout(history, at=LATER)
    write(history, "migrator_traffic", [a_call(900, ts=LATER.timestamp(), revision=again.revision)])
    assert history.sum_up_traffic(at=LATER) == 1


@pytest.mark.parametrize("state", [RolloutState.RUNNING, RolloutState.HELD])
def test_of_a_rollout_under_way_only_the_texts_go(history: History, state: RolloutState) -> None:
    rollout = a_rollout(history)
    calls(history, range(10))
    counted(history, START + timedelta(hours=1))
    if state is RolloutState.HELD:
        history.change_rollout(rollout, kind=EventKind.HELD, who="ann", why="x", state=state)
    forget(history, LATER, batch=3)
    assert rows(history, "traffic") == 10 and rows(history, "feedback") == 10 and rows(history, "traffic_slice") == 10
    assert rows(history, "traffic_conversation") == 10
    assert rows(history, "traffic", "sampled_input is not null or sampled_output is not null") == 0


def test_texts_go_sooner(history: History) -> None:
    rollout = a_rollout(history)
    calls(history, range(10))
    counted(history, START + timedelta(hours=1))
    ended(history, rollout, START + timedelta(hours=1))
    forget(history, START - timedelta(days=1), START + timedelta(minutes=6), batch=4)
    assert rows(history, "traffic") == 10
    assert rows(history, "traffic", "sampled_input is null and sampled_output is null") == 6


def test_what_was_not_counted_or_checked_yet_stays(history: History) -> None:
    rollout = a_rollout(history)
    calls(history, range(5))
    ended(history, rollout, START + timedelta(hours=1))
    forget(history, LATER)
    assert rows(history, "traffic", "sampled_input is not null") == 5
    history.sum_up_traffic(at=LATER)
    forget(history, LATER)
    assert rows(history, "traffic", "sampled_input is not null") == 5
    samples, up_to = history.unchecked_samples(["triage"])
    history.add_findings([Finding(sample.traffic_id, "triage", "check-pass", 1) for sample in samples])
    history.samples_checked(up_to)
    forget(history, LATER)
    assert rows(history, "traffic") == 1


def test_the_days_before_the_switch_stay_to_be_compared_with(either: History) -> None:
    history = either
    from migrator_tui.rollout.figures import before_and_after

    rollout = a_rollout(history)
    calls(history, range(500), assigned="baseline")
    switch = START + timedelta(minutes=500)
    complete = history.change_rollout(
        rollout,
        kind=EventKind.COMPLETED,
        who="ann",
        why="x",
        state=RolloutState.COMPLETE,
        step=2,
        percentage=95,
        at=switch,
    )
    since = switch.timestamp() + 90
    write(
        history,
        "migrator_traffic",
        [a_call(n, ts=since + 60 * n, revision=complete.revision, assigned="candidate") for n in range(1_000, 1_500)],
    )
    counted(history, switch + timedelta(days=2))
    found = {each.metric: each for each in before_and_after(history, complete)}
    assert found["latency"].calls_before == found["latency"].calls_after == 500
    forget(history, switch + timedelta(minutes=1_200))
    found = {each.metric: each for each in before_and_after(history, complete)}
    assert found["latency"].calls_before == 500 and 0 < found["latency"].calls_after < 400
    assert rows(history, "traffic") < 400


def test_of_another_project_nothing_is_forgotten(history: History) -> None:
    rollout = a_rollout(history)
    calls(history, range(5))
    write(history, "migrator_traffic", [a_call(n, name="another") for n in range(10, 15)])
    calls(history, range(20, 22))
    counted(history, LATER)
    ended(history, rollout, START + timedelta(hours=1))
    forget(history, LATER)
    assert rows(history, "traffic", "name = 'another'") == 5 and rows(history, "traffic") == 6


def test_a_batch_is_all_that_one_transaction_forgets(history: History) -> None:
    rollout = a_rollout(history)
    calls(history, range(30))
    counted(history, LATER)
    ended(history, rollout, START + timedelta(hours=1))
    history.forget_traffic(before=LATER, texts_before=LATER, batch=10)
    assert rows(history, "traffic") == 20
