"""The workbench's list and the case in view: the part that its actions (moving, judging, asking …) stand on."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from textual import on, work
from textual.content import Content

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Mark, Section
from migrator_tui.project.schema import BASELINE
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.tabs import TabNote
from migrator_tui.tui.widgets.text_view import TextView
from migrator_tui.tui.workbench.case_list import CaseRows
from migrator_tui.tui.workbench.case_view import BothSides, DiffMode, both_sides
from migrator_tui.tui.workbench.input_strip import InputStrip
from migrator_tui.tui.workbench.output_pane import ShownOutput, answer_text
from migrator_tui.tui.workbench.panes import Panes
from migrator_tui.tui.workspace import ListOrder, grouped

PAINT_SECONDS = 0.05
SPIN_SECONDS = 0.125
LONG_LIST = 5_000
"""Cases; in longer lists whatever looks at all of them is done beside the keys."""


class Bench(Panes):
    """Showing the list and one case of it."""

    def on_mount(self) -> None:
        self._paint_timer = self.set_interval(PAINT_SECONDS, self._paint, pause=True)
        self.fit()
        page = self.workspace.page
        if page is not None:
            counts = dict(page.counts)
            groups = grouped(page.rows, [row.no for row in page.rows])
            if all(section is Section.NOT_RUN for section, _ in groups):
                groups = [(None, numbers) for _, numbers in groups]
            loaded = {row.no: row for row in page.rows}
            wanted = next((r.no for r in page.rows if r.case_id == page.session.case_id), None)
            fetch = lambda numbers: [loaded[no] for no in numbers if no in loaded]  # noqa: E731
            self.rows.show(groups, counts, fetch, highlight=wanted)
            self._title_list(counts, page.total)
        self.name_models()
        self.show_keys()
        self.program.paint_first()
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        """The list is painted: now what stands beside it, and then the history."""
        await self.query_one("#right").mount_all(self.compose_right())
        self.complete = True
        self.name_models()
        self.program.paint_frame()
        self.program.open_history()

    def on_resize(self) -> None:
        self.fit()
        self.call_after_refresh(self.show_sides)

    # The list

    def reload_list(self, *, keep: int | None = None) -> None:
        """Sort anew, worst first, under the filter."""
        self.show_order(
            self.workspace.order(self.query_text) if self.blind is None else self._blind_order(), keep=keep
        )
        self.waiting = None
        if self.is_long:
            self.recount()

    def show_order(self, order: ListOrder, *, keep: int | None = None) -> None:
        """Show the cases in that order."""
        self.list_order = order
        shown = {section: len(numbers) for section, numbers in order.sections if section is not None}
        self.rows.show(order.sections, shown, self.workspace.rows, highlight=keep)
        self._title_list(order.counts, order.total)
        if not self.rows.shown_count:
            self.show_no_case()

    def _blind_order(self) -> ListOrder:
        assert self.blind is not None
        base = self.workspace.order()
        return ListOrder([(None, self.blind.numbers)], base.counts, base.total)

    @property
    def is_long(self) -> bool:
        """So many cases that nothing may look at all of them while somebody waits for a key."""
        return self.list_order is not None and self.list_order.total > LONG_LIST

    def recount(self) -> None:
        """Totals at the list's bottom and in the tab, without sorting; beside the keys where the list is long."""
        if self.list_order is None:
            return
        if self.is_long:
            self._recount_beside()
        else:
            self._counted(*self.workspace.tally())

    @work(exclusive=True, group="tally", thread=True)
    def _recount_beside(self) -> None:
        track = self.workspace.task.name, self.workspace.candidate.name
        try:
            counts, waiting = self.workspace.tally()
        except HistoryError as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        if track == (self.workspace.task.name, self.workspace.candidate.name):
            self.app.call_from_thread(self._counted, counts, waiting)

    def _counted(self, counts: Mapping[Section, int], waiting: frozenset[int]) -> None:
        self.waiting = set(waiting)
        if self.list_order is not None:
            self._title_list(counts, self.list_order.total)

    def _title_list(self, counts: Mapping[Section, int], total: int) -> None:
        pane = self.query_one("#cases-pane", Pane)
        shown = self.rows.shown_count
        of = f"{self.rows.position():,}/{shown:,}"
        label = f" {of}" if not self.query_text else f" {of} of {total:,} · {safe_line(self.query_text, 24)}"
        if self.blind is not None:
            label = f" {of} to judge, in random order"
        pane.title(Content.assemble(("Cases", STRONG), (label, MUTED)))
        glyphs = self.program.glyphs
        pieces = (
            (glyphs.failed, Section.REGRESSION, "error"), (glyphs.drift, Section.DRIFT, "warning"),
            (glyphs.to_judge, Section.TO_JUDGE, "primary"), (glyphs.carried_over, Section.CARRIED_OVER, "warning"),
            (glyphs.added, Section.FIXED, "success"), (glyphs.same, Section.SAME, "muted"),
            (glyphs.waiting, Section.NOT_RUN, "muted"),
        )  # fmt: skip
        parts = [
            Content.styled(f"{sign} {counts[section]:,}", STYLES[role])
            for sign, section, role in pieces
            if counts.get(section)
        ]
        if self.blind is not None:
            pane.bottom(Content.styled("blind · b shows names", MUTED))
        elif self.program.runs.bulk:
            pane.bottom(Content.styled("order held while running · o sorts", MUTED))
        else:
            pane.bottom(Content("  ").join(parts))
        self._counts = counts
        self._note_tab(counts)
        self._paint_narrow()

    def _note_tab(self, counts: Mapping[Section, int]) -> None:
        to_judge = counts.get(Section.TO_JUDGE, 0) + counts.get(Section.CARRIED_OVER, 0)
        regressions, not_run = counts.get(Section.REGRESSION, 0), counts.get(Section.NOT_RUN, 0)
        glyphs = self.program.glyphs
        if not_run:
            note = TabNote(f"{not_run:,} to run", f"{glyphs.waiting}", "muted")
        elif to_judge:
            note = TabNote(f"{to_judge:,} to judge", f"{glyphs.to_judge}", "warning")
        elif regressions:
            plural = "regression" if regressions == 1 else "regressions"
            note = TabNote(f"{regressions:,} {plural}", glyphs.failed, "error")
        else:
            note = TabNote("no regressions", glyphs.passed, "success")
        self.program.note_tab("workbench", note)

    # The case in view

    @on(CaseRows.Highlighted)
    def case_highlighted(self, event: CaseRows.Highlighted) -> None:
        """The cursor moved: show that case."""
        event.stop()
        if event.no != self.rows.highlighted:
            return  # the list has changed since
        if self.workspace.is_open:
            self.show_case(event.no)
        if self.list_order is not None:
            self._title_list(self._counts, self.list_order.total)

    def show_case(self, no: int | None = None) -> None:
        """Show a case, or the one in view anew."""
        number = no if no is not None else self.rows.highlighted
        if number is None or not self.workspace.is_open:
            return
        view = self.workspace.view(number)
        if view is None:
            return
        other = self.view is None or self.view.row.no != view.row.no
        self.view = view
        if other and self.diff_mode is DiffMode.ONE_TEXT:
            self.set_diff(DiffMode.IN_PLACE)
        self.query_one(InputStrip).show(view.case)
        self.show_sides()
        self._paint_narrow()

    def show_no_case(self) -> None:
        """The list is empty: say why and what to do."""
        self.view, self.sides = None, BothSides(None, None)
        if self.query_text:
            words = [f"Nothing matches {self.query_text}", "esc clears the filter"]
        elif self.blind is not None:
            words = ["Nothing to judge", "b leaves blind mode"]
        else:
            words = ["No cases yet", "add some to the task's case file"]
        self.query_one(InputStrip).show(None, words[0])
        self.baseline_pane.show_empty(words)
        self.candidate_pane.show_empty([""])

    def show_sides(self) -> None:
        """Both output panes, as they are now: finished, streaming, or empty."""
        view = self.view
        if view is None:
            return
        project = self.workspace.project
        simulated = tuple(m.model.startswith("simulated:") for m in (project.baseline, self.workspace.candidate))
        sides = both_sides(view, self.program.glyphs, simulated=(simulated[0], simulated[1]))
        self.sides = sides
        blind = self.blind is not None and not self.blind.is_done(view.row.no)
        for name, shown in ((BASELINE, sides.baseline), (self.workspace.candidate.name, sides.candidate)):
            pane = self.pane_of(name)
            stream = self.streams.get((view.case.id, name))
            if stream is not None:
                pane.show_stream(stream.text, stream.words)
            elif shown is None:
                pane.show_empty(self._empty_words(name))
            else:
                turn = blind and self.judged_next() == name
                cached = name == BASELINE and view.case.id in self.from_cache
                pane.compared = sides.baseline.output if name != BASELINE and sides.baseline is not None else None
                pane.show_output(replace(self._blinded(shown, name), cached=cached), blind=blind, turn=turn)
        if self.diff_mode is not DiffMode.OFF:
            self.show_diff()
        self._wake()

    def judged_next(self) -> str:
        """Whose output `p` and `f` judge: the focused one, first the candidate's; blind: left, then right."""
        candidate = self.workspace.candidate.name
        if self.blind is not None and self.view is not None:
            return self.blind.next_side(self.view.row.no, BASELINE, candidate) or candidate
        focused = self.focused
        return BASELINE if focused is not None and self.baseline_pane in focused.ancestors_with_self else candidate

    def _blinded(self, shown: ShownOutput, model_name: str) -> ShownOutput:
        if self.blind is None or self.view is None:
            return shown
        said = self.blind.verdict(self.view.row.no, model_name)
        mark = Mark.UNJUDGED if said is None else Mark.PASSED if said else Mark.FAILED
        return replace(shown, judged_by_person=said is not None, mark=mark)

    def _empty_words(self, model_name: str) -> Sequence[str]:
        if not self.ready:
            return ["Not run yet", "models are starting …"]
        if model_name == BASELINE or not self.hint:
            return ["Not run yet", "r runs this case on both models"]
        return ["Not run yet", *self.hint, *self.program.looks.warning]

    # Streams are painted by a timer that sleeps while nothing streams

    def _wake(self) -> None:
        timer = self._paint_timer
        if timer is not None and (self.streams or self.program.runs.bulk):
            timer.resume()

    def _paint(self) -> None:
        if not self.streams and not self.program.runs.bulk:
            if self._paint_timer is not None:
                self._paint_timer.pause()
            return
        view = self.view
        if view is not None:
            for name in (BASELINE, self.workspace.candidate.name):
                stream = self.streams.get((view.case.id, name))
                if stream is not None:
                    self.pane_of(name).paint(stream.seconds)
        now = time.monotonic()
        if now - self._last_spin >= SPIN_SECONDS and self.app.animation_level != "none":
            self._last_spin = now
            self.baseline_pane.spin()
            self.candidate_pane.spin()
            self.rows.spin()

    # Diff

    def set_diff(self, mode: DiffMode) -> None:
        """Off, marked in place, or both as one text."""
        self.diff_mode = mode
        self.set_class(mode is DiffMode.ONE_TEXT, "-diff-one")
        if mode is DiffMode.OFF:
            self.baseline_pane.shown = self.candidate_pane.shown = None
            self.show_sides()
        else:
            self.show_diff()

    def set_diff_off(self) -> None:
        """A new answer is coming, or sides are shuffled: the marks go."""
        if self.diff_mode is not DiffMode.OFF:
            self.set_diff(DiffMode.OFF)

    def show_diff(self) -> None:
        """Lay the word diff over the panes, or show it as one text."""
        old, new = self.sides.baseline, self.sides.candidate
        if old is None or new is None or self.view is None:
            return
        from migrator_tui.tui.workbench.diffing import diff_contents

        before, after = answer_text(old.output), answer_text(new.output)
        diff = diff_contents(before, after, self.program.glyphs, brackets=self.app.no_color)
        if self.diff_mode is DiffMode.ONE_TEXT:
            pane = self.query_one("#one-text", Pane)
            pane.title(Content.assemble(("word diff", STRONG), ("  baseline → candidate, one text", MUTED)))
            pane.bottom(Content.styled(f"{diff.summary} · d off", MUTED))
            self.query_one("#one-text-view", TextView).show_content(diff.one_text)
            return
        self.pane_of(BASELINE).show_marked(diff.left, f"− {diff.removed_words} words")
        self.pane_of(self.workspace.candidate.name).show_marked(diff.right, f"{diff.summary} · d one text")
