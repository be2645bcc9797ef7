"""The acceptance screen: the choice is tried on the cases it aims at, on those that passed and on held-out ones.

Nothing is kept before `ctrl+s`; where something breaks, that asks once more, and keeping it is kept as an override.
"""

import asyncio
from typing import TYPE_CHECKING

from textual import work

from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.adaptation.acceptance_bench import AcceptanceBench
from migrator_tui.tui.adaptation.acceptance_words import keeps_although
from migrator_tui.tui.adaptation.review_state import Review, remember_left
from migrator_tui.tui.runs import Stopped
from migrator_tui.tui.scorecard.words import many
from migrator_tui.tui.widgets.header import RunProgress
from migrator_tui.tui.widgets.modal import Confirm
from migrator_tui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from migrator_tui.history.records import Version


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
        """Back to the edits, to change the words of the one under the cursor."""
        self.program.action_show("suggestion")

    def action_stop(self) -> None:
        self.program.workbench.action_stop()

    # Trying

    def begin(self, review: Review, parent: "Version") -> None:
        """Try the choice as it is, unless that is known."""
        self.base = parent
        if review.acceptance is None and self.progress is None:
            self.problem = ""
            self._try(review, parent)

    base: "Version | None" = None
    """What the edits act on."""

    @work(exclusive=True, group="accepting")
    async def _try(self, review: Review, parent: "Version") -> None:
        from migrator_tui.adaptation.accepting import try_acceptance

        runs, workspace = self.program.runs, self.workspace
        runner, edits = runs.runner, list(review.taken_edits)
        if runner is None:
            self.say("models are still starting; try again in a moment", "warning")
            return

        def told(done: int, total: int) -> None:
            self.progress = (done, total)
            self.program.change_frame(run=RunProgress(done, total))
            self.paint_progress()

        told(0, 0)
        self.show_keys()
        try:
            review.acceptance = await runs.stoppable(
                try_acceptance(
                    workspace.project,
                    workspace.history,
                    runner,
                    review.suggestion,
                    edits,
                    review.text,
                    dict(review.params),
                    parent,
                    on_event=told,
                )
            )
        except Stopped:
            self.problem = "stopped; what was answered is there for the next time"
        except (ProjectError, HistoryError) as error:
            self.problem = str(error)
            self.say(str(error), "error")
        finally:
            self.progress = None
            self.program.change_frame(run=None)
            self.program.workbench.show_money()
        if edits != review.taken_edits:
            review.measured_is_past()  # another choice was made meanwhile
        self.show_keys()
        self.paint()

    # Keeping

    @work(exclusive=True, group="question")
    async def action_keep(self) -> None:
        """Keep the choice as a version; where something breaks, only after a yes."""
        review, workbench = self.review, self.program.workbench
        if review is None or review.acceptance is None or self.base is None:
            self.say("it is being tried" if self.progress is not None else "it was not tried", "warning")
            return
        if workbench.prompt_pane.template != review.text:
            self.say("the text in the editor has changed meanwhile: look at the edits again", "warning")
            self.program.action_show("suggestion")
            return
        against = keeps_although(review.acceptance)
        if against:
            lines = [*against, "", "Keeping it all the same is remembered with the version."]
            if not await self.app.push_screen_wait(Confirm("Keep it although it breaks?", lines, "y keep it")):
                return
        await self._keep(review, overridden=bool(against))

    async def _keep(self, review: Review, *, overridden: bool) -> None:
        from migrator_tui.adaptation.accepting import accept
        from migrator_tui.tui.adaptation.acceptance_offer import offer

        workspace, workbench, taken = self.workspace, self.program.workbench, list(review.taken_edits)
        assert self.base is not None
        try:
            version = await asyncio.to_thread(
                accept,
                workspace.project,
                workspace.history,
                review.suggestion,
                taken,
                review.text,
                dict(review.params),
                self.base,
                review.acceptance,
                workspace.author,
                overridden,
            )
            await asyncio.to_thread(remember_left, review, workspace)
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
            return
        self.program.reviews.drop(review)
        workbench.use_version(version)
        workbench.reload_list(keep=0)
        workbench.show_case()
        self.program.action_show("workbench")
        self.program.recount_scorecards(review.track[0])
        number = many(len(taken), "edit")
        self.say(f"{number} kept as {version.label} · w writes it to the prompt file", "success")
        await offer(self.program, review, taken)
