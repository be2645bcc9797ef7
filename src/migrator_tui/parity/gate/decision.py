"""The answer, from the rules.

A non-inferiority test by interval: with a two-sided interval at confidence c, a candidate that is worse than the
margin is called ready in at most (1 − c)/2 of all comparisons. That all goals must be met besides can only make it
less often (R. L. Berger, Technometrics 24 (1982) 295-300: intersection-union tests).
"""

from collections.abc import Sequence

from migrator_tui.parity.gate.rules import results_of
from migrator_tui.parity.gate.steps import next_step
from migrator_tui.parity.gate.values import Answer, Decision, GateInput, RuleResult, RuleState
from migrator_tui.parity.gate.words import allowance, counted, settling
from migrator_tui.parity.statistics.samples import MOST_FURTHER, further_cases, tends_to_ready
from migrator_tui.project.schema import GateRules


def decide(rules: GateRules, seen: GateInput) -> Decision:
    """Ready where every rule is met, not ready where one is missed, else not enough evidence."""
    results = results_of(rules, seen)
    states = {result.state for result in results}
    answer = (
        Answer.NOT_READY
        if RuleState.MISSED in states
        else Answer.NOT_ENOUGH
        if RuleState.OPEN in states
        else Answer.READY
    )
    more, settles = None, ""
    if _of(results, "margin").state is RuleState.OPEN:
        more = further_cases(seen.table, margin=rules.margin, confidence=rules.confidence)
    if more is not None:
        others = any(result.state is RuleState.OPEN and result.rule != "margin" for result in results)
        to_ready = tends_to_ready(seen.table, margin=rules.margin)
        settles = settling(more, to_ready=to_ready, only_this=not others)
    return Decision(
        answer=answer,
        reasons=_reasons(answer, results, rules, seen, settles),
        rules=results,
        further_cases=more,
        next_step=next_step(answer, results, seen, more, settles),
        settles=settles,
    )


def decide_project(decisions: Sequence[Decision], about: Sequence[str] = ()) -> tuple[Answer, list[str]]:
    """The answer for all tasks and what it rests on: ready when every task is, not ready when any is not.

    Without a task there is no evidence. `about` says of each decision what it is about, `reply on newer`, which then
    stands before its reasons. Without it, what several say alike is said once.
    """
    answers = [decision.answer for decision in decisions]
    worst = next((a for a in (Answer.NOT_READY, Answer.NOT_ENOUGH) if a in answers), Answer.READY)
    if not decisions:
        return Answer.NOT_ENOUGH, ["there is nothing to decide on"]
    heads = [f"{what}: " for what in about] or [""] * len(decisions)
    reasons = [
        f"{head}{reason}"
        for decision, head in zip(decisions, heads, strict=True)
        if decision.answer is worst
        for reason in decision.reasons
    ]
    return worst, list(dict.fromkeys(reasons))


def _reasons(
    answer: Answer, results: Sequence[RuleResult], rules: GateRules, seen: GateInput, settles: str
) -> list[str]:
    if answer is Answer.READY:
        return [result.reason for result in results]
    deciding = RuleState.MISSED if answer is Answer.NOT_READY else RuleState.OPEN
    reasons = [result.reason for result in results if result.state is deciding]
    if answer is Answer.NOT_READY and seen.largest_cause and seen.table.regressions:
        title, count = seen.largest_cause
        reasons.append(f"largest cause: {title}, {count} of {counted(seen.table.regressions, 'regression')}")
    if answer is Answer.NOT_ENOUGH and _of(results, "margin").state is RuleState.OPEN and seen.table.n:
        if not settles:
            margin = f"the {allowance(rules.margin)} points allowed" if rules.margin else "none"
            reasons.append(
                f"so near to {margin} that not even {MOST_FURTHER:,} more cases like these would settle it"
            )
        else:
            reasons.append(f"{settles}, if they turn out as these did")
    return reasons


def _of(results: Sequence[RuleResult], rule: str) -> RuleResult:
    return next(result for result in results if result.rule == rule)
