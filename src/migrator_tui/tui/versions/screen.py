"""Versions: the lineage at the left, what one of them did against another at the right, and how the two differ."""

import asyncio

from textual import work

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.versions.bench import VersionsBench, diff_of
from migrator_tui.tui.versions.entries import Entry, Kind
from migrator_tui.tui.widgets.modal import Ask, Sheet
from migrator_tui.tui.widgets.write_version import write_version


class VersionsScreen(VersionsBench):
    """What can be done with a version."""

    def open_row(self) -> None:
        self.action_use()

    # Moving

    def action_back(self) -> None:
        """From the diff to the list, from the list to the workbench."""
        if self.focused is not self.rows:
            self.rows.focus()
        else:
            self.program.action_show("workbench")

    def action_task(self, by: int) -> None:
        self.program.workbench.action_task(by)

    def action_candidate(self, by: int) -> None:
        self.program.workbench.action_candidate(by)

    # Looking

    def action_compare(self) -> None:
        """Mark the one under the cursor, or take the mark away."""
        entry = self.current
        if entry is None or entry.kind is Kind.TRIES:
            return
        self.marked = None if self.marked == entry.key else entry.key
        if self.marked is None:
            self.say("each is compared with the one it came from again")
        else:
            self.say(f"compared with {entry.label}: move to another one")
        self.rows.refresh()
        self.show_effect()
        self.show_diff()

    @work(exclusive=True, group="question")
    async def action_diff(self) -> None:
        entry = self.current
        if entry is None or entry.kind is Kind.TRIES:
            return
        other = self.compared_with(entry)
        diff = await asyncio.to_thread(diff_of, entry, other)
        content = self.diff_content(entry, diff, min(88, self.app.size.width - 8))
        await self.app.push_screen_wait(Sheet(self.diff_title(entry, other, diff).plain, content))

    def action_copy(self) -> None:
        entry = self.current
        if entry is not None and entry.kind is not Kind.TRIES:
            self.program.copy_text(entry.template, f"the prompt of {entry.label}")

    # Changing

    def action_use(self) -> None:
        """Put the entry into the editor; what was unsaved there is kept as a version first."""
        self._use(focus_editor=False)

    def action_edit(self) -> None:
        """The same, and go on typing."""
        self._use(focus_editor=True)

    def _use(self, *, focus_editor: bool) -> None:
        entry, workbench = self.current, self.program.workbench
        if entry is None or workbench.prompt is None:
            return
        if entry.kind is Kind.TRIES:
            self.opened ^= {entry.key}
            self.reload()
            return
        dirty = workbench.prompt_pane.dirty and entry.kind is not Kind.DRAFT
        if not self._into_editor(entry):
            return
        self.program.action_show("workbench")
        if focus_editor:
            workbench.action_edit()
        if entry.kind is not Kind.DRAFT:
            what = "the baseline's prompt" if entry.kind is Kind.BASELINE else entry.label
            kept = "; what was there is kept as a version" if dirty else ""
            self.say(f"{what} is in the editor{kept}", "success")

    def _into_editor(self, entry: Entry) -> bool:
        workbench = self.program.workbench
        if entry.kind is Kind.DRAFT:
            return True
        if entry.kind is Kind.VERSION and entry.version is not None:
            workbench.use_version(entry.version)
            return workbench.prompt is not None and workbench.prompt.version.id == entry.version.id
        # The baseline's parameters are its own: another model may refuse them.
        params_text = entry.params_text if entry.kind is Kind.OTHER_DRAFT else None
        return workbench.take_draft(entry.template, params_text)

    def _version_of(self, entry: Entry) -> Version | None:
        """The entry as a version of the candidate; says why where it is none."""
        if entry.kind is Kind.TRIES:
            self.say("these are several versions: enter lists them", "warning")
            return None
        if entry.kind is Kind.DRAFT:
            return self.program.workbench.version_of_draft_now(kept=True)
        if entry.kind is Kind.OTHER_DRAFT:
            self.say("a draft of another window: enter takes it into the editor first", "warning")
            return None
        if entry.kind is Kind.BASELINE:
            self.say("this is the baseline's prompt; versions of the candidate can be named and written", "warning")
            return None
        return entry.version

    @work(exclusive=True, group="question")
    async def action_name(self) -> None:
        entry = self.current
        version = self._version_of(entry) if entry is not None else None
        if version is None:
            return
        name = await self.app.push_screen_wait(
            Ask(
                f"Name {version.label}",
                "what it is for, in a few words; empty takes the name away",
                version.name or "",
            )
        )
        if name is None:
            return
        try:
            named = await asyncio.to_thread(self.workspace.history.name_version, version.id, name.strip() or None)
        except HistoryError as error:
            self.say(str(error), "error")
            return
        self.say(f"{named.label} is called {named.name}" if named.name else f"{named.label} has no name", "success")
        self.reload()

    @work(exclusive=True, group="question")
    async def action_write(self) -> None:
        entry = self.current
        version = self._version_of(entry) if entry is not None else None
        if version is not None:
            workspace = self.workspace
            await write_version(self, workspace.task, workspace.candidate, version)
            self.reload()

    @work(exclusive=True, group="question")
    async def action_search(self) -> None:
        """Search from the version under the cursor; to the search that goes on, where one does."""
        from migrator_tui.tui.adaptation.search_start import begin_search

        entry = self.current
        if self.program.searches.going is not None or entry is None or entry.kind is Kind.DRAFT:
            await begin_search(self)
        elif (version := self._version_of(entry)) is not None:
            await begin_search(self, version)

    @work(exclusive=True, group="question")
    async def action_run_all(self) -> None:
        """Ask the candidate about the cases with this version."""
        from migrator_tui.running.selection import Selection, Which
        from migrator_tui.tui.workbench.run_dialog import RunChoice, RunDialog

        entry, workbench = self.current, self.program.workbench
        if entry is None or not workbench.can_run():
            return
        version = self._version_of(entry)
        if version is None:
            return
        task, candidate = self.workspace.task.name, self.workspace.candidate.name
        selection = Selection(
            tasks=[task], candidates=[candidate], which=Which.ALL, versions={(task, candidate): version}
        )
        try:
            choice = RunChoice("all", *await self.program.runs.plan(selection))
        except ProjectError as error:
            self.say(str(error), "error")
            return
        dialog = RunDialog([choice], version.label, self.workspace, self.program.glyphs)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            workbench.start_run(chosen.plan)
            self.show_keys()
