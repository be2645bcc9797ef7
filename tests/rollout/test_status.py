"""What is told of where a rollout stands."""

import io
from collections.abc import Callable
from datetime import timedelta

from migrator_tui.commands.rollout import rollout_status
from migrator_tui.history.store import History
from migrator_tui.project.schema import Project
from migrator_tui.reports.rollout_status import print_status
from migrator_tui.rollout import control
from migrator_tui.rollout.values import Rollout
from tests.history.rollout_fixtures import START
from tests.rollout.conftest import Traffic


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
    assert failures.split() == ["failures", *(["100.0%", "(64.6%", "…", "100.0%)"] * 2)]
