"""The panes of the review screen: where they stand, and what they show of the suggestion for the track in view."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.adaptation.review_looking import guard, look_again, take_over
from migrator_tui.tui.adaptation.review_parts import (
    cases_part,
    choice_chip,
    edits_part,
    guards_line,
    hunk_content,
    other_content,
    title_of,
)
from migrator_tui.tui.adaptation.review_state import Review
from migrator_tui.tui.keys import SUGGESTION, Key, bindings
from migrator_tui.tui.messages import (
    CaseRan,
    ProjectChanged,
    PromptFollowed,
    RunEnded,
    StandingsChanged,
    TrackChanged,
)
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.parts import Part
from migrator_tui.tui.widgets.row_list import RowList
from migrator_tui.tui.widgets.row_screen import RowScreen
from migrator_tui.tui.widgets.sizes import size_classes, size_of
from migrator_tui.tui.widgets.text_view import TextView
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.adaptation.edits import HunkLine


class ReviewBench(RowScreen):
    """The edits at the left; at the right what the one under the cursor changes, and the cases behind it."""

    NAME = "suggestion"
    CSS_PATH = "review.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(SUGGESTION)
    AUTO_FOCUS: ClassVar[str | None] = "#edits-rows"

    _of: Review | None = None
    """The suggestion that is shown."""
    _shown: str | None = None
    """The row that the panes at the right are about."""
    owes_look = False
    """What it rests on is still being looked at."""

    # Composing

    def compose_body(self) -> ComposeResult:
        yield Static(id="to-come")
        with Horizontal(id="body"):
            yield Part("edits", leads=True)
            with Vertical(id="review-right"):
                with Pane(id="hunk-pane"):
                    yield TextView(id="hunk")
                yield Part("behind")

    @property
    def workspace(self) -> Workspace:
        """What is in front of the user."""
        return self.program.workspace

    @property
    def track(self) -> tuple[str, str]:
        """Task and candidate in view."""
        return self.workspace.task.name, self.workspace.candidate.name

    @property
    def review(self) -> Review | None:
        """The suggestion for them."""
        return self.program.reviews.get(self.track)

    @property
    def edits(self) -> RowList:
        """The list of edits."""
        return self.query_one("#edits-rows", RowList)

    @property
    def behind(self) -> RowList:
        """The list of cases behind the one under the cursor."""
        return self.query_one("#behind-rows", RowList)

    @property
    def rows(self) -> RowList:
        """The list that keys move through."""
        return self.behind if self.focused is self.behind else self.edits

    @property
    def number(self) -> int | None:
        """The number of the edit under the cursor, from 0; `None` where it is on something else."""
        kind, _, rest = (self.edits.highlighted or "").partition(":")
        return int(rest) if kind == "edit" and self.review is not None else None

    def panes(self) -> Mapping[str, Sequence[Key]]:
        """Keys that do nothing here are not offered."""
        absent = set() if self.program.runs.busy else {"suggestion-stop"}
        if self.review is None:
            keep = {"suggestion-stop", "suggestion-ask", "suggestion-back"}
            absent |= {key.id for key in SUGGESTION if key.id.startswith("suggestion-") and key.id not in keep}
        elif not self.review.edits:
            absent |= {
                f"suggestion-{name}" for name in ("take", "edit", "try", "each", "accept", "all", "diff", "note")
            }
        if len(self.workspace.project.candidates) == 1:
            absent |= {"next-candidate", "previous-candidate"}
        if len(self.workspace.project.tasks) == 1:
            absent |= {"next-task", "previous-task"}
        return {"suggestion": [key for key in SUGGESTION if key.id not in absent]}

    def help_signs(self) -> Sequence[tuple[str, str, str]]:
        """What stands beside edits and cases."""
        g = self.program.glyphs
        return (
            (g.to_judge, "to decide", "primary"), (g.passed, "taken, or passes", "success"),
            (g.failed, "left, or fails", "error"), (g.stale, "stale: the text has changed", "warning"),
            (g.warning, "look at this first", "warning"), (g.critical, "critical", "warning"),
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
        """Where there is no room for both, cases and hunk take turns."""
        self.set_class(self.focused is self.behind, "-on-cases")
        self.call_after_refresh(self.paint)

    # Reacting

    def on_screen_resume(self) -> None:
        self.fit()
        self.refresh_review()

    def history_opened(self) -> None:
        self.refresh_review()

    def on_track_changed(self, message: TrackChanged) -> None:
        """Another task or candidate is in view."""
        self.refresh_review()

    def on_prompt_followed(self, message: PromptFollowed) -> None:
        """The text that the edits act on is another one."""
        self.refresh_review()

    def on_case_ran(self, message: CaseRan) -> None:
        """A case may stand elsewhere."""
        self.refresh_review()

    def on_run_ended(self, message: RunEnded) -> None:
        """Cases may stand elsewhere."""
        self.refresh_review()

    def on_standings_changed(self, message: StandingsChanged) -> None:
        """A verdict."""
        self.refresh_review()

    def on_project_changed(self, message: ProjectChanged) -> None:
        """Other limits, or checks."""
        self.refresh_review()

    def refresh_review(self) -> None:
        """Look at the editor's text and the cases as they are now, and show it."""
        if not self.is_mounted or not self.workspace.is_open or self.program.current is not self:
            return
        self.show_keys()
        self.paint()
        review, workbench = self.review, self.program.workbench
        if review is None:
            return
        prompt = workbench.prompt
        if prompt is not None and (prompt.version.task, prompt.version.model_name) == review.track:
            params = workbench.draft_params()
            now = workbench.prompt_pane.template, dict(params if params is not None else review.params)
            if now != (review.text, dict(review.params)):
                review.text, review.params = now
                review.measured_is_past()
            review.parent_id, review.label = prompt.version.id, prompt.version.label
        self.look(review)

    @work(exclusive=True, group="looking")
    async def look(self, review: Review, *, choice: bool = False) -> None:
        """Have edits, guards and cases looked at anew; with `choice` only what the guards say, which is quicker."""
        self.owes_look = self.owes_look or not choice  # one that is overtaken is made up for
        try:
            if self.owes_look:
                take_over(review, await asyncio.to_thread(look_again, review, self.workspace))
                self.owes_look = False
            else:
                edits, taken = list(review.edits), list(review.taken)
                review.guarded = await asyncio.to_thread(guard, review, self.workspace, edits, taken)
        except (ProjectError, HistoryError, OSError) as error:
            self.say(str(error), "error")
        self.paint()

    # Showing

    def paint(self) -> None:
        """Everything, as it stands."""
        if not self.query(TextView):
            return
        review = self.review
        if not self.query("#to-come"):
            return  # the app ends, and its screens are being taken apart
        self.query_one("#to-come").display = review is None
        self.query_one("#body").display = review is not None
        if review is None:
            self.query_one("#to-come", Static).update(self._nothing())
            return
        part = self.query_one("#edits-pane", Part)
        draft = " + draft" if self.program.frame.draft else ""
        glyphs, frozen = self.program.glyphs, bool(self.workspace.task.frozen)
        part.fill(edits_part(review, f"{review.label}{draft}", glyphs, part.size.width, frozen=frozen))
        if review is not self._of:  # another one is read from its top
            self._of = review
            part.rows.edge(False)
            if self.focused is not None:
                self.set_focus(self.edits)
        self.paint_right()

    def _nothing(self) -> Content:
        if self.track in self.program.reviews.asking:
            return Content.styled("the assistant is being asked · x stops it", MUTED)
        name = safe_line(self.track[1], 40)
        return Content.assemble((f"No suggestion for {name} here.", STRONG), ("\n\ns asks for one.", MUTED))

    def paint_right(self) -> None:
        """What the row under the cursor is about."""
        review = self.review
        if review is None:
            return
        glyphs, pane, view = (
            self.program.glyphs,
            self.query_one("#hunk-pane", Pane),
            self.query_one("#hunk", TextView),
        )
        width = max(20, view.size.width - 2)
        self._shown = self.edits.highlighted
        kind, _, rest = (self._shown or "").partition(":")
        ids: Sequence[str] = ()
        if kind == "edit" and int(rest) < len(review.edits):
            number = int(rest)
            named = Content.assemble(
                (f"Edit {number + 1} of {len(review.edits)}", STRONG),
                (f"  {title_of(review.edits[number])}  ", STYLES["text"]),
            )
            room = pane.size.width - 24
            pane.title(named.truncate(max(20, room), ellipsis=True) + " " + choice_chip(review, number, glyphs))
            pane.bottom(guards_line(review, glyphs))
            lines = self.hunk_lines(review, number)
            view.show_content(hunk_content(review, number, lines, glyphs, width))
            ids = review.behind(number)
        elif kind in ("advice", "cause"):
            number = int(rest)
            if kind == "advice":
                advice = review.suggestion.advice[number]
                title, text, ids = f"No prompt can fix this: {advice.what}", advice.text, advice.case_ids
                leads = "enter: the parameters" if advice.what == "parameter" else "enter: its cases"
                source = advice.source
            else:
                cause = review.suggestion.causes[number]
                title, text, ids, leads, source = "Why they fail", cause.text, cause.case_ids, "enter: its cases", ""
            pane.title(Content.styled(safe_line(title, 80), STRONG))
            who = f"guidance: {safe_line(source, 80)}" if source else "as the assistant sees it"
            pane.bottom(Content.styled(who, MUTED))
            view.show_content(other_content(kind, text, width, leads))
        part = self.query_one("#behind-pane", Part)
        part.fill(cases_part(review, ids, glyphs, part.size.width))

    def hunk_lines(self, review: Review, number: int) -> "Sequence[HunkLine]":
        """The lines of an edit as they change, with some around them; none where it cannot be placed."""
        from migrator_tui.adaptation.edits import CONTEXT_LINES, EditError, hunk_lines

        context = 1 if self.has_class("-narrow") else CONTEXT_LINES
        try:
            return hunk_lines(review.text, review.edits, review.taken, number, context)
        except EditError:  # it is stale, or one of those taken has just become so: the next look says which
            return ()

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Another edit is under the cursor: show what it changes."""
        event.stop()
        if self.edits.highlighted != self._shown:
            self.paint_right()
