"""How reports say things: numbers with their units, states with a sign and a word, foreign text made harmless."""

import math
import re
from collections import Counter

from migrator_tui.history.decision_records import SignedDecision
from migrator_tui.parity.evidence import CaseEvidence
from migrator_tui.parity.gate import Answer, Decision, RuleResult, RuleState
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.scorecard import Figure, FigureName, Scorecard
from migrator_tui.text_safety import safe, safe_line

ANSWERS = {
    Answer.READY: ("✓", "Ready"),
    Answer.NOT_READY: ("✗", "Not ready"),
    Answer.NOT_ENOUGH: ("~", "Not enough evidence"),
}
"""A sign and a word: colour is never the only sign."""
STATES = {
    RuleState.MET: ("✓", "met"),
    RuleState.OPEN: ("~", "not enough evidence"),
    RuleState.MISSED: ("✗", "missed"),
}
OUTCOMES = {
    Outcome.PASS: ("✓", "pass"),
    Outcome.FAIL: ("✗", "fail"),
    Outcome.FLAKY: ("≈", "flaky"),
    Outcome.UNJUDGED: ("○", "unjudged"),
    Outcome.ERROR: ("!", "error"),
    Outcome.ASSUMED: ("(✓)", "assumed pass"),
    Outcome.NOT_RUN: ("·", "not run"),
}
FIGURES: dict[FigureName, str] = {
    "cost": "cost per call",
    "latency_p50": "latency p50",
    "latency_p95": "latency p95",
    "first_token": "first token",
    "words": "words",
    "output_tokens": "output tokens",
}
_CHANGES = {
    "cost": ("cheaper", "dearer"),
    "latency_p50": ("faster", "slower"),
    "latency_p95": ("faster", "slower"),
    "first_token": ("earlier", "later"),
    "words": ("shorter", "longer"),
    "output_tokens": ("fewer", "more"),
}

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to hold (https://www.w3.org/TR/xml/#charsets)."""


def shown(text: str, limit: int | None = None) -> str:
    """Foreign text on several lines: nothing in it acts, hides or turns the reading direction, XML can hold it.

    With `limit`, at most so many of its characters, and then how many there are.
    """
    cut = f"\n… {limit:,} of {len(text):,} characters" if limit is not None and len(text) > limit else ""
    return _NO_XML.sub(_mark, safe(text[:limit])) + cut


def line(text: str, limit: int | None = None) -> str:
    """Foreign text on one line, as `shown`."""
    return _NO_XML.sub(_mark, safe_line(text, limit))


def _mark(match: re.Match[str]) -> str:
    return f"‹{ord(match[0]):04X}›"


def counted(number: int, one: str, several: str | None = None) -> str:
    """`1 case`, `1,200 cases`."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def percent(share: float | None, digits: int = 1) -> str:
    """`91.0 %`; a dash where it is unknown."""
    return "–" if share is None else f"{share:.{digits}%}".replace("%", " %")


def points(difference: float | None, digits: int = 1) -> str:
    """`−10.1`, `+1.0`, `0.0`: hundredths with their sign; a dash where unknown."""
    if difference is None:
        return "–"
    value = round(difference * 100, digits)
    sign = "−" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{abs(value):.{digits}f}"


def dollars(amount: float | None) -> str:
    """`$0.0041`, `$1.84`: at least two significant digits."""
    if amount is None:
        return "–"
    if amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.{max(4, 1 - math.floor(math.log10(amount)))}f}" if amount > 0 else "$0.00"


def milliseconds(value: float | None) -> str:
    """`840 ms`, `3.81 s`."""
    return "–" if value is None else f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.0f} ms"


def figure_value(name: FigureName, value: float | None) -> str:
    """One of the figures of a scorecard with its unit."""
    if value is None:
        return "–"
    if not value:
        return "0"
    if name == "cost":
        return dollars(value)
    if name in ("words", "output_tokens"):
        return f"{value:,.0f}"
    return milliseconds(value)


def figure_change(figure: Figure) -> str:
    """`12 % cheaper`, `×2.3 longer`, `the same`; a dash where unknown."""
    if figure.old is None or figure.new is None or not figure.old:
        return "–"
    less, more = _CHANGES[figure.name]
    ratio = figure.new / figure.old
    if ratio >= 1.995:
        return f"×{ratio:.1f} {more}"
    rounded = round(abs(ratio - 1) * 100)
    return "the same" if rounded == 0 else f"{rounded} % {less if ratio < 1 else more}"


def change_span(figure: Figure) -> str:
    """`−18 % … −6 %`: the interval of the change; empty where there is none."""
    if figure.change is None:
        return ""
    return f"{_signed_percent(figure.change.low)} … {_signed_percent(figure.change.high)}"


def _signed_percent(value: float) -> str:
    rounded = round(value * 100)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded):,} %"


def p_value(p: float) -> str:
    """`0.0135`, `< 0.0001`."""
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.1 else f"{p:.2f}"


def p_told(p: float) -> str:
    """`p = 0.0135`, `p < 0.0001`."""
    told = p_value(p)
    return f"p {told}".replace(" ", "\u00a0") if told.startswith("<") else f"p\u00a0=\u00a0{told}"


def version_label(card: Scorecard) -> str:
    """`v4`, or `v4 “short”`; a dash where nothing was run."""
    version = card.version
    if version is None:
        return "–"
    return f"{version.label} “{line(version.name, 40)}”" if version.name else version.label


def model_label(model: str) -> str:
    """The model's name; a simulated one is called so, and so are answers that come from a file."""
    for prefix, what in (("simulated:", "simulated"), ("recorded:", "recorded")):
        if model.startswith(prefix):
            return f"{line(model.removeprefix(prefix), 80)} ({what})"
    return line(model, 80)


def judged_by(card: Scorecard) -> str:
    """`164 judged by checks, 24 by people`: what decided the candidate's outcomes, most first."""
    by = {"checks": "by checks", "verdict": "by people", "imported verdict": "by imported verdicts"}
    found = [f"{count:,} {by[source]}" for source, count in Counter(card.new.sources).most_common() if source in by]
    return f"judged {', '.join(found)}" if found else "nothing judged"


def about(card: Scorecard, gone: int = 0) -> str:
    """`200 cases, 1 run each · 164 judged by checks, 24 by people · 95 % confidence`.

    `gone`: cases that were answered and are no longer in the case files.
    """
    asked = {side.asked for case in card.cases for side in (case.baseline, case.candidate) if side.asked}
    each = "1 run each" if card.repeats <= 1 else f"{'up to ' if len(asked) > 1 else ''}{card.repeats} runs each"
    left = f" · {gone:,} more answered and since gone from the case files" if gone else ""
    confidence = percent(card.rules.confidence, 0)
    return f"{counted(len(card.cases), 'case')}, {each}{left} · {judged_by(card)} · {confidence} confidence"


def state_of(rule: RuleResult) -> tuple[str, str]:
    """A rule's sign and word, as on the screen: open where somebody has cases to judge or to run."""
    if rule.state is RuleState.OPEN and rule.rule == "everything-judged":
        return "○", "open"
    return STATES[rule.state]


def next_step(decision: Decision) -> str:
    """What to do now, without what the reasons say already."""
    step, settles = decision.next_step, decision.settles
    if settles and step.startswith(settles) and any(reason.startswith(settles) for reason in decision.reasons):
        return step.removeprefix(settles).removeprefix("; or ")
    return step


def signature(decision: SignedDecision) -> str:
    """`Go, signed by anna on 2026-04-01 09:30 UTC`, with what the gate said where it was overridden."""
    when = f" on {decision.created_at:%Y-%m-%d %H:%M} UTC" if decision.created_at else ""
    against = f", overriding the gate ({decision.gate.replace('-', ' ')})" if decision.override else ""
    return f"{'Go' if decision.go else 'No go'}, signed by {line(decision.author, 60)}{when}{against}"


def sentence(words: str) -> str:
    """`nothing has changed` as `Nothing has changed.`"""
    return f"{words[:1].upper()}{words[1:]}."


def kind_of(case: CaseEvidence) -> str:
    """Which group of the table a case belongs to: a key of `KINDS`."""
    if case.regressed:
        return "regression"
    if case.fixed:
        return "fix"
    if Outcome.ERROR in (case.baseline.outcome, case.candidate.outcome):
        return "error"
    if Outcome.NOT_RUN in (case.baseline.outcome, case.candidate.outcome):
        return "not-run"
    if not case.decided:
        return "unjudged"
    return "both-pass" if case.candidate.outcome.passed else "both-fail"


KINDS = {
    "regression": "Regressions",
    "fix": "Fixes",
    "both-fail": "Fail on both",
    "error": "Errors",
    "unjudged": "Not judged",
    "not-run": "Not run",
    "both-pass": "Pass on both",
}
"""The groups of the table of all cases, in its order."""
