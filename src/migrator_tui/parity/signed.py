"""What a decision was signed on, kept with it as plain values, and whether that is still what stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from migrator_tui.history.decision_records import SignedDecision
from migrator_tui.parity.evidence import CaseEvidence
from migrator_tui.parity.gate.words import signed, span
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.parity.statistics.values import Interval


@dataclass(frozen=True, slots=True)
class SignedOn:
    """What a decision rests on, beside what stands today."""

    holds: bool
    """Version, cases, outcomes and the gate's answer are what they were; false too where that was not kept."""
    words: str
    """One line without a full stop, safe to show: `signed on 48 cases, +6.2 (−3.4 … +18.2), 0 regressions (v5, the
    gate said ready); nothing has changed since`, or `the evidence has changed since: signed on 48 cases, …; now 25
    cases, …`."""


def figures_of(card: Scorecard) -> Mapping[str, Any]:
    """What a decision about this scorecard rests on, as the plain values that the history keeps with it."""
    table = card.table
    return {
        "version": card.version.label if card.version is not None else None,
        "cases": len(card.cases),
        "judged": card.judged,
        "open": card.open_cases,
        "assumed": card.baseline.assumed,
        "paired": {
            "both_pass": table.both_pass,
            "regressions": table.regressions,
            "fixes": table.fixes,
            "both_fail": table.both_fail,
            "mcnemar_p": card.mcnemar_p,
        },
        "difference": _interval(card.difference),
        "reasons": list(card.decision.reasons),
        "critical_regressions": list(card.critical_regressions),
        "simulated": card.simulated,
        "outcomes": outcomes_digest(card.cases),
    }


def _interval(interval: Interval | None) -> Mapping[str, float] | None:
    if interval is None:
        return None
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def outcomes_digest(cases: Sequence[CaseEvidence]) -> str:
    """Stands for the cases and what became of each on both models: other cases or outcomes give another digest."""
    lines = sorted(
        f"{case.case_id}\0{case.baseline.outcome.passed}\0{case.candidate.outcome.passed}" for case in cases
    )
    return sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def signed_on(decision: SignedDecision, card: Scorecard) -> SignedOn:
    """Compare what a decision was signed on with what the scorecard of the same task and candidate says today."""
    then, now = decision.figures, figures_of(card)
    mine = card.version is not None and decision.version_id == card.version.id
    label = now["version"] if mine else then.get("version") or "another version"
    said, says = decision.gate.replace("-", " "), card.decision.answer.value.replace("-", " ")
    limit = -card.rules.margin
    was = f"{_told(then, limit)} ({label}, the gate said {said})"
    same = mine and all(_of(then, key) == _of(now, key) for key in _COMPARED)
    # Decisions from before the digest was kept are compared by their counts alone.
    same = same and then.get("outcomes", now["outcomes"]) == now["outcomes"]
    if same and said == says:
        return SignedOn(True, f"signed on {was}; nothing has changed since")
    what = "the gate says otherwise since" if same else "the evidence has changed since"
    today = f"{_told(now, limit)} ({now['version'] or 'nothing run'}, the gate says {says})"
    if not same and mine and _told(then, limit) == _told(now, limit):
        today = f"other cases or outcomes, {today}"
    return SignedOn(False, f"{what}: signed on {was}; now {today}")


_COMPARED = ("cases", "judged", "assumed", "both_pass", "regressions", "fixes", "both_fail", "critical_regressions")


def _of(figures: Mapping[str, Any], key: str) -> Any:
    paired = figures.get("paired") or {}
    return paired[key] if key in paired else figures.get(key)


def _told(figures: Mapping[str, Any], limit: float) -> str:
    """`48 cases, 40 of them judged, +6.2 (−3.4 … +18.2), 0 regressions`; figures that were not kept are not told."""
    cases, judged, regressions = (_of(figures, key) for key in ("cases", "judged", "regressions"))
    if not isinstance(cases, int):
        return "figures that were not kept"
    found = figures.get("difference")
    parts = [f"{cases:,} {'case' if cases == 1 else 'cases'}"]
    if isinstance(judged, int) and judged != cases:
        parts.append(f"{judged:,} of them judged" if judged else "none of them judged")
    if found:
        difference = Interval(found["estimate"], found["low"], found["high"], 0.0)
        parts.append(f"{signed(difference.estimate, limit)} ({span(difference, limit)})")
    if isinstance(regressions, int):
        parts.append(f"{regressions:,} {'regression' if regressions == 1 else 'regressions'}")
    return ", ".join(parts)
