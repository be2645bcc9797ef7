"""Judging outputs, and taking it back."""

import secrets
from collections.abc import Sequence

from migrator_tui.history.records import Output, Verdict
from migrator_tui.project.schema import Task
from migrator_tui.tui.messages import StandingsChanged
from migrator_tui.tui.workspace.opened import Opened


class Verdicts(Opened):
    """A person's pass or fail."""

    def judge(
        self, sides: Sequence[tuple[str, str]], passed: bool, *, blind: bool = False, seen: int | None = None
    ) -> int:
        """Pass or fail outputs, named by model and case; how many were judged. One undo takes them all back.

        `seen` is the output that was looked at: where another has taken its place, none is judged.
        """
        history, task = self.history, self.task
        outputs: list[Output] = []
        for model_name in dict.fromkeys(name for name, _ in sides):
            ids = [case_id for name, case_id in sides if name == model_name]
            spec = self.project.model(model_name)
            found = history.current_outputs(task.name, model_name, spec.model, ids)
            outputs += [o for some in found.values() for o in some if not o.failed_call]
        if seen is not None and seen not in {output.id for output in outputs}:
            return 0
        if outputs:
            self.made_here(task.name, [output.case_id for output in outputs])
            history.judge(outputs, passed, author=self.author, blind=blind, group=secrets.token_hex(8))
            self._standings_of(task, {output.case_id for output in outputs})
        return len(outputs)

    def undo(self) -> list[Verdict]:
        """Take back the last verdict, with all that one key press gave."""
        undone = self.history.undo_last(self.author)
        for task in self.project.tasks:  # it may have been given before another task came into view
            taken = {verdict.case_id for verdict in undone if verdict.task == task.name}
            if taken:
                self.made_here(task.name, taken)
                self._standings_of(task, taken)
        return undone

    def note(self, verdict: Verdict, text: str) -> None:
        """Say why."""
        self.history.note(verdict, text, self.author)

    def _standings_of(self, task: Task, case_ids: set[str]) -> None:
        from migrator_tui.running.judging import judge_cases

        # The cases as the list shows them: their files may be half saved at this moment.
        cases = {case.id: case for case in self.history.cases(task.name, sorted(case_ids))}
        for candidate in self.project.candidates:
            standings = judge_cases(self.project, self.history, task, candidate.name, cases).standings
            if (task.name, candidate.name) == (self.task.name, self.candidate.name):
                self.post(StandingsChanged(task.name, candidate.name, standings))
