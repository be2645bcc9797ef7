"""Measuring a choice of edits: `t` tries it live, `T` leaves each out in turn, `A` leads to what it would flip."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from textual import work
from textual.worker import WorkerCancelled

from migrator_tui.adaptation.values import Ablation
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Origin, Version
from migrator_tui.parity.pairs import outcome_of_mark
from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.adaptation.review_bench import ReviewBench
from migrator_tui.tui.adaptation.review_keeping import keep
from migrator_tui.tui.adaptation.review_looking import look_again, take_over
from migrator_tui.tui.adaptation.review_parts import title_of
from migrator_tui.tui.adaptation.review_state import Choice, Review
from migrator_tui.tui.adaptation.review_trying import TrySides, agreed
from migrator_tui.tui.scorecard.words import many
from migrator_tui.tui.widgets.header import RunProgress
from migrator_tui.tui.widgets.modal import Confirm

if TYPE_CHECKING:
    from migrator_tui.adaptation.trials import Change
    from migrator_tui.running.estimate import Estimate

TRIED_AT_ONCE = 12
"""Cases that `t` looks at: more are for `A`."""


class Measuring(ReviewBench):
    """Nothing here is kept."""

    def to_try(self) -> list[int]:
        """The edits that are taken; where none is, the one under the cursor. What stands in the way is said."""
        review, number = self.review, self.number
        if review is None:
            return []
        if review.taken:
            return review.taken
        if number is None or number in review.stale:
            self.say("nothing is taken: space takes an edit", "warning")
            return []
        return [number]

    @work(exclusive=True, group="question")
    async def action_try_live(self) -> None:
        """What is taken against the prompt as it is, on the cases behind the edit under the cursor, side by side."""
        review, number = self.review, self.number
        numbers = self.to_try()
        if review is None or not numbers or not self._can_try():
            return
        if self.owes_look:  # a quick hand: which cases are behind an edit is not known yet
            with contextlib.suppress(WorkerCancelled):  # then the next look has begun
                await self.look(review).wait()
        ids = review.behind(number) if number is not None else []
        ids = ids or review.behind(None)
        named = bool(ids)
        try:
            ids = (ids or await asyncio.to_thread(self._some_cases, review))[:TRIED_AT_ONCE]
        except (ProjectError, HistoryError, OSError) as error:
            self.say(str(error), "error")
            return
        versions = await self._versions(review, numbers)
        if versions is None:
            return
        task = self.workspace.task
        cases = await asyncio.to_thread(self.workspace.history.cases, task.name, ids)
        if not cases:
            self.say("there is no case to try it on", "warning")
            return
        title = f"edit{'s' if len(numbers) > 1 else ''} {', '.join(str(n + 1) for n in numbers)}"
        if not named:
            title += f" on {many(len(cases), 'case')}, failing ones first"
        asked = await self._estimated(versions, ids)
        if asked is None:
            return
        cost = None if asked.unpriced else asked.cost
        told = f"On {many(len(cases), 'case')}, streamed. How cases stand does not change by it."
        if not await agreed(self, f"Try {title}", asked.calls, cost, asked.seconds, told):
            return
        dialog = TrySides(title, self.program.runs, task, versions, cases, self.program.glyphs)
        await self.app.push_screen_wait(dialog)
        self.program.workbench.show_money()

    def _some_cases(self, review: Review) -> list[str]:
        """Where nobody said which: failing ones first, then others that the assistant may see; for threads."""
        from migrator_tui.adaptation.splitting import parts_of
        from migrator_tui.running.judging import cases_named

        workspace, (task_name, candidate) = self.workspace, review.track
        task = workspace.project.task(task_name)
        cases = cases_named(workspace.project, workspace.history, task, None)
        learn = parts_of(workspace.history, workspace.project, task, cases).learn
        standings = workspace.history.standings(task_name, candidate)
        failing = [c for c in learn if c in standings and outcome_of_mark(standings[c].candidate).passed is False]
        return list(dict.fromkeys([*failing, *learn]))

    def _can_try(self) -> bool:
        """Whether models can be asked now; says why where they cannot."""
        if self.program.runs.runner is None:
            self.say("models are still starting; try again in a moment", "warning")
        elif self.program.runs.busy:
            self.say("something is going on; x stops it", "warning")
        else:
            return True
        return False

    async def _versions(self, review: Review, numbers: list[int]) -> tuple[Version, Version] | None:
        """The prompt as it is and with these edits, both recorded; `None` where it cannot be, which is said."""
        from migrator_tui.running.versions import DraftPrompt, version_of_draft

        before = self.program.workbench.version_of_draft_now()
        if before is None:
            return None
        draft = DraftPrompt(text_with(review, numbers), before.params, before.id, origin=Origin.SUGGESTION)
        history, author = self.workspace.history, self.workspace.author
        try:
            after = await asyncio.to_thread(version_of_draft, history, *review.track, draft, author=author)
        except HistoryError as error:
            self.say(str(error), "error")
            return None
        return before, after

    async def _estimated(self, versions: tuple[Version, Version], ids: list[str]) -> "Estimate | None":
        """What asking with the second takes, whatever is known already; `None` where it cannot be asked, which is
        said."""
        from migrator_tui.running.selection import Selection

        task, candidate = self.track
        selection = Selection(
            tasks=[task],
            candidates=[candidate],
            case_ids=ids,
            versions={(task, candidate): versions[1]},
            baseline=False,
            use_cache=False,
        )
        try:
            return (await self.program.runs.plan(selection))[1]
        except ProjectError as error:
            self.say(str(error), "error")
            return None

    @work(exclusive=True, group="question")
    async def action_try_each(self) -> None:
        """Leave each of what is taken out in turn, once calls and money are agreed to."""
        from migrator_tui.adaptation.ablation import estimate
        from migrator_tui.adaptation.edits import EditError

        review = self.review
        if review is None or not review.taken:
            self.say("nothing is taken: space takes an edit", "warning")
            return
        if not self._can_try():
            return
        workspace, change = self.workspace, review.change()
        try:
            takes = await asyncio.to_thread(
                estimate, workspace.project, workspace.history, change, author=workspace.author
            )
        except (ProjectError, HistoryError, EditError) as error:
            self.say(str(error), "error")
            return
        told = "Which edits earn their place: each is left out in turn. How cases stand does not change."
        cost = None if takes.unpriced else takes.cost
        if await agreed(self, "Leave each edit out in turn", takes.calls, cost, takes.seconds, told, always=True):
            self._leave_each_out(review, change)

    @work(exclusive=True, group="ablation")
    async def _leave_each_out(self, review: Review, change: "Change") -> None:
        from migrator_tui.adaptation.ablation import leave_one_out
        from migrator_tui.adaptation.edits import EditError

        runs, workspace, stop = self.program.runs, self.workspace, asyncio.Event()
        runner, taken = runs.runner, list(review.taken_edits)
        assert runner is not None
        found: dict[int, Ablation] = {}

        def told(ablation: Ablation) -> None:
            found[ablation.edit] = ablation
            if taken == review.taken_edits:  # else they are of another choice
                review.ablations = dict(found)
                self.paint()

        work = runs.stoppable(
            leave_one_out(
                workspace.project,
                workspace.history,
                runner,
                change,
                author=workspace.author,
                on_progress=lambda done, total: self.program.change_frame(run=RunProgress(done, total)),
                on_ablation=told,
                stop=stop,
            ),
            stop.set,
        )
        self.show_keys()
        try:
            done = await work
        except (ProjectError, HistoryError, EditError) as error:
            self.say(str(error), "error")
            return
        finally:
            self.program.change_frame(run=None)
            self.program.workbench.show_money()
            self.show_keys()
        if len(done) < len(change.edits):
            self.say(f"stopped: {len(done)} of {many(len(change.edits), 'edit')} looked at", "warning")
        await self._offer_to_leave(review)

    async def _offer_to_leave(self, review: Review) -> None:
        """One key leaves all that earned no place."""
        minimal = review.suggestion.minimal
        idle = [
            number
            for number, one in review.ablations.items()
            if not one.earns_its_place and (bool(one.better_without) or not minimal)
        ]
        if not idle:
            if review.ablations:
                self.say("none of them breaks anything" if minimal else "each of them is needed", "success")
            return
        if self.program.screen is not self or self.review is not review:
            return  # the list says it
        named = [f"{number + 1}  {title_of(review.edits[number])}" for number in idle]
        first, last = "Nothing fails without:", "A shorter prompt does the same."
        if minimal:
            first, last = "Cases pass only without:", "What they take out is needed."
        lines = [first, *(f"  {name}" for name in named), "", last]
        if await self.app.push_screen_wait(Confirm("Leave what is not needed?", lines, "enter leave")):
            self.choose(idle, Choice.LEFT)
            why = "cases pass only without it" if minimal else "nothing fails without it"
            review.reasons |= dict.fromkeys(idle, why)
            keep(self.program, review)
            self.paint()

    @work(exclusive=True, group="question")
    async def action_accept(self) -> None:
        """On to what the choice would flip; nothing is kept by it."""
        from migrator_tui.adaptation.accepting import estimate_acceptance
        from migrator_tui.adaptation.edits import EditError
        from migrator_tui.tui.adaptation.acceptance import AcceptanceScreen

        review = self.review
        if review is None:
            return
        if review.being_tried:
            self.program.action_show("acceptance")
            return
        workspace = self.workspace
        try:
            take_over(review, await asyncio.to_thread(look_again, review, workspace))
            self.paint()
            if not review.taken:
                self.say("nothing is taken: space takes an edit", "warning")
                return
            if review.guarded.refusals:
                self.say(review.guarded.refusals[0], "error")
                return
            if review.acceptance is None or review.acceptance.stopped_because:
                if not self._can_try():
                    return
                takes = await asyncio.to_thread(
                    estimate_acceptance,
                    workspace.project,
                    workspace.history,
                    review.change(),
                    author=workspace.author,
                )
                cost = None if takes.unpriced else takes.cost
                told = "The prompt as it is and with what is taken; held-out cases too, counted and never listed."
                if not await agreed(self, "Try it before it is kept", takes.calls, cost, takes.seconds, told):
                    return
        except (ProjectError, HistoryError, EditError, OSError) as error:
            self.say(str(error), "error")
            return
        self.program.action_show("acceptance")
        screen = self.program.current
        assert isinstance(screen, AcceptanceScreen)
        screen.begin(review)

    def choose(self, numbers: list[int], choice: Choice) -> None:
        """Take or leave edits, and look at them again."""
        review = self.review
        assert review is not None
        for number in numbers:
            review.choose(number, choice)
        keep(self.program, review)
        self.paint()
        self.look(review, choice=True)


def text_with(review: Review, numbers: list[int]) -> str:
    """The prompt with these edits."""
    from migrator_tui.adaptation.edits import applied

    return applied(review.text, review.edits, numbers)
