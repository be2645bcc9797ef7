"""What was surveyed of the project's tasks, in threads, kept until cases, prompt or configuration change.

It outlives the coverage screen: its tab counts the gaps on every screen.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.message import Message

from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case, Project
from migrator_tui.tui.cards import Track
from migrator_tui.tui.messages import CoverageSurveyed
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.coverage.past import Change
    from migrator_tui.coverage.values import Coverage

LULL_SECONDS = 0.3
"""Without news before a survey that nobody looks at starts."""
LONG_TASK = 3_000
"""A task of more cases, or …"""
LONG_SAMPLE = 8_000_000
"""… whose production sample has more bytes, is surveyed only where somebody looks at the screen."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What the cases of one task cover of one candidate's prompt, or why that cannot be told."""

    coverage: "Coverage | None"
    problem: str = ""
    cases: Sequence[Case] = ()
    """The task's; what is written must not have their ids."""
    changes: "Sequence[Change] | None" = None
    """What each proposed check would come to; `None`: not tried yet."""


class Surveys:
    """Surveys in threads, one at a time. Posts `CoverageSurveyed`; knows no widgets."""

    def __init__(self, workspace: Workspace, post: Callable[[Message], object]) -> None:
        self._workspace = workspace
        self._post = post
        self._known: dict[Track, Surveyed] = {}
        self._stale: set[Track] = set()
        self._project: Project | None = None
        self._lock = asyncio.Lock()
        self._stop = threading.Event()
        self._news = 0
        """Times that something made surveys stale."""

    def get(self, track: Track) -> Surveyed | None:
        """The last survey, even if it no longer holds."""
        return self._known.get(track)

    def holds(self, track: Track) -> bool:
        """Whether what is known is still so, as far as this window was told."""
        known = track in self._known and track not in self._stale
        return known and self._project is self._workspace.project

    def forget(self, task: str | None = None) -> None:
        """What was surveyed of that task, or of all, no longer holds; it is kept until there is something newer."""
        self.age(task)
        self._stop.set()

    def age(self, task: str | None = None) -> None:
        """As `forget`, where no gap depends on what is new: a survey under way may end."""
        self._news += 1
        self._stale |= {track for track in self._known if task in (None, track[0])}

    async def look(self, track: Track, *, in_sight: bool) -> None:
        """Survey what is missing or no longer holds; where somebody looks, proposed checks are tried as well."""
        if not in_sight:
            await asyncio.sleep(LULL_SECONDS)
        async with self._lock:
            workspace = self._workspace
            if not workspace.is_open or (not in_sight and self._is_long(track[0])):
                return
            self._stop = stop = threading.Event()
            if not self.holds(track):
                project, news = workspace.project, self._news
                surveyed = await asyncio.to_thread(self._survey, track, project, stop)
                if surveyed is None:
                    return
                if self._project is not project:
                    self._stale |= set(self._known)
                    self._project = project
                self._keep(track, surveyed)
                if news != self._news:
                    self._stale.add(track)
            known = self._known[track]
            if in_sight and known.coverage is not None and known.changes is None:
                changes = await asyncio.to_thread(self._try, track, known.coverage, stop)
                if changes is not None and self._known.get(track) is known:
                    self._keep(track, replace(known, changes=changes))

    def _is_long(self, task: str) -> bool:
        """Whether a survey would be felt on the screen in front, which does not ask for it."""
        workspace = self._workspace
        production = workspace.project.task(task).production
        try:
            size = production.stat().st_size if production is not None else 0
        except OSError:  # gone: the survey says so
            size = 0
        return size > LONG_SAMPLE or workspace.history.case_count(task) > LONG_TASK

    def _keep(self, track: Track, surveyed: Surveyed) -> None:
        self._known[track] = surveyed
        self._stale.discard(track)
        self._post(CoverageSurveyed(*track))

    def _survey(self, track: Track, project: Project, stop: threading.Event) -> Surveyed | None:
        # The screen's modules as well: imported when its key is pressed, they would stop the keys for a moment.
        import migrator_tui.tui.coverage.screen  # noqa: F401
        from migrator_tui.coverage.past import past_facts
        from migrator_tui.coverage.survey import SurveyStopped, survey
        from migrator_tui.project.cases import load_cases

        workspace = self._workspace
        try:
            task, candidate = project.task(track[0]), project.candidate(track[1])
            workspace.prepare(task, candidate, stop.is_set)
            cases = load_cases(project, task)
            past = past_facts(project, workspace.history, task)
            return Surveyed(survey(project, task, cases, candidate, past, stop=stop.is_set), cases=cases)
        except (ProjectError, HistoryError) as error:
            return Surveyed(None, problem=str(error))
        except SurveyStopped:
            return None

    def _try(self, track: Track, coverage: "Coverage", stop: threading.Event) -> "Sequence[Change] | None":
        from migrator_tui.coverage.past import tried

        project, history = self._workspace.project, self._workspace.history
        try:
            task = project.task(track[0])
            return tried(project, history, task, coverage.checks, [track[1]], stop=stop.is_set)
        except (ProjectError, HistoryError, KeyError):
            return None  # the task is gone, or its history: the next survey says so

    def stop(self) -> None:
        """The program ends: a survey under way stops at its next step."""
        self._stop.set()
