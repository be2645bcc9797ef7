"""Moving: cases, filter, order, task and candidate, panes."""

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widgets import Input
from textual.worker import get_current_worker

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import CaseRow, Judged, Mark, Section
from migrator_tui.project.errors import ProjectError
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.messages import TrackChanged
from migrator_tui.tui.widgets.text_view import TextView
from migrator_tui.tui.workbench.bench import Bench
from migrator_tui.tui.workbench.case_list import CaseRows
from migrator_tui.tui.workbench.panes import NARROW_TABS
from migrator_tui.tui.workspace.values import ListOrder

FIRST_HITS = 80

ASKS = frozenset({Judged.CARRIED_PASS, Judged.CARRIED_FAIL, Judged.STALE_PASS, Judged.STALE_FAIL})
"""Verdicts that want to be confirmed or given anew."""


def is_to_judge(row: CaseRow) -> bool:
    """Whether a person is wanted: nothing judged the candidate's output, or a verdict asks again."""
    standing = row.standing
    if standing is None or standing.candidate is Mark.NOT_RUN:
        return False
    return standing.candidate is Mark.UNJUDGED or standing.section is Section.TO_JUDGE or standing.judged in ASKS


class Moving(Bench):
    """From case to case, from pane to pane."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "narrow_tab(1)", show=False),
        Binding("left,h", "narrow_tab(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "edge(False)", show=False),
        Binding("end,G", "edge(True)", show=False),
        Binding("enter", "open_case", show=False),
    ]

    def action_step(self, by: int) -> None:
        self.rows.step(by)

    def action_page(self, direction: int) -> None:
        self.rows.page(direction)

    def action_edge(self, end: bool) -> None:
        self.rows.edge(end)

    def action_step_unjudged(self, direction: int) -> None:
        if not self.to_next_unjudged(direction):
            self.say("nothing more to judge", "success")

    def to_next_unjudged(self, direction: int = 1) -> bool:
        """Go to the next case that a person is wanted for; False if there is none."""
        if self.blind is not None:
            current = self.rows.highlighted
            following = self.blind.next_case(current) if current is not None else None
            return following is not None and self.rows.go_to(following)
        if not self.workspace.is_open:
            return False
        if self.waiting is None:
            self.waiting = set(self.workspace.waiting())
        return self.rows.step_to(self.waiting, direction)

    def action_sort(self) -> None:
        if self.workspace.is_open:
            self.reload_list()

    # Filter

    def action_filter(self) -> None:
        if self.is_narrow:
            self.show_narrow_tab("cases")
        field = self.query_one("#filter", Input)
        field.add_class("-open")
        field.value = self.query_text
        self.set_focus(field)

    @on(Input.Changed, "#filter")
    def filter_typed(self, event: Input.Changed) -> None:
        """The list follows each key."""
        event.stop()
        if event.value != self.query_text and self.workspace.is_open:
            # Half a word after `is:` is no mistake yet.
            self._filter_by(event.value, complain=False)

    def _filter_by(self, query: str, *, complain: bool) -> bool:
        try:
            self.workspace.check_query(query)
        except ProjectError as error:
            if complain:
                self.say(str(error), "warning")
            return False
        self.query_text = query
        if query and self.is_long:
            self._search(query)
        else:
            self.reload_list()
        return True

    @work(exclusive=True, group="search", thread=True)
    def _search(self, query: str) -> None:
        """Filter a long list beside the keys: the first hits at once, all of them when they are found."""
        from migrator_tui.history.case_list import SearchStopped

        outdated = get_current_worker()
        known = ListOrder((), self._counts, self.list_order.total) if self.list_order is not None else None
        for limit in (FIRST_HITS, None):
            try:
                order = self.workspace.order(query, limit=limit, stop=lambda: outdated.is_cancelled, known=known)
            except SearchStopped:
                return
            except HistoryError as error:
                self.app.call_from_thread(self.say, str(error), "error")
                return
            self.app.call_from_thread(self._show_hits, query, order)

    def _show_hits(self, query: str, order: ListOrder) -> None:
        if query == self.query_text and self.blind is None:
            self.show_order(order)

    def show_filtered(self, query: str) -> bool:
        """Put a filter over the list as if it had been typed; False where blind judging keeps the list as it is."""
        if self.blind is not None:
            self.say("the round of blind judging is of its own cases; b leaves it", "warning")
            return False
        if not self.workspace.is_open or not self._filter_by(query, complain=True):
            return False
        if self.is_maximised:
            self.action_maximise()
        if self.is_narrow:
            self.show_narrow_tab("cases")
        field = self.query_one("#filter", Input)
        field.value = query
        field.set_class(bool(query), "-open")
        self.rows.edge(False)
        self.rows.focus()
        return True

    @on(Input.Submitted, "#filter")
    def filter_chosen(self, event: Input.Submitted) -> None:
        """Back to the list, filtered."""
        event.stop()
        if not self._filter_by(event.value, complain=True):
            return
        self.query_one("#filter", Input).set_class(bool(self.query_text), "-open")
        self.rows.focus()

    def go_to_case(self, case_id: str) -> bool:
        """Put the cursor on a case of the task in view, though a filter hides it; False where that cannot be, which
        is said."""
        no = self.workspace.number_of(case_id)
        if no is None:
            self.say(f"{safe_line(case_id, 40)} is no case of this task any more", "warning")
            return False
        if self.rows.go_to(no):
            return True
        if self.blind is not None:
            self.say("the round of blind judging is of its own cases; b leaves it", "warning")
            return False
        self._clear_filter()
        return self.rows.go_to(no)

    def action_back(self) -> None:
        """One step out: full screen, editor, diff, filter, in this order."""
        if self.is_maximised:
            self.action_maximise()
        elif self.in_editor:
            self.leave_editor()
        elif isinstance(self.focused, Input):
            self._clear_filter()
        elif not isinstance(self.focused, CaseRows):
            self.rows.focus()
        elif self.query_text:
            self._clear_filter()
        elif self.is_narrow:
            self.show_narrow_tab("cases")

    def _clear_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.value = ""
        field.remove_class("-open")
        self.query_text = ""
        self.rows.focus()
        if self.workspace.is_open:
            self.reload_list()

    def leave_editor(self) -> None:
        """From the prompt back to the cases."""
        self.rows.focus()
        if self.is_narrow:
            self.show_narrow_tab("outputs")

    # Panes

    def action_other_output(self) -> None:
        """The other output; from anywhere else, the baseline's, since the candidate's is the one judged first."""
        focused = self.focused
        on_baseline = focused is not None and self.baseline_pane in focused.ancestors_with_self
        if self.is_narrow:
            self.show_narrow_tab("outputs")
        pane = self.candidate_pane if on_baseline else self.baseline_pane
        pane.query_one(TextView).focus()

    def action_narrow_tab(self, by: int) -> None:
        if not self.is_narrow or self.in_editor:
            return
        names = [name for name, _ in NARROW_TABS]
        self.show_narrow_tab(names[(names.index(self.narrow_tab) + by) % len(names)])
        self.rows.focus()  # `e` goes into the prompt: the arrows must lead out of its tab as well

    def action_open_case(self) -> None:
        """On a narrow screen, from the list to the outputs; elsewhere into the output that is judged."""
        if self.is_narrow and self.narrow_tab == "cases":
            self.show_narrow_tab("outputs")
        else:
            self.pane_of(self.judged_next()).query_one(TextView).focus()

    @property
    def is_maximised(self) -> bool:
        """One pane has the whole body."""
        return any(name.startswith("-max-") for name in self.classes)

    def action_maximise(self) -> None:
        """The focused pane over the whole body, or back."""
        if self.is_maximised:
            for name in [n for n in self.classes if n.startswith("-max-")]:
                self.remove_class(name)
        else:
            self.add_class(f"-max-{self._focused_pane()}")
        self.call_after_refresh(self.show_sides)

    def _focused_pane(self) -> str:
        focused = self.focused
        if focused is None or focused is self.rows:
            return "cases" if not self.is_narrow or self.narrow_tab == "cases" else "candidate"
        if self.in_editor or self.prompt_pane in focused.ancestors_with_self:
            return "prompt"
        return "baseline" if self.baseline_pane in focused.ancestors_with_self else "candidate"

    # Task and candidate

    def action_task(self, by: int) -> None:
        if len(self.workspace.project.tasks) > 1:
            self._turn(task=by)
        else:
            self.say("the project has one task")

    def action_candidate(self, by: int) -> None:
        if len(self.workspace.project.candidates) > 1:
            self._turn(candidate=by)
        else:
            self.say("the project has one candidate")

    def _turn(self, task: int = 0, candidate: int = 0) -> None:
        if not self.workspace.is_open:
            return
        if self._held():
            return
        self.keep_draft_now()
        if self.workspace.turn(task=task, candidate=candidate):
            self.switch_track()

    def _held(self) -> bool:
        """Whether task and candidate must stay in view for now, which is said."""
        if self.program.runs.busy:
            self.say("a run is going on; x stops it", "warning")
        elif self.blind is not None:
            self.say("the round of blind judging is of this task; b leaves it", "warning")
        else:
            return False
        return True

    def open_track(self, task: str, candidate: str) -> bool:
        """Put that task and candidate in view; False where a run or blind judging keeps the view where it is."""
        workspace = self.workspace
        if (workspace.task.name, workspace.candidate.name) == (task, candidate):
            return True
        if self._held():
            return False
        self.keep_draft_now()
        workspace.go_to(task, candidate)
        self.switch_track()
        return True

    def keep_draft_now(self) -> None:
        """What was typed in the last moment."""
        raise NotImplementedError

    @work(exclusive=True, group="track", thread=True)
    def switch_track(self) -> None:
        """Another task or candidate is in view: index, list, prompt."""
        try:
            self.workspace.prepare_task()
        except ProjectError as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        self.app.call_from_thread(self.show_track)

    def show_track(self) -> None:
        """Everything that depends on task and candidate, anew."""
        self.view = None
        self.from_cache.clear()
        self.query_text = ""
        self.query_one("#filter", Input).remove_class("-open")
        self.name_models()
        self.load_prompt()
        self.reload_list()
        self.program.tell(TrackChanged())
        self.catch_up()

    def catch_up(self) -> None:
        """Standings that are no longer true are made anew."""
        raise NotImplementedError

    def look_again(self) -> None:
        """What a first run would cost, where that was told of other cases."""
        raise NotImplementedError

    def load_prompt(self) -> None:
        """The draft of the task and candidate in view."""
        raise NotImplementedError
