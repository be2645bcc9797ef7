"""The most useful thing to do now, in one line."""

from collections.abc import Sequence

from migrator_tui.models.requests import ErrorKind
from migrator_tui.parity.gate.values import Answer, GateInput, RuleResult, RuleState
from migrator_tui.parity.gate.words import about, counted, listed, the

_WHEN_MISSED = {
    "min_pass_rate": "look at the cases that fail",
    "max_cost_increase": "shorten the prompt or the answers, or take a cheaper model",
    "min_cost_saving": "shorten the prompt or the answers, or take a cheaper model",
    "max_latency_increase": "shorten the answers, or take a faster model",
    "max_latency_p95_ms": "shorten the answers, or take a faster model",
}
_WHEN_OPEN = {
    "min_pass_rate": "add cases: the candidate's pass rate is not known well enough",
    "max_cost_increase": "add cases: the cost per call is not known well enough",
    "min_cost_saving": "add cases: the cost per call is not known well enough",
    "max_latency_increase": "add cases: the latency at p95 is not known well enough",
    "max_latency_p95_ms": "add cases: the latency at p95 is not known well enough",
}
_WHEN_UNKNOWN = {
    "max_cost_increase": "give the model a price = { input, output } in migrator.toml",
    "min_cost_saving": "give the model a price = { input, output } in migrator.toml",
    "max_latency_increase": "run both models: a latency is not known",
    "max_latency_p95_ms": "run the candidate: its latency is not known",
}


def next_step(answer: Answer, results: Sequence[RuleResult], seen: GateInput, more: int | None, settles: str) -> str:
    """One line without a full stop; `more` further cases would decide about the pass rate, and `settles` how."""
    if answer is Answer.READY:
        return "sign the decision"
    if answer is Answer.NOT_READY:
        return _to_become_ready([r for r in results if r.state is RuleState.MISSED], seen)
    return _to_know([r for r in results if r.state is RuleState.OPEN], seen, more, settles)


def _to_become_ready(missed: Sequence[RuleResult], seen: GateInput) -> str:
    rules = {result.rule for result in missed}
    if rules & {"margin", "min_pass_rate", "max_critical_regressions"} and (cause := _cause(seen)):
        return cause
    if "max_critical_regressions" in rules:
        which = "regression" if len(seen.critical_regressions) == 1 else "regressions"
        return f"look at the critical {which} {listed(seen.critical_regressions)}"
    if "margin" in rules:
        return f"look at {the(seen.table.regressions, 'regression')}"
    return _WHEN_MISSED[missed[0].rule]


def _to_know(still_open: Sequence[RuleResult], seen: GateInput, more: int | None, settles: str) -> str:
    rules = [result.rule for result in still_open]
    if not seen.table.n and not seen.open_cases:
        return "add cases and run them"
    if "everything-judged" in rules or "max_critical_regressions" in rules:
        further = more - seen.open_cases if more is not None else 0
        tail = f", and add {about(further)} more like these" if further > 0 else ""
        return f"{_close(seen)}{tail}"
    if "margin" in rules:
        cause = _cause(seen) if (seen.table.difference or 0) < 0 else None
        if more is not None:
            return f"{settles}{f'; or {cause}' if cause else ''}"
        return cause or f"look at {the(seen.table.regressions, 'regression')}"
    first = still_open[0]
    return (_WHEN_UNKNOWN if first.interval is None else _WHEN_OPEN).get(first.rule, _WHEN_OPEN["min_pass_rate"])


def _cause(seen: GateInput) -> str | None:
    if not seen.largest_cause or not seen.table.regressions:
        return None
    title, count = seen.largest_cause
    return f"adapt the prompt: {title} in {count} of {counted(seen.table.regressions, 'regression')}"


def _close(seen: GateInput) -> str:
    """What turns the open cases into judged ones."""
    steps = [
        f"run {the(seen.not_run, 'case')} not run yet" if seen.not_run else "",
        *_mend(seen),
        f"judge {the(seen.to_judge, 'open case')}" if seen.to_judge else "",
    ]
    return ", ".join(step for step in steps if step)


_LASTING = {
    ErrorKind.RECORDING: "complete the recording: it has no answer for {cases}",
    ErrorKind.KEY: "give the key that is missing or refused: {cases} could not be asked",
    ErrorKind.REJECTED: "see why the provider refuses the request of {cases}",
    "": "see why a check could not be carried out on {cases}",
}
"""Errors that asking again cannot cure, by kind, and what can."""


def _mend(seen: GateInput) -> list[str]:
    lasting = [
        words.format(cases=counted(seen.error_kinds[kind], "case"))
        for kind, words in _LASTING.items()
        if seen.error_kinds.get(kind)
    ]
    passing = seen.errors - sum(seen.error_kinds.get(kind, 0) for kind in _LASTING)
    return [*lasting, *([f"run {the(passing, 'error')} again"] if passing > 0 else [])]
