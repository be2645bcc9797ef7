"""A project with a rollout in its history, and traffic for it as the gateway's plugin writes it."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from migrator_tui.history.rollout_records import EventKind, NewRollout, Rollout, RolloutState
from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from migrator_tui.project.rollout_settings import USUAL_GUARDRAILS, Step
from migrator_tui.rollout.monitor import Monitor
from migrator_tui.running.versions import version_of_record
from tests.history.rollout_fixtures import ARMS, a_call, a_feedback, write
from tests.tui.conftest import Driver

NOW = datetime(2026, 3, 2, 13, 4, 11, tzinfo=UTC)
STEPS = (
    Step(0, 3600, 20, shadow=True),
    Step(1, 3600, 20),
    Step(5, 2 * 3600, 500),
    Step(25, 6 * 3600, 500),
    Step(100, 24 * 3600, 500),
)
ASKED = "Where is my parcel? Write to anna@example.com."
Rows = list[dict[str, Any]]


def open_history(folder: Path) -> History:
    """The project's history, beside the app or before it."""
    return History.open(load_project(folder))


async def shown(driver: Driver, what: str = "Guardrails") -> None:
    """The rollout screen, with what was read."""
    driver.app.rollouts.clock = lambda: NOW
    await driver.press("5")
    await driver.until(lambda: what in driver.text)


def without_gateway(folder: Path) -> None:
    """Nothing listens where the project's gateway would, whatever else runs on this machine."""
    with (folder / "migrator.toml").open("a", encoding="utf-8") as config:
        config.write("\n[gateway]\nport = 1\n")


def begin(
    history: History, folder: Path, *, steps: Sequence[Step] = STEPS, at: datetime = NOW, **more: Any
) -> Rollout:
    """A rollout of the task at its first step."""
    project = load_project(folder)
    task = project.tasks[0]
    new, old = (version_of_record(project, history, task, name, author="ann") for name in ("newer", "baseline"))
    wanted = NewRollout(
        **{
            "name": task.name,
            "task": task.name,
            "candidate": "newer",
            "version_id": new.id,
            "baseline_version_id": old.id,
            "steps": tuple(steps),
            "guardrails": USUAL_GUARDRAILS,
            "hold_back": 5.0,
            "auto_advance": False,
            "sample_answers": 0.1,
        }
        | more
    )
    return history.start_rollout(wanted, ARMS, author="ann", why="decided by ann: ready", at=at)


def at_step(history: History, rollout: Rollout, number: int, at: datetime) -> Rollout:
    """The same, moved on to a step."""
    step = rollout.steps[number]
    return history.change_rollout(
        rollout,
        kind=EventKind.ADVANCED,
        who="ann",
        why="held long enough, enough calls, nothing tripped",
        state=RolloutState.RUNNING,
        step=number,
        percentage=min(step.percentage, 100 - rollout.hold_back),
        at=at,
    )


def calls(
    rollout: Rollout, arm: str, number: int, *, since: datetime, seconds: float, failing: int = 0, **more: Any
) -> Rows:
    """So many calls of one arm, evenly over a time; every so manieth of the last ones fails."""
    dice = random.Random(f"{arm} {rollout.revision}")
    rows = []
    for n in range(number):
        at = since + timedelta(seconds=seconds * (n + 0.5) / number)
        name = f"{arm}-{rollout.revision}-{n}"
        row = {
            "row_id": name,
            "ts": at.timestamp(),
            "revision": rollout.revision,
            "request_id": f"call-{name}",
            "response_id": f"answer-{name}",
            "key_digest": name,
            "assigned": arm,
            "served": arm,
            "latency_ms": (900 if arm == "baseline" else 1080) * dice.lognormvariate(0, 0.25),
            "cost": (0.0042 if arm == "baseline" else 0.0036) * dice.uniform(0.9, 1.1),
        }
        if failing and n >= number - failing:
            row |= {"kind": "failed", "served": None, "error_class": "Timeout", "cost": None}
        rows.append(a_call(n) | row | more)
    return rows


def sampled(row: dict[str, Any], asked: str = ASKED) -> dict[str, Any]:
    """The call with its input and answer kept."""
    said = {"vars": {"shop": "Lamps"}, "messages": [{"role": "user", "content": asked}]}
    return row | {"sampled_input": json.dumps(said), "sampled_output": json.dumps("Soon.")}


def five_percent(folder: Path) -> Rollout:
    """At 5 % for 42 minutes: nothing tripped, 150 calls on the candidate, of which two escalated and one failed."""
    with open_history(folder) as history:
        rollout = begin(history, folder, at=NOW - timedelta(hours=4))
        rollout = at_step(history, rollout, 1, NOW - timedelta(hours=2, minutes=30))
        rollout = at_step(history, rollout, 2, since := NOW - timedelta(minutes=42))
        rows = calls(rollout, "baseline", 2850, since=since, seconds=42 * 60, failing=2)
        new = calls(rollout, "candidate", 150, since=since, seconds=42 * 60, failing=1)
        new[-2], new[-9] = sampled(new[-2]), sampled(new[-9], "Do you open on Sunday?")
        write(history, "migrator_traffic", [*rows, *new])
        write(history, "migrator_feedback", _feedback([*rows, *new]))
        history.note_rollout(
            rollout,
            kind=EventKind.WARNED,
            who="monitor",
            why="latency: worse by 19.9 %; 25.0 % allowed",
            at=NOW - timedelta(minutes=2),
        )
        history.sum_up_traffic(at=NOW)
        history.take_lease("here:1", 600, at=NOW - timedelta(seconds=2))
        history.note_look("here:1", at=NOW - timedelta(seconds=2))
    return rollout


def _feedback(rows: Rows) -> Rows:
    escalated = {row["request_id"] for row in rows if row["sampled_input"] is not None}
    told = [a_feedback(name, "escalated", 1) for name in sorted(escalated)]
    told += [a_feedback(row["request_id"], "escalated", 1) for row in rows[:2850:100]]
    told += [
        a_feedback(row["request_id"], "check-pass", float(n % 11 > 0)) for n, row in enumerate(rows) if n % 3 == 0
    ]
    return told


def rolled_back(folder: Path) -> Rollout:
    """The same, after the candidate began to fail and the monitor rolled it back, by the real guardrails."""
    rollout = five_percent(folder)
    project = load_project(folder)
    with open_history(folder) as history:
        failing = calls(rollout, "candidate", 30, since=NOW - timedelta(seconds=90), seconds=80, failing=30)
        fresh = [row | {"row_id": f"late-{n}", "key_digest": f"late-{n}"} for n, row in enumerate(failing)]
        write(history, "migrator_traffic", fresh)
        monitor = Monitor(
            project, history, owner="here:1", tell=lambda line: None, clock=lambda: NOW - timedelta(seconds=5)
        )
        assert monitor.look_once()
        return history.rollout(rollout.id)
