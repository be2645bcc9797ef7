"""The results of a run as the JSON that `run --format json` prints: names and meanings are a contract."""

from typing import Any

from migrator_tui.running.results import ModelResult, Results


def results_json(results: Results) -> dict[str, Any]:
    """The contract's JSON. Counts are of cases, rates are fractions, money is USD; unknown is null, never 0."""
    return {
        "project": results.project.name,
        "run_id": results.run_id,
        "tasks": [
            {
                "name": task.name,
                "cases": task.cases,
                "baseline": _model(task.baseline),
                "candidates": [
                    {
                        **_model(candidate.model),
                        "version": candidate.model.version.label if candidate.model.version else None,
                        "regressions": list(candidate.comparison.regressions),
                        "fixes": list(candidate.comparison.fixes),
                        "flaky": list(candidate.comparison.flaky),
                    }
                    for candidate in task.candidates
                ],
            }
            for task in results.tasks
        ],
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
