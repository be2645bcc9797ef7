"""A rollout of the task `triage`, and traffic for it as the gateway's plugin writes it."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import text as sql

from migrator_tui.history.rollout_records import NewRollout, Rollout
from migrator_tui.history.store import History
from migrator_tui.project.rollout_settings import USUAL_GUARDRAILS, Step
from tests.history.conftest import a_version

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STEPS = (Step(10, 60, 5), Step(50, 60, 5), Step(100, 60, 5))
ARMS = {"form": 1, "task": "triage", "baseline": {"model": "triage__baseline"}, "candidate": {"model": "triage__new"}}


def a_rollout(history: History, *, steps: Sequence[Step] = STEPS, at: datetime = START, **more: Any) -> Rollout:
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
    return history.start_rollout(replace(new, **more), ARMS, author="ann", why="the decision", at=at)


def a_call(n: int, **more: Any) -> dict[str, Any]:
    """A row of traffic, as the plugin writes it: an answered call of conversation `n`."""
    return {
        "row_id": uuid.uuid4().hex,
        "ts": START.timestamp() + n,
        "name": "triage",
        "revision": 1,
        "request_id": f"call-{n}",
        "response_id": f"answer-{n}",
        "key_digest": f"key-{n}",
        "keyed": True,
        "assigned": "baseline",
        "served": "baseline",
        "kind": "ok",
        "error_class": None,
        "client_error": False,
        "latency_ms": 900.0,
        "first_token_ms": None,
        "stream": False,
        "attempts": 1,
        "input_tokens": 100,
        "output_tokens": 20,
        "cost": 0.001,
        "sampled_input": None,
        "sampled_output": None,
        "gateway": "host:1",
    } | more


def a_feedback(reference: str, signal: str, value: float, **more: Any) -> dict[str, Any]:
    """What an application says of a call, as the plugin writes it."""
    row = {"ts": START.timestamp(), "name": "", "reference": reference, "signal": signal, "value": value}
    return row | {"source": "client"} | more


def write(history: History, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows as the plugin does: plain SQL, all or none, rows of traffic once."""
    with history._history.writing() as connection:
        write_on(connection, table, rows)


def write_on(connection: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """The same, inside a transaction."""
    if rows:
        once = " on conflict (row_id) do nothing" if "row_id" in rows[0] else ""
        values = ", ".join(f":{name}" for name in rows[0])
        connection.execute(sql(f"insert into {table} ({', '.join(rows[0])}) values ({values}){once}"), list(rows))
