"""The panes of the acceptance screen: where they stand, and what they show of how the choice was tried."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.adaptation.values import Acceptance
from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.adaptation.acceptance_parts import (
    LISTED,
    SECTIONS,
    Flip,
    WasNow,
    banner,
    cases_part,
    how_chip,
    matrix,
    matrix_bottom,
    was_now,
)
from migrator_tui.tui.adaptation.acceptance_words import listed_parts
from migrator_tui.tui.adaptation.review_parts import numbered
from migrator_tui.tui.adaptation.review_state import Review
from migrator_tui.tui.keys import ACCEPTANCE, Key, bindings
from migrator_tui.tui.messages import TrackChanged
from migrator_tui.tui.scorecard.words import many
from migrator_tui.tui.theme import MUTED, STRONG, chip
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.parts import Part
from migrator_tui.tui.widgets.row_list import RowList
from migrator_tui.tui.widgets.row_screen import RowScreen
from migrator_tui.tui.widgets.sizes import size_classes, size_of
from migrator_tui.tui.widgets.text_view import TextView
from migrator_tui.tui.workspace import Workspace


class AcceptanceBench(RowScreen):
    """What would flip: in a word, in four rows that do not mix, and case by case where cases may be named."""

    NAME = "acceptance"
    CSS_PATH = "acceptance.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACCEPTANCE)
    AUTO_FOCUS: ClassVar[str | None] = "#flips-rows"

    def __init__(self) -> None:
        super().__init__()
        self.marks = True
        """The words that differ stand out."""
        self.progress: tuple[int, int] | None = None
        """Cases tried, and of how many; `None` while nothing is being tried."""
        self.problem = ""
        """Why it was not tried to the end."""
        self.flips: dict[str, Flip] = {}
        self._of: Acceptance | None = None
        """What the list was made of."""
        self._shown: str | None = None

    # Composing

    def compose_body(self) -> ComposeResult:
        with Pane(id="effect-pane"):
            yield Static(id="effect")
        with Pane(id="matrix-pane"):
            yield Static(id="matrix")
        with Horizontal(id="body"):
            yield Part("flips", leads=True)
            with Vertical(id="acceptance-right"):
                with Pane(id="case-pane"):
                    yield TextView(id="was-now")
                with Pane(id="edit-pane"):
                    yield TextView(id="edit-lines")

    @property
    def workspace(self) -> Workspace:
        """What is in front of the user."""
        return self.program.workspace

    @property
    def review(self) -> Review | None:
        """The suggestion that is being accepted: the one for the task and candidate in view."""
        return self.program.reviews.get((self.workspace.task.name, self.workspace.candidate.name))

    def panes(self) -> Mapping[str, Sequence[Key]]:
        """Keys that do nothing here are not offered."""
        absent = set() if self.program.runs.busy else {"acceptance-stop"}
        review = self.review
        if review is None or review.acceptance is None:
            absent.add("acceptance-keep")
        keys = [key for key in ACCEPTANCE if key.id not in absent]
        return {"acceptance": [replace(key, shown="^s") if key.id == "acceptance-keep" else key for key in keys]}

    def help_signs(self) -> Sequence[tuple[str, str, str]]:
        """What stands beside cases."""
        g = self.program.glyphs
        return (
            (g.passed, "passes", "success"), (g.failed, "fails", "error"), (g.to_judge, "cannot be told", "primary"),
            (g.added, "fixed", "success"), (g.same, "kept", "muted"), (g.critical, "critical", "warning"),
        )  # fmt: skip

    # Layout

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """Choose the layout for this size."""
        width, height = self.app.size
        wide, medium = width >= 140 and height >= 30, width >= 110 and height >= 30
        self.update_classes(size_classes(size_of(wide=wide, medium=medium)))
        self.call_after_refresh(self.paint)

    def on_descendant_focus(self) -> None:
        """Where there is no room for both, list and case take turns."""
        self.set_class(isinstance(self.focused, TextView), "-on-case")
        self.call_after_refresh(self.paint)

    # Reacting

    def on_screen_resume(self) -> None:
        self.fit()
        self.show_keys()
        if self.focused is not None:  # it was here before, perhaps with its case in front
            self.set_focus(self.rows)

    def on_track_changed(self, message: TrackChanged) -> None:
        """Another task or candidate is in view: what is accepted is no longer in front."""
        if self.program.current is self:
            self.program.action_show("suggestion")

    # Showing

    def paint(self) -> None:
        """Everything, as it stands."""
        review = self.review
        if review is None or not self.query(TextView):
            return
        glyphs, acceptance = self.program.glyphs, review.acceptance
        self.paint_progress()
        below = self.query_one("#matrix-pane", Pane)
        below.title(Content.assemble(("What flips", STRONG), (f" without {glyphs.arrow} with them", MUTED)))
        if acceptance is not None:
            rows = matrix(acceptance, below.size.width - 4, glyphs, minimal=review.suggestion.minimal)
            self.query_one("#matrix", Static).update(rows)
            below.bottom(matrix_bottom(acceptance))
        else:
            self.query_one("#matrix", Static).update("")
            below.bottom("")
        if acceptance is not self._of:
            self._of = acceptance
            self.flips = {}
            self.query_one("#flips-pane", Part).fill(cases_part((), glyphs))
            if acceptance is not None:
                self._load(acceptance, review)
        self.query_one("#edit-pane", Pane).title(Content.styled(_named(review), STRONG))
        self.query_one("#edit-pane", Pane).bottom(Content.styled(_changes(review), MUTED))
        view = self.query_one("#edit-lines", TextView)
        view.show_content(self._edit_lines(review, max(20, view.size.width - 2)))
        self.paint_case()

    def paint_progress(self) -> None:
        """What it would do, or how far trying it is."""
        review = self.review
        if review is None or not self.query(TextView):
            return
        narrow = self.has_class("-narrow")
        pane = self.query_one("#effect-pane", Pane)
        pane.title(Content.assemble((_named(review), STRONG), (f" on {review.label}", MUTED)))
        pane.bottom(Content.styled(f"{review.label} stays until you keep it", MUTED))
        about = "" if narrow else f"on top of {review.label}"
        width = pane.size.width - 2
        effect = banner(
            review.acceptance,
            self._progress(),
            about,
            width,
            self.program.glyphs,
            narrow=narrow,
            minimal=review.suggestion.minimal,
        )
        self.query_one("#effect", Static).update(effect)

    def _progress(self) -> tuple[str, str]:
        glyphs = self.program.glyphs
        if self.progress is not None:
            done, total = self.progress
            return f"{glyphs.spinner[done % len(glyphs.spinner)]} {done}/{total}", "being tried; x stops it"
        return f"{glyphs.to_judge} NOT TRIED", safe_line(self.problem, 200) or "A in the suggestion tries it"

    def _edit_lines(self, review: Review, width: int) -> Content:
        from migrator_tui.adaptation.edits import EditError, hunk_lines

        lines: list[Content] = []
        for number in review.taken:
            if lines:
                lines.append(Content(""))
            try:
                shown = hunk_lines(review.text, review.edits, review.taken, number, 1)
            except EditError as error:  # the text has changed meanwhile
                return Content.styled(safe_line(str(error), 300), MUTED)
            lines += [row for line in shown for row in numbered(line, self.program.glyphs, width)]
        return Content("\n").join(lines)

    @work(exclusive=True, group="flips")
    async def _load(self, acceptance: Acceptance, review: Review) -> None:
        """The cases that may be named, with what the list says of each."""
        try:
            self.flips = await asyncio.to_thread(self._read_flips, acceptance, review)
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
            return
        self._shown = None
        part = self.query_one("#flips-pane", Part)
        part.fill(cases_part(list(self.flips.values()), self.program.glyphs))
        part.rows.edge(False)
        self.paint_case()

    def _read_flips(self, acceptance: Acceptance, review: Review) -> dict[str, Flip]:
        from migrator_tui.project.case_values import case_title

        named: list[tuple[str, str]] = []
        for how, _, _ in SECTIONS:
            for part in listed_parts(acceptance):
                named += [(case_id, how) for case_id in getattr(part, how)]
        # Of what nobody scrolls to, nothing but the number is shown.
        counted: dict[str, int] = {}
        wanted = []
        for case_id, how in named:
            counted[how] = counted.get(how, 0) + 1
            if counted[how] <= LISTED:
                wanted.append(case_id)
        cases = {case.id: case for case in self.workspace.history.cases(review.track[0], wanted)}
        found: dict[str, Flip] = {}
        for case_id, how in named:
            case = cases.get(case_id)
            why = acceptance.reasons.get(case_id, "")
            if case is None:
                found[case_id] = Flip(case_id, how, why=why)
            else:
                found[case_id] = Flip(case_id, how, case.critical, why, case_title(case, 120), case.tags)
        return found

    def paint_case(self) -> None:
        """The case under the cursor: what was said, and what is said now."""
        pane, view = self.query_one("#case-pane", Pane), self.query_one("#was-now", TextView)
        self._shown = self.rows.highlighted
        flip = self.flips.get(self._shown or "")
        if flip is None:
            pane.title("")
            pane.bottom("")
            view.clear()
            return
        tags = " · ".join(safe_line(tag, 20) for tag in flip.tags[:4])
        words, role = how_chip(flip, self.program.glyphs)
        title = Content.assemble((safe_line(flip.case_id, 30), STRONG), (f" {tags}" if tags else "", MUTED))
        room = max(12, pane.size.width - 24)
        pane.title(title.truncate(room, ellipsis=True) + "  " + chip(words, role))
        pane.bottom(Content.styled(f"d {'hides the marks' if self.marks else 'marks the words'}", MUTED))
        self._show_both(flip)

    @work(exclusive=True, group="case")
    async def _show_both(self, flip: Flip) -> None:
        review = self.review
        if review is None or review.acceptance is None:
            return
        try:
            both = await asyncio.to_thread(self._read_both, flip, review.acceptance, review)
        except HistoryError as error:
            self.say(str(error), "error")
            return
        if flip.case_id != self._shown:
            return
        view, diff = self.query_one("#was-now", TextView), None
        if self.marks and both.was is not None and both.now is not None:
            from migrator_tui.tui.workbench.diffing import diff_contents
            from migrator_tui.tui.workbench.output_pane import answer_text

            texts = answer_text(both.was), answer_text(both.now)
            diff = diff_contents(*texts, self.program.glyphs, brackets=self.app.no_color)
        width = max(20, view.size.width - 2)
        view.show_content(was_now(flip, both, self.program.glyphs, width, diff))

    def _read_both(self, flip: Flip, acceptance: Acceptance, review: Review) -> WasNow:
        from migrator_tui.running.judging import check_outputs

        history, project = self.workspace.history, self.workspace.project
        ids = acceptance.outputs.get(flip.case_id)
        if ids is None:
            return WasNow(None, None)
        outputs = history.outputs(list(ids))
        was, now = outputs.get(ids[0]), outputs.get(ids[1])
        task = project.task(review.track[0])
        cases = {case.id: case for case in history.cases(task.name, [flip.case_id])}
        old = history.current_outputs(task.name, BASELINE, project.baseline.model, [flip.case_id])
        results = check_outputs(history, task, cases, [now] if now is not None else [], old)
        checks = list(results.get(now.id, {}).values()) if now is not None else []
        return WasNow(was, now, checks)

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Another case is under the cursor."""
        event.stop()
        if self.rows.highlighted != self._shown:
            self.paint_case()


def _named(review: Review) -> str:
    """`Edit 3`, `Edits 1, 2`, `12 edits`."""
    numbers = [str(number + 1) for number in review.taken]
    if len(numbers) > 6:
        return many(len(numbers), "edit")
    return f"Edit{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def _changes(review: Review) -> str:
    """What `e` does."""
    return "e changes the words" + (f" of edit {review.taken[0] + 1}" if len(review.taken) > 1 else "")
