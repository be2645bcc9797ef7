"""The searches of this window: at most one goes on at a time, and each is remembered by its task and candidate."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.messages import RunBroke, SearchEnded
from migrator_tui.tui.workspace import Workspace

# Every app has this object, and few of them a search: what a search is made of is imported with the first one.
if TYPE_CHECKING:
    from migrator_tui.adaptation.search.values import SearchEvent, SearchResult
    from migrator_tui.tui.adaptation.search_state import SearchState


class Search(Protocol):
    """What is started here (`adaptation.search.searching`)."""

    async def run(self, on_event: "Callable[[SearchEvent], None]") -> "SearchResult":
        """Search; what goes on is told from the event loop."""

    def pause(self) -> None:
        """Begin no further call."""

    def go_on(self) -> None:
        """After a pause."""

    def stop(self) -> None:
        """End soon, and keep the best so far."""


class Searches:
    """Starts, pauses and stops searches; what they tell goes into their states."""

    def __init__(
        self, workspace: Workspace, post: Callable[[Message], object], occupy: Callable[[bool], None]
    ) -> None:
        """`occupy`: told whether models are being asked, so that the project stays as it is."""
        self._workspace = workspace
        self._post = post
        self._occupy = occupy
        self._states: dict[tuple[str, str], SearchState] = {}
        self._search: Search | None = None
        self._task: asyncio.Task[None] | None = None
        self.going: SearchState | None = None
        """The one that goes on, paused or not."""
        self.changes = 0
        """Counts what was told, so that nothing is painted twice."""

    def of(self, track: tuple[str, str]) -> "SearchState | None":
        """The last search of a task and candidate in this window."""
        return self._states.get(track)

    def recalled(self, state: "SearchState") -> None:
        """The last search of an earlier session, unless this one knows a newer one."""
        if self._states.setdefault(state.track, state) is state:
            self.changes += 1

    def start(self, search: Search, state: "SearchState") -> None:
        """Let a search run; there must be none."""
        assert self.going is None
        self._states[state.track] = self.going = state
        self._search = search
        self._occupy(True)
        self.changes += 1
        self._task = asyncio.create_task(self._run(search, state))

    async def _run(self, search: Search, state: "SearchState") -> None:
        from migrator_tui.tui.adaptation.search_recall import with_suggestion

        def tell(event: "SearchEvent") -> None:
            state.take(event)
            self.changes += 1

        try:
            result = await search.run(tell)
            state.end(await asyncio.to_thread(with_suggestion, self._workspace, state.base, result))
            await asyncio.to_thread(self._workspace.mark_seen)
        except (ProjectError, HistoryError) as error:
            state.fail(str(error))
        except Exception as error:  # a mistake of ours; raised here it would go to the event loop, which tells nobody
            state.fail("it broke")
            self._post(RunBroke(error))
        finally:
            self.going = self._search = None
            self._occupy(False)
            self.changes += 1
            self._post(SearchEnded(state.task, state.candidate))

    def pause_or_go_on(self) -> bool | None:
        """Pause, or go on; whether it is paused now. `None` where there is nothing to pause any more."""
        from migrator_tui.tui.adaptation.search_state import Phase

        state = self.going
        if state is None or self._search is None or state.phase in (Phase.STOPPING, Phase.HELD_OUT):
            return None
        self.changes += 1
        if state.phase is Phase.PAUSED:
            state.go_on()
            self._search.go_on()
            return False
        state.pause()
        self._search.pause()
        return True

    def stop(self) -> bool:
        """End soon; False where nothing goes on."""
        if self.going is None or self._search is None:
            return False
        from migrator_tui.tui.adaptation.search_state import Phase

        self.going.phase = Phase.STOPPING
        self.changes += 1
        self._search.stop()
        return True

    async def close(self) -> None:
        """Stop what goes on; what was found is in the history."""
        self.stop()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=5)
