"""What is told of where a rollout stands."""

import io
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from migrator_tui.commands.rollout import rollout_status
from migrator_tui.history import database
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.store import History
from migrator_tui.project.schema import Project
from migrator_tui.reports.rollout_report import rollout_report
from migrator_tui.reports.rollout_status import print_status, status_json
from migrator_tui.rollout import control
from migrator_tui.rollout.values import Rollout
from tests.history.rollout_fixtures import START
from tests.rollout.conftest import Traffic


def told(project: Project, history: History, rollout: Rollout) -> list[str]:
    out = io.StringIO()
    print_status(rollout_status(project, history, rollout), out)
    return out.getvalue().splitlines()


def test_each_limit_and_figure_has_the_unit_of_its_metric(
    project: Project, history: History, start: Callable[..., Rollout], traffic: Traffic
) -> None:
    rollout = start(steps=project.rollout.steps[1:])
    traffic(rollout, "baseline", 300, first_token_ms=200.0)
    traffic(rollout, "candidate", 270, first_token_ms=300.0)
    traffic(rollout, "candidate", 30, served="baseline", attempts=2)
    lines = told(project, history, rollout)
    rows = {tuple(line.split()[1:3]): line for line in lines if line[2:3] in "✓!✗~"}
    limits = {
        ("sudden", "failure"): "at most 20 % of 20 calls in 5 min",
        ("failures", "at"): "at most 1 pt above baseline",
        ("pass", "rate"): "no more than 2 pt below baseline",
        ("first", "token"): "at most +25 %",
        ("cost", "per"): "at most +20 %",
    }
    assert {name: limit for name, limit in limits.items() if limit not in rows[name]} == {}
    both = [line for line in lines if line[4:13] == "fallbacks"]
    assert ["at most 10 % of its calls" in both[0], "at most 2 % of its calls" in both[1]] == [True, True]
    assert all("  10.0 %   " in line and "pt" not in line for line in both)
    assert "10.0 % of its calls, at least" in both[1] and "worse by" not in both[1] and "; 2.0 % allowed" in both[1]
    assert "+10.0 pt" in rows["failures", "at"] and "+50 %" in rows["first", "token"]
    found = status_json(rollout_status(project, history, rollout))["guardrails"]
    units = {guardrail["metric"]: guardrail["unit"] for guardrail in found}
    assert units["fallbacks"] == units["tripwire"] == "share" and units["latency"] == units["cost"] == "relative"
    assert units["failures"] == units["check-pass-rate"] == "points"


def test_while_another_program_writes_what_can_be_read_is_told(
    project: Project,
    history: History,
    start: Callable[..., Rollout],
    traffic: Traffic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 100)
    rollout = start()
    traffic(rollout, "candidate", 40)
    told(project, history, rollout)
    traffic(rollout, "candidate", 2)
    with History.open(project) as hurried:
        with closing(sqlite3.connect(history.location, isolation_level=None)) as other:
            other.execute("begin immediate")
            began = time.monotonic()
            status = rollout_status(project, hurried, rollout)
            assert time.monotonic() - began < 2, "and not six times as long"
            with pytest.raises(HistoryError, match="locked"):
                hurried.sum_up_traffic(patient=False)
        assert status.look.arms["candidate"].requests == 40
        out = io.StringIO()
        print_status(status, out)
        (line,) = [line for line in out.getvalue().splitlines() if "not counted" in line]
        assert line.startswith("  ! what came in last is not counted: history: database is locked")
        assert "locked" in status_json(status)["uncounted"]
        status = rollout_status(project, hurried, rollout)
        assert status.look.arms["candidate"].requests == 42 and status_json(status)["uncounted"] is None


def test_who_brought_it_there_and_what_may_follow_stand_on_top(
    project: Project, history: History, start: Callable[..., Rollout], traffic: Traffic
) -> None:
    held = control.hold(history, start(), who="ann", why="check-pass-rate: two of them look odd")
    lines = told(project, history, held)
    assert lines[0].startswith("triage: held, 10 % of the conversations on new v1, for ")
    assert lines[2].endswith("held at 10 %, by ann: pass rate: two of them look odd")
    assert lines[3] == "  next is 50 %; what stands in the way:" and "resume it first" in lines[4]


def test_since_when_it_is_rolled_back_is_told_and_both_sides_stand_apart(
    project: Project, history: History, start: Callable[..., Rollout], traffic: Traffic
) -> None:
    seen = start()
    for arm in ("baseline", "candidate"):
        traffic(seen, arm, 7, kind="failed", served=None)
    back = control.roll_back(history, seen, who="ann", why="complaints", at=START + timedelta(hours=3))
    status = rollout_status(project, history, back)
    assert status.since == START + timedelta(hours=3)
    out = io.StringIO()
    print_status(status, out)
    (failures,) = (line for line in out.getvalue().splitlines() if line.startswith("  failures  ") and "…" in line)
    assert failures.split() == ["failures", *(["100.0", "%", "(64.6", "…", "100.0)"] * 2)]


def test_a_step_against_advice_says_which_and_all_of_the_reason(
    project: Project, history: History, start: Callable[..., Rollout]
) -> None:
    reasons = [f"check-pass-rate: {'no answer was checked ' * 20}", "tripwire: 13 of the last 54 calls failed"]
    rollout = control.advance(history, start(), who="ann", blockers=reasons, reason="the shop closes")
    *_, against, _ = told(project, history, rollout)
    assert " 50 % started, against advice, by ann: the shop closes (against: pass rate: no answer" in against
    assert against.endswith("; sudden failure: 13 of the last 54 calls failed)")
    report = rollout_report(
        rollout_status(project, history, rollout), project="shop", made_by="ann", made_at=rollout.since
    )
    (row,) = [line for line in report.splitlines() if "against advice" in line]
    assert row.split(" | ")[1:4] == ["started, against advice", "50 %", "ann"]
    assert f"{rollout.since:%H:%M:%S} UTC" in row and row.endswith("13 of the last 54 calls failed) |")
    assert "&#58;" not in report and "in order: chance alone is as far off with p = 1; held below 0.001" in report


def test_a_step_left_early_says_how_long_it_was_held(
    project: Project, history: History, start: Callable[..., Rollout]
) -> None:
    steps = [replace(step, hold_s=86_400.0) for step in project.rollout.steps]
    rollout = start(steps=steps)

    def on(seen: Rollout, seconds: float, *blockers: str) -> Rollout:
        at = START + timedelta(seconds=seconds)
        return control.advance(history, seen, who="ann", blockers=blockers, reason="now", at=at)

    second = on(rollout, 20.9, "no time")
    third = on(second, 90_000)
    assert told(project, history, third)[1].split("  ")[1:] == ["~ 10 % (20 s of 24 h)", "✓ 50 %", "● 100 %"]
    held = control.hold(history, third, who="ann", why="lunch", at=START + timedelta(seconds=90_060))
    assert told(project, history, held)[1].endswith("  ! 100 %")
    back = control.roll_back(history, held, who="ann", why="bad", at=START + timedelta(seconds=90_300))
    left = ["~ 10 % (20 s of 24 h)", "✓ 50 %", "✗ 100 % (5 min of 24 h)"]
    assert told(project, history, back)[1].split("  ")[1:] == left
    report = rollout_report(rollout_status(project, history, back), project="shop", made_by="ann", made_at=START)
    assert "| ~ 10 % | 24 h (was 20 s of 24 h) |" in report and "| ✗ 100 % | 24 h (was 5 min of 24 h) |" in report
