"""The panes of the project screen: what they show, and how it is counted from the history."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker, get_current_worker

from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Project
from migrator_tui.running.events import OutputJudged, OutputRecorded
from migrator_tui.running.overview import Overview, State, overview
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.keys import PROJECT, Key, bindings
from migrator_tui.tui.messages import (
    CaseRan,
    ProjectChanged,
    RolloutLooked,
    RunAdvanced,
    RunEnded,
    StandingsChanged,
    VersionRecorded,
)
from migrator_tui.tui.project import rows as drawing
from migrator_tui.tui.project.banner import banner, ready_words, tasks_by_section
from migrator_tui.tui.project.details import detail_lines, detail_title
from migrator_tui.tui.project.filter import RowFilter
from migrator_tui.tui.project.live import FEWEST, is_about, live_cell, live_line
from migrator_tui.tui.project.order import Place, grouped
from migrator_tui.tui.project.token import token_of
from migrator_tui.tui.theme import MUTED, STRONG, STYLES, chip
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.header import HeaderState
from migrator_tui.tui.widgets.interval_plot import Scale, difference_scale
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.row_list import ListRow, RowList, head_row
from migrator_tui.tui.widgets.row_screen import RowScreen
from migrator_tui.tui.widgets.sizes import Size, size_classes, size_of
from migrator_tui.tui.widgets.tabs import TabNote
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.tui.rollout.reading import Brief

USUAL = 0.15
"""Intervals that end within so far of no difference set the scale of the plots."""
LOOK_SECONDS = 2.0
"""Between two counts of what a run under way has changed."""


class ProjectBench(RowScreen):
    """Every task on every candidate."""

    NAME = "project"
    CSS_PATH = "project.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(PROJECT)
    AUTO_FOCUS: ClassVar[str | None] = "#prompt-rows"

    def __init__(self) -> None:
        super().__init__()
        self.overviews: dict[Place, Overview] = {}
        self.problems: dict[Place, str] = {}
        """Rows whose cases or prompt cannot be read, and why."""
        self.size_class = Size.WIDE
        self.query_text = ""
        self.filter = RowFilter()
        self._stale: set[Place] = set()
        """Rows of which something was heard that was not counted yet."""
        self._token: object = None
        """What the history held when all rows were counted last."""
        self._scales: dict[int, Scale | None] = {}
        """Width of a row to the scale of its plot."""
        self._ready: set[Place] = set()
        """Rows whose cases are indexed and whose standings are up to date; runs and verdicts keep them so."""
        self._project: Project | None = None
        self._touched: set[Place] = set()
        self._looking: Timer | None = None
        self._counting: Worker[None] | None = None

    # Composing

    def compose_body(self) -> ComposeResult:
        with Pane(id="banner-pane"):
            yield Static(id="banner")
        with Pane(id="prompts-pane"):
            yield Static(id="prompt-heads")
            yield RowList(id="prompt-rows")
            yield Field(placeholder="triage  is:not-ready  is:unwritten", id="row-filter", compact=True)
        with Pane(id="detail-pane"):
            yield Static(id="detail")
        yield Static(id="detail-lines")

    @property
    def workspace(self) -> Workspace:
        """What is in front of the user."""
        return self.program.workspace

    @property
    def places(self) -> list[Place]:
        """All rows, in the order of the configuration."""
        project = self.workspace.project
        return [Place(task.name, candidate.name) for task in project.tasks for candidate in project.candidates]

    @property
    def place(self) -> Place | None:
        """The row under the cursor."""
        key = self.rows.highlighted
        return Place.of(key) if key is not None else None

    def on_mount(self) -> None:
        self._fit()
        self._looking = self.set_interval(LOOK_SECONDS, self._look_again, pause=True)

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        width, height = self.app.size
        wide, medium = width >= 140 and height >= 30, width >= 110 and height >= 24
        self.size_class = size_of(wide=wide, medium=medium)
        self.update_classes(size_classes(self.size_class))
        self.call_after_refresh(self._paint)

    def panes(self) -> Mapping[str, Sequence[Key]]:
        stop = [k for k in PROJECT if k.id == "project-stop" and self.program.runs.busy]
        return {"project": [*stop, *(k for k in PROJECT if k.id != "project-stop")]}

    def show_frame(self, state: HeaderState, notes: Mapping[str, TabNote], screens: tuple[str, ...]) -> None:
        """The header speaks of the whole project here."""
        project = self.workspace.project
        several = len(project.candidates) > 1
        words = f"{len(project.candidates)} candidates" if several else state.candidate
        shown = replace(
            state,
            project="",
            task=project.name,
            candidate=words,
            candidate_short=words if several else state.candidate_short,
            position="",
            version=f"{len(project.tasks)} tasks" if len(project.tasks) > 1 else "",
            draft=False,
            blind=False,
        )
        super().show_frame(shown, notes, screens)

    # Counting

    def on_screen_resume(self) -> None:
        self.show_keys()
        self.recount(sort=not self.program.runs.bulk)
        self.program.look_at_rollouts()

    def history_opened(self) -> None:
        self.recount(sort=True)

    def on_case_ran(self, message: CaseRan) -> None:
        """A case of the row in view was asked again."""
        workspace = self.workspace
        self.recount([Place(workspace.task.name, workspace.candidate.name)])

    def on_standings_changed(self, message: StandingsChanged) -> None:
        """Verdicts were given or taken back; one on the baseline counts for every candidate."""
        self.recount([place for place in self.places if place.task == message.task])

    def on_version_recorded(self, message: VersionRecorded) -> None:
        """A prompt file was edited outside."""
        self.recount([place for place in self.places if place.task == message.version.task])

    def on_project_changed(self, message: ProjectChanged) -> None:
        """Tasks, candidates, checks and limits may be others."""
        self.recount(self.places, sort=not self.program.runs.bulk)

    def on_run_advanced(self, message: RunAdvanced) -> None:
        """A run brings outputs in: count their rows anew, now and then."""
        event = message.event
        if isinstance(event, OutputRecorded | OutputJudged) and self._looking is not None:
            self._touched |= {Place(event.item.task, candidate) for candidate in event.standings}
            self._looking.resume()

    def on_run_ended(self, message: RunEnded) -> None:
        """All outputs are in; the order stays until it is asked for."""
        self.show_keys()
        self.recount(self.places)

    def on_rollout_looked(self, message: RolloutLooked) -> None:
        """A rollout stands otherwise than it did."""
        if self.is_mounted and self.rows.keys:
            self.rows.refresh()
            self._paint()

    def _brief(self, place: Place) -> "Brief | None":
        return self.program.rollouts.briefs.get(place.task)

    @property
    def _live(self) -> bool:
        """The list has a column for how rollouts stand."""
        room = self.size_class is not Size.NARROW and self.app.size.width >= FEWEST
        return room and any(is_about(self._brief(place), place.candidate) for place in self.places)

    def _live_cell(self, place: Place) -> Content:
        return live_cell(self._brief(place), place.candidate, self.size_class, self.program.glyphs)

    def _look_again(self) -> None:
        if self._counting is not None and self._counting.is_running:
            return
        touched, self._touched = self._touched, set()
        if touched:
            self.recount([place for place in self.places if place in touched])
        elif self._looking is not None and not self.program.runs.bulk:
            self._looking.pause()

    def recount(self, places: Sequence[Place] = (), *, sort: bool = False) -> None:
        """Count these rows anew, with those that were missed, if anybody looks; else the next look does."""
        self._stale |= set(places)
        if not self.is_mounted or not self.workspace.is_open or self.program.current is not self:
            return
        if self._project is not self.workspace.project:
            self._project = self.workspace.project
            self._ready.clear()
            self._stale |= set(self.places)
            self.overviews = {place: row for place, row in self.overviews.items() if place in self.places}
            self._show_rows()
        if not self.rows.keys:
            self._show_rows(highlight=Place(self.workspace.task.name, self.workspace.candidate.name))
        self._counting = self._count(sort)

    @work(exclusive=True, group="overview", thread=True)
    def _count(self, sort: bool) -> None:
        worker = get_current_worker()
        workspace = self.workspace
        project = workspace.project
        try:
            token = token_of(workspace)
        except HistoryError as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        # Another program, or an editor, may have changed what no message tells of.
        wanted = [p for p in self.places if token != self._token or p in self._stale or p not in self._ready]
        for place in wanted:
            self._stale.discard(place)  # what happens from now on counts again
            found: Overview | None = None
            problem = ""
            try:
                task, candidate = project.task(place.task), project.candidate(place.candidate)
                if place not in self._ready or token != self._token:
                    workspace.prepare(task, candidate, lambda: worker.is_cancelled)
                found = overview(project, workspace.history, task, candidate, author=workspace.author)
            except (ProjectError, HistoryError) as error:
                problem = str(error)
            if worker.is_cancelled:
                self._stale.add(place)
                return
            self.app.call_from_thread(self._counted, place, found, problem)
        if not worker.is_cancelled:
            self._token = token
            self.app.call_from_thread(self._all_counted, sort)

    def _counted(self, place: Place, row: Overview | None, problem: str) -> None:
        self.problems.pop(place, None)
        if row is not None:
            self._ready.add(place)
            self.overviews[place] = row
        else:
            self.problems[place] = problem
        self._scales.clear()
        self.rows.refresh()
        if place == self.place:
            self.show_detail()

    def _all_counted(self, sort: bool) -> None:
        if sort:
            self._show_rows()
        self._paint()
        self._note_tab()

    def _note_tab(self) -> None:
        project, glyphs = self.workspace.project, self.program.glyphs
        sections = tasks_by_section(self.overviews, len(project.candidates))
        sign, words, role = ready_words(sections, len(project.tasks), glyphs)
        self.program.note_tab("project", TabNote(f"{sign} {words.replace(' tasks', '')}", sign, role))

    # Showing

    def _show_rows(self, highlight: Place | None = None) -> None:
        candidates = len(self.workspace.project.candidates)
        rows: list[ListRow] = []
        for section, places in grouped(self.places, self.overviews, candidates=candidates, shown=self._is_shown):
            if section is not None:
                tasks = len({place.task for place in places})
                rows.append(head_row(section.title, section.role, tasks))
            before = ""
            for place in places:
                rows.append(self._row(place, again=place.task == before))
                before = place.task
        self.rows.show(rows, highlight=highlight.key if highlight is not None else None)

    def _is_shown(self, place: Place) -> bool:
        if not self.query_text:
            return True
        model = self.workspace.project.candidate(place.candidate).model
        return self.filter.shows(place.task, place.candidate, model, self.overviews.get(place))

    def _row(self, place: Place, *, again: bool) -> ListRow:
        def draw(width: int, selected: bool) -> Content:
            return drawing.overview_row(
                self.overviews.get(place),
                place.task,
                place.candidate,
                again=again,
                problem=self.problems.get(place, ""),
                size=self.size_class,
                scale=self._scale(width),
                selected=selected,
                glyphs=self.program.glyphs,
                live=self._live_cell(place) if self._live else None,
            )

        return ListRow(place.key, draw)

    def _scale(self, width: int) -> Scale | None:
        """One scale for all rows; what is much wider than the others is cut off."""
        if width not in self._scales:
            cells = drawing.plot_cells(width, self.size_class, live=self._live)
            found = [row.difference for row in self.overviews.values() if row.difference is not None]
            usual = [one for one in found if one.low >= -USUAL and one.high <= USUAL]
            margin = -self.workspace.project.gate.margin
            self._scales[width] = difference_scale(usual, cells, margin=margin) if cells else None
        return self._scales[width]

    def _paint(self) -> None:
        self._scales.clear()
        project, glyphs = self.workspace.project, self.program.glyphs
        cases = {row.task: row.cases for row in self.overviews.values()}
        sections = tasks_by_section(self.overviews, len(project.candidates))
        sign, words, role = ready_words(sections, len(project.tasks), glyphs)
        pane = self.query_one("#banner-pane", Pane)
        title = Content.styled(safe_line(project.name, 40), STRONG)
        counted = all(place in self.overviews for place in self.places)
        pane.title(Content.assemble(title, "   ", chip(f"{sign} {words}", role)) if counted else title)
        candidates = [(candidate.name, candidate.model) for candidate in project.candidates]
        self.query_one("#banner", Static).update(
            banner(candidates, self.overviews, len(project.tasks), self._inner(pane), glyphs)
        )
        plural = "task" if len(project.tasks) == 1 else "tasks"
        total = f", {sum(cases.values()):,} cases" if len(cases) == len(project.tasks) else ""
        pane.bottom(
            Content.styled(f"{len(project.tasks)} {plural}{total} · baseline {project.baseline.model}", MUTED)
        )
        width = self.rows.scrollable_content_region.width
        self.query_one("#prompt-heads", Static).update(
            drawing.heads(self.size_class, self._scale(width), glyphs, live=self._live)
        )
        self.show_totals()
        self.show_detail()

    def _inner(self, pane: Pane) -> int:
        return pane.content_size.width or self.app.size.width - 4

    def show_totals(self) -> None:
        """Title and bottom of the list."""
        glyphs = self.program.glyphs
        pane = self.query_one("#prompts-pane", Pane)
        shown = f" {self.rows.position()}/{len(self.rows.keys)}"
        if self.query_text:
            shown += f" of {len(self.places)} · {safe_line(self.query_text, 40)}"
        pane.title(Content.assemble(("Prompts", STRONG), (shown, MUTED)))
        parts = []
        for state in State:
            number = sum(row.state is state for row in self.overviews.values())
            if number:
                sign, role = drawing.state_sign(state, glyphs)
                parts.append(Content.styled(f"{sign} {number}", STYLES[role]))
        if self.program.runs.bulk:
            parts.append(Content.styled("order held while running", MUTED))
        pane.bottom(Content("  ").join(parts))

    def show_detail(self) -> None:
        """The row under the cursor in detail."""
        place, glyphs = self.place, self.program.glyphs
        pane, static = self.query_one("#detail-pane", Pane), self.query_one("#detail", Static)
        lines = self.query_one("#detail-lines", Static)
        row = self.overviews.get(place) if place is not None else None
        if place is None or row is None:
            problem = self.problems.get(place, "") if place is not None else ""
            words = Content.styled(safe_line(problem) or "counting …", MUTED)
            pane.title(Content.styled(safe_line(f"{place.task} on {place.candidate}" if place else "", 60), STRONG))
            pane.bottom("")
            static.update(words)
            lines.update(words)
            return
        project = self.workspace.project
        file = project.prompt_file(project.task(row.task), row.candidate.name)
        name = project.shown(file)
        narrow = self.size_class is Size.NARROW
        width = self.app.size.width - 4 if narrow else self._inner(pane)
        live = live_line(self._brief(place), place.candidate, self.workspace.author, glyphs)
        found = detail_lines(row, width, glyphs, name, live=live, narrow=narrow)
        shown = [line.truncate(width, ellipsis=True) for line in found]
        pane.title(detail_title(row, glyphs))
        pane.bottom(Content.styled(f"{row.cases:,} cases · {row.pairs.decided:,} judged on both", MUTED))
        static.update(Content("\n").join(shown))
        lines.update(Content("\n").join([Content.assemble("  ", line) for line in shown[:2]]))

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Another row is under the cursor."""
        event.stop()
        self.show_totals()
        self.show_detail()
