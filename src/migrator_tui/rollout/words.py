"""What screens and reports call guardrails, their limits and figures."""

import re

from migrator_tui.history.rollout_records import EventKind
from migrator_tui.project.rollout_settings import METRICS, RELATIVE, GuardrailRule
from migrator_tui.rollout.figures import SHARES
from migrator_tui.rollout.values import GuardrailResult

UNKNOWN = "–"
AGAINST_ADVICE = "started, against advice"
"""What is said of a step that somebody took before its time."""
IN_MS_BELOW = 99.5
"""Milliseconds: as hundredths of a second they would tell little."""
TRIPWIRE = "tripwire"

NAMES = {
    "tripwire": "sudden failure",
    "failures": "failures",
    "fallbacks": "fallbacks",
    "escalations": "escalations",
    "thumbs-down": "thumbs down",
    "check-pass-rate": "pass rate",
    "latency": "latency",
    "first-token": "first token",
    "cost": "cost per call",
    "sample-ratio": "shares as stated",
    "unkeyed": "conversations named",
    "no-traffic": "traffic",
    "as-started": "same models",
}
"""Metric to what people call it."""

MEASURED = {
    "tripwire": "calls of the candidate that failed in the last minutes; trips where chance can't be why",
    "failures": "calls that failed, those included that another attempt or the baseline made good",
    "fallbacks": "calls of the candidate that the baseline answered",
    "escalations": "conversations that were escalated, as feedback says",
    "thumbs-down": "thumbs that point down, of those that feedback gave",
    "check-pass-rate": "sampled answers that pass the task's checks",
    "latency": "time until the whole answer is there, geometric mean",
    "first-token": "time until a stream's first token, geometric mean",
    "cost": "what a call costs, mean",
}
"""Metric to what is counted or measured of each side."""

_REASON = re.compile(r"(?:^|(?<=; )|(?<=\(against: ))[a-z][a-z-]*(?=: )")
"""The name of a guardrail where its reason begins."""

HAPPENED = {
    EventKind.ROLLED_BACK: "rolled back, all traffic is on the baseline",
    EventKind.STEPPED_BACK: "back to",
    EventKind.WARNED: "watch this at",
    EventKind.READY: "ready for the next step at",
    EventKind.ADVANCED: "on to",
    EventKind.COMPLETED: "complete at",
}
"""Events whose name alone would not say it to somebody who reads nothing else."""


def happened_words(kind: EventKind, percentage: float) -> str:
    """`held at 10 %`, `75 % started, against advice`, `rolled back, all traffic is on the baseline`."""
    if kind is EventKind.OVERRIDDEN:
        return f"{percentage:g} % {AGAINST_ADVICE}"
    words = HAPPENED.get(kind, f"{kind.value} at")
    return words if kind is EventKind.ROLLED_BACK else f"{words} {percentage:g} %"


def named(why: str) -> str:
    """Reasons in people's words: `check-pass-rate: …` is `pass rate: …`."""
    return _REASON.sub(lambda match: NAMES.get(match[0], match[0]), why)


def name_of(metric: str) -> str:
    """What people call it, whatever feedback and drift there is besides."""
    head, colon, rest = metric.partition(":")
    if colon and head in ("drift", "feedback"):
        return f"{rest} ({head})"
    return NAMES.get(metric, metric)


def time_words(ms: float | None, *, like: float | None = None) -> str:
    """`40 ms`, `0.85 s`, `12.3 s`; in the unit of `like`, where that stands beside it."""
    if ms is None:
        return UNKNOWN
    if (ms if like is None else like) < IN_MS_BELOW:
        return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.2g} ms"
    return f"{ms / 1000:.2f} s" if ms < 10_000 else f"{ms / 1000:.1f} s"


def figure_words(metric: str, value: float, *, like: float | None = None) -> str:
    """What one side comes to: `1.2 %`, `0.85 s` (of milliseconds), `$0.0012`; `like` as in `time_words`."""
    if metric in ("latency", "first-token"):
        return time_words(value, like=like)
    if metric == "cost":
        return f"${value:.4f}" if abs(value) < 0.1 else f"${value:.2f}"
    if metric in SHARES or metric.startswith("drift:"):
        return f"{100 * value:.1f} %"
    return f"{value:.3g}"


def limit_words(rule: GuardrailRule) -> str:
    """`at most +25 %`, `no more than 2 pt below baseline`."""
    limit = f"{100 * rule.limit:g}"
    if rule.metric == TRIPWIRE:
        minutes = f"{(rule.window_s or 0) / 60:g} min"
        return f"at most {limit} % of {rule.min_sample} calls in {minutes}"
    if rule.metric in RELATIVE:
        return f"at most +{limit} %"
    if rule.metric == "fallbacks":
        return f"at most {limit} % of its calls"
    if METRICS.get(rule.metric) == "down":
        return f"no more than {limit} pt below baseline"
    return f"at most {limit} pt above baseline" if rule.limit else "not above baseline"


def short_limit(rule: GuardrailRule) -> str:
    """The same where there is little room: `+25 %`, `+1 pt`, `−2 pt`, of shares `10 %`."""
    limit = f"{100 * rule.limit:g}"
    if rule.metric in (TRIPWIRE, "fallbacks"):
        return f"{limit} %"
    sign = "" if not rule.limit else "−" if METRICS.get(rule.metric) == "down" else "+"
    return f"{sign}{limit} {'%' if rule.metric in RELATIVE else 'pt'}"


def harm_words(metric: str, harm: float | None, *, unit: bool = True) -> str:
    """A guardrail's figure as people say it: `+36 %`, `−0.8 pt`; a pass rate's harm is what it fell by."""
    if harm is None:
        return UNKNOWN
    value = -100 * harm if METRICS.get(metric) == "down" else 100 * harm
    if metric in (TRIPWIRE, "fallbacks"):
        return f"{value:.1f}".replace("-", "−") + (" %" if unit else "")
    digits = 0 if metric in RELATIVE else 1
    text = f"{value:+.{digits}f}".replace("-", "−")
    text = text if text.strip("+−0.") else text.lstrip("+−")
    return text + ((" %" if metric in RELATIVE else " pt") if unit else "")


def range_words(result: GuardrailResult) -> str:
    """`−4.8 … +2.3`: from the lower figure to the higher one."""
    if result.low is None or result.high is None:
        return ""
    # A share is never below nothing, whatever its interval's formula says.
    least = max(0.0, result.low) if unit_of(result.metric) == "share" else result.low
    low, high = (harm_words(result.metric, end, unit=False) for end in (least, result.high))
    return f"{high} … {low}" if METRICS.get(result.metric) == "down" else f"{low} … {high}"


def health_words(result: GuardrailResult) -> str:
    """What stands behind it that the comparison is sound in this respect, where it is."""
    if result.metric == "sample-ratio" and result.estimate is not None:
        return f"in order: chance alone is as far off with p = {result.estimate:.2g}; held below {result.limit:g}"
    if result.metric == "unkeyed" and result.estimate is not None:
        return f"in order: {100 * result.estimate:.1f} % of the calls name none; held above {100 * result.limit:g} %"
    if result.metric == "no-traffic" and result.estimate is not None:
        return f"in order: quiet for {result.estimate:.0f} s; held after {result.limit / 60:g} minutes"
    return "in order"


def unit_of(metric: str) -> str:
    """What a guardrail's figures are: `points` (0.02: two of a hundred more than on the baseline), `relative` (0.25:
    a quarter more than there), `share` (0.1: a tenth of its calls), `seconds`, `p-value`, or `yes-or-no`."""
    if metric in RELATIVE:
        return "relative"
    others = {"no-traffic": "seconds", "sample-ratio": "p-value", "as-started": "yes-or-no"}
    return others.get(metric, "share" if metric in (TRIPWIRE, "fallbacks", "unkeyed") else "points")


def action_words(action: str) -> str:
    """What happens where it trips."""
    return "roll back" if action == "roll-back" else "hold"
