"""Outputs, checks and verdicts in few words, for tests."""

from datetime import UTC, datetime
from typing import Any

from migrator_tui.history.digests import text_digest
from migrator_tui.history.records import CheckRecord, Output, Verdict
from migrator_tui.project.schema import BASELINE

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def output(no: int, text: str = "", *, baseline: bool = False, **fields: Any) -> Output:
    return Output(
        call_key=f"k{no}",
        task="triage",
        model_name=BASELINE if baseline else "sonnet",
        model="m",
        case_id="T-1",
        version_id=1,
        repeat=fields.pop("repeat", 0),
        text=text,
        id=no,
        created_at=NOW,
        **fields,
    )


def check(passed: bool, label: str = "is-json", reason: str = "", **fields: Any) -> CheckRecord:
    return CheckRecord(label, label, passed, float(passed), fields.pop("weight", 1.0), reason, **fields)


def verdict(on: Output, passed: bool | None, **fields: Any) -> Verdict:
    return Verdict(
        id=fields.pop("id", 1),
        task=on.task,
        model_name=on.model_name,
        case_id=on.case_id,
        output_id=on.id,
        text_digest=text_digest(on),
        passed=passed,
        undoes=None,
        group=None,
        note=fields.pop("note", None),
        blind=False,
        author="tester",
        created_at=NOW,
    )
