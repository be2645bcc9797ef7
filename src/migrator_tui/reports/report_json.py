"""A report as JSON: the shape of `run --format json`, and what a scorecard holds beyond it."""

import json
from typing import Any

from migrator_tui.adaptation.reasons import Reasons
from migrator_tui.history.decision_records import SignedDecision
from migrator_tui.history.records import Version
from migrator_tui.parity.agreement import Agreement
from migrator_tui.parity.evidence import CaseEvidence
from migrator_tui.parity.gate import RuleResult
from migrator_tui.parity.scorecard import SPREAD, Figure, Scorecard, SideCount, Slice
from migrator_tui.parity.signed import signed_on
from migrator_tui.parity.statistics.values import Interval
from migrator_tui.reports.results_json import comparison_json
from migrator_tui.reports.values import CandidateReport, Report, TaskReport


def json_report(report: Report) -> str:
    """The whole JSON. Counts are of cases, rates are fractions, money is USD, times milliseconds; unknown is null.

    `run_id` and `calls` are null: a report tells what stands, which may be of several runs.
    """
    answer, reasons = report.decision
    found = {
        "project": report.project.name,
        "run_id": None,
        "made_at": report.made_at.isoformat(),
        "made_by": report.made_by,
        "simulated": report.simulated,
        "gate": {"decision": answer.value, "reasons": reasons},
        "tasks": [_task(task) for task in report.tasks],
    }
    # ASCII: case files and models may hold lone surrogates, which no UTF-8 stream takes.
    return json.dumps(found, indent=2, ensure_ascii=True) + "\n"


def _task(task: TaskReport) -> dict[str, Any]:
    first = task.candidates[0]
    return {
        "name": task.task.name,
        "cases": len(first.card.cases),
        "baseline": _baseline(first),
        "candidates": [_candidate(candidate) for candidate in task.candidates],
    }


def _baseline(candidate: CandidateReport) -> dict[str, Any]:
    card = candidate.card
    return _side("baseline", card.baseline_model, card.baseline, card, old=True) | {
        "version": card.baseline_version.label if card.baseline_version else None
    }


def _candidate(candidate: CandidateReport) -> dict[str, Any]:
    card = candidate.card
    compared = comparison_json(card)
    gate = {**compared.pop("gate"), "next_step": card.decision.next_step, "rules": [*map(_rule, card.decision.rules)]}
    return {
        **_side(card.candidate, card.candidate_model, card.new, card, old=False),
        "version": card.version.label if card.version else None,
        **compared,
        "gate": gate,
        "critical_regressions": list(card.critical_regressions),
        "difference_per_repeat": _interval(card.per_repeat),
        "noise": _interval(card.noise),
        "slices": [_slice(one) for one in card.slices],
        "figures": {name: _figure(figure) for name, figure in card.figures.items()},
        "agreements": [_agreement(one) for one in card.agreements],
        "decisions": [_decision(one, card) for one in candidate.decisions],
        "versions": [_version(one, candidate) for one in candidate.lineage],
        "other_versions": dict(card.other_versions),
        "gone": {"cases": list(candidate.gone.ids), "failed": list(candidate.gone.failed)},
        "results": [_case(case) for case in card.cases],
    }


def _side(name: str, model: str, count: SideCount, card: Scorecard, *, old: bool) -> dict[str, Any]:
    judged = count.passed + count.failed
    p50, p95 = card.figures["latency_p50"], card.figures["latency_p95"]
    return {
        "name": name,
        "model": model,
        "passed": count.passed,
        "failed": count.failed,
        "errors": count.errors,
        "unjudged": count.unjudged,
        "assumed": count.assumed,
        "pass_rate": count.passed / judged if judged else None,
        "cost": count.cost,
        "latency_p50_ms": p50.old if old else p50.new,
        "latency_p95_ms": p95.old if old else p95.new,
        "calls": {"made": None, "cached": None},
        "paired_pass_rate": _interval(count.rate),
        "sources": dict(count.sources),
    }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {
        "estimate": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "confidence": interval.confidence,
    }


def _rule(rule: RuleResult) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "state": rule.state.value,
        "allowed": rule.allowed,
        "measured": rule.measured,
        "reason": rule.reason,
        "interval": _interval(rule.interval),
        "limit": rule.limit,
        "cases": list(rule.cases),
    }


def _slice(one: Slice) -> dict[str, Any]:
    return {
        "tag": one.tag,
        "cases": one.table.n,
        "old_rate": one.table.old_rate,
        "new_rate": one.table.new_rate,
        "regressions": one.table.regressions,
        "fixes": one.table.fixes,
        "difference": _interval(one.difference),
        "p": one.p,
        "adjusted_p": one.adjusted_p,
    }


def _figure(figure: Figure) -> dict[str, Any]:
    def spread(values: Any) -> dict[str, float] | None:
        return {f"{share:g}": value for share, value in zip(SPREAD, values, strict=True)} if values else None

    return {
        "baseline": figure.old,
        "candidate": figure.new,
        "change": _interval(figure.change),
        "pairs": figure.pairs,
        "baseline_quantiles": spread(figure.old_spread),
        "candidate_quantiles": spread(figure.new_spread),
    }


def _agreement(one: Agreement) -> dict[str, Any]:
    return {
        "check": one.label,
        "both_pass": one.both_pass,
        "judge_only_pass": one.judge_only_pass,
        "human_only_pass": one.human_only_pass,
        "both_fail": one.both_fail,
        "kappa": one.kappa,
        "proven": one.proven,
    }


def _decision(one: SignedDecision, card: Scorecard) -> dict[str, Any]:
    rests = signed_on(one, card)
    return {
        "decision": "go" if one.go else "no-go",
        "gate": one.gate,
        "override": one.override,
        "reason": one.reason,
        "author": one.author,
        "created_at": one.created_at.isoformat() if one.created_at else None,
        "version_id": one.version_id,
        "figures": dict(one.figures),
        "holds": rests.holds,
        "signed_on": rests.words,
    }


def _version(one: Version, candidate: CandidateReport) -> dict[str, Any]:
    reasons = candidate.adaptations.get(one.id)
    return {
        "id": one.id,
        "version": one.label,
        "name": one.name,
        "note": one.note,
        "author": one.author,
        "origin": one.origin.value,
        "created_at": one.created_at.isoformat(),
        "parent_id": one.parent_id,
        "reasons": reasons_json(reasons) if reasons is not None else None,
    }


def reasons_json(reasons: Reasons) -> dict[str, Any]:
    """Why a version is as it is; of held-out cases there are counts alone."""
    return {
        "assistant": reasons.assistant,
        "search": reasons.from_search,
        "accepted_by": reasons.author if reasons.accepted else None,
        "overridden": reasons.overridden,
        "base_version_id": reasons.base_version_id,
        "edits": [
            {
                "op": edit.op.value,
                "anchor": edit.anchor,
                "text": edit.text,
                "title": edit.title,
                "why": edit.why,
                "kind": edit.kind.value,
                "cases": list(edit.case_ids),
                "explained": edit.explained,
                "needed_for": list(reasons.needed_for[number]) if number in reasons.needed_for else None,
            }
            for number, edit in enumerate(reasons.edits)
        ],
        "flips": {
            counts.part: {
                "fixed": counts.fixed,
                "broken": counts.broken,
                "still_failing": counts.still_failing,
                "kept": counts.kept,
                "open": counts.open,
            }
            for counts in reasons.parts
        },
        "held_out_looks": reasons.looks,
        "critical_broken": list(reasons.critical_broken),
    }


def _case(case: CaseEvidence) -> dict[str, Any]:
    return {
        "id": case.case_id,
        "tags": list(case.tags),
        "critical": case.critical,
        "baseline": case.baseline.outcome.value,
        "candidate": case.candidate.outcome.value,
        "changed": case.changed,
        "drift": [mark.name for mark in case.drift if mark.differs],
    }
