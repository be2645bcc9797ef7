"""A rollout of the task `triage`, and traffic for it as the gateway's plugin writes it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from migrator_tui.history.rollout_records import NewRollout, Rollout
from migrator_tui.history.store import History
from migrator_tui.project.rollout_settings import USUAL_GUARDRAILS, Step
from tests.history.conftest import a_version

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STEPS = (Step(10, 60, 5), Step(50, 60, 5), Step(100, 60, 5))
ARMS = {"form": 1, "task": "triage", "baseline": {"model": "triage__baseline"}, "candidate": {"model": "triage__new"}}


def a_rollout(history: History, *, steps: Sequence[Step] = STEPS, at: datetime = START, **more: object) -> Rollout:
    """A rollout that began at `at`."""
    new = NewRollout(
        name="triage",
        task="triage",
        candidate="new",
        version_id=a_version(history).id,
        baseline_version_id=a_version(history, model_name="baseline").id,
        steps=tuple(steps),
        guardrails=USUAL_GUARDRAILS,
        hold_back=5.0,
        auto_advance=False,
        sample_answers=0.0,
    )
    return history.start_rollout(replace(new, **more), ARMS, author="ann", why="the decision", at=at)  # type: ignore[arg-type]
