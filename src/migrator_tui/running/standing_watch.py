"""What a run wrote need not be made anew by whoever looks next: at its end it says which standings are true.

Without that, opening a project after a run of 10,000 cases would judge all of them a second time.
"""

from typing import TYPE_CHECKING

from migrator_tui.history.records import StandingBasis
from migrator_tui.project.schema import BASELINE
from migrator_tui.running.judging import standing_rules
from migrator_tui.running.plan import Plan

if TYPE_CHECKING:
    from migrator_tui.history.store import History


class StandingWatch:
    """`begin` before the run's first output is placed, `end` once every one of them has been judged."""

    def __init__(self, plan: Plan, history: "History") -> None:
        self._plan = plan
        self._history = history
        self._before = (0, 0)
        self._true: dict[tuple[str, str], str] = {}
        """Task and candidate whose standings were true before the run, with the rules they were made by."""

    def begin(self) -> None:
        """Look which standings are true now."""
        history, project = self._history, self._plan.project
        self._before = history.latest()
        for task in self._plan.tasks:
            for candidate in self._plan.candidates:
                rules = standing_rules(project, task, candidate.name)
                basis = history.standing_basis(task.name, candidate.name)
                same = basis is not None and basis.rules == rules
                since = (basis.last_output, basis.last_verdict) if basis is not None and same else (0, 0)
                if not history.touched_cases(task.name, (BASELINE, candidate.name), since):
                    self._true[task.name, candidate.name] = rules

    def end(self) -> None:
        """Write down that the same standings are true still: the run judged all that was placed since.

        Not where another program, or a person who asked a case again, placed outputs meanwhile. Verdicts given
        meanwhile count as news: looking at their cases again costs little.
        """
        assert self._plan.run_id is not None
        history, project = self._history, self._plan.project
        last_output, _ = history.latest()
        own = {item.output_id for item in history.run_items(self._plan.run_id)}
        if not self._true or history.placed_since(self._before[0]) - own:
            return
        for task in self._plan.tasks:
            for candidate in self._plan.candidates:
                rules = self._true.get((task.name, candidate.name))
                if rules is not None and rules == standing_rules(project, task, candidate.name):
                    basis = StandingBasis(rules, last_output, self._before[1])
                    history.keep_standing_basis(task.name, candidate.name, basis)
