"""The part of the app that keeps a rollout in sight on every screen: read on a timer, a word in the tab."""

from functools import cached_property
from typing import TYPE_CHECKING

from textual import work

from migrator_tui.text_safety import safe_line
from migrator_tui.tui.messages import RolloutLooked, TrackChanged
from migrator_tui.tui.searching import Searching

if TYPE_CHECKING:
    from migrator_tui.tui.rollout.reading import Brief, Rollouts

LOOK_SECONDS = 1.5
"""Between two looks where somebody watches."""
SELDOM = 4
"""Where nobody does, every so manieth look is taken."""


class Rolling(Searching):
    """Has the rollout of the task in view read, and says what changed without the user."""

    _looks = 0

    @cached_property
    def rollouts(self) -> "Rollouts":
        """What is known of them; imported once the first screen stands."""
        from migrator_tui.tui.rollout.reading import Rollouts

        return Rollouts()

    def watch_rollouts(self) -> None:
        """From now on look again and again."""
        self.set_interval(LOOK_SECONDS, self._tick_rollout)
        self.look_at_rollout()

    def _tick_rollout(self) -> None:
        self._looks += 1
        if self.current.NAME == "rollout" or self._looks % SELDOM == 0:
            self.look_at_rollout()
        if self.current.NAME == "project" and self._looks % SELDOM == 0:
            self.look_at_rollouts()

    def look_at_rollouts(self) -> None:
        """Look at those of all tasks: they stand side by side on the project's screen."""
        if self.workspace.is_open:
            self._look_at_rollouts(self.workspace.task.name)

    @work(group="rollouts", exclusive=True)
    async def _look_at_rollouts(self, task: str) -> None:
        for other in await self.rollouts.look_at_all(self.workspace.history, but=task):
            self.tell(RolloutLooked(other))

    def look_at_rollout(self) -> None:
        """Look now."""
        if self.workspace.is_open:
            self._look_at_rollout(self.workspace.task.name)

    @work(group="rollout")
    async def _look_at_rollout(self, task: str) -> None:
        before = self.rollouts.briefs.get(task)
        whole = self.current.NAME == "rollout"
        if not await self.rollouts.look(self.workspace.history, self.workspace.project, task, whole=whole):
            return
        now = self.rollouts.briefs.get(task)
        if whole or now != before:
            self.tell(RolloutLooked(task))
        self._note_rollout()
        if before is not None and now is not None:
            self._say_what_changed(before, now)

    def on_track_changed(self, message: TrackChanged) -> None:
        """Another task is in view: its rollout stands in the tab."""
        if self.workspace.is_open:
            self._note_rollout()
        self.look_at_rollout()

    def _note_rollout(self) -> None:
        from migrator_tui.tui.rollout.words import tab_note

        self.note_tab("rollout", tab_note(self.rollouts.briefs.get(self.workspace.task.name), self.glyphs))

    def _say_what_changed(self, before: "Brief", now: "Brief") -> None:
        """What somebody else, the monitor above all, has done meanwhile."""
        from migrator_tui.history.rollout_records import EventKind, RolloutState
        from migrator_tui.rollout.words import named

        last = now.last
        if now.rollout is None or last is None or (before.last is not None and last.id == before.last.id):
            return
        if last.who == self.workspace.author:
            return
        role = "error" if now.rollout.state is RolloutState.ROLLED_BACK else "warning"
        if last.kind in (EventKind.ROLLED_BACK, EventKind.HELD):
            did = f"{last.kind.value.replace('-', ' ')} by {last.who}"
            self.say(f"{now.rollout.name} {did}: {safe_line(named(last.why), 120)}", role)
        elif last.kind in (EventKind.READY, EventKind.ADVANCED, EventKind.COMPLETED):
            self.say(f"{now.rollout.name}: {safe_line(last.why, 120)}", "success")
