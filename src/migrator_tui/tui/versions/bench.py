"""The panes of the versions screen: what they show, and how it is read from the history."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import get_current_worker

from migrator_tui.history.errors import HistoryError
from migrator_tui.parity.pairs import Pairs, pair
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Project
from migrator_tui.running.version_results import VersionResult, case_places, version_result
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.keys import VERSIONS, Key, bindings
from migrator_tui.tui.messages import (
    CaseRan,
    ProjectChanged,
    RunEnded,
    StandingsChanged,
    TrackChanged,
    VersionRecorded,
)
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.versions import panes
from migrator_tui.tui.versions.diff import PromptDiff, diff_lines, prompt_diff
from migrator_tui.tui.versions.entries import Entry, Kind, OwnDraft, load_entries
from migrator_tui.tui.versions.folding import folded
from migrator_tui.tui.versions.lineage import LANES, LineageRow, lineage
from migrator_tui.tui.versions.reasons import reason_lines
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.parts import hanging
from migrator_tui.tui.widgets.row_list import ListRow, RowList, head_row
from migrator_tui.tui.widgets.row_screen import RowScreen
from migrator_tui.tui.widgets.sizes import size_classes, size_of
from migrator_tui.tui.widgets.text_view import TextView
from migrator_tui.tui.workspace import Workspace


class VersionsBench(RowScreen):
    """Every version of the prompt in view: kept, tried, and not yet either."""

    NAME = "versions"
    CSS_PATH = "versions.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(VERSIONS)
    AUTO_FOCUS: ClassVar[str | None] = "#version-rows"

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, Entry] = {}
        self.results: dict[str, VersionResult] = {}
        self.marked: str | None = None
        """The entry that others are compared with; `None`: each with the one it came from."""
        self.opened: set[str] = set()
        """Rows of folded tries that are open."""
        self.total = 0
        self.counting = True
        self._compared: str | None = None
        """The key of what the row under the cursor is compared with."""
        self._newest: dict[str, tuple[int, int]] = {}
        """Entry key to the numbers of its newest outputs when its result was counted."""
        self._track: tuple[str, str] | None = None
        self._project: Project | None = None
        self._tree_cells = 4

    # Composing

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Pane(id="versions-pane"):
                yield Static(id="version-heads")
                yield RowList(id="version-rows")
            with Vertical(id="version-right"):
                with Pane(id="effect-pane"):
                    yield Static(id="effect")
                with Pane(id="diff-pane"):
                    yield TextView(id="version-diff")

    @property
    def workspace(self) -> Workspace:
        """What is in front of the user."""
        return self.program.workspace

    @property
    def current(self) -> Entry | None:
        """The entry under the cursor."""
        return self.entries.get(self.rows.highlighted or "")

    def compared_with(self, entry: Entry) -> Entry | None:
        """The marked entry; else the one it came from, else the baseline."""
        if self.marked is not None and self.marked != entry.key:
            return self.entries.get(self.marked)
        if entry.kind in (Kind.BASELINE, Kind.TRIES):
            return None
        return self.entries.get(entry.parent or BASELINE)

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        width, height = self.app.size
        wide, medium = width >= 140 and height >= 30, width >= 110 and height >= 30
        self.update_classes(size_classes(size_of(wide=wide, medium=medium)))
        self.call_after_refresh(self._paint)

    def panes(self) -> Mapping[str, Sequence[Key]]:
        stop = [k for k in VERSIONS if k.id == "version-stop" and self.program.runs.busy]
        return {"versions": [*stop, *(k for k in VERSIONS if k.id != "version-stop")]}

    # Loading

    def on_screen_resume(self) -> None:
        self.show_keys()
        self.reload()

    def history_opened(self) -> None:
        self.reload()

    def on_track_changed(self, message: TrackChanged) -> None:
        """Another task or candidate is in view."""
        self.reload()

    def on_version_recorded(self, message: VersionRecorded) -> None:
        """A version came in from outside."""
        self.reload()

    def on_case_ran(self, message: CaseRan) -> None:
        """There may be a new output."""
        self.reload()

    def on_run_ended(self, message: RunEnded) -> None:
        """There are new outputs."""
        self.reload()
        self.show_keys()

    def on_project_changed(self, message: ProjectChanged) -> None:
        """Other checks, or limits."""
        self.reload()

    def on_standings_changed(self, message: StandingsChanged) -> None:
        """A verdict may count for several versions: all are counted anew."""
        self._newest.clear()
        self.reload()

    def reload(self) -> None:
        """Read the versions anew, if anybody looks; else the next look does."""
        if not self.is_mounted or not self.workspace.is_open or self.program.current is not self:
            return
        track = self.workspace.task.name, self.workspace.candidate.name
        if track != self._track:
            self._track, self.marked = track, None
            self.entries, self.results, self._newest = {}, {}, {}
            self.rows.show([])
            self.rows.moved = False
        if self._project is not self.workspace.project:
            # The configuration was read anew: other checks may count.
            self._project = self.workspace.project
            self._newest.clear()
        workbench = self.program.workbench
        own = base = None
        if workbench.prompt is not None:
            base = workbench.prompt.version.id
            if workbench.prompt_pane.dirty:
                pane = workbench.prompt_pane
                own = OwnDraft(pane.template, pane.params_text, base)
        self._load(own, base, frozenset(self.opened))

    @work(exclusive=True, group="versions", thread=True)
    def _load(self, own: OwnDraft | None, base: int | None, opened: frozenset[str]) -> None:
        worker = get_current_worker()
        workspace = self.workspace
        history, project, task, candidate = (
            workspace.history,
            workspace.project,
            workspace.task,
            workspace.candidate,
        )
        try:
            entries = folded(load_entries(workspace, own, base), opened)
            answered: dict[int, tuple[int, int]] = {}
            for spec in (candidate, project.baseline):
                stood = history.answered_versions(task.name, spec.name, spec.model)
                tried = history.tried_versions(task.name, spec.name, spec.model)
                answered |= {one: (stood.get(one, 0), tried.get(one, 0)) for one in stood.keys() | tried.keys()}
            places = case_places(history, task)
            if worker.is_cancelled:
                return
            self.app.call_from_thread(self._show_entries, entries, len(places))
            # The target first: everything is looked at against it.
            for entry in sorted(entries, key=lambda entry: entry.kind is not Kind.BASELINE):
                version = entry.version
                newest = answered.get(version.id) if version is not None else None
                if version is None or newest is None or self._newest.get(entry.key) == newest:
                    continue
                result = version_result(project, history, task, version, places)
                if worker.is_cancelled:
                    return
                self.app.call_from_thread(self._counted, entry.key, newest, result)
            self.app.call_from_thread(self._loaded)
        except (ProjectError, HistoryError) as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._failed, str(error))

    def _show_entries(self, entries: Sequence[Entry], total: int) -> None:
        self.entries = {entry.key: entry for entry in entries}
        self.results = {key: result for key, result in self.results.items() if key in self.entries}
        if self.marked not in self.entries:
            self.marked = None
        self.total, self.counting = total, True
        in_work = next((entry.key for entry in entries if entry.in_work), None)
        self._show_rows(highlight=None if self.rows.moved else in_work)

    def _counted(self, key: str, newest: tuple[int, int], result: VersionResult) -> None:
        self.results[key] = result
        self._newest[key] = newest
        self.rows.refresh()
        current = self.current
        if current is not None and (key == current.key or self.compared_with(current) is self.entries.get(key)):
            self.show_effect()

    def _loaded(self) -> None:
        self.counting = False
        self.rows.refresh()
        self.show_effect()

    def _failed(self, reason: str) -> None:
        self.counting = False
        self.say(reason, "error")

    # Showing

    def _show_rows(self, highlight: str | None = None) -> None:
        glyphs = self.program.glyphs
        nodes = [(e.key, e.parent) for e in self.entries.values() if e.kind is not Kind.BASELINE]
        drawn = lineage(nodes, glyphs)
        self._tree_cells = min(2 * LANES, max((row.width for row in drawn), default=1)) + 1
        self._tree_cells = max(3, self._tree_cells)
        rows: list[ListRow] = []
        for place in drawn:
            rows.append(self._row(place) if place.key is not None else ListRow(None, _joint(place)))
        if BASELINE in self.entries:
            rows += [head_row("to match", "muted"), self._row(LineageRow(BASELINE, ""))]
        self.rows.show(rows, highlight=highlight)
        self._paint()

    def _row(self, place: LineageRow) -> ListRow:
        key = place.key or ""

        def draw(width: int, selected: bool) -> Content:
            entry = self.entries.get(key)
            if entry is None:
                return Content("")
            return panes.entry_line(
                entry,
                place,
                self.results.get(key),
                loading=self.counting,
                marked=key == self.marked if key in (self._compared, self.marked) else None,
                total=self.total,
                width=width,
                tree_cells=self._tree_cells,
                selected=selected,
                glyphs=self.program.glyphs,
            )

        return ListRow(key, draw)

    def _paint(self) -> None:
        """Titles and heads; then what depends on the cursor."""
        workspace = self.workspace
        model = safe_line(workspace.candidate.model.split("/")[-1], 30)
        name = safe_line(workspace.candidate.name, 20)
        shown = name if name in model else f"{name} ({model})"
        pane = self.query_one("#versions-pane", Pane)
        pane.title(
            Content.assemble(("Versions", STRONG), (f" of {safe_line(workspace.task.name, 24)} for {shown}", MUTED))
        )
        tried = sum(e.number or (e.version is not None and not e.version.kept) for e in self.entries.values())
        glyphs = self.program.glyphs
        kept = sum(e.kind is Kind.VERSION and e.version is not None and e.version.kept for e in self.entries.values())
        signs = [
            (f"{glyphs.now} {kept}", "primary", "kept"),
            (f"{glyphs.tried} {tried}", "text", "only tried"),
            (glyphs.same, "primary", "in the file"),
            (glyphs.caret, "primary", "in the editor"),
        ]
        pane.bottom(
            Content("  ").join(
                Content.assemble((sign, STYLES[role]), (f" {word}", MUTED)) for sign, role, word in signs
            )
        )
        width = max(20, self.rows.scrollable_content_region.width or 60)
        self.query_one("#version-heads", Static).update(panes.column_heads(width, self._tree_cells))
        self.show_effect()
        self.show_diff()

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Another version is under the cursor."""
        event.stop()
        self.show_effect()
        self.show_diff()

    def show_effect(self) -> None:
        """What the version under the cursor did."""
        pane, static = self.query_one("#effect-pane", Pane), self.query_one("#effect", Static)
        entry, glyphs = self.current, self.program.glyphs
        if entry is None:
            pane.title(Content.styled("What it did", STRONG))
            static.update(Content.styled("reading the history …" if self.counting else "no versions yet", MUTED))
            return
        other = self.compared_with(entry)
        self._compared = other.key if other is not None else None
        self.rows.refresh()
        result = self.results.get(entry.key)
        against = self.results.get(other.key) if other is not None else None
        pairs: Pairs | None = None
        if result is not None and against is not None:
            pairs = pair(against.outcomes, result.outcomes)
        pane.title(panes.effect_title(entry, other, glyphs))
        static.update(
            panes.effect(
                entry,
                other,
                result,
                against,
                pairs,
                rules=self.workspace.task.gate,
                loading=self.counting,
                width=pane.content_size.width or 60,
                glyphs=glyphs,
            )
        )
        pane.bottom(panes.outcomes_line(entry, result, self.total, glyphs))

    @work(exclusive=True, group="version-diff")
    async def show_diff(self) -> None:
        """How it differs from what it is compared with."""
        entry = self.current
        if entry is None:
            return
        pane, view = self.query_one("#diff-pane", Pane), self.query_one("#version-diff", TextView)
        if entry.kind is Kind.TRIES:
            pane.title(Content.styled(entry.label, STRONG))
            pane.bottom("")
            view.show_content(Content.styled(entry.changed, MUTED))
            return
        other = self.compared_with(entry)
        diff = await asyncio.to_thread(diff_of, entry, other)
        pane.title(self.diff_title(entry, other, diff))
        pane.bottom(Content.styled("space marks another one · d whole screen", MUTED))
        view.show_content(self.diff_content(entry, diff, pane.size.width - 5))

    def diff_content(self, entry: Entry, diff: PromptDiff, width: int) -> Content:
        """Why it is so, where somebody said it; then the lines that differ."""
        glyphs = self.program.glyphs
        labels = {e.version.id: e.label for e in self.entries.values() if e.version is not None}
        told = reason_lines(entry.reasons, labels, glyphs, width) if entry.reasons is not None else []
        lines = [hanging(line, 6, width) for line in diff_lines(diff, glyphs).split("\n", allow_blank=True)]
        return Content("\n").join([*told, *([Content("")] * bool(told)), *lines])

    def diff_title(self, entry: Entry, other: Entry | None, diff: PromptDiff) -> Content:
        """`v3 → v4  − 1 + 6 · parameters the same`."""
        glyphs = self.program.glyphs
        if other is None:
            return Content.assemble((safe_line(entry.label), STRONG), (" · prompt", MUTED))
        changed = diff.removed or diff.added
        counts = (f"  {glyphs.removed} {diff.removed}", STYLES["error"]), (f" + {diff.added}", STYLES["success"])
        if entry.params is None or other.params is None:
            params = "parameters cannot be read"
        else:
            params = f"{len(diff.params)} parameters differ" if len(diff.params) > 1 else "1 parameter differs"
            params = params if diff.params else "parameters the same"
        return Content.assemble(
            (f"{safe_line(other.label)} {glyphs.arrow} {safe_line(entry.label)}", STRONG),
            *(counts if changed else ((" · prompt the same", MUTED),)),
            (f" · {params}", MUTED),
        )


def _joint(place: LineageRow) -> Callable[[int, bool], Content]:
    def draw(width: int, selected: bool) -> Content:
        return Content.styled(f"  {place.before}", STYLES["faint"])

    return draw


def diff_of(entry: Entry, other: Entry | None) -> PromptDiff:
    """How an entry differs from another one; from itself where there is none."""
    against = other if other is not None else entry
    return prompt_diff(against.template, against.params, entry.template, entry.params)
