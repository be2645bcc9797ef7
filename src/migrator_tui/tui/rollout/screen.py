"""The rollout screen: what can be done with it."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content
from textual.widgets import Static

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.rollout_records import Rollout, RolloutState
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE
from migrator_tui.rollout.plan import step_name
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.rollout.advancing import AdvanceDialog, objections, reopening
from migrator_tui.tui.rollout.arms_part import arms_sheet
from migrator_tui.tui.rollout.bench import RolloutBench, first_of
from migrator_tui.tui.rollout.calls import open_calls
from migrator_tui.tui.rollout.events_part import event_sheet
from migrator_tui.tui.rollout.guardrails_part import guardrail_sheet
from migrator_tui.tui.rollout.reading import Seen
from migrator_tui.tui.rollout.rehearsing import Rehearsing, ended, rehearse, stop
from migrator_tui.tui.rollout.starting import start_rollout
from migrator_tui.tui.rollout.words import next_name, percentage
from migrator_tui.tui.theme import STRONG
from migrator_tui.tui.widgets.modal import Ask, Sheet

if TYPE_CHECKING:
    from migrator_tui.reports.rollout_status import Status

BY_HAND = "by hand"
"""Why, where the safe direction asks nothing."""


class RolloutScreen(RolloutBench):
    """From what is seen to what is done about it. Every change names what it was decided on."""

    def __init__(self) -> None:
        super().__init__()
        self._rehearsing: Rehearsing | None = None
        self._outcome: Sheet | None = None
        """What came of one, where nobody was here to see it."""

    def action_page_of_parts(self, by: int) -> None:
        """The next page of parts, where not all have room on one."""
        pages = self.PAGES[self.size_class]
        if len(pages) > 1 and self.maximised is None and self.has_parts:
            self.focus_part(first_of(pages[(self.page_number + by) % len(pages)][1]))

    def action_stop(self) -> None:
        if self._rehearsing is not None:
            if not self._rehearsing.stopping:
                self._rehearsing.stopping = True
                self._rehearsing.process.terminate()
                self._show_rehearsal()
        else:
            self.program.workbench.action_stop()

    # Looking

    @work(exclusive=True, group="question")
    async def action_open(self) -> None:
        """All of the guardrail or event under the cursor, all figures of both sides, or the calls as cases."""
        part, seen = self.focused_part, self.seen
        key = part.rows.highlighted if part is not None else None
        if part is None or seen is None or key is None:
            return
        if part.part == "calls":
            await open_calls(self, self.listed[1].calls if self.listed is not None else (), key)
        elif part.part == "events":
            event = next((each for each in seen.events if f"e:{each.id}" == key), None)
            if event is not None:
                await self.app.push_screen_wait(event_sheet(event, self.workspace.author, self.program.glyphs))
        elif part.part == "guardrails":
            sheet = guardrail_sheet(seen, key, self.program.glyphs)
            if sheet is not None:
                await self.app.push_screen_wait(sheet)
        else:
            await self.app.push_screen_wait(arms_sheet(seen, self.program.glyphs))

    @work(exclusive=True, group="question")
    async def action_rehearse(self) -> None:
        """Practise with traffic of the cases."""
        if self._rehearsing is not None:
            self.say("a rehearsal goes on: x stops it", "warning")
            return
        going = await rehearse(self)
        if going is not None:
            self._wait_for(going)

    @work(group="rehearsal")
    async def _wait_for(self, going: Rehearsing) -> None:
        self._rehearsing = going
        self._show_rehearsal()
        self.show_keys()
        try:
            sheet = await ended(going, self._show_rehearsal)
        finally:
            self._rehearsing = None
            self._show_rehearsal()
            await stop(going)
        self.show_keys()
        self.program.look_at_rollout()
        if self.program.current is self:
            await self.app.push_screen_wait(sheet)
        else:
            self._outcome = sheet
            self.program.say("the rehearsal is over: 5 shows what came of it", "success")

    def on_screen_resume(self) -> None:
        """What came of a rehearsal is shown to whoever was elsewhere when it ended."""
        sheet, self._outcome = self._outcome, None
        if sheet is not None:
            self.app.push_screen(sheet)

    def _show_rehearsal(self) -> None:
        """How it stands: in a line of this screen as long as it goes on, and in the header on every one."""
        going, glyphs = self._rehearsing, self.program.glyphs
        words = going.words(glyphs) if going is not None else ""
        if self.program.frame.waits.partition(" ")[0] in ("", "rehearsing"):  # else somebody is being asked
            short = glyphs.fit(f" {glyphs.dot} ".join(words.split(f" {glyphs.dot} ")[:2]))
            self.program.change_frame(waits=short)
        if not self.query("#rehearsal"):
            return  # the app ends
        line = self.query_one("#rehearsal", Static)
        line.display = bool(words)
        line.update(Content.styled(f" {glyphs.fit(words)}", STRONG))

    @property
    def rehearsing(self) -> bool:
        """Traffic is being sent from here."""
        return self._rehearsing is not None

    # Doing

    @work(exclusive=True, group="question")
    async def action_hold(self) -> None:
        """Hold at once, or let go on at once: neither changes who is served by what."""
        from migrator_tui.rollout import control

        seen = self.seen
        if seen is None:
            return
        rollout, who, history = seen.rollout, self.workspace.author, self.workspace.history
        held = rollout.state is RolloutState.HELD
        change = control.resume if held else control.hold
        done = await self._change(lambda: change(history, rollout, who=who, why=BY_HAND))
        if done is not None:
            at = step_name(done.present)
            self.say(f"goes on at {at}" if held else f"held at {at}: space lets it go on", "success")

    @work(exclusive=True, group="question")
    async def action_step_back(self) -> None:
        """One step back, at once; where it is complete, nobody is in a hurry, and it asks."""
        from migrator_tui.rollout import control

        seen = self.seen
        if seen is None:
            return
        rollout, who, history = seen.rollout, self.workspace.author, self.workspace.history
        asks = rollout.state is RolloutState.COMPLETE and rollout.step
        if asks and not await self.app.push_screen_wait(reopening(rollout)):
            return
        done = await self._change(lambda: control.step_back(history, rollout, who=who, why=BY_HAND))
        if done is not None:
            self.say(f"back to {step_name(done.present)}", "success")

    @work(exclusive=True, group="question")
    async def action_roll_back(self) -> None:
        """All traffic to the baseline, for good, once somebody says why."""
        from migrator_tui.rollout import control

        seen = self.seen
        if seen is None:
            return
        rollout, who, history = seen.rollout, self.workspace.author, self.workspace.history
        hint = f"all of {safe_line(rollout.name, 40)} goes back to the baseline within two seconds; this one is over"
        why = await self.app.push_screen_wait(
            Ask(
                "Roll back: why?",
                hint,
                keys="enter roll back · esc no",
                problem=lambda text: "" if text.strip() else "say why: it is kept with the rollout",
            )
        )
        if why is None:
            return
        # What is rolled back is the rollout, whatever it has come to meanwhile: there is nothing to decide anew.
        done = await self._change(
            lambda: control.roll_back(history, history.rollout(rollout.id), who=who, why=why.strip())
        )
        if done is not None:
            self.say("rolled back: all traffic is on the baseline", "success")

    @work(exclusive=True, group="question")
    async def action_advance(self) -> None:
        """The next step, after a question that says what is missing; or the first one, of a new rollout."""
        from migrator_tui.rollout import control

        seen = self.seen
        if seen is None or seen.rollout.state in (
            RolloutState.COMPLETE,
            RolloutState.ROLLED_BACK,
            RolloutState.ENDED,
        ):
            if await start_rollout(self):
                self.program.look_at_rollout()
            return
        rollout, history = seen.rollout, self.workspace.history
        if rollout.state is RolloutState.HELD:
            self.say("it is held: space lets it go on first", "warning")
            return
        try:
            blockers = await asyncio.to_thread(objections, history, seen)
        except HistoryError as error:
            self.say(str(error), "error")
            return
        reason = await self.app.push_screen_wait(AdvanceDialog(seen, blockers, self.program.glyphs))
        if reason is None:
            return
        who = self.workspace.author
        done = await self._change(
            lambda: control.advance(history, rollout, who=who, blockers=blockers, reason=reason)
        )
        if done is not None:
            self.say(f"{next_name(rollout)}: {percentage(done.percentage)} on the candidate", "success")

    async def _change(self, change: Callable[[], Rollout]) -> Rollout | None:
        """Change the rollout in a thread and look at it; `None` where it was refused, and why is said."""
        try:
            done = await asyncio.to_thread(change)
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
            done = None
        self.program.look_at_rollout()
        return done

    @work(exclusive=True, group="question")
    async def action_write(self) -> None:
        """How the rollout stands and what happened to it, as Markdown."""
        from migrator_tui.reports.report import write_report
        from migrator_tui.reports.rollout_report import rollout_report, usual_name

        seen, workspace = self.seen, self.workspace
        if seen is None:
            return
        folder = workspace.project.folder
        hint = f"a Markdown file in {safe_line(str(folder), 60)}, or anywhere; one of that name is replaced"
        name = usual_name(seen.rollout)
        said = await self.app.push_screen_wait(Ask("Write the report to", hint, name, "enter write · esc cancel"))
        if not said or not said.strip():
            return
        file = folder / said.strip()
        try:
            text = await asyncio.to_thread(
                rollout_report,
                self._status(seen),
                project=workspace.project.name,
                made_by=workspace.author,
                made_at=seen.at,
                secrets=workspace.history.secrets,
            )
            await asyncio.to_thread(write_report, file, text)
        except OSError as error:
            self.say(f"{file} can't be written: {error.strerror}", "error")
            return
        self.say(f"the report is in {file}", "success")

    def _status(self, seen: Seen) -> "Status":
        from migrator_tui.reports.rollout_status import Status

        return Status(
            look=seen.look,
            events=seen.events,
            models={BASELINE: self._baseline_model(seen), "candidate": self._model(seen)},
            versions={BASELINE: seen.baseline_label, "candidate": seen.label},
            lease=seen.lease,
            after=seen.since_switch,
        )
