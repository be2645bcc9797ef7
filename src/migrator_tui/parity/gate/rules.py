"""The rules one by one: what is allowed, what was measured, and which side of the limit that is on."""

from collections.abc import Sequence
from math import inf, isfinite

from migrator_tui.parity.gate.values import GateInput, RuleResult, RuleState
from migrator_tui.parity.gate.words import (
    NEARLY,
    allowance,
    change,
    counted,
    listed,
    number,
    points_against,
    seconds,
    signed,
    span,
)
from migrator_tui.parity.statistics.paired import paired_difference
from migrator_tui.parity.statistics.samples import worst_case_low
from migrator_tui.parity.statistics.values import Interval
from migrator_tui.project.schema import GateRules

UNKNOWN = "unknown"


def results_of(rules: GateRules, seen: GateInput) -> Sequence[RuleResult]:
    """Every rule that applies, in the order of the scorecard; a limit that is not set makes no rule."""
    pass_rate = _pass_rate(rules, seen)
    return [
        pass_rate,
        _critical(rules, seen),
        *([_least_pass_rate(rules.min_pass_rate, seen)] if rules.min_pass_rate is not None else []),
        *([_cost(rules.max_cost_increase, seen)] if rules.max_cost_increase is not None else []),
        *([_saving(rules.min_cost_saving, seen)] if rules.min_cost_saving is not None else []),
        *([_latency(rules.max_latency_increase, seen)] if rules.max_latency_increase is not None else []),
        *([_seconds(rules.max_latency_p95_ms, seen)] if rules.max_latency_p95_ms is not None else []),
        _everything_judged(rules, seen, pass_rate.state),
    ]


def at_least(interval: Interval | None, limit: float) -> RuleState:
    """Met where the whole interval is at or above the limit, missed where all of it is below."""
    if interval is None:
        return RuleState.OPEN
    if interval.low >= limit - NEARLY:
        return RuleState.MET
    return RuleState.MISSED if interval.high < limit - NEARLY else RuleState.OPEN


def at_most(interval: Interval | None, limit: float) -> RuleState:
    """Met where the whole interval is at or below the limit, missed where all of it is above."""
    if interval is None:
        return RuleState.OPEN
    if interval.high <= limit + NEARLY:
        return RuleState.MET
    return RuleState.MISSED if interval.low > limit + NEARLY else RuleState.OPEN


def _pass_rate(rules: GateRules, seen: GateInput) -> RuleResult:
    limit = -rules.margin
    found = paired_difference(seen.table, rules.confidence)
    state = at_least(found, limit)
    margin = allowance(rules.margin)
    measured, reason = "nothing judged", "no case is judged on both models"
    if found:
        measured = f"{signed(found.estimate, limit)}  ({span(found, limit)})"
        worst = f"at worst {points_against(found.low, limit)}"
        best = f"at best {points_against(found.high, limit)}"
        ends = {RuleState.MET: worst, RuleState.MISSED: best, RuleState.OPEN: f"{worst}, {best}"}[state]
        allowed = f"{margin} {'is' if margin == '1' else 'are'} allowed" if rules.margin else "no less is allowed"
        reason = f"{_how_often(found.estimate, limit)}, {ends}; {allowed}"
    return RuleResult(
        rule="margin",
        title="pass rate",
        allowed=f"no more than {margin} pt lower" if rules.margin else "not lower",
        measured=measured,
        state=state,
        reason=reason,
        interval=found,
        limit=limit,
    )


def _how_often(difference: float, limit: float) -> str:
    text = number(difference, limit)
    if float(text) == 0:
        return "passes as often"
    return f"passes {text} points {'less' if difference < 0 else 'more'} often"


def _critical(rules: GateRules, seen: GateInput) -> RuleResult:
    regressed, waiting, most = seen.critical_regressions, seen.critical_open, rules.max_critical_regressions
    count = len(regressed)
    state = RuleState.MET
    if count > most:
        state = RuleState.MISSED
    elif count + len(waiting) > most:
        state = RuleState.OPEN
    some = f"{counted(count, 'critical case')} regressed" if count else "0 critical regressions"
    reason = f"{some}: {listed(regressed)}" if count else some
    if count and most:
        reason = f"{some}, {most} {'is' if most == 1 else 'are'} allowed: {listed(regressed)}"
    if state is RuleState.OPEN:
        verb = "is" if len(waiting) == 1 else "are"
        reason = f"{counted(len(waiting), 'critical case')} {verb} not judged yet: {listed(waiting)}"
    measured = f"{count}   {listed(regressed)}" if count else "0"
    return RuleResult(
        rule="max_critical_regressions",
        title="critical regressions",
        allowed=f"at most {most}" if most else "0",
        measured=f"{measured}, {len(waiting)} open" if waiting else measured,
        state=state,
        reason=reason,
        cases=regressed if state is not RuleState.OPEN else [*regressed, *waiting],
    )


def _least_pass_rate(limit: float, seen: GateInput) -> RuleResult:
    found = seen.candidate_rate
    state = at_least(found, limit)
    asked = f"at least {allowance(limit)} %"
    measured, reason = UNKNOWN, f"how often the candidate passes is unknown; {asked} is asked"
    if found:
        low, high = number(found.low, limit), number(found.high, limit)
        measured = f"{number(found.estimate, limit)} %  ({low} … {high})"
        ends = {RuleState.MET: f"at worst {low} %", RuleState.MISSED: f"at best {high} %"}
        between = ends.get(state, f"at worst {low} %, at best {high} %")
        reason = f"the candidate passes {number(found.estimate, limit)} % of the cases, {between}; {asked} is asked"
    return RuleResult("min_pass_rate", "candidate's pass rate", asked, measured, state, reason, found, limit)


def _relative(
    rule: str, title: str, limit: float, found: Interval | None, words: tuple[str, str, str], unknown: str
) -> RuleResult:
    """A relative change that may not exceed `limit`; `words` for less, for more, and what it is about."""
    less, more, about = words
    state = at_most(found, limit)
    bound = allowance(limit)
    allowed = f"at most +{bound} %" if limit > 0 else f"at least {bound} % less" if limit < 0 else "no more than now"
    asked = f"{bound} % allowed" if limit > 0 else f"{bound} % {less} is asked" if limit < 0 else "no more is allowed"
    measured, reason = UNKNOWN, f"{unknown}; {asked}"
    if found:
        told = change(found.estimate, limit, less, more)
        measured = change(found.estimate, limit, "less", more if more == "slower" else "more")
        best, worst = (change(end, limit, less, more) for end in (found.low, found.high))
        reason = f"{told} {about}" if limit >= 0 and found.estimate <= 0 else f"{told} {about}, {asked}"
        if state is RuleState.MISSED:
            reason = f"{told} {about}, at best {best}; {asked}"
        if state is RuleState.OPEN:
            reason = f"{told} {about}, at best {best}, at worst {worst}; {asked}"
            measured = f"{measured}  ({span(found, limit, digits=0)} %)"
    return RuleResult(rule, title, allowed, measured, state, reason, found, limit)


_MONEY = ("cheaper", "more expensive", "per call")
_NO_COST = "how much the cost of a call changes is not known"


def _cost(limit: float, seen: GateInput) -> RuleResult:
    return _relative("max_cost_increase", "cost per call", limit, seen.cost, _MONEY, _NO_COST)


def _saving(saving: float, seen: GateInput) -> RuleResult:
    return _relative("min_cost_saving", "cost saving", -saving, seen.cost, _MONEY, _NO_COST)


def _latency(limit: float, seen: GateInput) -> RuleResult:
    words = ("faster", "slower", "at p95")
    unknown = "how much the latency changes is not known"
    return _relative("max_latency_increase", "latency p95", limit, seen.latency_p95, words, unknown)


def _seconds(limit: float, seen: GateInput) -> RuleResult:
    found = seen.candidate_latency_p95_ms
    state = at_most(found, limit)
    bound = f"{limit:g} ms" if limit < 1000 else f"{limit / 1000:g} s"
    measured, reason = UNKNOWN, f"how long the candidate's calls take is not known; {bound} at p95 allowed"
    if found:
        told, best, worst = (seconds(ms, limit) for ms in (found.estimate, found.low, found.high))
        measured = told if state is not RuleState.OPEN else f"{told}  ({best} … {worst})"
        ends = {
            RuleState.MET: "",
            RuleState.MISSED: f", at best {best}",
            RuleState.OPEN: f", at best {best}, at worst {worst}",
        }[state]
        if state is RuleState.OPEN and found.high == inf:
            # From too few values nothing follows about the slowest.
            measured, ends = told, ", too few calls to say how slow it may be"
        reason = f"{told} at p95{ends}; {bound} allowed"
    return RuleResult(
        rule="max_latency_p95_ms",
        title="seconds at p95",
        allowed=f"at most {bound}",
        measured=measured,
        state=state,
        reason=reason,
        interval=found if found and isfinite(found.low) and isfinite(found.high) else None,
        limit=limit,
    )


def _everything_judged(rules: GateRules, seen: GateInput, pass_rate: RuleState) -> RuleResult:
    """Open cases keep it from being ready only where they could change that."""
    limit = -rules.margin
    kinds = [
        f"{seen.to_judge} to judge" if seen.to_judge else "",
        counted(seen.errors, "error") if seen.errors else "",
        f"{seen.not_run} not run" if seen.not_run else "",
    ]
    measured = ", ".join(kind for kind in kinds if kind) or "0 open"
    worst = worst_case_low(seen.table, seen.open_cases, rules.confidence)
    state, reason = RuleState.MET, "everything is judged"
    if seen.open_cases:
        verb = "is" if seen.open_cases == 1 else "are"
        reason = f"{counted(seen.open_cases, 'case')} {verb} open: {measured}"
        if worst is not None and worst >= limit - NEARLY:
            reason += "; too few to matter"
            measured += ", too few to matter"
        else:
            state = RuleState.OPEN
            if pass_rate is RuleState.MET and worst is not None:
                each = "it" if seen.open_cases == 1 else "all of them"
                reason += (
                    f"; if {each} regressed, up to {number(worst, limit)} points fewer might pass, "
                    f"{allowance(limit) if limit else 'none'} allowed"
                )
    return RuleResult("everything-judged", "everything judged", "0 open", measured, state, reason)
