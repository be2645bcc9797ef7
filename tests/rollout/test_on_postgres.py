"""Control and monitor on a PostgreSQL server: the same tests, and gateways that write at the same time."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy import text as sql

from migrator_tui.commands.rollout import rollout_status
from migrator_tui.history.store import History
from migrator_tui.history.traffic import _PATIENCE
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import Project
from migrator_tui.rollout.values import Measure, Rollout
from tests.history.conftest import postgres as postgres  # noqa: PLC0414 - a fixture
from tests.history.rollout_fixtures import START, a_call, a_feedback, write, write_on
from tests.rollout import test_control, test_monitor
from tests.rollout.conftest import CONFIG, Clock, Traffic

pytestmark = pytest.mark.usefixtures("postgres")


@pytest.fixture
def project(tmp_path: Path, postgres: str) -> Project:
    (tmp_path / "migrator.toml").write_text(f'{CONFIG}\n[history]\ndatabase = "{postgres}"\n', "utf-8")
    (tmp_path / "triage.md").write_text("Sort the ticket {{ ticket }}.", "utf-8")
    (tmp_path / "cases.jsonl").write_text('{"id": "a", "vars": {"ticket": "lost"}}\n', "utf-8")
    return load_project(tmp_path)


_FROM_MONITOR = (
    "test_sudden_failure_rolls_back_within_a_look",
    "test_of_two_monitors_one_acts_and_the_other_takes_over",
    "test_a_person_who_is_faster_is_let_be",
    "test_sampled_answers_are_put_to_the_checks_once",
    "test_after_the_switch_it_is_compared_with_the_days_before",
)
"""Those in which the database has the word; the others are about arithmetic."""

globals().update({name: value for name, value in vars(test_control).items() if name.startswith("test_")})
globals().update({name: vars(test_monitor)[name] for name in _FROM_MONITOR})


def test_where_the_database_may_only_be_read_what_can_be_read_is_told(
    project: Project, history: History, start: Callable[..., Rollout], traffic: Traffic, postgres: str
) -> None:
    rollout = start()
    traffic(rollout, "candidate", 40)
    rollout_status(project, history, rollout)
    traffic(rollout, "candidate", 2)
    url = make_url(postgres)
    options = f"{url.query.get('options', '')} -c default_transaction_read_only=on"
    reading = url.update_query_dict({"options": options}).render_as_string(False)
    with History.open(project, database=reading) as reader:
        seen = rollout_status(project, reader, rollout).look
    assert seen.arms["candidate"].requests == 40 and "read-only" in seen.uncounted


def test_a_row_that_becomes_visible_late_is_counted_all_the_same(
    history: History, start: Callable[..., Rollout], traffic: Traffic, clock: Clock
) -> None:
    """Two gateways write at once: the one that took the smaller numbers commits after the other."""
    rollout = start()

    def calls() -> int:
        history.sum_up_traffic(at=clock())
        return history.stage_figures(rollout)[0].baseline.requests

    traffic(rollout, "baseline", 3)
    assert calls() == 3
    with history._history.writing() as late:
        write_on(late, "migrator_traffic", [a_call(900)])
        traffic(rollout, "baseline", 5)
        assert calls() == 3  # the fourth is on its way
    assert calls() == 9


def test_a_write_that_came_to_nothing_holds_up_the_others_for_seconds_only(
    history: History, start: Callable[..., Rollout], traffic: Traffic, clock: Clock
) -> None:
    rollout = start()
    with pytest.raises(ZeroDivisionError), history._history.writing() as lost:
        lost.execute(sql("select nextval('migrator_traffic_id_seq')"))
        _ = 1 / 0
    traffic(rollout, "baseline", 5)
    assert history.sum_up_traffic(at=clock()) == 0
    clock.on(_PATIENCE.total_seconds() - 0.1)
    assert history.sum_up_traffic(at=clock()) == 0
    clock.on(0.1)
    assert history.sum_up_traffic(at=clock()) == 5


def test_programs_that_count_at_the_same_time_count_everything_once(
    project: Project, history: History, start: Callable[..., Rollout], traffic: Traffic
) -> None:
    rollout, ready = start(), threading.Barrier(4)
    names = traffic(rollout, "baseline", 500)
    write(history, "migrator_feedback", [a_feedback(name, "thumbs", n % 2) for n, name in enumerate(names)])

    def count() -> None:
        with History.open(project) as own:
            ready.wait(20)
            own.sum_up_traffic(at=START)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (stage,) = history.stage_figures(rollout)
    assert stage.baseline.requests == 500
    assert stage.baseline.measures["thumbs-down"] == Measure(500, 500, 250, 250, 500, 250)
