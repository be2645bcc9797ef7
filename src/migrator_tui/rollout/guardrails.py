"""Guardrails: is the candidate worse than it may be? They may be looked at at any time, and as often as one likes.

Three answers: no harm in sight, harm beyond the limit, or not enough to tell, which never counts as well. Compared is
by the arm that a conversation was assigned to, against the baseline of the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from migrator_tui.rollout.judging import TRIPWIRE, judged, tripwire
from migrator_tui.rollout.statistics.counts import sample_ratio_p
from migrator_tui.rollout.statistics.sequences import FAMILY_ERROR
from migrator_tui.rollout.values import ArmFigures, GuardrailResult, GuardrailRule, Measure, Slice, StageFigures

SAMPLE_RATIO_ERROR = 0.001
UNKEYED_LIMIT = 0.05
"""Share of calls that may name no conversation."""
FEWEST_CALLS = 20
"""Below so many the share without a key is not judged."""
RARE = (TRIPWIRE, "thumbs-down", "first-token")
"""What few conversations have; nobody waits until enough do."""
QUIET_S = 900.0
"""Without a call for so many seconds there is no traffic."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from one look."""

    answer: Literal["advance-allowed", "hold", "roll-back"]
    reasons: Sequence[str]
    """Why it holds or rolls back; empty where advancing is allowed."""


def evaluate(
    rules: Sequence[GuardrailRule], stages: Sequence[StageFigures], recent: Sequence[tuple[Slice, Slice]] = ()
) -> list[GuardrailResult]:
    """What each guardrail says, in the order of the rules.

    `recent` is for the tripwire: baseline and candidate in short times one after the other, some seconds each, the
    newest last, as far back as it looks. The error of a family of guardrails, those that roll back and those that
    hold, is split evenly over its metrics; two limits of one metric share a part, since they share an interval.
    """
    compared = merged(stages)
    return [
        tripwire(rule, compared, recent)
        if rule.metric == TRIPWIRE
        else judged(rule, compared, error(rules, rule.action))
        for rule in rules
    ]


def error(rules: Sequence[GuardrailRule], action: str) -> float:
    """The part of each metric in the error of the guardrails with that action."""
    metrics = {rule.metric for rule in rules if rule.action == action and rule.metric != TRIPWIRE}
    return FAMILY_ERROR / max(1, len(metrics))


def health(stages: Sequence[StageFigures], now: datetime) -> list[GuardrailResult]:
    """Is the comparison sound: shares as stated, conversations named, traffic flowing."""
    served = merged(stages)
    ratio = sample_ratio_p(
        [
            (
                stage.baseline.conversations - stage.baseline.unkeyed,
                stage.candidate.conversations - stage.candidate.unkeyed,
                stage.percentage / 100,
            )
            for stage in served
            if stage.percentage < 100
        ]
    )
    off = ratio < SAMPLE_RATIO_ERROR
    found = [
        _health(
            "sample-ratio", ratio, SAMPLE_RATIO_ERROR, off, 1.0 if off else 0.0,
            "the arms have other shares of the conversations than the percentage says: they cannot be compared",
        )
    ]  # fmt: skip
    if not stages:
        return found
    last = stages[-1]
    calls = last.baseline.requests + last.candidate.requests
    unkeyed = (last.baseline.unkeyed + last.candidate.unkeyed) / calls if calls else 0.0
    found.append(
        _health(
            "unkeyed", unkeyed, UNKEYED_LIMIT, calls >= FEWEST_CALLS and unkeyed > UNKEYED_LIMIT,
            unkeyed / UNKEYED_LIMIT,
            f"{unkeyed:.0%} of the calls name no conversation: send metadata.conversation_id, or user, with each",
        )
    )  # fmt: skip
    calls_at = [arm.last_at for arm in (last.baseline, last.candidate) if arm.last_at is not None]
    quiet = (now - max([last.since, *calls_at])).total_seconds()
    found.append(
        _health(
            "no-traffic", quiet, QUIET_S, quiet > QUIET_S, quiet / QUIET_S,
            f"no call has come in for {quiet / 60:.0f} minutes",
        )
    )  # fmt: skip
    return found


def decide(results: Sequence[GuardrailResult], health: Sequence[GuardrailResult]) -> Decision:
    """Roll back where a guardrail that does has tripped; hold where anything else stands in the way.

    What says nothing holds, but for what may be rare and would hold for ever: a rush of calls, thumbs, calls that
    stream; and but for answers where none are sampled.
    """
    tripped = [result for result in results if result.state == "tripped"]
    rolled_back = [_reason(result) for result in tripped if result.action == "roll-back"]
    if rolled_back:
        return Decision("roll-back", rolled_back)
    held = [_reason(result) for result in (*tripped, *health) if result.state == "tripped"]
    held += [_reason(result) for result in results if waits(result)]
    return Decision("hold" if held else "advance-allowed", held)


def merged(stages: Sequence[StageFigures]) -> list[StageFigures]:
    """Those in which the candidate served; stages with one percentage that follow on each other become one."""
    found: list[StageFigures] = []
    for stage in stages:
        if stage.shadow or stage.percentage <= 0:
            continue
        if found and found[-1].percentage == stage.percentage:
            found.append(_joined(found.pop(), stage))
        else:
            found.append(stage)
    return found


def _joined(before: StageFigures, after: StageFigures) -> StageFigures:
    return replace(
        after,
        since=before.since,
        baseline=_together(before.baseline, after.baseline),
        candidate=_together(before.candidate, after.candidate),
    )


def _together(before: ArmFigures, after: ArmFigures) -> ArmFigures:
    nothing = Measure()
    names = before.measures.keys() | after.measures.keys()
    return replace(
        after,
        requests=before.requests + after.requests,
        conversations=before.conversations + after.conversations,
        unkeyed=before.unkeyed + after.unkeyed,
        failures=before.failures + after.failures,
        measures={name: before.measures.get(name, nothing) + after.measures.get(name, nothing) for name in names},
    )


def _health(metric: str, estimate: float, limit: float, off: bool, used: float, why: str) -> GuardrailResult:
    return GuardrailResult(
        metric, estimate, None, None, limit, "tripped" if off else "ok", used, None, "hold", why if off else ""
    )


def _reason(result: GuardrailResult) -> str:
    return f"{result.metric}: {result.why}"


def waits(result: GuardrailResult) -> bool:
    """It can't tell yet, and nothing advances until it can."""
    if result.state != "inconclusive":
        return False
    if result.estimate is not None:  # worse than allowed, and it may be chance
        return True
    return result.metric not in RARE and (not result.unfed or result.metric == "escalations")
