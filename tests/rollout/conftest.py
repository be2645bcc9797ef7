"""A project of two tasks with a signed decision, its history, and a monitor whose clock the test moves."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.history.decision_records import NewDecision
from migrator_tui.history.records import Origin, Version
from migrator_tui.history.rollout_records import Rollout
from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import Project
from migrator_tui.rollout import control
from migrator_tui.rollout.alerts import Alert
from migrator_tui.rollout.monitor import Monitor
from tests.history.rollout_fixtures import START, a_call, write

CONFIG = """
[project]
name = "shop"
[baseline]
model = "simulated:classic-1"
[[candidates]]
name = "new"
model = "simulated:bright-2"
[[tasks]]
name = "triage"
prompt = "triage.md"
cases = ["cases.jsonl"]
checks = [{ type = "is-json" }, { type = "max-words", value = 20 }]
[rollout]
steps = [10, 50, 100]
hold = "60s"
min_sample = 20
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "migrator.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "triage.md").write_text("Sort the ticket {{ ticket }}.", "utf-8")
    (tmp_path / "cases.jsonl").write_text('{"id": "a", "vars": {"ticket": "lost"}}\n', "utf-8")
    return load_project(tmp_path)


@pytest.fixture
def history(project: Project) -> Iterator[History]:
    with History.open(project) as opened:
        yield opened


@pytest.fixture
def version(history: History) -> Version:
    return history.record_version(
        task="triage",
        model_name="new",
        template="Sort the ticket {{ ticket }}. JSON only.",
        params={},
        parent_id=None,
        origin=Origin.EDITOR,
        author="ann",
    )


def sign(history: History, version: Version, *, go: bool = True) -> None:
    """A decision about the version."""
    history.sign(
        NewDecision(
            task="triage",
            candidate="new",
            version_id=version.id,
            go=go,
            gate="ready" if go else "not-ready",
            reason="all cases pass" if go else "it is rude",
            author="ann",
        )
    )


@pytest.fixture
def start(project: Project, history: History, version: Version) -> Callable[..., Rollout]:
    """Start a rollout at `START`; `settings` instead of the project's."""

    def begin(**settings: Any) -> Rollout:
        sign(history, version)
        changed = replace(project, rollout=replace(project.rollout, **settings))
        return control.start(changed, history, project.tasks[0], project.candidates[0], version, who="ann", at=START)

    return begin


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def on(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Watched:
    """A monitor, with what it said."""

    def __init__(self, project: Project, history: History, clock: Clock, owner: str = "first") -> None:
        self.lines: list[str] = []
        self.alerts: list[Alert] = []
        self.monitor = Monitor(
            project, history, owner=owner, tell=self.lines.append, alert=self.alerts.append, clock=clock
        )

    def look(self) -> bool:
        return self.monitor.look_once()

    @property
    def kinds(self) -> list[str]:
        return [alert.kind for alert in self.alerts]


@pytest.fixture
def watched(project: Project, history: History, clock: Clock) -> Watched:
    return Watched(project, history, clock)


class Traffic:
    """Calls of applications, each of a conversation of its own, at the clock's time."""

    def __init__(self, history: History, clock: Clock) -> None:
        self._history, self._clock, self._n = history, clock, 0

    def __call__(self, rollout: Rollout, arm: str, calls: int, **more: Any) -> list[str]:
        """Write them; their request ids."""
        rows = []
        for _ in range(calls):
            self._n += 1
            values: dict[str, Any] = {
                "ts": self._clock.at.timestamp(),
                "revision": rollout.revision,
                "assigned": arm,
                "served": arm,
                "latency_ms": 800.0 + self._n % 7 * 50,
            }
            rows.append(a_call(self._n, **(values | more)))
        write(self._history, "migrator_traffic", rows)
        return [row["request_id"] for row in rows]


@pytest.fixture
def traffic(history: History, clock: Clock) -> Traffic:
    return Traffic(history, clock)
