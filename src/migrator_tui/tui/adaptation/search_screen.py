"""The search screen: what can be done with a search, while it goes on and with what it found."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content

from migrator_tui.adaptation.keeping import suggestion_details
from migrator_tui.adaptation.search.values import SearchResult, Try
from migrator_tui.adaptation.values import Suggestion
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Origin, Version
from migrator_tui.parity.gate.words import signed
from migrator_tui.project.errors import ProjectError
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.adaptation.search_bench import SIDES, SearchBench
from migrator_tui.tui.adaptation.search_panes import DIFF_HEAD
from migrator_tui.tui.adaptation.search_state import SearchState, has_prompt
from migrator_tui.tui.adaptation.search_tries import title_of
from migrator_tui.tui.adaptation.search_words import role_of
from migrator_tui.tui.versions.diff import diff_lines, prompt_diff
from migrator_tui.tui.widgets.modal import Ask, Confirm, Sheet
from migrator_tui.tui.widgets.parts import hanging
from migrator_tui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from migrator_tui.reports.search_report import ToldSearch


class SearchScreen(SearchBench):
    """From a try to its prompt, and from the winner to the draft."""

    def open_row(self) -> None:
        self.action_open()

    # Moving

    def action_back(self) -> None:
        """From a view to the tries, from these to the workbench; a search goes on behind."""
        if self.is_narrow and self.side != SIDES[0]:
            self.show_side(SIDES[0])
        elif self.focused is not self.rows:
            self.rows.focus()
        else:
            self.program.action_show("workbench")

    def action_part(self, by: int) -> None:
        """The next side of a narrow screen; on a wide one the focus goes to the next view, to scroll it."""
        if self.is_narrow:
            self.show_side(SIDES[(SIDES.index(self.side) + by) % len(SIDES)])
            return
        parts = [
            self.rows,
            *(view for view in self.query(TextView) if view.parent is not None and view.parent.display),
        ]
        at = parts.index(self.focused) if self.focused in parts else -by
        parts[(at + by) % len(parts)].focus()

    def action_candidate(self, by: int) -> None:
        self.program.workbench.action_candidate(by)

    def action_task(self, by: int) -> None:
        self.program.workbench.action_task(by)

    # Running

    def action_stop(self) -> None:
        """End soon, and keep the best so far."""
        if self.program.searches.stop():
            self.say("stopping; the best so far is kept", "warning")
        else:
            self.program.workbench.action_stop()
        self.paint()

    def action_pause(self) -> None:
        paused = self.program.searches.pause_or_go_on()
        if paused is None:
            self.say("there is nothing to pause", "warning")
        elif paused:
            self.say("paused: calls that were made are waited for, no other begins", "warning")
        self.program.tick_search()
        self.paint()

    @work(exclusive=True, group="question")
    async def action_search(self) -> None:
        """Search again, or go on with the last one."""
        from migrator_tui.tui.adaptation.search_start import begin_search

        await begin_search(self)

    # Looking

    def _with_prompt(self) -> Try | None:
        """The try under the cursor; says so where it has no prompt of its own."""
        chosen = self.chosen
        if chosen is not None and not has_prompt(chosen):
            self.say("no answer was a proposal: there is no prompt", "warning")
            return None
        return chosen

    @work(exclusive=True, group="question")
    async def action_open(self) -> None:
        """The whole prompt of the try; of the winner, once it is over, into the review."""
        state, chosen = self.state, self._with_prompt()
        if state is None or chosen is None:
            return
        if self.on_winner:
            await self._into_review(state)
            return
        title = f"Try {chosen.number}: {title_of(chosen, state.base.label)}"
        await self.app.push_screen_wait(Sheet(title, Content(safe(chosen.template))))

    @work(exclusive=True, group="question")
    async def action_diff(self) -> None:
        state, chosen = self.state, self._with_prompt()
        if state is None or chosen is None:
            return
        diff = await asyncio.to_thread(prompt_diff, state.base.template, None, chosen.template, None)
        title = f"{state.base.label} {self.program.glyphs.arrow} try {chosen.number}"
        width = min(88, self.app.size.width - 8)
        lines = diff_lines(diff, self.program.glyphs).split("\n", allow_blank=True)
        content = Content("\n").join(hanging(line, DIFF_HEAD, width) for line in lines)
        await self.app.push_screen_wait(Sheet(title, content))

    # Keeping

    async def _into_review(self, state: SearchState) -> None:
        """The winner's edits, to be taken or left one by one; nothing of them is applied by itself."""
        from migrator_tui.tui.adaptation.asking import show
        from migrator_tui.tui.adaptation.review_state import Choice, Review

        result, workbench = state.result, self.program.workbench
        if result is None or result.suggestion is None or workbench.prompt is None:
            self.say("it has no edits to review; ctrl+s keeps it as a version", "warning")
            return
        if not await self._wanted_all_the_same(result):
            return
        suggestion, base = result.suggestion, state.base
        review = Review(
            suggestion,
            workbench.prompt_pane.template,
            dict(base.params),
            base.id,
            base.label,
            choices=[Choice.TAKEN] * len(suggestion.edits),  # together they are what was measured
            search_id=result.search_id,
        )
        show(self.program, review, front=True)

    async def _wanted_all_the_same(self, result: SearchResult) -> bool:
        """Where it is not surely better, ask."""
        held_out = result.held_out
        if held_out is not None and role_of(held_out) == "success":
            return True
        if held_out is None or held_out.before is None or held_out.after is None:
            words = "It was not tried on held-out cases: it may be no better than where the search began."
        else:
            low, high = (signed(one) if one is not None else "–" for one in (held_out.low, held_out.high))
            worse = role_of(held_out) == "error"
            words = (
                f"{'Worse' if worse else 'Not surely better'} on {held_out.cases:,} held-out cases: "
                f"{signed(held_out.after - held_out.before)} points ({low} … {high})."
            )
        lines = [words, "Its edits can be reviewed all the same; none is applied by itself."]
        question = Confirm("Review the winner?", [self.program.glyphs.fit(line) for line in lines])
        agreed = await self.app.push_screen_wait(question)
        return agreed is True

    @work(exclusive=True, group="question")
    async def action_keep(self) -> None:
        """Keep the try under the cursor as a version, under a name."""
        state, chosen = self.state, self._with_prompt()
        if state is None or chosen is None:
            return
        if chosen.parent is None:
            self.say(f"that is {state.base.label}, which is kept already", "warning")
            return
        if chosen.version_id is None:
            self.say("it was refused before any case was asked: no version", "warning")
            return
        hint = "what it is for, in a few words; empty keeps it without a name"
        name = await self.app.push_screen_wait(Ask(f"Keep try {chosen.number} as a version", hint, chosen.title[:60]))
        if name is None:
            return
        try:
            version = await asyncio.to_thread(self._keep, state, chosen, name)
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
            return
        named = f", {version.name}" if version.name else ""
        self.say(f"kept as {version.label}{named} · 3 lists the versions", "success")

    def _keep(self, state: SearchState, chosen: Try, name: str) -> Version:
        history, workspace = self.workspace.history, self.workspace
        parent = state.tries.get(chosen.parent or 0)
        parent_id = parent.version_id if parent is not None and parent.version_id is not None else state.base.id
        version = history.record_version(
            task=state.task,
            model_name=state.candidate,
            template=chosen.template,
            params=state.base.params,
            parent_id=parent_id,
            origin=Origin.SEARCH,
            author=workspace.author,
            kept=True,
        )
        if history.adaptation_of(version.id) is None:
            before = parent.template if parent is not None else state.base.template
            made = Suggestion(state.task, state.candidate, before, parent_id, chosen.edits, assistant=state.models[1])
            details = suggestion_details(made, made.edits, parent_id, state.search_id)
            history.keep_adaptation(version.id, details, workspace.author)
        if name := " ".join(name.split()):
            version = history.name_version(version.id, name)
        return version

    @work(exclusive=True, group="question")
    async def action_write(self) -> None:
        """What was tried and what came of it, as Markdown."""
        from migrator_tui.reports.report import write_report
        from migrator_tui.reports.search_report import search_report, usual_name

        state = self.state
        if state is None or not state.tries:
            return
        folder = self.workspace.project.folder
        name = usual_name(state.task, state.candidate)
        hint = f"a Markdown file in {safe_line(str(folder), 60)}, or anywhere; one of that name is replaced"
        said = await self.app.push_screen_wait(Ask("Write the report to", hint, name, "enter write · esc cancel"))
        if not said or not said.strip():
            return
        file = folder / said.strip()
        try:
            text = await asyncio.to_thread(search_report, self._told(state))
            await asyncio.to_thread(write_report, file, text)
        except OSError as error:
            self.say(f"{file} can't be written: {error.strerror}", "error")
            return
        self.say(f"the report is in {file}", "success")

    def _told(self, state: SearchState) -> "ToldSearch":
        from migrator_tui.reports.search_report import ToldSearch

        workspace, result = self.workspace, state.result
        return ToldSearch(
            project=workspace.project.name,
            task=state.task,
            candidate=state.candidate,
            model=state.models[0],
            assistant=state.models[1],
            base=state.base.label,
            start=state.base.template,
            learn=state.began.learn if state.began is not None else 0,
            baseline_rate=state.began.baseline_rate if state.began is not None else None,
            tries=[state.tries[number] for number in sorted(state.tries) if number != state.going],
            best=state.best,
            ended=result.ended if result is not None else state.problem,
            helped=result.helped if result is not None else False,
            held_out=result.held_out if result is not None else None,
            spent=state.spent,
            made_at=datetime.now(UTC),
            made_by=workspace.author,
            secrets=workspace.history.secrets,
        )
