"""What one guardrail says: its metric compared over the stages, or the last minutes counted."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrator_tui.project.rollout_settings import METRICS, RELATIVE
from migrator_tui.rollout.statistics.counts import chance_of_so_many
from migrator_tui.rollout.statistics.detectable import smallest_harm
from migrator_tui.rollout.statistics.sequences import ends
from migrator_tui.rollout.statistics.stages import Scale, Sums, compare
from migrator_tui.rollout.values import (
    ArmFigures,
    GuardrailResult,
    GuardrailRule,
    GuardrailState,
    Measure,
    Slice,
    StageFigures,
)

if TYPE_CHECKING:
    from migrator_tui.rollout.statistics.sequences import Numbers

TRIPWIRE = "tripwire"
NEAR = 0.7
"""Of a limit: from here on it is called near."""
NO_CHANCE = 1e-6
"""The tripwire leaves alone what would come about by chance at the baseline's rate more often than this."""
SUPPOSED_CALLS, SUPPOSED_RECENT = 100, 10
"""Calls, one of them failed, that the tripwire adds to all of the baseline's and to its last: it may have few."""

SCALES: dict[str, Scale] = {"fallbacks": "alone", "latency": "logs", "first-token": "logs", "cost": "ratio"}
"""How harm is measured; what is not named is a share of calls or conversations, and its difference is in points."""
UNFED = {
    "escalations": "no escalation was reported: send feedback, or turn this guardrail off",
    "thumbs-down": "no thumb was reported: send feedback, or turn this guardrail off",
    "check-pass-rate": "no answer was checked: sample_answers says how many are kept for that",
    "first-token": "no call streams",
    "cost": "the price of one of the models is unknown",
}


def judged(rule: GuardrailRule, stages: Sequence[StageFigures], error: float) -> GuardrailResult:
    """What a guardrail says that compares the arms, if its interval may err with the chance `error`."""
    scale = SCALES.get(rule.metric, "points")
    old, new = (_measures(rule.metric, [getattr(s, arm) for s in stages]) for arm in ("baseline", "candidate"))
    units = [sum(measure.units for measure in arm) for arm in (old, new)]
    if _nothing_came(rule.metric, old, new):
        served = _served(stages)
        nothing = "no call names its conversation" if served else "no call has come in"
        unfed = served and rule.metric in UNFED
        return _silent(rule, UNFED[rule.metric] if unfed else nothing, unfed=unfed)
    fewest = units[1] if scale == "alone" else min(units)
    if fewest < rule.min_sample:
        arm = "candidate" if units[1] == fewest else "baseline"
        return _silent(
            rule, f"{units[1 if arm == 'candidate' else 0]} of {rule.min_sample} conversations on the {arm}"
        )
    found = compare(sums(old), sums(new), scale)
    low, high = (float(end) for end in ends(found, error))
    harm, spread = float(found.harm), float(found.error)
    if not math.isfinite(low):
        return _silent(rule, "no stage has enough conversations on both arms")
    relative = rule.metric in RELATIVE
    limit = math.log1p(rule.limit) if relative else rule.limit
    everything = sum(new, Measure())
    share = (everything.total + 0.5) / (everything.values + 1) if scale in ("points", "alone") else None
    seen = smallest_harm(harm, spread, away=(harm - low), limit=limit, share=share, own=float(found.own))
    shown = [math.expm1(each) if relative else each for each in (harm, low, high)]
    smallest = math.expm1(seen) if seen is not None and relative else seen
    used = max(0.0, shown[0] / rule.limit) if rule.limit else float(shown[0] > 0)
    state, why = _state(rule, shown[0], shown[1], used)
    return GuardrailResult(
        rule.metric, shown[0], shown[1], shown[2], rule.limit, state, used, smallest, rule.action, why
    )


def tripwire(
    rule: GuardrailRule, stages: Sequence[StageFigures], recent: Sequence[tuple[Slice, Slice]]
) -> GuardrailResult:
    """A sudden failure, told at once: of the candidate's last calls, at least `min_sample`, too many failed.

    No interval: it is for the model that is down or refuses everything. It looks back as far as the rule says, and
    also less far, so that a healthy minute before does not hide the failure. What would come about by chance at the
    baseline's own rate, in the same time or in all of the rollout, is left alone: a network that is down for both
    arms, the four failures in twenty calls that some hour of many has where 1 % fail anyway, and one conversation
    that is tried again and again. Counted for that are conversations, of which each fails by itself.
    """
    calls = failed = old_calls = old_failed = 0
    failing: set[str] = set()
    all_calls = sum(stage.baseline.requests for stage in stages)
    all_failed = sum(stage.baseline.failures for stage in stages)
    worst: float | None = None
    for old, new in reversed(recent):
        calls, failed = calls + new.requests, failed + new.failures
        old_calls, old_failed = old_calls + old.requests, old_failed + old.failures
        failing |= new.failing
        if calls < rule.min_sample:
            continue
        share = failed / calls
        worst = share if worst is None else max(worst, share)
        rate = baseline_rate((all_failed, all_calls), (old_failed, old_calls))
        if share >= rule.limit and chance_of_so_many(len(failing), rate * calls) < NO_CHANCE:
            why = f"{failed} of the last {calls} calls failed"
            used = share / rule.limit if rule.limit else 1.0
            return GuardrailResult(
                rule.metric, share, None, None, rule.limit, "tripped", used, None, rule.action, why
            )
    if worst is None:
        minutes = f"{(rule.window_s or 0) / 60:g} minutes"
        came = f"{calls} call{'' if calls == 1 else 's'}"
        return _silent(rule, f"{came} in the last {minutes}; it looks from {rule.min_sample} on")
    used = worst / rule.limit if rule.limit else 0.0
    state: GuardrailState = "near" if used >= NEAR else "ok"
    return GuardrailResult(rule.metric, worst, None, None, rule.limit, state, used, None, rule.action)


def sums(measures: Sequence[Measure]) -> Sums:
    """Measures as arrays, a stage after the other."""
    import numpy as np

    def array(name: str) -> "Numbers":
        return np.array([getattr(measure, name) for measure in measures], dtype=float)

    return Sums(*(array(name) for name in ("units", "values", "total", "squares", "value_squares", "cross")))


def _measures(metric: str, arms: Sequence[ArmFigures]) -> list[Measure]:
    """The metric in each stage, turned so that more is worse."""
    found = [arm.measures.get(metric, Measure()) for arm in arms]
    return [_failing(measure) for measure in found] if METRICS.get(metric) == "down" else found


def _failing(passing: Measure) -> Measure:
    """Of n values y passed, so n − y did not."""
    return Measure(
        passing.units,
        passing.values,
        passing.values - passing.total,
        passing.value_squares - 2 * passing.cross + passing.squares,
        passing.value_squares,
        passing.value_squares - passing.cross,
    )


def _nothing_came(metric: str, old: Sequence[Measure], new: Sequence[Measure]) -> bool:
    if metric == "cost":  # a model without a price costs nothing by litellm's account
        return not all(any(measure.total for measure in arm) for arm in (old, new))
    return not any(measure.units for measure in (*old, *new))


def _served(stages: Sequence[StageFigures]) -> bool:
    return any(stage.baseline.requests and stage.candidate.requests for stage in stages)


def _state(rule: GuardrailRule, harm: float, low: float, used: float) -> tuple[GuardrailState, str]:
    worst, least, most = (_amount(rule.metric, amount) for amount in (harm, low, rule.limit))
    allowed = f"{most} allowed" if rule.limit else "none is allowed"
    said = f"{worst} of its calls" if SCALES.get(rule.metric) == "alone" else f"worse by {worst}"
    if low > rule.limit:
        return "tripped", f"{said}, at least {least}; {allowed}"
    if harm > rule.limit:
        return "inconclusive", f"{said}; {allowed}; it may still be chance"
    if rule.limit and used >= NEAR:
        return "near", f"{said}; {allowed}"
    return "ok", ""


def _amount(metric: str, harm: float) -> str:
    share = metric in RELATIVE or SCALES.get(metric) == "alone"
    return f"{100 * harm:.1f} {'%' if share else 'points'}"


def _silent(rule: GuardrailRule, why: str, *, unfed: bool = False) -> GuardrailResult:
    return GuardrailResult(
        rule.metric, None, None, None, rule.limit, "inconclusive", 0.0, None, rule.action, why, unfed
    )


def baseline_rate(ever: tuple[float, float], lately: tuple[float, float]) -> float:
    """The baseline's rate of failure, of failures and calls ever and lately: the higher one, and never nothing."""
    return max((ever[0] + 1) / (ever[1] + SUPPOSED_CALLS), (lately[0] + 1) / (lately[1] + SUPPOSED_RECENT))
