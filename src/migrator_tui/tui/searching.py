"""The part of the app that keeps a search in sight on every screen: progress in the header, a word in the tab."""

from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from migrator_tui.tui.adaptation.search_runs import Search, Searches
from migrator_tui.tui.messages import SearchAdvanced, SearchEnded
from migrator_tui.tui.surveying import Surveying
from migrator_tui.tui.widgets.header import RunProgress
from migrator_tui.tui.widgets.tabs import TabNote
from migrator_tui.tui.workbench.screen import WorkbenchScreen
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.tui.adaptation.search_state import SearchState

SEARCHING = (SearchEnded,)
"""What the app itself reacts to, beside what decides and surveys."""
TICK_SECONDS = 0.125


class Searching(Surveying):
    """Starts searches, and tells how they stand."""

    searches: Searches
    _ticks: Timer | None = None
    _told = -1
    _frame = 0
    _version_label = ""

    @property
    def workbench(self) -> WorkbenchScreen:
        """The workbench, which always exists."""
        raise NotImplementedError

    def change_frame(self, **changes: Any) -> None:
        """Change what the header says, on every screen."""
        raise NotImplementedError

    def say(self, text: str, role: str = "muted") -> None:
        """One line in the header for some seconds."""
        raise NotImplementedError

    def search_about(self, workspace: Workspace) -> None:
        """Nothing is searched yet."""
        self.searches = Searches(workspace, self.tell, self._occupy)

    def _occupy(self, occupied: bool) -> None:
        self.runs.behind = occupied

    def start_search(self, search: Search, state: "SearchState") -> None:
        """Let a search run, and show it."""
        self.searches.start(search, state)
        if self._ticks is None:
            self._ticks = self.set_interval(TICK_SECONDS, self.tick_search)
        else:
            self._ticks.resume()
        self.tick_search()

    @property
    def search_frame(self) -> str:
        """The spinner's sign now."""
        return self.glyphs.spinner[self._frame % len(self.glyphs.spinner)]

    def tick_search(self) -> None:
        """Paint what has changed since the last time."""
        going = self.searches.going
        if going is None:
            return
        moving = not going.paused and self.animation_level != "none"
        self._frame += moving
        if not moving and self._told == self.searches.changes:
            return
        self._told = self.searches.changes
        spent = going.spent
        if spent is not None and not self.runs.bulk:  # a run that somebody waits for has the header
            self.change_frame(
                run=RunProgress(
                    spent.calls,
                    spent.budget_calls,
                    going.rate,
                    going.left_s,
                    spent.cost,
                    max_cost=spent.max_cost,
                    at_most=True,
                )
            )
        self.note_versions()
        self.tell(SearchAdvanced(going.task, going.candidate))

    def on_search_ended(self, message: SearchEnded) -> None:
        """Say what came of it, wherever the user is."""
        if self._ticks is not None:
            self._ticks.pause()
        if not self.runs.bulk:
            self.change_frame(run=None)
        self.workbench.show_money()
        self.note_versions()
        from migrator_tui.tui.adaptation.search_state import Phase
        from migrator_tui.tui.adaptation.search_words import chip_words

        state = self.searches.of((message.task, message.candidate))
        if state is None:
            return
        if state.phase is Phase.BROKEN:
            self.say(f"the search ended early: {state.problem}", "error")
        elif self.current.NAME != "search":
            words, role = chip_words(state, self.glyphs, "")
            self.say(f"search of {state.task} {words} · S looks at it", role)

    def note_versions(self, label: str | None = None) -> None:
        """The version in view, and whether a better one is being searched for, or was."""
        self._version_label = label if label is not None else self._version_label
        state = self.searches.of((self.workspace.task.name, self.workspace.candidate.name))
        note = TabNote(self._version_label)
        if state is not None and state.running:
            sign = self.glyphs.waiting if state.paused else self.search_frame
            note = TabNote(f"{sign} {'search paused' if state.paused else 'searching'}", sign, "primary")
        elif state is not None and state.result is not None:
            note = TabNote(f"{self._version_label} + search")
        if self._version_label or state is not None:
            self.note_tab("versions", note)
