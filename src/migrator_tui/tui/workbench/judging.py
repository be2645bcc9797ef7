"""Judging: one key a verdict, the next case to judge, and a way back for each."""

from textual import work

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Verdict
from migrator_tui.project.schema import BASELINE
from migrator_tui.tui.messages import StandingsChanged
from migrator_tui.tui.widgets.modal import Ask, Confirm
from migrator_tui.tui.workbench.bench import Bench
from migrator_tui.tui.workbench.blind import BlindSession
from migrator_tui.tui.workbench.column_heads import ColumnHeads
from migrator_tui.tui.workbench.moving import Moving, is_to_judge


class Judging(Moving, Bench):
    """Verdicts, notes, blind mode."""

    _last_judged: tuple[str, str, str] | None = None
    """Task, model and case of the verdict given last, for its note."""

    def action_judge(self, passed: bool) -> None:
        view = self.view
        if view is None or not self.workspace.is_open:
            return
        name = self.judged_next()
        side = view.baseline if name == BASELINE else view.candidate
        if (view.case.id, name) in self.streams:
            self.say("wait for the end of the answer", "warning")
            return
        if side.output is None:
            self.say("nothing to judge yet: r runs this case", "warning")
            return
        if side.output.failed_call:
            self.say("an error is no answer: r asks again", "warning")
            return
        try:
            judged = self.workspace.judge(
                [(name, view.case.id)], passed, blind=self.blind is not None, seen=side.output.id
            )
        except HistoryError as error:
            self.say(str(error), "error")
            return
        self._last_judged = (self.workspace.task.name, name, view.case.id) if judged else None
        if not judged:
            self.say("another answer has come in meanwhile: this is it", "warning")
            self.show_case()
        elif self.blind is not None:
            self._judged_blind(name, passed)
        elif name != BASELINE:
            self._after_verdict()

    def _after_verdict(self) -> None:
        """Go on to the next case that waits for one, else to the next in the list."""
        if self.view is not None and self.waiting is not None:
            self.waiting.discard(self.view.row.no)
        before = self.rows.highlighted
        if not self.to_next_unjudged():
            self.rows.step(1)
        if self.rows.highlighted == before:
            self.show_case()

    def _judged_blind(self, name: str, passed: bool) -> None:
        assert self.blind is not None and self.view is not None
        no = self.view.row.no
        self.blind.judged(no, name, passed)
        if self.blind.is_done(no):
            self.say(self.blind.revealed(no, BASELINE))
            self.rows.set_revealed(no, self.blind.revealed(no, BASELINE))
            if not self.to_next_unjudged():
                self.say("all judged; b shows names", "success")
        self.show_case()

    def on_standings_changed(self, message: StandingsChanged) -> None:
        """Rows follow; their places are held until `o` or the next run."""
        if (message.task, message.candidate) != (self.workspace.task.name, self.workspace.candidate.name):
            return
        self.rows.update_standings(message.standings)
        self.recount()
        if self.view is not None and any(s.case_id == self.view.case.id for s in message.standings):
            self.show_case()

    def action_undo_verdict(self) -> None:
        if not self.workspace.is_open:
            return
        try:
            undone = self.workspace.undo()
        except HistoryError as error:
            self.say(str(error), "error")
            return
        if not undone:
            self.say("no verdict of yours to undo")
            return
        first = undone[0]
        if len(undone) == 1:
            self.say(f"took back the verdict on {first.case_id}")
        else:
            self.say(f"took back {len(undone)} verdicts")
        no = self.workspace.number_of(first.case_id) if first.task == self.workspace.task.name else None
        if no is not None:
            if self.blind is not None:
                self.blind.forget(no)
                self.rows.set_revealed(no, None)
            self.rows.go_to(no)
        self.show_case()

    @work(exclusive=True, group="question")
    async def action_note(self) -> None:
        view = self.view
        if view is None:
            return
        side = view.baseline if self.judged_next() == BASELINE else view.candidate
        # A verdict has led on to the next case: then the note is meant for the one just given.
        verdict = side.verdict or self._just_given()
        if verdict is None:
            self.say("judge it first: p or f; then c says why", "warning")
            return
        text = await self.app.push_screen_wait(
            Ask(f"Note on {verdict.case_id}", "Why? It stands in the report beside the verdict.", verdict.note or "")
        )
        if text is not None:
            try:
                self.workspace.note(verdict, text)
            except HistoryError as error:
                self.say(str(error), "error")
                return
            self.show_case()

    def _just_given(self) -> Verdict | None:
        if self.blind is not None or self._last_judged is None:
            return None
        task, model_name, case_id = self._last_judged
        standing = self.workspace.history.verdicts(task, model_name, [case_id])
        return next(iter(standing.get(case_id, [])), None)

    @work(exclusive=True, group="question")
    async def action_judge_shown(self, passed: bool) -> None:
        if not self.workspace.is_open or self.blind is not None:
            return
        numbers = self.rows.shown
        word = "Pass" if passed else "Fail"
        under = f"shown by the filter {self.query_text}" if self.query_text else "of this task"
        lines = [
            f"{word} the candidate's output on {len(numbers):,} cases {under}?",
            "Outputs that ended in an error, and cases not run, are left out. u takes all of it back.",
        ]
        if not numbers or not await self.app.push_screen_wait(Confirm(f"{word} all", lines)):
            return
        ids = [row.case_id for row in self.workspace.rows(numbers)]
        try:
            judged = self.workspace.judge([(self.workspace.candidate.name, case_id) for case_id in ids], passed)
        except HistoryError as error:
            self.say(str(error), "error")
            return
        self.say(f"{judged:,} judged · u takes it back")
        self.reload_list()

    # Blind

    def action_blind(self) -> None:
        if not self.workspace.is_open:
            return
        if self.blind is not None:
            self.blind = None
            self._turn_blind()
            return
        numbers = [row.no for row in self.workspace.rows(self.rows.shown) if is_to_judge(row)]
        numbers = [no for no in numbers if self._both_answered(no)]
        if not numbers:
            numbers = [no for no in self.rows.shown if self._both_answered(no)]
            self.say("nothing waits for a verdict: all answered cases, shuffled")
        if not numbers:
            self.say("nothing to judge yet: R runs all cases", "warning")
            return
        self.set_diff_off()
        self.blind = BlindSession.start(numbers)
        self._turn_blind()

    def _both_answered(self, no: int) -> bool:
        row = self.rows.row(no)
        standing = row.standing if row is not None else None
        return standing is not None and None not in (standing.baseline_output_id, standing.candidate_output_id)

    def _turn_blind(self) -> None:
        self.rows.set_blind(self.blind is not None)
        self.baseline_pane.shown = self.candidate_pane.shown = None
        first = self.blind.numbers[0] if self.blind is not None and self.blind.numbers else None
        self.name_models()
        self.query_one(ColumnHeads).blind = self.blind is not None
        self.reload_list(keep=first)
        self.show_case()
