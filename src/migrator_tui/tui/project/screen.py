"""The project: a row for each task and candidate, so that one sees which task can move, and on which model."""

import asyncio

from textual import on, work
from textual.widgets import Input

from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.running.selection import Selection, Which
from migrator_tui.tui.project.bench import ProjectBench
from migrator_tui.tui.project.filter import parse
from migrator_tui.tui.project.order import Place
from migrator_tui.tui.widgets.write_version import write_version
from migrator_tui.tui.workbench.run_dialog import RunChoice, RunDialog


class ProjectScreen(ProjectBench):
    """What can be done with a row, or with all of them."""

    def open_row(self) -> None:
        self.action_open()

    # Moving

    def action_back(self) -> None:
        """Out of the filter, then to the workbench."""
        if self.query_text or isinstance(self.focused, Input):
            self.filter_by("")
            self._close_filter()
        else:
            self.program.action_show("workbench")

    def action_sort(self) -> None:
        self.recount(self.places, sort=True)

    # Filter

    _before: Place | None = None
    """The row that was under the cursor when the filter was begun."""

    def action_filter(self) -> None:
        field = self.query_one("#row-filter", Input)
        field.add_class("-open")
        field.value = self.query_text
        self._before = self.place or self._before
        field.focus()

    @on(Input.Changed, "#row-filter")
    def filter_typed(self, event: Input.Changed) -> None:
        """The list follows each key; half a word after `is:` is no mistake yet."""
        event.stop()
        self.filter_by(event.value, complain=False)

    @on(Input.Submitted, "#row-filter")
    def filter_chosen(self, event: Input.Submitted) -> None:
        """Back to the list, filtered."""
        event.stop()
        if self.filter_by(event.value):
            self._close_filter()

    def _close_filter(self) -> None:
        field = self.query_one("#row-filter", Input)
        field.value = self.query_text
        field.set_class(bool(self.query_text), "-open")
        self.rows.focus()

    def filter_by(self, query: str, *, complain: bool = True) -> bool:
        """Show the rows that match; False where the filter cannot be understood."""
        try:
            self.filter = parse(query)
        except ProjectError as error:
            if complain:
                self.say(str(error), "warning")
            return False
        if query.strip() == self.query_text:
            return True
        self.query_text = query.strip()
        self._show_rows(highlight=self._before)
        if self._before is not None and self.place != self._before:
            self.rows.edge(False)  # the row is not among those shown: the worst of them comes under the cursor
        self.show_totals()
        self.show_detail()
        return True

    def action_candidate(self, by: int) -> None:
        """The same task on the next candidate."""
        if self.place is not None:
            names = [candidate.name for candidate in self.workspace.project.candidates]
            name = names[(names.index(self.place.candidate) + by) % len(names)]
            self.rows.go_to(Place(self.place.task, name).key)

    def action_task(self, by: int) -> None:
        """The next task in the list, on the same candidate."""
        if self.place is not None:
            tasks = list(dict.fromkeys(Place.of(key).task for key in self.rows.keys))
            task = tasks[(tasks.index(self.place.task) + by) % len(tasks)]
            self.rows.go_to(Place(task, self.place.candidate).key)

    def action_open(self) -> None:
        """The row under the cursor, in the workbench."""
        if self.place is not None and self.program.workbench.open_track(self.place.task, self.place.candidate):
            self.program.action_show("workbench")

    def action_versions(self) -> None:
        """The versions of the row under the cursor."""
        if self.place is not None and self.program.workbench.open_track(self.place.task, self.place.candidate):
            self.program.action_show("versions")

    # Doing

    @work(exclusive=True, group="question")
    async def action_write(self) -> None:
        row = self.overviews.get(self.place) if self.place is not None else None
        if row is None or row.version is None:
            self.say("this row has no version to write yet", "warning")
            return
        task = self.workspace.project.task(row.task)
        if await write_version(self, task, self.workspace.project.candidate(row.candidate.name), row.version):
            self.recount(self.places)

    @work(exclusive=True, group="question")
    async def action_run_all(self) -> None:
        """Ask what to run, with calls and money; the versions run are those the rows show, and the draft in view."""
        place, workbench = self.place, self.program.workbench
        if place is None or not workbench.can_run():
            return
        draft = workbench.version_of_draft_now()
        if draft is None:
            return
        versions = {
            (p.task, p.candidate): row.version for p, row in self.overviews.items() if row.version is not None
        }
        versions[self.workspace.task.name, self.workspace.candidate.name] = draft
        choices: list[RunChoice] = []
        wanted: list[tuple[str, Selection]] = [("everything", Selection(versions=versions))]
        if len(self.workspace.project.tasks) > 1:
            wanted.append((f"task {place.task}", Selection(tasks=[place.task], versions=versions)))
        if len(self.workspace.project.candidates) > 1:
            mine = Selection(tasks=[place.task], candidates=[place.candidate], versions=versions)
            wanted.append((f"{place.task} on {place.candidate}", mine))
        shown = {Place.of(key) for key in self.rows.keys}
        tasks = list(dict.fromkeys(place.task for place in self.places if place in shown))
        names = list(dict.fromkeys(place.candidate for place in self.places if place in shown))
        if self.query_text and len(shown) == len(tasks) * len(names):
            wanted.append(("shown by the filter", Selection(tasks=tasks, candidates=names, versions=versions)))
        wanted.append(("failing only", Selection(which=Which.FAILING, versions=versions)))
        wanted.append(("to judge only", Selection(which=Which.TO_JUDGE, versions=versions)))
        try:
            for words, selection in wanted:
                choices.append(RunChoice(words, *await self.program.runs.plan(selection)))
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
            return
        dialog = RunDialog(choices, "as shown", self.workspace, self.program.glyphs)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            await asyncio.sleep(0)  # the dialog is gone before the run paints
            workbench.start_run(chosen.plan)
            self.show_keys()
            self.show_totals()
