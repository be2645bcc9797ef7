"""In which ways a candidate's answer differs from the baseline's, each with a name, a few words and its sides.

One module a family, all in the table of `registry`; `ranking` says which drift comes first over the cases of a task.
"""

from migrator_tui.parity.drift.base import TITLES, Drift
from migrator_tui.parity.drift.explaining import explains
from migrator_tui.parity.drift.registry import detect

__all__ = ["TITLES", "Drift", "detect", "explains"]
