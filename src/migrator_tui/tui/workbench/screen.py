"""The workbench: cases at the left, both outputs beside each other, the candidate's prompt below."""

import asyncio

from textual import work

from migrator_tui.history.errors import HistoryError
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.workbench.asking import Asking
from migrator_tui.tui.workbench.judging import Judging
from migrator_tui.tui.workbench.looking import Looking


class WorkbenchScreen(Judging, Asking, Looking):
    """All parts together."""

    @work(exclusive=True, group="question")
    async def action_search(self) -> None:
        """To the search of the prompt in view; where there is none yet, what one would take."""
        from migrator_tui.tui.adaptation.search_start import begin_search

        if self.program.searches.going is None and await self._searched():
            self.program.action_show("search")
        elif self.ready:
            await begin_search(self)
        else:
            self.say("models are still starting; try again in a moment", "warning")

    async def _searched(self) -> bool:
        """Whether there is a search to look at, of this window or from before."""
        workspace = self.workspace
        track = workspace.task.name, workspace.candidate.name
        if self.program.searches.of(track) is not None:
            return True
        if not workspace.is_open:
            return False
        try:
            last = await asyncio.to_thread(workspace.history.last_search, *track)
        except HistoryError as error:
            self.say(str(error), "error")
            return False
        return last is not None and last.result is not None

    def remembered(self) -> dict[str, object]:
        return {
            "narrow_tab": self.narrow_tab,
            "prompt_tab": self.prompt_pane.tab,
            "filter": self.query_text if self.blind is None else "",
        }

    def take_up_session(self) -> None:
        """What the last session left: tabs and filter."""
        sizes = self.workspace.session.sizes
        tab = str(sizes.get("prompt_tab", "prompt"))
        if tab in ("prompt", "params", "diff"):
            self.prompt_pane.show_tab(tab)
        if sizes.get("narrow_tab") in ("cases", "outputs", "prompt"):
            self.show_narrow_tab(str(sizes["narrow_tab"]))
        self.query_text = safe_line(str(sizes.get("filter", "")))
