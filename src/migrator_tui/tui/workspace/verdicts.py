"""Judging outputs, and taking it back."""

import uuid
from collections.abc import Sequence

from migrator_tui.history.records import Output, Verdict
from migrator_tui.tui.messages import StandingsChanged
from migrator_tui.tui.workspace.opened import Opened


class Verdicts(Opened):
    """A person's pass or fail."""

    def judge(self, sides: Sequence[tuple[str, str]], passed: bool, *, blind: bool = False) -> int:
        """Pass or fail outputs, named by model and case; how many were judged. One undo takes them all back."""
        history, task = self.history, self.task
        outputs: list[Output] = []
        for model_name in dict.fromkeys(name for name, _ in sides):
            ids = [case_id for name, case_id in sides if name == model_name]
            spec = self.project.model(model_name)
            found = history.current_outputs(task.name, model_name, spec.model, ids)
            outputs += [o for some in found.values() for o in some if not o.failed_call]
        if outputs:
            history.judge(outputs, passed, author=self.author, blind=blind, group=uuid.uuid4().hex)
            self._standings_of({output.case_id for output in outputs})
        return len(outputs)

    def undo(self) -> list[Verdict]:
        """Take back the last verdict, with all that one key press gave."""
        undone = self.history.undo_last(self.author)
        mine = {verdict.case_id for verdict in undone if verdict.task == self.task.name}
        if mine:
            self._standings_of(mine)
        return undone

    def note(self, verdict: Verdict, text: str) -> None:
        """Say why."""
        self.history.note(verdict, text, self.author)

    def _standings_of(self, case_ids: set[str]) -> None:
        from migrator_tui.running.judging import refresh_standings

        for candidate in self.project.candidates:
            standings = refresh_standings(self.project, self.history, self.task, candidate.name, sorted(case_ids))
            if candidate.name == self.candidate.name:
                self.post(StandingsChanged(self.task.name, candidate.name, standings))
