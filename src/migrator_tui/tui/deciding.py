"""The part of the app that keeps the decision in sight on every screen: counted when something changes it."""

from collections.abc import Sequence

from textual import work
from textual.app import App
from textual.message import Message

from migrator_tui.tui.cards import Cards, Track
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.messages import (
    CaseRan,
    CasesChanged,
    ProjectChanged,
    RunEnded,
    ScorecardCounted,
    StandingsChanged,
    TrackChanged,
    VersionRecorded,
)
from migrator_tui.tui.widgets.tabs import TabNote
from migrator_tui.tui.widgets.work_screen import WorkScreen
from migrator_tui.tui.workspace import Workspace

DECIDING = (
    StandingsChanged, CaseRan, CasesChanged, RunEnded, TrackChanged, VersionRecorded, ProjectChanged,
    ScorecardCounted,
)  # fmt: skip
"""What changes the decision on the scorecard, or is one."""


class Deciding(App[int]):
    """Has scorecards counted, and writes what they say into the tab."""

    glyphs: Glyphs
    workspace: Workspace
    cards: Cards

    @property
    def current(self) -> WorkScreen:
        """The numbered screen in front."""
        raise NotImplementedError

    def note_tab(self, screen: str, note: TabNote | None) -> None:
        """Change what a tab says."""
        raise NotImplementedError

    def tell(self, message: Message) -> None:
        """Post what happened to whom it concerns; safe from threads."""
        raise NotImplementedError

    def decide_about(self, workspace: Workspace) -> None:
        """Nothing is counted yet."""
        self.cards = Cards(workspace, self.tell)

    def count_scorecards(self) -> None:
        """Count what is missing: the candidate in view, and where the scorecard is in front, those beside it."""
        if not self.workspace.is_open:
            return
        task, candidate = self.workspace.task.name, self.workspace.candidate.name
        in_sight = self.current.NAME == "scorecard"
        others = [each.name for each in self.workspace.project.candidates if each.name != candidate]
        tracks = [(task, name) for name in (candidate, *(others if in_sight else ()))]
        self._count(tracks, in_sight)

    @work(exclusive=True, group="scorecard")
    async def _count(self, tracks: Sequence[Track], in_sight: bool) -> None:
        await self.cards.count(tracks, in_sight=in_sight)

    def recount_scorecards(self, task: str | None = None) -> None:
        """What was counted of that task, or of all, no longer holds."""
        self.cards.forget(task)
        self.count_scorecards()

    def on_standings_changed(self, message: StandingsChanged) -> None:
        """A verdict on the baseline counts for every candidate."""
        self.recount_scorecards(message.task)

    def on_case_ran(self, message: CaseRan) -> None:
        """A case of the task in view was asked again."""
        self.recount_scorecards(self.workspace.task.name)

    def on_cases_changed(self, message: CasesChanged) -> None:
        """There are other cases, or none that can be read."""
        self.recount_scorecards(message.task)

    def on_version_recorded(self, message: VersionRecorded) -> None:
        """A prompt was edited outside."""
        self.recount_scorecards(message.version.task)

    def on_project_changed(self, message: ProjectChanged) -> None:
        """Other checks or limits."""
        self.recount_scorecards()

    def on_run_ended(self, message: RunEnded) -> None:
        """A run may have been of every task."""
        self.recount_scorecards()

    def on_track_changed(self, message: TrackChanged) -> None:
        """Another task or candidate is in view: its decision stands in the tab."""
        self._note_decision()
        self.count_scorecards()

    def on_scorecard_counted(self, message: ScorecardCounted) -> None:
        """There is a decision, or another one."""
        self._note_decision()

    def _note_decision(self) -> None:
        from migrator_tui.tui.scorecard.words import tab_note

        counted = self.cards.get((self.workspace.task.name, self.workspace.candidate.name))
        self.note_tab("scorecard", tab_note(counted, self.glyphs))
