"""`t`: the prompt without and with what is taken, side by side, live, on the cases behind it. Nothing stands."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Mark, Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Case, Task
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs, mark_sign
from migrator_tui.tui.runs import Runs, Stopped
from migrator_tui.tui.scorecard.words import many
from migrator_tui.tui.theme import STRONG, STYLES
from migrator_tui.tui.widgets.header import duration, money
from migrator_tui.tui.widgets.modal import Confirm, Modal
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.parts import mark
from migrator_tui.tui.widgets.row_list import ListRow, RowList
from migrator_tui.tui.widgets.work_screen import WorkScreen
from migrator_tui.tui.workbench.bench import PAINT_SECONDS
from migrator_tui.tui.workbench.output_pane import OutputPane, ShownOutput
from migrator_tui.tui.workbench.streams import Stream

if TYPE_CHECKING:
    from migrator_tui.history.records import CheckRecord
    from migrator_tui.running.events import RunEvent, TextArrived
    from migrator_tui.running.trying import Tried

PASSES = (Mark.PASSED, Mark.ASSUMED)
FAILS = (Mark.FAILED, Mark.FLAKY)
AT_A_TIME = 4
"""Calls that stream at a time; the case under the cursor comes first."""


async def agreed(
    screen: WorkScreen,
    title: str,
    calls: int,
    cost: float | None,
    seconds: float,
    what: str,
    *,
    always: bool = False,
) -> bool:
    """Whether that may be spent: asked where it may cost something, or `always`. To be awaited in a worker."""
    if not calls or (not always and (cost == 0 or only_simulated(screen))):
        return True
    price = "price unknown" if cost is None else f"about {money(cost)}" if cost else "free"
    lines = [f"{many(calls, 'call')}, {price}, {duration(seconds)}.", what]
    said = await screen.app.push_screen_wait(Confirm(title, lines, "enter ask"))
    return said is True


def only_simulated(screen: WorkScreen) -> bool:
    """Whatever is asked runs here: simulated models state prices, and nobody pays them."""
    project = screen.program.workspace.project
    models = [project.baseline, *project.candidates, *project.helpers]
    return all(spec.model.startswith(("simulated:", "recorded:")) for spec in models)


class TrySides(Modal[None]):
    """The cases at the left, both answers beside them. `x` stops what streams, `esc` closes."""

    DEFAULT_CSS = """
    TrySides > .box { width: 100%; height: 100%; max-height: 100%; padding: 0; }
    TrySides #try-cases-pane { width: 22; }
    TrySides #try-body { height: 1fr; }
    TrySides .-narrow #try-cases-pane { width: 14; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "next", show=False),
        Binding("k,up", "step(-1)", "previous", show=False),
        Binding("d", "diff", "diff", show=False),
        Binding("x", "stop", "stop", show=False),
        Binding("t,q", "dismiss_unchanged", "close", show=False),
    ]

    def __init__(
        self,
        title: str,
        runs: Runs,
        task: Task,
        versions: tuple[Version, Version],
        cases: Sequence[Case],
        glyphs: Glyphs,
    ) -> None:
        """`versions`: without and with the edits."""
        super().__init__()
        self._title = title
        self.runs = runs
        self.task_tried = task
        self.versions = versions
        self.cases = {case.id: case for case in cases}
        self.glyphs = glyphs
        self.before: dict[str, ShownOutput] = {}
        self.after: dict[str, ShownOutput] = {}
        self.streams: dict[str, Stream] = {}
        self.going = False
        self.told = ""
        """Why it ended early."""
        self.diffed = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"), Horizontal(id="try-body"):
            with Pane(id="try-cases-pane"):
                yield RowList(id="try-rows")
            yield OutputPane("without", glyphs=self.glyphs)
            yield OutputPane("with", glyphs=self.glyphs)

    def on_mount(self) -> None:
        self.query_one(".box").set_class(self.app.size.width < 110, "-narrow")
        for pane, words in zip(self.sides, ("as it is", "with the edits"), strict=True):
            pane.label = words
        self.rows.show([self._row(case_id) for case_id in self.cases])
        self.rows.focus()
        self.query_one("#try-cases-pane", Pane).title(Content.styled(many(len(self.cases), "case"), STRONG))
        self._label()
        self.set_interval(PAINT_SECONDS, self._paint)
        self._try_all()

    @property
    def rows(self) -> RowList:
        """The cases."""
        return self.query_one(RowList)

    @property
    def sides(self) -> tuple[OutputPane, OutputPane]:
        """Without and with."""
        return self.query_one("#without-output", OutputPane), self.query_one("#with-output", OutputPane)

    def _label(self) -> None:
        stop = "x stop · " if self.going else ""
        told = f" · {self.told}" if self.told else ""
        self.label(f"Try {self._title}{told}", f"j k case · d marks the words · {stop}esc close")

    def _row(self, case_id: str) -> ListRow:
        def draw(width: int, selected: bool) -> Content:
            was, now = self.before.get(case_id), self.after.get(case_id)
            signs = [mark_sign(side.mark if side is not None else Mark.NOT_RUN, self.glyphs) for side in (was, now)]
            if case_id in self.streams:
                signs[1] = (self.glyphs.now, "primary")
            return Content.assemble(
                mark(selected, self.glyphs),
                *((f"{sign} ", STYLES[role]) for sign, role in signs),
                (safe_line(case_id, max(6, width - 6)), STRONG if selected else STYLES["text"]),
            ).truncate(width, ellipsis=True)

        return ListRow(case_id, draw)

    # Asking

    @work(exclusive=True, group="trying")
    async def _try_all(self) -> None:
        self.going = True
        self._label()
        try:
            await self.runs.stoppable(self._ask_all())
        except Stopped:
            self.told = "stopped; what was answered is kept"
        except (ProjectError, HistoryError) as error:
            self.told = str(error)
        finally:
            self.going = False
            self.streams.clear()
            if self.is_open:
                self._label()
                self.rows.refresh()
                self._show()

    async def _ask_all(self) -> None:
        """Without the edits first, where that is known at once; then with them, streamed."""
        runner = self.runs.runner
        if runner is None:
            raise ProjectError("models are still starting; try again in a moment")
        was, now = self.versions
        cases = list(self.cases.values())

        def told(tried: "Tried") -> None:
            self.before[tried.case_id] = ShownOutput(
                tried.output, tried.outcome.outcome.mark, False, tried.checks, version=was.label, cached=tried.cached
            )
            self._changed(tried.case_id)

        before = runner.try_version(self.task_tried, was.model_name, was, cases, on_tried=told)
        gate = asyncio.Semaphore(AT_A_TIME)

        async def one(case: Case) -> None:
            async with gate:
                await self._ask(case, now)

        asking = [asyncio.create_task(work) for work in (before, *(one(case) for case in cases))]
        try:
            await asyncio.gather(*asking)
        finally:
            for task in asking:
                task.cancel()

    async def _ask(self, case: Case, version: Version) -> None:
        """The answer with the edits, streamed; judged once it is there."""
        runner = self.runs.runner
        assert runner is not None
        from migrator_tui.running.events import CallStarted, OutputJudged, OutputRecorded, TextArrived

        checks: list[CheckRecord] = []

        def tell(event: "RunEvent") -> None:
            if isinstance(event, CallStarted):
                self.streams[case.id] = Stream()
                self._changed(case.id)
            elif isinstance(event, TextArrived):
                self._text_arrived(case.id, event)
            elif isinstance(event, OutputRecorded | OutputJudged):
                checks[:] = event.checks.values()

        result = await runner.run_case(
            self.task_tried, version.model_name, case, version, tell, include_baseline=False, standing=False
        )
        self.streams.pop(case.id, None)
        if result.candidate is not None and result.standing is not None:
            mark_now = result.standing.candidate
            self.after[case.id] = ShownOutput(result.candidate, mark_now, False, checks, version=version.label)
        self._changed(case.id)

    def _text_arrived(self, case_id: str, event: "TextArrived") -> None:
        stream = self.streams.get(case_id)
        if stream is None:
            return
        added, void = stream.take(event.event)
        if not self.is_open or case_id != self.rows.highlighted:
            return
        pane = self.sides[1]
        if void:
            pane.restart_stream()
        if added:
            pane.add(added)
        else:
            pane.set_words(stream.words)

    # Showing

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Another case is under the cursor."""
        event.stop()
        self._show()

    def _changed(self, case_id: str) -> None:
        """Something of this case is new."""
        if not self.is_open:
            return
        self.rows.refresh()
        self._count()
        if case_id == self.rows.highlighted:
            self._show()

    def _count(self) -> None:
        """How many flip so far."""
        pairs = [(self.before[each].mark, now.mark) for each, now in self.after.items() if each in self.before]
        fixed = sum(was in FAILS and now in PASSES for was, now in pairs)
        broken = sum(was in PASSES and now in FAILS for was, now in pairs)
        parts = [
            (f"{self.glyphs.added} {fixed}", STYLES["success"]),
            (f"  {self.glyphs.failed} {broken}", STYLES["error"]),
        ]
        words = Content.assemble(parts[0], parts[1] if broken else "")
        self.query_one("#try-cases-pane", Pane).bottom(words if pairs else "")

    def _show(self) -> None:
        """Both answers on the case under the cursor, as far as they are there."""
        case_id = self.rows.highlighted or ""
        without, with_ = self.sides
        was, now, stream = self.before.get(case_id), self.after.get(case_id), self.streams.get(case_id)
        if was is not None:
            without.show_output(was)
        else:
            without.show_empty(["being asked" if self.going else "not asked"])
        if stream is not None:
            with_.show_stream(stream.text, stream.words)
        elif now is not None:
            with_.compared = was.output if was is not None else None
            with_.show_output(now)
        else:
            with_.show_empty(["waits" if self.going else "not asked"])
        if self.diffed:
            self._show_diff()

    def _show_diff(self) -> None:
        from migrator_tui.tui.workbench.diffing import diff_contents
        from migrator_tui.tui.workbench.output_pane import answer_text

        case_id = self.rows.highlighted or ""
        was, now = self.before.get(case_id), self.after.get(case_id)
        if was is None or now is None or case_id in self.streams:
            return
        diff = diff_contents(
            answer_text(was.output), answer_text(now.output), self.glyphs, brackets=self.app.no_color
        )
        without, with_ = self.sides
        without.show_marked(diff.left, f"{self.glyphs.removed} {diff.removed_words} words")
        with_.show_marked(diff.right, diff.summary)

    def _paint(self) -> None:
        if not self.is_open:
            return
        stream = self.streams.get(self.rows.highlighted or "")
        if stream is not None:
            self.sides[1].paint(stream.seconds)
            self.sides[1].spin()

    # Keys

    def action_step(self, by: int) -> None:
        self.rows.step(by)

    def action_diff(self) -> None:
        """Mark the words that differ, or not."""
        self.diffed = not self.diffed
        if not self.diffed:
            for pane in self.sides:
                pane.shown = None
        self._show()

    def action_stop(self) -> None:
        """Cancel what streams; what was answered stays."""
        if self.going:
            self.runs.stop()
