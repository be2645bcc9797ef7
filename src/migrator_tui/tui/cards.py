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
from migrator_tui.tui.workspace import Basis, Workspace

if TYPE_CHECKING:
    from migrator_tui.history.decision_records import SignedDecision
    from migrator_tui.parity.scorecard import Scorecard

LULL_SECONDS = 0.15
"""Without news before counting starts."""
LONG_COUNT_SECONDS = 1.0
LONG_TASK = 10_000
"""What takes longer to count, or has more cases, is counted only where somebody looks at the scorecard."""

Track = tuple[str, str]
"""The names of a task and a candidate."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The scorecard of one candidate on one task, or why there is none."""

    card: "Scorecard | None"
    decisions: "Sequence[SignedDecision]" = ()
    """Signed ones, newest first."""
    problem: str = ""
    basis: Basis | None = None
    """What it was counted from."""


class Cards:
    """What was counted, and what of it no longer holds. Posts `ScorecardCounted`; knows no widgets."""

    def __init__(self, workspace: Workspace, post: Callable[[Message], object]) -> None:
        self._workspace = workspace
        self._post = post
        self._known: dict[Track, Counted] = {}
        self._stale: set[Track] = set()
        self._project: Project | None = None
        self._running: dict[Track, _Count] = {}
        self._took = 0.0
        """Seconds that the last count of a card took."""

    @property
    def counting(self) -> bool:
        """Something is being counted."""
        return bool(self._running)

    def get(self, track: Track) -> Counted | None:
        """The last one counted, even if it no longer holds."""
        return self._known.get(track)

    def holds(self, track: Track) -> bool:
        """Whether what is known is still so, as far as this window was told; a problem may be mended at any time."""
        counted = self._known.get(track)
        known = counted is not None and counted.card is not None and track not in self._stale
        return known and self._project is self._workspace.project

    def is_current(self, track: Track) -> bool:
        """Whether files and history, looked at now, still are what was counted; for threads."""
        counted, project = self._known.get(track), self._workspace.project
        if counted is None or counted.basis is None or not self.holds(track):
            return False
        return not self._workspace.has_moved_on(counted.basis, project.task(track[0]), track[1])

    def forget(self, task: str | None = None) -> None:
        """What was counted of that task, or of all, no longer holds; it is kept until there is something newer."""
        self._stale |= {track for track in self._known if task in (None, track[0])}
        for track in [track for track in self._running if task in (None, track[0])]:
            self._running.pop(track).stop.set()

    async def count(self, tracks: Sequence[Track], *, in_sight: bool) -> None:
        """Count what of these is missing or no longer holds, once there is a lull; cancelled by the next call.

        A count under way goes on: the next call waits for it, unless its outcome was forgotten meanwhile.
        """
        # The longer a count takes, the longer the lull it waits for: who judges case after case is not slowed.
        if not in_sight or all(track in self._known for track in tracks):
            await asyncio.sleep(max(LULL_SECONDS, min(2.0, 2 * self._took)))
        if self._project is not self._workspace.project:
            self.forget()
            self._project = self._workspace.project
        if not self._workspace.is_open or (not in_sight and self._is_long(tracks)):
            return
        for track in tracks:
            if self.holds(track):
                continue
            under_way = self._running.get(track)
            if under_way is None:
                under_way = self._running[track] = self._start(track)
            counted = await asyncio.shield(under_way.outcome)
            # Who forgets it meanwhile also has it counted anew, which cancels this.
            if self._running.get(track) is under_way:
                del self._running[track]
                self._took = time.monotonic() - under_way.started
                self._known[track] = counted
                self._stale.discard(track)
                self._post(ScorecardCounted(*track))

    def _is_long(self, tracks: Sequence[Track]) -> bool:
        """Whether counting would be felt on the screen in front, which does not ask for it."""
        cases = max((self._workspace.history.case_count(task) for task, _ in tracks), default=0)
        return self._took > LONG_COUNT_SECONDS or cases > LONG_TASK

    def _start(self, track: Track) -> "_Count":
        stop = threading.Event()
        return _Count(asyncio.ensure_future(asyncio.to_thread(self._count, track, stop)), stop, time.monotonic())

    def _count(self, track: Track, stop: threading.Event) -> Counted:
        # The screen's modules as well: imported when its key is pressed, they would stop the keys for a moment.
        import migrator_tui.tui.scorecard.screen  # noqa: F401
        from migrator_tui.running.evidence import score

        workspace = self._workspace
        project, history = workspace.project, workspace.history
        try:
            task, candidate = project.task(track[0]), project.candidate(track[1])
            basis = workspace.basis(task)
            workspace.prepare(task, candidate, stop.is_set)
            card = score(project, history, task, candidate)
            return Counted(card, history.decisions(task.name, candidate.name), basis=basis)
        except (ProjectError, HistoryError) as error:
            return Counted(None, problem=str(error))

    def stop(self) -> None:
        """The program ends: counts under way stop at their next step."""
        for under_way in self._running.values():
            under_way.stop.set()


@dataclass(frozen=True, slots=True)
class _Count:
    """A count under way, in a thread."""

    outcome: "asyncio.Future[Counted]"
    stop: threading.Event
    started: float
