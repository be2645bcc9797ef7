"""The acceptance screen: the choice is tried on the cases it aims at, on those that passed and on held-out ones.

Nothing is kept before `ctrl+s`; where something breaks, that asks once more, and keeping it is kept as an override.
"""

import asyncio

from textual import work

from migrator_tui.adaptation.values import Acceptance
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.adaptation.acceptance_bench import AcceptanceBench
from migrator_tui.tui.adaptation.acceptance_words import keeps_although, kept_words
from migrator_tui.tui.adaptation.review_keeping import drop
from migrator_tui.tui.adaptation.review_state import Review, remember_left
from migrator_tui.tui.messages import VersionRecorded
from migrator_tui.tui.widgets.header import RunProgress
from migrator_tui.tui.widgets.modal import Confirm
from migrator_tui.tui.widgets.text_view import TextView


class AcceptanceScreen(AcceptanceBench):
    """Looking at what flips, and keeping it or not."""

    def open_row(self) -> None:
        self.action_open()

    # Moving

    def action_part(self, by: int) -> None:
        """Cases, answers, edits."""
        order = [self.rows, self.query_one("#was-now", TextView), self.query_one("#edit-lines", TextView)]
        if self.has_class("-narrow"):
            order = order[:2]
        at = order.index(self.focused) if self.focused in order else -by
        self.set_focus(order[(at + by) % len(order)])

    def action_back(self) -> None:
        """To the list, then to the edits; what is being tried goes on."""
        if self.focused is not self.rows:
            self.set_focus(self.rows)
        else:
            self.program.action_show("suggestion")

    def action_open(self) -> None:
        """The case under the cursor: here where there is no room beside the list, else in the workbench."""
        if self._shown is None:
            return
        if self.has_class("-narrow") and self.focused is self.rows:
            self.set_focus(self.query_one("#was-now", TextView))
        elif self.program.workbench.go_to_case(self._shown):
            self.program.action_show("workbench")

    def action_diff(self) -> None:
        """Mark the words that differ, or not."""
        self.marks = not self.marks
        self.paint_case()

    def action_edit(self) -> None:
        """Other words for the edit; of several for the first, `esc` leads to the others."""
        from migrator_tui.tui.adaptation.review import ReviewScreen

        review = self.review
        self.program.action_show("suggestion")
        screen = self.program.current
        if review is not None and review.taken and isinstance(screen, ReviewScreen):
            screen.change_words(review, review.taken[0])

    def action_stop(self) -> None:
        self.program.workbench.action_stop()

    # Trying

    def begin(self, review: Review) -> None:
        """Try the choice as it is, unless that is known to the end."""
        known = review.acceptance is not None and not review.acceptance.stopped_because
        if not known and self.progress is None:
            self.problem = ""
            review.acceptance = None
            self._try(review)
        self.paint()

    @work(exclusive=True, group="accepting")
    async def _try(self, review: Review) -> None:
        from migrator_tui.adaptation.accepting import try_acceptance
        from migrator_tui.adaptation.edits import EditError

        runs, workspace, stop = self.program.runs, self.workspace, asyncio.Event()
        runner, change = runs.runner, review.change()
        if runner is None:
            self.say("models are still starting; try again in a moment", "warning")
            return

        def told(done: int, total: int) -> None:
            self.progress = (done, total)
            self.program.change_frame(run=RunProgress(done, total))
            self.paint_progress()

        self.progress, review.being_tried = (0, 0), True
        self.paint_progress()
        found: Acceptance | None = None
        trying = try_acceptance(
            workspace.project,
            workspace.history,
            runner,
            change,
            author=workspace.author,
            on_progress=told,
            stop=stop,
        )
        work = runs.stoppable(trying, stop.set)
        self.show_keys()
        try:
            found = await work
        except (ProjectError, HistoryError, EditError) as error:
            self.problem = str(error)
            self.say(str(error), "error")
        finally:
            self.progress, review.being_tried = None, False
            self.program.change_frame(run=None)
            self.program.workbench.show_money()
        if review.change() == change:  # else another choice was made meanwhile
            review.acceptance = found
        self.show_keys()
        self.paint()

    # Keeping

    @work(exclusive=True, group="question")
    async def action_keep(self) -> None:
        """Keep the choice as a version; where something breaks, only after a yes."""
        review, workbench = self.review, self.program.workbench
        if review is None or review.acceptance is None:
            self.say("it is being tried" if self.progress is not None else "it was not tried", "warning")
            return
        if workbench.prompt_pane.template != review.text:
            self.say("the text in the editor has changed meanwhile: look at the edits again", "warning")
            self.program.action_show("suggestion")
            return
        against, stopped = keeps_although(review.acceptance), review.acceptance.stopped_because
        if against or stopped:
            lines = [*against, *([f"It was not tried to the end: {safe_line(stopped, 160)}"] if stopped else [])]
            lines += ["", "Keeping it all the same is remembered with the version."]
            if not await self.app.push_screen_wait(Confirm("Keep it all the same?", lines, "y keep it")):
                return
        await self._keep(review, overridden=bool(against))

    async def _keep(self, review: Review, *, overridden: bool) -> None:
        from migrator_tui.adaptation.edits import EditError
        from migrator_tui.tui.adaptation.acceptance_offer import offer

        workspace, workbench, taken = self.workspace, self.program.workbench, list(review.taken_edits)
        try:
            version = await asyncio.to_thread(self._accepted, review, overridden)
        except (ProjectError, HistoryError, EditError) as error:
            self.say(str(error), "error")
            return
        drop(self.program, review)
        workbench.use_version(version)
        workbench.reload_list(keep=workspace.number_of(workbench.case_in_view or ""))
        workbench.show_case()
        self.program.action_show("workbench")
        self.program.tell(VersionRecorded(version))
        self.program.recount_scorecards(workspace.task.name)
        self.say(f"{kept_words(review, version.label)} · w writes it to its file", "success")
        await offer(self.program, review, taken)

    def _accepted(self, review: Review, overridden: bool) -> Version:
        """The version that is kept, with all that is remembered of it; for threads."""
        from migrator_tui.adaptation.accepting import accept

        workspace = self.workspace
        version = accept(
            workspace.project,
            workspace.history,
            review.change(),
            acceptance=review.acceptance,
            author=workspace.author,
            overridden=overridden,
            ablations=list(review.ablations.values()),
        )
        remember_left(review, workspace)
        workspace.mark_seen()
        return version
