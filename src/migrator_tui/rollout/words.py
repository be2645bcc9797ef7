"""What screens and reports call guardrails, their limits and figures."""

from migrator_tui.project.rollout_settings import METRICS, RELATIVE, GuardrailRule
from migrator_tui.rollout.values import GuardrailResult

UNKNOWN = "–"
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
    "as-started": "models as at the start",
}
"""Metric to what the screen calls it."""


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
    low, high = (harm_words(result.metric, end, unit=False) for end in (result.low, result.high))
    return f"{high} … {low}" if METRICS.get(result.metric) == "down" else f"{low} … {high}"


def action_words(action: str) -> str:
    """What happens where it trips."""
    return "roll back" if action == "roll-back" else "hold"
