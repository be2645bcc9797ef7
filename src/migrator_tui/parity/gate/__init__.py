"""Is the candidate as good as the baseline, within what was agreed? Ready, not ready, or not enough evidence."""

from migrator_tui.parity.gate.decision import decide, decide_project
from migrator_tui.parity.gate.values import Answer, Decision, GateInput, RuleResult, RuleState

__all__ = ["Answer", "Decision", "GateInput", "RuleResult", "RuleState", "decide", "decide_project"]
