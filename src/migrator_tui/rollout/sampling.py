"""What the task's checks say of sampled answers, and which drift shows in them: findings that count like feedback.

Answers are from strangers. Only checks that neither ask a model nor start a process look at them, and drift that an
answer shows by itself; without the case's expected value, checks that need it say nothing.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from migrator_tui.models.requests import ToolCall
from migrator_tui.project.schema import BASELINE, Task

if TYPE_CHECKING:
    from migrator_tui.history.records import Output
    from migrator_tui.history.rollout_records import Finding, Sample

ALONE = ("empty", "refusal", "truncated", "json-broken", "fences", "preamble", "sign-off", "markdown")
"""Drift that needs no second answer to be seen."""

_UNREADABLE = object()


def findings(task: Task, sample: "Sample") -> "Sequence[Finding]":
    """What is found on one sampled answer; nothing where it cannot be read.

    `drift:any` says that drift was looked for, and whether any showed; the others are only named where they do.
    """
    from migrator_tui.history.rollout_records import LOOKED, Finding

    output = _output(sample, task)
    if output is None:
        return ()
    passed = _checked(task, sample, output)
    drifts = _shown(output)
    found = [] if passed is None else [("check-pass", float(passed))]
    found += [(LOOKED, float(bool(drifts))), *((f"drift:{name}", 1.0) for name in drifts)]
    return [Finding(sample.traffic_id, sample.name, signal, value) for signal, value in found]


def _checked(task: Task, sample: "Sample", output: "Output") -> bool | None:
    """Whether it passes the task's checks; `None` where none could look at it."""
    from migrator_tui.checks.base import CheckError, Subject
    from migrator_tui.checks.registry import applies, run_plain_checks, waits
    from migrator_tui.checks.scoring import Part, combined

    said = _loaded(sample.input)
    variables = said.get("vars") if isinstance(said, dict) else None
    messages = said.get("messages") if isinstance(said, dict) else None
    subject = Subject(
        text=output.text,
        tool_calls=output.tool_calls,
        tools=task.tools,
        latency_ms=sample.latency_ms,
        cost=sample.cost,
        variables=variables if isinstance(variables, dict) else {},
        messages=[each for each in messages if isinstance(each, dict)] if isinstance(messages, list) else (),
        is_baseline=sample.served == BASELINE,
        setup=task.check_setup,
    )
    specs = [spec for spec in task.checks if not waits(spec) and applies(spec, subject)]
    results = run_plain_checks(specs, subject)
    parts = [
        Part(result.spec.weight, 0.0, False, known=False)
        if isinstance(result, CheckError)
        else Part(result.spec.weight, result.score, result.passed)
        for result in results
    ]
    # A check that can't look at an answer of production says nothing of it; the others do.
    known = [part for part in parts if part.known and part.weight > 0]
    return combined(known, task.threshold).passed if known else None


def _shown(output: "Output") -> list[str]:
    from migrator_tui.parity.drift.answer import Answer
    from migrator_tui.parity.drift.registry import compare

    # Compared with itself: what shows on both sides is what one answer shows alone.
    answer = Answer(output)
    return [drift.name for drift in compare(answer, answer, 1.0) if drift.name in ALONE and drift.candidate]


def _output(sample: "Sample", task: Task) -> "Output | None":
    from migrator_tui.history.records import Output

    said = _loaded(sample.output)
    if said is _UNREADABLE:
        return None
    text, calls = said, []
    if isinstance(said, dict):
        text, calls = said.get("content"), _tool_calls(said.get("tool_calls"))
    if text is not None and not isinstance(text, str):
        return None
    return Output(
        call_key="",
        task=task.name,
        model_name=sample.arm,
        model="",
        case_id="",
        version_id=0,
        repeat=0,
        text=text or "",
        tool_calls=calls,
        latency_ms=sample.latency_ms,
        cost=sample.cost,
    )


def _tool_calls(said: Any) -> list[ToolCall]:
    found = []
    for call in said if isinstance(said, list) else []:
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            found.append(
                ToolCall(str(call.get("id", "")), str(function.get("name", "")), str(function.get("arguments", "")))
            )
    return found


def _loaded(text: str | None) -> Any:
    try:
        return json.loads(text) if text is not None else _UNREADABLE
    except (ValueError, RecursionError):
        return _UNREADABLE
