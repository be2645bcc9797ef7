"""The scorecards of the project, computed beside the keys and kept until something happens that changes them.

They outlive the scorecard's screen: its tab says the decision on every screen.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.tui.messages import ScorecardCounted
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.history.records import SignedDecision
    from migrator_tui.parity.scorecard import Scorecard

LULL_SECONDS = 0.15
"""Without news before counting starts."""
LONG_COUNT_SECONDS = 1.0
"""What takes longer to count is counted only where somebody looks at the scorecard."""

Track = tuple[str, str]
"""The names of a task and a candidate."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The scorecard of one candidate on one task, or why there is none."""

    card: "Scorecard | None"
    decisions: "Sequence[SignedDecision]" = ()
    """Signed ones, newest first."""
    problem: str = ""


class Cards:
    """What was counted, and what of it no longer holds. Posts `ScorecardCounted`; knows no widgets."""

    def __init__(self, workspace: Workspace, post: Callable[[Message], object]) -> None:
        self._workspace = workspace
        self._post = post
        self._known: dict[Track, Counted] = {}
        self._stale: set[Track] = set()
        self._project: Project | None = None
        self._stop = threading.Event()
        self._took = 0.0
        """Seconds that the last count of a card took."""
        self.counting = False

    def get(self, track: Track) -> Counted | None:
        """The last one counted, even if it no longer holds."""
        return self._known.get(track)

    def holds(self, track: Track) -> bool:
        """Whether what is known is still so."""
        return track in self._known and track not in self._stale and self._project is self._workspace.project

    def forget(self, task: str | None = None) -> None:
        """What was counted of that task, or of all, no longer holds; it is kept until there is something newer."""
        self._stale |= {track for track in self._known if task in (None, track[0])}

    async def count(self, tracks: Sequence[Track], *, in_sight: bool) -> None:
        """Count what of these is missing or no longer holds, once there is a lull; cancelled by the next call."""
        stop = threading.Event()
        try:
            # The longer a count takes, the longer the lull it waits for: who judges case after case is not slowed.
            if not in_sight or all(track in self._known for track in tracks):
                await asyncio.sleep(max(LULL_SECONDS, min(2.0, 2 * self._took)))
            if self._project is not self._workspace.project:
                self.forget()
                self._project = self._workspace.project
            wanted = [track for track in tracks if not self.holds(track)]
            if not wanted or (self._took > LONG_COUNT_SECONDS and not in_sight):
                return
            self._stop, self.counting = stop, True
            for track in wanted:
                started = time.monotonic()
                counted = await asyncio.to_thread(self._count, track, stop)
                self._took = time.monotonic() - started
                # What happened meanwhile would have cancelled this.
                self._known[track] = counted
                self._stale.discard(track)
                self._post(ScorecardCounted(*track))
        finally:
            stop.set()
            self.counting = self.counting and self._stop is not stop

    def _count(self, track: Track, stop: threading.Event) -> Counted:
        from migrator_tui.running.evidence import score

        workspace = self._workspace
        project, history = workspace.project, workspace.history
        try:
            task, candidate = project.task(track[0]), project.candidate(track[1])
            workspace.prepare(task, candidate, stop.is_set)
            card = score(project, history, task, candidate)
            return Counted(card, history.decisions(task.name, candidate.name))
        except (ProjectError, HistoryError) as error:
            return Counted(None, problem=str(error))

    def stop(self) -> None:
        """The program ends: a count under way stops at its next step."""
        self._stop.set()
