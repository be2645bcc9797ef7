"""What the gate looks at, in few words, for tests."""

from typing import Any

from migrator_tui.parity.gate import GateInput, RuleResult, decide
from migrator_tui.parity.statistics.values import Interval, PairedTable
from migrator_tui.project.schema import GateRules

RULES = GateRules(margin=0.03, confidence=0.95)
GOOD = PairedTable(382, 2, 4, 12)
"""Ready: +0.5 points, low at −1.1."""
BAD = PairedTable(148, 23, 4, 13)
"""Not ready: −10.1 points, high at −4.8."""
FEW = PairedTable(45, 1, 1, 3)
"""Not enough: as often, but only 50 cases."""


def seen(table: PairedTable = GOOD, **fields: Any) -> GateInput:
    """A candidate with this table, everything judged, and nothing known about cost and time."""
    known: dict[str, Any] = {
        "open_cases": 0,
        "errors": 0,
        "critical_regressions": (),
        "cost": None,
        "latency_p95": None,
        "candidate_latency_p95_ms": None,
        "candidate_rate": None,
    }
    return GateInput(table=table, **{**known, **fields})


def around(estimate: float, low: float, high: float) -> Interval:
    """An interval at 95 %."""
    return Interval(estimate, low, high, 0.95)


def rule(name: str, rules: GateRules, given: GateInput) -> RuleResult:
    """One rule's result."""
    return next(result for result in decide(rules, given).rules if result.rule == name)
