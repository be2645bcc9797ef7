"""Asking models: this case, or many; what streams in, and what is stored."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import work
from textual.worker import get_current_worker

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Standing
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE
from migrator_tui.tui.foreign import agreed_to_proposed, is_unchosen
from migrator_tui.tui.messages import CaseEvent, CaseRan, RunAdvanced, RunEnded
from migrator_tui.tui.runs import CONCURRENCY, case_ids
from migrator_tui.tui.widgets.header import RunProgress, duration, money
from migrator_tui.tui.workbench.bench import Bench
from migrator_tui.tui.workbench.case_list import Live
from migrator_tui.tui.workbench.drafting import Drafting

if TYPE_CHECKING:
    from migrator_tui.running.events import OutputJudged, OutputRecorded, TextArrived
    from migrator_tui.running.plan import Plan
    from migrator_tui.running.selection import Selection, Which
    from migrator_tui.tui.workbench.run_dialog import RunChoice

ESTIMATED_UP_TO = 2_000
"""Cases; planning more than that only to show a price would keep the machine busy at each start."""
RECOUNT_EVERY = 20
"""Outputs of a run between two looks at the totals."""


class Asking(Drafting, Bench):
    """`r`, `R`, `x`, and what comes of them."""

    def __init__(self) -> None:
        super().__init__()
        self._left: dict[str, int] = {}
        """Calls of the bulk run that a case still waits for."""
        self._recorded = 0
        self.rest: Plan | None = None
        """What is left of a run that did not come to its end."""

    def take_up_session(self) -> None:
        """Tabs and filter of the last session."""
        raise NotImplementedError

    def history_opened(self) -> None:
        """The list and the prompt can be shown in full."""
        wanted = self.rows.highlighted or self.workspace.number_of(self.workspace.session.case_id or "")
        self.take_up_session()
        self.reload_list(keep=wanted)
        self.load_prompt()
        self.show_case()
        self.show_money()
        self.catch_up()

    def catch_up(self) -> None:
        """What another program did, or what changed checks say now, reaches the list."""
        self._catch_up()

    @work(exclusive=True, group="catching-up", thread=True)
    def _catch_up(self) -> None:
        worker = get_current_worker()
        try:
            changed = self.workspace.catch_up(lambda: worker.is_cancelled)
            # A scorecard, or a look before this one that was given up, may have made them anew already.
            shown = self.list_order
            behind = shown is not None and self.workspace.tally()[0] != shown.counts
        except (ProjectError, OSError) as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.say, str(error), "error")
            return
        if (changed or behind) and not worker.is_cancelled:
            self.app.call_from_thread(self._caught_up)

    def _caught_up(self) -> None:
        self.reload_list()
        self.show_case()

    def models_ready(self) -> None:
        """The worker answers: the first run of a demo starts by itself, and prices can be told."""
        self.ready = True
        self.show_sides()
        self._first_look()
        self._offer_rest()
        self._look_ahead()

    @work(exclusive=True, group="first-look")
    async def _first_look(self, *, begins: bool = True) -> None:
        """What the first run would cost; `begins`: where that is a demo's, it starts."""
        order = self.list_order
        if order is None or not order.total or order.total > ESTIMATED_UP_TO:
            return
        not_run = all(section is None for section, _ in order.sections)
        if not not_run:
            return
        from migrator_tui.running.selection import Which

        try:
            # Only what is run at once makes a version of the draft: an estimate records nothing.
            demo = self.program.demo and begins
            plan, estimate = await self.program.runs.plan(self._selection(Which.ALL, draft=demo))
        except ProjectError as error:
            self.say(str(error), "error")
            return
        if demo and not self.program.runs.busy:
            self.start_run(plan)
            return
        known = "free" if not estimate.cost else f"about {money(estimate.cost)}"
        cost = "price unknown" if estimate.unpriced and not estimate.cost else known
        self.hint = [f"R runs all {order.total:,} on both", f"{cost}, {duration(estimate.seconds)}"]
        self.show_sides()

    def look_again(self) -> None:
        """The same of the cases as they are now, where it was told of others, or is about to be."""
        if self.ready:
            self._first_look(begins=not self.hint)

    # What would go wrong

    @work(exclusive=True, group="looking-ahead")
    async def _look_ahead(self) -> None:
        """Before the first run, so that what stands in its way is known when a key asks for it."""
        looks = self.program.looks
        try:
            if await looks.wanted():
                await looks.current(self.drafts_in_view())
                self.show_sides()
        except (ProjectError, HistoryError, OSError) as error:
            self.say(f"preflight: {error}", "warning")

    @work(exclusive=True, group="looking-first")
    async def _look_first(self, then: Callable[[], object]) -> None:
        """What was found comes before the first run, once; where nothing was, the run begins."""
        looks = self.program.looks
        if looks.found is None:
            self.say("looking first at what could go wrong …")
        try:
            wanted = await looks.wanted()
            found = await looks.current(self.drafts_in_view()) if wanted else None
        except (ProjectError, HistoryError, OSError) as error:
            self.say(f"preflight: {error}", "warning")
            found = None
        looks.seen()
        if found is None or found.clear:
            then()
        else:
            self.program.action_show("preflight")
            self.say("look at this before the first run; R runs, esc goes back", "warning")

    @work(exclusive=True, group="choosing-first")
    async def _choose_first(self, then: Callable[[], object]) -> None:
        if await agreed_to_proposed(self.program):
            then()

    # One case

    def action_run_case(self) -> None:
        view = self.view
        if view is None:
            return
        if not self.ready:
            self.say("still opening; try again in a moment", "warning")
            return
        if is_unchosen(self.workspace.project):
            self._choose_first(self.action_run_case)
            return
        if self.program.looks.stands_before:
            self._look_first(self.action_run_case)
            return
        version = self.version_of_draft_now()
        if version is None:
            return
        if not self.program.runs.run_case(view.case, version):
            self.say("this case is being asked; x stops it", "warning")
            return
        self.set_diff_off()
        if self.is_narrow and self.in_editor:
            self.leave_editor()  # what one ran for is behind the editor; `e` comes back to the same place
        self.show_keys()

    def on_case_event(self, message: CaseEvent) -> None:
        """A call of a single case made progress."""
        from migrator_tui.running.events import CallStarted, OutputJudged, OutputRecorded, TextArrived
        from migrator_tui.tui.workbench.streams import Stream

        event = message.event
        if isinstance(event, CallStarted):
            key = message.case_id, event.item.model_name
            self.streams[key] = Stream()
            self.rows.set_live_one(message.case_id, Live.RUNNING)
            if self.case_in_view == message.case_id:
                self.pane_of(event.item.model_name).show_waiting("waiting")
            self._wake()
        elif isinstance(event, TextArrived):
            self._text_arrived(message.case_id, event)
        elif isinstance(event, OutputRecorded):
            self.streams.pop((message.case_id, event.item.model_name), None)
            if event.standing is not None:
                self.rows.update_standings([event.standing])
        elif isinstance(event, OutputJudged):
            self._judged(event)

    def _text_arrived(self, case_id: str, event: "TextArrived") -> None:
        stream = self.streams.get((case_id, event.item.model_name))
        if stream is None:
            return
        added, void = stream.take(event.event)
        if case_id != self.case_in_view:
            return
        pane = self.pane_of(event.item.model_name)
        if void:
            pane.restart_stream()
        if added:
            pane.add(added)
        else:
            pane.set_words(stream.words)

    def on_case_ran(self, message: CaseRan) -> None:
        """A single case is done: show what was stored."""
        for name in (BASELINE, self.workspace.candidate.name):
            self.streams.pop((message.case_id, name), None)
        self.rows.set_live_one(message.case_id, None)
        result = message.result
        self.from_cache.discard(message.case_id)
        if result is not None and result.baseline_cached:
            self.from_cache.add(message.case_id)
        if result is not None and result.unmade:
            self.say("stopped", "warning")
        if self.case_in_view == message.case_id:
            self.show_case()
        self.recount()
        self.show_money()
        self.show_keys()

    # Many cases

    def selection_of_all(self) -> "Selection":
        """Every case, on both models, with the draft."""
        from migrator_tui.running.selection import Which

        return self._selection(Which.ALL)

    def _selection(self, which: "Which", case_ids: list[str] | None = None, *, draft: bool = True) -> "Selection":
        from migrator_tui.running.selection import Selection

        workspace = self.workspace
        key = workspace.task.name, workspace.candidate.name
        version = self.version_of_draft_now() if draft else self.prompt.version if self.prompt else None
        return Selection(
            tasks=[key[0]],
            candidates=[key[1]],
            case_ids=case_ids,
            which=which,
            versions={key: version} if version is not None else {},
        )

    def can_run(self) -> bool:
        """Whether a bulk run can be started now; says why where it cannot."""
        if not self.workspace.is_open:
            return False
        if not self.ready:
            self.say("models are still starting; try again in a moment", "warning")
            return False
        if self.program.runs.bulk:
            self.say("a run is going on; x stops it", "warning")
            return False
        # Whichever screen asks: it asks again by itself where nothing is in the way.
        again = getattr(self.program.current, "action_run_all", self.action_run_all)
        if is_unchosen(self.workspace.project):
            self._choose_first(again)
            return False
        if self.program.looks.stands_before:
            self._look_first(again)
            return False
        return True

    @work(exclusive=True, group="question")
    async def action_run_all(self) -> None:
        from migrator_tui.running.selection import Which
        from migrator_tui.tui.workbench.run_dialog import RunDialog

        if not self.can_run() or self.version_of_draft_now() is None:
            return
        choices = []
        try:
            if self.rest is not None:
                choices.append(await self._rest_choice(self.rest))
            choices.append(await self._choice("all", Which.ALL))
            choices.append(await self._choice("failing only", Which.FAILING))
            choices.append(await self._choice("to judge only", Which.TO_JUDGE))
            if self.query_text:
                ids = [row.case_id for row in self.workspace.rows(self.rows.shown)]
                choices.append(await self._choice("shown by the filter", Which.ALL, ids))
        except ProjectError as error:
            self.say(str(error), "error")
            return
        label = self.prompt_pane.version
        chosen = await self.app.push_screen_wait(RunDialog(choices, label, self.workspace, self.program.glyphs))
        if chosen is not None:
            self.start_run(chosen.plan)

    async def _choice(self, words: str, which: "Which", ids: list[str] | None = None) -> "RunChoice":
        from migrator_tui.tui.workbench.run_dialog import RunChoice

        plan, estimate = await self.program.runs.plan(self._selection(which, ids))
        return RunChoice(words, plan, estimate)

    async def _rest_choice(self, plan: "Plan") -> "RunChoice":
        from migrator_tui.running.estimate import estimate
        from migrator_tui.tui.workbench.run_dialog import RunChoice

        history = self.workspace.history
        return RunChoice("go on where it stopped", plan, estimate(plan, history, concurrency=CONCURRENCY))

    def start_run(self, plan: "Plan") -> None:
        """Start a bulk run; the order of the list is held while it goes on."""
        if not self.program.runs.run_many(plan):
            return
        self._recorded, self._left, self.rest = 0, {}, None
        for case_id in case_ids(plan, self.workspace.task.name):
            self._left[case_id] = self._left.get(case_id, 0) + 1
        self.rows.set_live(dict.fromkeys(self._left, Live.WAITING))
        self.program.change_frame(run=RunProgress(len(plan.items) - len(plan.open_items), len(plan.items)))
        self.recount()
        self._wake()
        self.show_keys()

    def on_run_advanced(self, message: RunAdvanced) -> None:
        """A bulk run made progress."""
        from migrator_tui.running.events import CallStarted, OutputJudged, OutputRecorded, RunProgressed

        event = message.event
        if (
            isinstance(event, CallStarted | OutputRecorded | OutputJudged)
            and event.item.task != self.workspace.task.name
        ):
            return  # of a run over several tasks: not in this list
        if isinstance(event, CallStarted):
            self.rows.set_live_one(event.item.case_id, Live.RUNNING)
        elif isinstance(event, OutputRecorded):
            self._output_of_run(event)
        elif isinstance(event, OutputJudged):
            self._judged(event)
        elif isinstance(event, RunProgressed):
            done, total = event.steps
            cost = event.cost if event.cost else None
            self.program.change_frame(run=RunProgress(done, total, event.rate, event.eta, cost))

    def _output_of_run(self, event: "OutputRecorded") -> None:
        case_id = event.item.case_id
        standing: Standing | None = event.standings.get(self.workspace.candidate.name)
        if standing is not None:
            self.rows.update_standings([standing])
        if not event.cached:  # what was there already is none of the calls that the case waits for
            self._left[case_id] = self._left.get(case_id, 1) - 1
        if self._left.get(case_id, 0) <= 0:
            self.rows.set_live_one(case_id, None)
        self._recorded += 1
        if self._recorded % RECOUNT_EVERY == 0:
            self.recount()
        if self.case_in_view == case_id and (case_id, event.item.model_name) not in self.streams:
            self.show_case()

    def _judged(self, event: "OutputJudged") -> None:
        """Checks that had to wait have answered."""
        standing = event.standings.get(self.workspace.candidate.name)
        if standing is not None:
            self.rows.update_standings([standing])
        if (
            self.case_in_view == event.item.case_id
            and (event.item.case_id, event.item.model_name) not in self.streams
        ):
            self.show_case()

    def on_run_ended(self, message: RunEnded) -> None:
        """A bulk run is over: sort, count, and say how it went."""
        self.rows.set_live({})
        self.program.change_frame(run=None)
        self.show_money()
        result = message.result
        if result is not None:
            parts = [f"{result.done - result.errors:,} of {result.total:,} answered"]
            if result.errors:
                parts.append(f"{result.errors} errors")
            if result.checks_open:
                parts.append(f"{result.checks_open:,} checks not asked")
            if result.cost:
                parts.append(money(result.cost))
            if result.stopped_because:
                parts.append(result.stopped_because)
            self.say(" · ".join(parts), "warning" if result.errors or result.state != "finished" else "success")
        # Where nobody has moved yet, the worst case comes under the cursor.
        self.reload_list(keep=None if self.rows.moved else 0)
        self.show_case()
        self.show_keys()

    def action_stop(self) -> None:
        if self.program.runs.busy:
            self.program.runs.stop()
            self.say("stopping; what was answered is kept", "warning")
        elif self.program.searches.going is not None:
            self.say("a search goes on behind: S leads to it, and x stops it there", "warning")
        else:
            self.say("nothing is running")

    @work(exclusive=True, group="rest")
    async def _offer_rest(self) -> None:
        try:
            plan = await asyncio.to_thread(self.program.runs.unfinished)
        except ProjectError as error:  # its task, candidate or cases are gone: a new run is all there is
            self.say(str(error), "warning")
            return
        if plan is not None and plan.open_items:
            self.rest = plan
            self.say(f"a run stopped with {len(plan.open_items)} calls to go · R goes on", "warning")

    @work(exclusive=True, group="money", thread=True)
    def show_money(self) -> None:
        """What was spent today, in the header."""
        if not self.workspace.is_open:
            return
        try:
            spent, partial = self.workspace.history.spent_today()
        except HistoryError as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        self.app.call_from_thread(self.program.change_frame, spent=spent, spent_is_partial=partial)
