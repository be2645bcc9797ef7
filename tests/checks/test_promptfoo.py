"""Our checks give the verdicts that promptfoo itself gave on the same cases; `promptfoo_cases` tells how it is asked.

Where the programs are meant to differ the case says why, and then they do differ: a difference that is gone is no
longer to be told in the README.
"""

import json
from collections import defaultdict
from typing import Any

import pytest

from migrator_tui.checks.base import Subject
from migrator_tui.checks.registry import run_plain_checks, validate
from migrator_tui.models.requests import ToolCall
from migrator_tui.parity.outcomes import Outcome, outcome_of
from migrator_tui.project.check_specs import check_spec
from migrator_tui.running.judging import record_of
from tests.checks.promptfoo_cases import VERDICTS, all_cases
from tests.parity.builders import output

RECORDED = json.loads(VERDICTS.read_text())
VERDICT_OF = {Outcome.PASS: "pass", Outcome.FAIL: "fail", Outcome.ERROR: "error"}


def _by_check() -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for case in RECORDED["cases"]:
        kinds = {check["type"].removeprefix("not-") for check in case["checks"]}
        alone = len(case["checks"]) == 1 and "threshold" not in case
        found[kinds.pop() if alone else "weights and thresholds"].append(case)
    return dict(found)


def _verdict(case: dict[str, Any]) -> str:
    """What we say of a case, by the road that every outcome takes."""
    specs = [check_spec(check) for check in case["checks"]]
    for spec in specs:
        validate(spec)
    subject = Subject(
        case.get("output", ""),
        tool_calls=[ToolCall(f"call_{n}", **call) for n, call in enumerate(case.get("tool_calls", ()))],
        tools=case.get("tools", ()),
        finish_reason=case.get("finish_reason"),
        latency_ms=case.get("latency_ms"),
        cost=case.get("cost"),
        variables=case.get("vars", {}),
    )
    records = [record_of(str(n), result) for n, result in enumerate(run_plain_checks(specs, subject))]
    found = outcome_of([output(1)], {1: records}, [], is_baseline=False, threshold=case.get("threshold"))
    return VERDICT_OF[found.outcome]


CASES = _by_check()


@pytest.mark.parametrize("kind", CASES)
def test_the_verdicts_are_promptfoos(kind: str) -> None:
    wrong = [
        f"{_verdict(case)}, promptfoo {case['verdict']}: {json.dumps(case)[:300]}"
        for case in CASES[kind]
        if "differs" not in case and _verdict(case) != case["verdict"]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "case", [case for case in RECORDED["cases"] if "differs" in case], ids=lambda c: c["differs"]
)
def test_where_the_programs_are_meant_to_differ_they_do(case: dict[str, Any]) -> None:
    assert {_verdict(case), case["verdict"]} == {"pass", "fail"}


def test_the_verdicts_belong_to_the_cases_as_they_are_now() -> None:
    told = [
        {key: value for key, value in case.items() if key not in ("verdict", "score")} for case in RECORDED["cases"]
    ]
    assert told == json.loads(json.dumps(all_cases()))
    assert RECORDED["promptfoo"].startswith("0.121.")


def test_both_verdicts_occur_for_every_check() -> None:
    for kind, cases in CASES.items():
        assert {case["verdict"] for case in cases} >= {"pass", "fail"}, kind
    assert set(CASES) >= {
        *("is-json", "contains", "levenshtein", "is-refusal", "is-valid-openai-tools-call", "tool-call-f1"),
        *("assert-set", "word-count", "finish-reason", "latency", "cost", "contains-any", "is-xml", "regex"),
    }
