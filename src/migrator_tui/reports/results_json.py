"""The results of a run as the JSON that `run --format json` prints: names and meanings are a contract."""

from typing import Any

from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.running.results import ModelResult, Results


def results_json(results: Results) -> dict[str, Any]:
    """The contract's JSON. Counts are of cases, rates are fractions, money is USD; unknown is null, never 0."""
    answer, reasons = results.decision
    return {
        "project": results.project.name,
        "run_id": results.run_id,
        "gate": {"decision": answer.value, "reasons": reasons},
        "tasks": [
            {
                "name": task.name,
                "cases": task.cases,
                "baseline": _model(task.baseline),
                "candidates": [
                    {
                        **_model(candidate.model),
                        "version": candidate.model.version.label if candidate.model.version else None,
                        "version_origin": candidate.model.version.origin.value if candidate.model.version else None,
                        **comparison_json(candidate.scorecard),
                    }
                    for candidate in task.candidates
                ],
            }
            for task in results.tasks
        ],
    }


def comparison_json(card: Scorecard) -> dict[str, Any]:
    """What the contract says of a candidate beside its own counts."""
    difference = card.difference
    return {
        "regressions": list(card.regressions),
        "fixes": list(card.fixes),
        "flaky": list(card.new.flaky),
        "paired": {
            "both_pass": card.table.both_pass,
            "regressions": card.table.regressions,
            "fixes": card.table.fixes,
            "both_fail": card.table.both_fail,
            "mcnemar_p": card.mcnemar_p,
        },
        "difference": {
            "estimate": difference.estimate if difference else None,
            "low": difference.low if difference else None,
            "high": difference.high if difference else None,
        },
        "drift": [
            {"name": row.name, "baseline": row.baseline, "candidate": row.candidate, "cases": list(row.cases)}
            for row in card.drift
        ],
        "gate": {
            "decision": card.decision.answer.value,
            "reasons": list(card.decision.reasons),
            "further_cases": card.decision.further_cases,
        },
    }


def _model(result: ModelResult) -> dict[str, Any]:
    summary = result.summary
    return {
        "name": result.name,
        "model": result.model,
        "passed": summary.passed,
        "failed": summary.failed,
        "errors": summary.errors,
        "unjudged": summary.unjudged,
        "assumed": summary.assumed,
        "pass_rate": summary.pass_rate,
        "cost": summary.cost,
        "latency_p50_ms": summary.latency_p50_ms,
        "latency_p95_ms": summary.latency_p95_ms,
        "calls": {"made": result.made, "cached": result.cached},
    }
