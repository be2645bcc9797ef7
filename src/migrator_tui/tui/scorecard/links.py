"""From a row of the scorecard to the filter that shows its cases on the workbench."""

from collections.abc import Mapping

from migrator_tui.parity.gate import RuleState
from migrator_tui.parity.scorecard import ALL_CASES, Scorecard

_RATES: Mapping[str, str] = {
    "baseline": "is:baseline-failed",
    "candidate": "is:failed",
    "difference": "is:regression",
    "per run": "is:flaky",
    "to-judge": "is:open",
}
_EVIDENCE: Mapping[str, str] = {
    "judged": "is:judged",
    "open": "is:open",
    "flaky": "is:flaky",
    "assumed": "is:assumed",
    "flaky-baseline": "is:baseline-flaky",
    "noise": "is:baseline-flaky",
}
_FIGURES: Mapping[str, str] = {"errors": "is:error", "words": "drift:longer", "output_tokens": "drift:longer"}


def filter_of(part: str, key: str, card: Scorecard) -> str | None:
    """What to type on the workbench to see the cases behind a row; `None` where the row is about all of them."""
    if part == "gate":
        return _of_rule(key, card)
    if part == "drift":
        return f"drift:{key}"
    if part == "slices":
        return "is:regression" if key == ALL_CASES else tag_filter(key)
    if part == "rates":
        return _RATES.get(key)
    if part == "figures":
        return _FIGURES.get(key)
    if part != "evidence":
        return None
    if key.startswith("judge:"):
        return "-is:judged"  # what nobody has judged beside the judge
    return _EVIDENCE.get(key)


def _of_rule(rule: str, card: Scorecard) -> str | None:
    if rule == "margin":
        return "is:regression"
    if rule == "max_critical_regressions":
        found = next((one for one in card.decision.rules if one.rule == rule), None)
        still_open = found is not None and found.state is RuleState.OPEN
        return "is:critical is:open" if still_open else "is:critical is:regression"
    if rule == "min_pass_rate":
        return "is:failed"
    return "is:open" if rule == "everything-judged" else None


def tag_filter(tag: str) -> str | None:
    """`tag:refund`, `tag:"two words"`; `None` for one that cannot be typed."""
    if '"' in tag:
        return None if any(c.isspace() for c in tag) or tag.startswith('"') else f"tag:{tag}"
    return f'tag:"{tag}"' if any(c.isspace() for c in tag) else f"tag:{tag}"
