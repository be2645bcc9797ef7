"""Signed decisions, approved runs, and the money of calls that answer no case."""

from datetime import UTC, datetime, timedelta

import pytest

from migrator_tui.history.decision_records import NewDecision, SignedDecision
from migrator_tui.history.records import SideCall
from migrator_tui.history.store import History
from tests.history.conftest import a_version, an_output


def a_decision(history: History, *, go: bool = True, gate: str = "ready", candidate: str = "new") -> NewDecision:
    version = a_version(history)
    return NewDecision("triage", candidate, version.id, go, gate, "looks fine \x00 ✓", "ann", {"regressions": ["a"]})


def test_a_signed_decision_comes_back_as_it_was(history: History) -> None:
    before = datetime.now(UTC)
    signed = history.sign(a_decision(history))
    assert isinstance(signed, SignedDecision) and signed.created_at is not None
    assert before <= signed.created_at <= before + timedelta(minutes=1)
    assert history.decisions("triage", "new") == [signed]
    assert history.decisions("triage", "other") == [] and history.decisions("other") == []


def test_the_newest_decision_comes_first_and_none_is_lost(history: History) -> None:
    first = history.sign(a_decision(history, go=False, gate="not-ready"))
    second = history.sign(a_decision(history, go=True, gate="not-ready"))
    other = history.sign(a_decision(history, candidate="mini"))
    assert history.decisions("triage", "new") == [second, first]
    assert [decision.id for decision in history.decisions()] == [other.id, second.id, first.id]


@pytest.mark.parametrize(
    ("go", "gate", "override"),
    [
        (True, "ready", False),
        (True, "not-ready", True),
        (True, "not-enough-evidence", True),
        (False, "not-ready", False),
        (False, "not-enough-evidence", False),
        (False, "ready", True),
    ],
)
def test_deciding_otherwise_than_the_gate_is_an_override(
    history: History, go: bool, gate: str, override: bool
) -> None:
    assert history.sign(a_decision(history, go=go, gate=gate)).override is override


def test_the_newest_approval_counts(history: History) -> None:
    runs = [history.start_run({}, [], "ann") for _ in range(2)]
    assert list(history.approvals()) == []
    for run in (*runs, runs[0]):
        history.approve_run(run.id, author="ann", note=None if run is runs[1] else "as agreed")
    assert [approval.run_id for approval in history.approvals()] == [runs[0].id, runs[1].id, runs[0].id]
    assert history.approvals()[0].note == "as agreed"
    with pytest.raises(KeyError):
        history.approve_run("20260101-000000-000000-abcdef", author="ann")


def test_the_money_of_a_day_holds_side_calls(history: History) -> None:
    output = history.add_outputs([an_output(a_version(history), cost=0.25)])[0]
    assert history.spent_today() == (0.25, False)
    history.add_side_calls(
        [
            SideCall("check", "openai/gpt-4o", cost=0.5, input_tokens=10, output_tokens=2, output_id=output.id),
            SideCall("check", "simulated:judge-1"),
            SideCall("embedding", "openai/x", error_kind="timed-out"),
        ]
    )
    assert history.spent_today() == (0.75, False)
    history.add_side_calls([SideCall("embedding", "openai/unknown")])
    assert history.spent_today() == (0.75, True)
    kinds = [row["kind"] for row in history.export()]
    assert kinds.count("side-call") == 4
