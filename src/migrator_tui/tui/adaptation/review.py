"""The review screen: what can be done with a suggestion. Nothing changes but by a key."""

import asyncio
from dataclasses import replace

from textual import work

from migrator_tui.adaptation.values import Op
from migrator_tui.history.errors import HistoryError
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.adaptation.asking import ask, exchanges_content
from migrator_tui.tui.adaptation.review_keeping import keep
from migrator_tui.tui.adaptation.review_measuring import Measuring, text_with
from migrator_tui.tui.adaptation.review_parts import edit_key
from migrator_tui.tui.adaptation.review_state import Choice, Review, remember_left
from migrator_tui.tui.adaptation.review_words import ChangeWords
from migrator_tui.tui.widgets.modal import Ask, Sheet
from migrator_tui.tui.widgets.text_view import TextView


class ReviewScreen(Measuring):
    """Taking, leaving, changing, trying, accepting."""

    def open_row(self) -> None:
        self.action_open()

    # Moving

    def action_part(self, by: int) -> None:
        """Edits, hunk, cases."""
        order = [self.edits, self.query_one("#hunk", TextView), self.behind]
        at = order.index(self.focused) if self.focused in order else -by
        self.set_focus(order[(at + by) % len(order)])

    def action_back(self) -> None:
        """From the cases to the edits, from the edits to the workbench."""
        if self.focused is not self.edits and self.review is not None:
            self.set_focus(self.edits)
        else:
            self.program.action_show("workbench")

    def action_candidate(self, by: int) -> None:
        self.program.workbench.action_candidate(by)

    def action_task(self, by: int) -> None:
        self.program.workbench.action_task(by)

    # Looking

    def action_open(self) -> None:
        """From an edit to its cases, from a case into the workbench, from advice to where it leads."""
        review = self.review
        if review is None:
            return
        if self.focused is self.behind:
            case_id = self.behind.highlighted
            if case_id is not None and self.program.workbench.go_to_case(case_id):
                self.program.action_show("workbench")
            return
        kind, _, rest = (self.edits.highlighted or "").partition(":")
        if kind == "advice" and review.suggestion.advice[int(rest)].what == "parameter":
            self.program.action_show("workbench")
            self.program.workbench.edit_at(None, params=True)
        elif self.behind.highlighted is not None:
            self.set_focus(self.behind)
        else:
            self.say("it names no case")

    @work(exclusive=True, group="question")
    async def action_sent(self) -> None:
        """All that was sent to the assistant for this suggestion, and what it answered."""
        review = self.review
        if review is None:
            return
        try:
            found = await asyncio.to_thread(self.workspace.history.exchanges, review.suggestion.exchange_ids)
        except HistoryError as error:
            self.say(str(error), "error")
            return
        name = safe_line(review.suggestion.assistant, 40)
        await self.app.push_screen_wait(Sheet(f"Sent to {name}, and answered", exchanges_content(found)))

    @work(exclusive=True, group="question")
    async def action_diff(self) -> None:
        """The whole prompt with what is taken; of nothing taken, with the edit under the cursor."""
        from migrator_tui.tui.versions.diff import diff_lines, prompt_diff

        review = self.review
        numbers = self.to_try() if review is not None else []
        if review is None or not numbers:
            return
        new = text_with(review, numbers)
        diff = await asyncio.to_thread(prompt_diff, review.text, None, new, None)
        what = ", ".join(str(number + 1) for number in numbers)
        title = f"{review.label} with edit{'s' if len(numbers) > 1 else ''} {what}"
        await self.app.push_screen_wait(Sheet(title, diff_lines(diff, self.program.glyphs), indent=6))

    # Choosing

    def action_take(self) -> None:
        """Take the edit under the cursor, or leave it."""
        review, number = self.review, self.number
        if review is None or number is None:
            self.say("space takes an edit: tab leads to them", "warning")
            return
        if number in review.stale:
            self.say(f"stale: {review.stale[number]}", "warning")
            return
        leaves = review.choices[number] is Choice.TAKEN
        self.choose([number], Choice.LEFT if leaves else Choice.TAKEN)

    def action_take_all(self) -> None:
        """All that are to decide; where none is, those taken are to be decided again. What was left stays so."""
        review = self.review
        if review is None:
            return
        open_ = [
            number
            for number, choice in enumerate(review.choices)
            if choice is Choice.OPEN and number not in review.stale
        ]
        if not open_ and not review.taken:
            self.say("nothing is to decide: space takes what was left", "warning")
        self.choose(open_ or review.taken, Choice.TAKEN if open_ else Choice.OPEN)

    @work(exclusive=True, group="question")
    async def action_note(self) -> None:
        """Leave the edit under the cursor and say why: the assistant is told of it the next time."""
        review, number = self.review, self.number
        if review is None or number is None:
            return
        hint = "Why not? The assistant is told, so that it does not propose it again."
        said = await self.app.push_screen_wait(
            Ask(f"Leave edit {number + 1}", hint, review.reasons.get(number, ""), "enter leave it · esc cancel")
        )
        if said is None:
            return
        review.choose(number, Choice.LEFT)
        review.reasons.pop(number, None)
        if said.strip():
            review.reasons[number] = said.strip()
        try:
            await asyncio.to_thread(remember_left, review, self.workspace, reasoned=True)
        except HistoryError as error:
            self.say(str(error), "error")
        keep(self.program, review)
        self.paint()
        self.look(review)

    def action_edit(self) -> None:
        """Other words for the edit under the cursor."""
        if self.review is not None and self.number is not None:
            self.change_words(self.review, self.number)

    @work(exclusive=True, group="question")
    async def change_words(self, review: Review, number: int) -> None:
        """Ask for other words for an edit, and put the cursor on it."""
        self.go_to_edit(number)
        if review.edits[number].op is Op.DELETE:
            self.say("this edit only takes out: space takes or leaves it", "warning")
            return
        said = await self.app.push_screen_wait(ChangeWords(review, number, self.workspace, self.program.glyphs))
        if said is None or said == review.edits[number].text:
            return
        review.reword(number, replace(review.edits[number], text=said))
        keep(self.program, review)
        self.paint()
        self.look(review)

    @work(exclusive=True, group="question")
    async def action_suggest(self) -> None:
        await ask(self)

    def action_stop(self) -> None:
        self.program.workbench.action_stop()

    def go_to_edit(self, number: int) -> None:
        """Put the cursor on an edit."""
        self.edits.go_to(edit_key(number))
