"""Coverage as JSON: what `coverage --format json` prints. Keys are fixed; more may come."""

from collections.abc import Sequence
from typing import Any

from migrator_tui.coverage.past import Change
from migrator_tui.coverage.values import CaseProposal, CheckProposal, Coverage, Instruction
from migrator_tui.project.check_specs import check_to_json


def coverage_json(coverage: Coverage, changes: Sequence[Change] = ()) -> dict[str, Any]:
    """One task. `changes`: what each of its proposed checks would come to, where that is known."""
    trouble = coverage.trouble
    sample = coverage.sample
    return {
        "name": coverage.task,
        "prompt": coverage.prompt,
        "cases": coverage.cases,
        "all_cases": coverage.all_cases,
        "covered": coverage.covered,
        "needed": coverage.needed,
        "halves": coverage.halves,
        "gaps": coverage.gaps,
        "production": {"inputs": sample.rows, "looked_at": sample.looked_at} if sample is not None else None,
        "instructions": [_instruction(one) for one in coverage.instructions],
        "slices": [
            {
                "kind": one.kind,
                "name": one.name,
                "state": one.state.value,
                "cases": one.cases,
                "share": one.share,
                "production": one.production,
            }
            for one in coverage.shares
        ],
        "edges": [
            {
                "name": one.name,
                "title": one.title,
                "state": one.state.value,
                "cases": list(one.cases),
                "production": one.production,
            }
            for one in coverage.edges
        ],
        "trouble": {
            "unchecked": list(trouble.unchecked),
            "same": [list(group) for group in trouble.same],
            "near": [list(group) for group in trouble.near],
            "flaky": list(trouble.flaky),
            "pass_everywhere": list(trouble.pass_everywhere),
            "critical": list(trouble.critical),
        },
        "proposals": [
            *(_check(one, changes[n] if n < len(changes) else None) for n, one in enumerate(coverage.checks)),
            *(_cases(one) for one in coverage.fills),
        ],
    }


def _instruction(one: Instruction) -> dict[str, Any]:
    return {
        "line": one.line,
        "text": one.text,
        "state": one.state.value,
        "how": one.how,
        "checks": list(one.checks),
        "cases": one.cases,
    }


def _check(one: CheckProposal, change: Change | None) -> dict[str, Any]:
    return {
        "kind": "check",
        "title": one.title,
        "line": one.line,
        "check": check_to_json(one.spec),
        "fails": change.fails if change is not None else {},
        "would_fail": change.newly if change is not None else {},
        "calls": change.calls if change is not None else 0,
        "cost": change.cost if change is not None else None,
    }


def _cases(one: CaseProposal) -> dict[str, Any]:
    return {
        "kind": "cases",
        "title": one.title,
        "fills": {"kind": one.kind, "name": one.name},
        "number": one.number,
        "production": list(one.candidates),
    }
