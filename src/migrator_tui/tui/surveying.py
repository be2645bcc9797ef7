"""The part of the app that keeps the gaps in sight on every screen: surveyed when cases, prompt or checks change."""

from textual import work

from migrator_tui.tui.coverage.surveys import Surveys
from migrator_tui.tui.deciding import Deciding
from migrator_tui.tui.messages import (
    CaseRan,
    CasesChanged,
    CoverageSurveyed,
    ProjectChanged,
    RunEnded,
    StandingsChanged,
    TrackChanged,
    VersionRecorded,
)
from migrator_tui.tui.runs import Runs
from migrator_tui.tui.widgets.tabs import TabNote
from migrator_tui.tui.workspace import Workspace

SURVEYING = (CoverageSurveyed,)
"""What the app itself reacts to, beside what decides."""


class Surveying(Deciding):
    """Has coverage surveyed, and writes the number of gaps into the tab."""

    surveys: Surveys
    runs: Runs
    _waits = False
    """A survey that nobody looks at waits for models to have answered."""

    def survey_about(self, workspace: Workspace) -> None:
        """Nothing is surveyed yet."""
        self.surveys = Surveys(workspace, self.tell)

    def survey_coverage(self) -> None:
        """Survey the task and candidate in view, where that is missing or no longer holds."""
        in_sight = self.current.NAME == "coverage"
        # While text streams in, a thread that computes would make it stutter: what nobody looks at waits.
        self._waits = self.runs.busy and not in_sight
        if self.workspace.is_open and not self._waits:
            self._survey((self.workspace.task.name, self.workspace.candidate.name), in_sight)

    @work(exclusive=True, group="coverage")
    async def _survey(self, track: tuple[str, str], in_sight: bool) -> None:
        await self.surveys.look(track, in_sight=in_sight)

    def resurvey_coverage(self, task: str | None = None) -> None:
        """What was surveyed of that task, or of all, no longer holds."""
        self.surveys.forget(task)
        self.survey_coverage()

    def on_cases_changed(self, message: CasesChanged) -> None:
        """There are other cases."""
        self.resurvey_coverage(message.task)

    def on_project_changed(self, message: ProjectChanged) -> None:
        """Other checks, another production sample."""
        self.resurvey_coverage()

    def on_version_recorded(self, message: VersionRecorded) -> None:
        """The prompt may have been written, or edited outside."""
        self.resurvey_coverage(message.version.task)

    def on_run_ended(self, message: RunEnded) -> None:
        """Which cases are flaky, or pass everywhere, may have changed: no gap depends on it, so it can wait."""
        self.surveys.age()
        self._survey_what_waited()

    def on_case_ran(self, message: CaseRan) -> None:
        """Nothing streams any more, perhaps."""
        self._survey_what_waited()

    def _survey_what_waited(self) -> None:
        if self.current.NAME == "coverage" or self._waits:
            self.survey_coverage()

    def on_standings_changed(self, message: StandingsChanged) -> None:
        """A verdict: as after a run."""
        self.surveys.age(message.task)
        if self.current.NAME == "coverage":
            self.survey_coverage()

    def on_track_changed(self, message: TrackChanged) -> None:
        """Another task or candidate is in view."""
        self._note_gaps()
        self.survey_coverage()

    def on_coverage_surveyed(self, message: CoverageSurveyed) -> None:
        """There is a figure, or another one."""
        self._note_gaps()

    def _note_gaps(self) -> None:
        surveyed = self.surveys.get((self.workspace.task.name, self.workspace.candidate.name))
        coverage = surveyed.coverage if surveyed is not None else None
        glyphs = self.glyphs
        if coverage is None:
            note = None
        elif coverage.gaps:
            words = f"{coverage.gaps:,} gap{'' if coverage.gaps == 1 else 's'}"
            note = TabNote(words, f"{glyphs.failed}{coverage.gaps:,}", "warning")
        else:
            note = TabNote(f"{glyphs.passed} no gaps", glyphs.passed, "success")
        self.note_tab("coverage", note)
