"""What the dialog says of a check that says nothing."""

from migrator_tui.project.schema import CheckSpec
from migrator_tui.running.checking.trial import SideTrial, Trial
from migrator_tui.tui.add_check.drawing import trial_lines
from migrator_tui.tui.glyphs import UNICODE


def test_a_check_of_what_no_case_expects_is_not_called_compared_with() -> None:
    spec = CheckSpec("json-path", options={"path": "tone", "expected": "tone"})
    silent = Trial(spec, SideTrial(applies=False), SideTrial(applies=False), 3, 3)
    told = [line.plain for line in trial_lines(silent, "newer", 100, UNICODE)]
    assert sum("no case expects anything there" in line for line in told) == 2
