"""The scorecard: what can be done with it."""

import asyncio

from textual import work

from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.scorecard.bench import ScorecardBench
from migrator_tui.tui.scorecard.links import filter_of
from migrator_tui.tui.scorecard.signing import Signature, SignDialog, new_decision


class ScorecardScreen(ScorecardBench):
    """From the decision to the cases behind it, and to a signature."""

    def __init__(self) -> None:
        super().__init__()
        self._unsigned: dict[tuple[str, str], Signature] = {}
        """What was said in a dialog and could not be signed: the next one begins with it."""

    # Moving

    def action_page_of_parts(self, by: int) -> None:
        """The next page of parts, where not all have room on one."""
        pages = self.PAGES[self.size_class]
        if len(pages) > 1 and self.maximised is None and self.card is not None:
            names = pages[(self.page_number + by) % len(pages)][1]
            self.focus_part(next(name for name in names if name in self.parts_here))

    # Looking

    @work(exclusive=True, group="question")
    async def action_open(self) -> None:
        """To the cases behind the row under the cursor."""
        part, card = self.focused_part, self.card
        key = part.rows.highlighted if part is not None else None
        if part is None or card is None or key is None:
            return
        if part.part == "candidates":
            self.program.workbench.open_track(self.workspace.task.name, key)
            return
        if key.startswith("signed:"):
            await self._show_signed(int(key.removeprefix("signed:")))
            return
        query = filter_of(part.part, key, card)
        if query is None:
            self.say("this figure is of all cases; there are none to single out")
        elif self.program.workbench.show_filtered(query):
            self.program.action_show("workbench")

    async def _show_signed(self, number: int) -> None:
        from migrator_tui.tui.scorecard.signing import signed_sheet

        counted = self.counted
        for decision in counted.decisions if counted is not None else ():
            if decision.id == number:
                await self.app.push_screen_wait(signed_sheet(decision, self.program.glyphs))

    # Doing

    @work(exclusive=True, group="question")
    async def action_add_check(self) -> None:
        """A check against the drift under the cursor."""
        from migrator_tui.tui.add_check.adding import add_check_against

        part, card = self.focused_part, self.card
        name = part.rows.highlighted if part is not None and part.part == "drift" else None
        if card is None or name is None:
            self.say("a adds a check against a drift: tab leads to what changed", "warning")
        else:
            await add_check_against(self, name, card.cases)

    def action_stop(self) -> None:
        self.program.workbench.action_stop()

    @work(exclusive=True, group="question")
    async def action_run_all(self) -> None:
        """Ask what to run, with calls and money: the draft in view, as on the workbench."""
        from migrator_tui.running.selection import Selection, Which
        from migrator_tui.tui.workbench.run_dialog import RunChoice, RunDialog

        self.program.count_scorecards()  # what could not be counted may have been mended
        workbench = self.program.workbench
        if not workbench.can_run():
            return
        version = workbench.version_of_draft_now()
        if version is None:
            return
        task, candidate = self.track
        wanted = [("all", Which.ALL), ("failing only", Which.FAILING), ("to judge only", Which.TO_JUDGE)]
        choices = []
        try:
            for words, which in wanted:
                selection = Selection(
                    tasks=[task], candidates=[candidate], which=which, versions={(task, candidate): version}
                )
                choices.append(RunChoice(words, *await self.program.runs.plan(selection)))
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
            return
        dialog = RunDialog(choices, version.label, self.workspace, self.program.glyphs)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            workbench.start_run(chosen.plan)
            self.show_keys()

    @work(exclusive=True, group="question")
    async def action_sign(self) -> None:
        """Go or no-go, with name, version and reason."""
        counted, track = self.counted, self.track
        if counted is not None and counted.problem:
            self.program.count_scorecards()
            self.say(f"nothing to sign: {counted.problem}", "error")
            return
        if counted is None or counted.card is None or not self.program.cards.holds(track):
            self.program.count_scorecards()
            self.say("still counting: look at what you sign first", "warning")
            return
        card = counted.card
        if card.nothing_run or card.version is None:
            self.say("there is nothing to decide on: no case was run", "warning")
            return
        if not await self._is_current(track):
            return
        author, glyphs = self.workspace.author, self.program.glyphs
        begun = self._unsigned.pop(track, None)
        dialog = SignDialog(card, author, glyphs, is_login=self.workspace.author_is_login, begun=begun)
        signature = await self.app.push_screen_wait(dialog)
        if signature is None:
            return
        self._unsigned[track] = signature
        decision = new_decision(card, signature, author)
        # What was signed is what was read: a count that has come meanwhile must have come to the same.
        now = self.card
        same = now is card or (
            now is not None and now.version == card.version and new_decision(now, signature, author) == decision
        )
        if not same:
            self.say("not signed: the figures have changed meanwhile; look at them first", "error")
            return
        if not await self._is_current(track, "not signed: "):
            return
        try:
            await asyncio.to_thread(self.workspace.history.sign, decision)
        except HistoryError as error:
            self.say(str(error), "error")
            return
        del self._unsigned[track]
        what = "go" if decision.go else "no-go"
        override = ", as an override of the gate" if decision.override else ""
        self.say(f"signed: {what} for {card.candidate} {card.version.label}{override}", "success")
        self.program.recount_scorecards(card.task)

    async def _is_current(self, track: tuple[str, str], said_first: str = "") -> bool:
        """Whether files and history still are what was counted; else that is said, and it is counted anew."""
        try:
            current = await asyncio.to_thread(self.program.cards.is_current, track)
        except HistoryError as error:
            self.say(str(error), "error")
            return False
        if not current:
            self.program.recount_scorecards(track[0])
            await self.program.workbench.look_outside()
            self.say(f"{said_first}cases or answers have changed, and are counted anew; look at it first", "warning")
        return current

    @work(exclusive=True, group="question")
    async def action_write(self) -> None:
        """The scorecard in view as a file for others."""
        from migrator_tui.reports.report import report_text, write_report
        from migrator_tui.tui.scorecard.reporting import ReportDialog

        workspace = self.workspace
        if self.counted is None:
            self.say("still counting: a moment, then w", "warning")
            return
        if self.card is None or self.card.nothing_run:
            why = self.counted.problem or "no case was run"
            self.say(f"there is nothing to report: {why}", "warning")
            return
        (task, candidate), project = self.track, workspace.project
        chosen = await self.app.push_screen_wait(ReportDialog(task, candidate, project.folder, self.program.glyphs))
        if chosen is None:
            return

        def write() -> None:
            text = report_text(
                project,
                workspace.history,
                chosen.form,
                author=workspace.author,
                tasks=[task],
                candidates=[candidate],
            )
            write_report(chosen.file, text)

        self.say("writing the report ...")
        try:
            await asyncio.to_thread(write)
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
        except OSError as error:
            self.say(f"{chosen.file} can't be written: {error.strerror}", "error")
        else:
            self.say(f"the report is in {chosen.file}", "success")
