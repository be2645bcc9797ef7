"""Looking closer: word diff, Markdown, the whole input, copy."""

from textual import work

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.widgets.modal import Sheet
from migrator_tui.tui.workbench.bench import Bench
from migrator_tui.tui.workbench.case_view import DiffMode
from migrator_tui.tui.workbench.input_strip import whole_input
from migrator_tui.tui.workbench.output_pane import answer_text


class Looking(Bench):
    """Nothing here changes anything."""

    def action_diff(self) -> None:
        if self.blind is not None:
            self.say("a diff would tell which is which; b leaves blind mode", "warning")
            return
        if self.sides.baseline is None or self.sides.candidate is None:
            self.say("both models must have answered before they can be compared", "warning")
            return
        if self.is_narrow:
            self.show_narrow_tab("outputs")
        following = {
            DiffMode.OFF: DiffMode.IN_PLACE,
            DiffMode.IN_PLACE: DiffMode.ONE_TEXT,
            DiffMode.ONE_TEXT: DiffMode.OFF,
        }
        self.set_diff(following[self.diff_mode])

    def action_markdown(self) -> None:
        for pane in (self.baseline_pane, self.candidate_pane):
            pane.toggle_markdown()

    @work(exclusive=True, group="question")
    async def action_input(self) -> None:
        view = self.view
        if view is None:
            return
        messages = None
        try:
            from migrator_tui.project.prompts import render

            messages = render(self.prompt_pane.template, view.case)
        except ProjectError as error:
            self.say(str(error), "warning")
        content = whole_input(view.case, messages, self.workspace.task.tools)
        # Of a conversation the last turns are what is asked about; the prompt above them is the same in all cases.
        sheet = Sheet(f"{view.case.id} as the candidate gets it", content, at_end=len(view.case.messages) > 1)
        await self.app.push_screen_wait(sheet)

    @work(exclusive=True, group="question")
    async def action_add_check(self) -> None:
        """A check for the task, from this output and what differs in it."""
        view = self.view
        if self.blind is not None:
            self.say("a check would tell which is which; b leaves blind mode", "warning")
            return
        if view is None or (self.sides.baseline is None and self.sides.candidate is None):
            self.say("nothing to check yet: r runs this case", "warning")
            return
        from migrator_tui.tui.add_check.adding import add_check

        drift = view.row.standing.drift if view.row.standing is not None else ()
        selected = " ".join((self.get_selected_text() or "").split())
        await add_check(self, drift, view.case.id, selected=selected)

    @work(exclusive=True, group="question")
    async def action_suggest(self) -> None:
        """The suggestion that is under review; where there is none, or nothing in it, ask the assistant."""
        review = self.program.reviews.get((self.workspace.task.name, self.workspace.candidate.name))
        if self.blind is not None:
            self.say("a suggestion would tell which is which; b leaves blind mode", "warning")
        elif review is not None and (review.edits or review.suggestion.advice):
            self.program.action_show("suggestion")
        elif self.workspace.is_open:
            from migrator_tui.tui.adaptation.asking import ask

            await ask(self)

    def action_copy(self) -> None:
        """The text of the focused pane, as it came from the model."""
        focused = self.focused
        if focused is not None and self.prompt_pane in focused.ancestors_with_self:
            text, what = self.prompt_pane.template, "the prompt"
        else:
            name = self.judged_next()
            shown = self.sides.baseline if name == BASELINE else self.sides.candidate
            if shown is None:
                self.say("nothing to copy yet", "warning")
                return
            label = name if self.blind is None else self.pane_of(name).label
            text, what = answer_text(shown.output), f"the output of {safe_line(label, 24)}"
        self.program.copy_text(text, what)
