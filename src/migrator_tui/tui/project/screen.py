"""The project: a row for each task and candidate, so that one sees which task can move, and on which model."""

import asyncio

from textual import on, work

from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.running.selection import Selection, Which
from migrator_tui.tui.project.bench import ProjectBench
from migrator_tui.tui.project.order import Place
from migrator_tui.tui.widgets.row_list import RowList
from migrator_tui.tui.widgets.write_version import write_version
from migrator_tui.tui.workbench.run_dialog import RunChoice, RunDialog


class ProjectScreen(ProjectBench):
    """What can be done with a row, or with all of them."""

    @on(RowList.Opened)
    def row_opened(self, event: RowList.Opened) -> None:
        """A double click does what `enter` does."""
        event.stop()
        self.action_open()

    # Moving

    def action_step(self, by: int) -> None:
        self.rows.step(by)

    def action_page(self, direction: int) -> None:
        self.rows.page(direction)

    def action_edge(self, end: bool) -> None:
        self.rows.edge(end)

    def action_back(self) -> None:
        self.program.action_show("workbench")

    def action_sort(self) -> None:
        self.recount(self.places, sort=True)

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

    def action_stop(self) -> None:
        self.program.workbench.action_stop()

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
