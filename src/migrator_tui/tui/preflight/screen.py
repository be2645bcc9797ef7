"""The preflight screen: findings with the key that mends each, what a run may cost, how long models are served."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.history.errors import HistoryError
from migrator_tui.preflight.finding import Change, Finding, Severity
from migrator_tui.preflight.looking import Preflight
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.keys import PREFLIGHT, Key, bindings
from migrator_tui.tui.messages import ProjectChanged, TrackChanged
from migrator_tui.tui.preflight.figures import money_line, money_rows, run_words, time_line, time_rows
from migrator_tui.tui.preflight.rows import ROLES, Drawing, FindingList, clear_rows, finding_rows, keyed, sign_of
from migrator_tui.tui.theme import MUTED, STRONG, STYLES, chip
from migrator_tui.tui.widgets.modal import Ask
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.row_screen import RowScreen
from migrator_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from migrator_tui.tui.workbench.run_dialog import RunChoice


class PreflightScreen(RowScreen):
    """What stands in the way, and what can be done about it."""

    NAME = "preflight"
    CSS_PATH = "preflight.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(PREFLIGHT)
    AUTO_FOCUS: ClassVar[str | None] = "#findings"

    def __init__(self) -> None:
        super().__init__()
        self.looking = False
        self.problem = ""
        """Why the last look came to nothing."""
        self._came_before = False
        """The screen was in front before: since then, anything may have changed."""

    def compose_body(self) -> ComposeResult:
        with Pane(id="findings-pane"):
            yield FindingList(id="findings")
        with Horizontal(id="preflight-bottom"):
            with Pane(id="money-pane"):
                yield Static(id="money")
            with Pane(id="time-pane"):
                yield Static(id="time")
        with Vertical(id="preflight-lines"):
            yield Static(id="money-line")
            yield Static(id="time-line")

    @property
    def workspace(self) -> Workspace:
        """What is in front of the user."""
        return self.program.workspace

    @property
    def found(self) -> Preflight | None:
        """The newest look."""
        return self.program.looks.found

    @property
    def current(self) -> Finding | None:
        """The finding under the cursor."""
        return keyed(self.found).get(self.rows.highlighted or "") if self.found is not None else None

    @property
    def track(self) -> tuple[str, str]:
        """Task and candidate in view."""
        return self.workspace.task.name, self.workspace.candidate.name

    def panes(self) -> Mapping[str, Sequence[Key]]:
        stop = [k for k in PREFLIGHT if k.id == "preflight-stop" and self.program.runs.busy]
        return {"preflight": [*stop, *(k for k in PREFLIGHT if k.id != "preflight-stop")]}

    def help_signs(self) -> Sequence[tuple[str, str, str]]:
        glyphs = self.program.glyphs
        words = {Severity.BLOCKER: "calls will fail", Severity.WARNING: "may go wrong", Severity.NOTE: "to know"}
        return [(sign_of(severity, glyphs), word, ROLES[severity]) for severity, word in words.items()]

    # Showing

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        width, height = self.app.size
        self.set_class(width < 110 or height < 30, "-narrow")
        self.call_after_refresh(self.paint)

    def on_screen_resume(self) -> None:
        self.show_keys()
        self.program.looks.seen()
        if self.found is None or self._came_before:
            self.look()
        self._came_before = True
        self.paint()

    def on_track_changed(self, message: TrackChanged) -> None:
        """Another task or candidate is in view: its draft, and its money."""
        if self.is_mounted:
            self.paint()

    def on_project_changed(self, message: ProjectChanged) -> None:
        """Models, parameters or tasks are others."""
        if self.program.current is self:
            self.look()

    def paint(self) -> None:
        """Everything, as it stands."""
        if not self.is_mounted or not self.rows.is_mounted:
            return
        found, glyphs = self.found, self.program.glyphs
        pane = self.query_one("#findings-pane", Pane)
        pane.title(Content.assemble(("Preflight", STRONG), "   ", self._state(found)))
        if found is None:
            self.rows.show([])
            pane.bottom("")
            return
        task, candidate = self.track
        narrow = self.has_class("-narrow")
        width = self.rows.scrollable_content_region.width or self.app.size.width - 4
        rows = finding_rows(found, Drawing(width, narrow, glyphs, self.program.looks.is_taken))
        if found.clear:
            rows = [*clear_rows(run_words(found, task, candidate, glyphs), glyphs), *rows]
        self.rows.show(rows)
        pane.bottom(Content.styled(self._looked(found, narrow=narrow), MUTED))
        self._paint_figures(found, task, candidate, narrow=narrow)

    def _paint_figures(self, found: Preflight, task: str, candidate: str, *, narrow: bool) -> None:
        glyphs = self.program.glyphs
        if narrow:
            self.query_one("#money-line", Static).update(money_line(found, task, candidate, glyphs))
            self.query_one("#time-line", Static).update(time_line(found, glyphs))
            return
        money, time = self.query_one("#money-pane", Pane), self.query_one("#time-pane", Pane)
        money.title(Content.assemble(("Money", STRONG), (" projected, not measured", MUTED)))
        several = len(found.project.tasks) > 1 or len(found.project.candidates) > 1
        place = f"{safe_line(candidate, 20)} on {safe_line(task, 24)}" if several else ""
        money.bottom(Content.styled(place, MUTED))
        self.query_one("#money", Static).update(money_rows(found, task, candidate, glyphs))
        time.title(Content.styled("Time until a model goes", STRONG))
        width, rows = time.content_size.width or 50, max(2, time.content_size.height or 6)
        self.query_one("#time", Static).update(time_rows(found, candidate, width, rows, glyphs))

    def _state(self, found: Preflight | None) -> Content:
        glyphs = self.program.glyphs
        if self.looking:
            return Content.styled("looking …", MUTED)
        if self.problem:
            return Content.styled(f"{glyphs.warning} {safe_line(self.problem)}", STYLES["error"])
        if found is None:
            return Content("")
        for severity, role in ((Severity.BLOCKER, "error"), (Severity.WARNING, "warning")):
            number = len(self.program.looks.left(severity))
            if number:
                words = f"{number} {severity.value}{'' if number == 1 else 's'}"
                return chip(f"{sign_of(severity, glyphs)} {words}", role)
        stands = "nothing stands" if found.clear else "with the drafts nothing stands"
        return chip(f"{glyphs.passed} {stands} in the way", "success")

    def _looked(self, found: Preflight, *, narrow: bool) -> str:
        glyphs = self.program.glyphs
        left = {severity: len(self.program.looks.left(severity)) for severity in Severity}
        counts = "  ".join(f"{sign_of(severity, glyphs)} {number}" for severity, number in left.items() if number)
        library = f" · parameters as {found.library} has them" if found.library and not narrow else ""
        return f"{counts}   looked at {found.looked_at} things, asked no model{library}"

    # Looking

    def action_look_again(self) -> None:
        self.look()

    @work(exclusive=True, group="preflight")
    async def look(self) -> None:
        """Look anew; nothing is asked of a model."""
        self.looking, self.problem = True, ""
        self.paint()
        try:
            await self.program.looks.again(self.program.workbench.drafts_in_view())
        except (ProjectError, HistoryError, OSError) as error:
            self.problem = str(error)
        finally:
            self.looking = False
        self.paint()

    # Changing

    def action_take(self) -> None:
        """Put the proposed change into the draft of its task and candidate, or take it back."""
        finding = self.current
        if finding is None or finding.change is None:
            self.say("no change of a parameter mends this one")
        elif finding.model == BASELINE:
            self.say("the baseline's parameters stand in migrator.toml; the editor holds the candidate's", "warning")
        elif finding.model in {candidate.name for candidate in self.workspace.project.candidates}:
            self._take(finding, finding.change)

    def _take(self, finding: Finding, change: Change) -> None:
        workbench, track = self.program.workbench, (finding.task or self.track[0], finding.model)
        try:
            if self.program.looks.is_taken(finding):
                put_back = workbench.put_back_param(*track, change.name)
                self.say(f"{safe_line(change.name)} is as it was" if put_back else "it was so before; e changes it")
            else:
                workbench.change_param(*track, change.name, change.value)
                draft = "the draft" if track == self.track else f"the draft of {safe_line(finding.model, 20)}"
                self.say(
                    f"{safe_line(change.words)}: in {draft} · w in the workbench writes it to the file", "success"
                )
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
        self.paint()

    def open_row(self) -> None:
        self.action_edit()

    def action_edit(self) -> None:
        """To the line of the prompt, or to the parameters."""
        finding, workbench = self.current, self.program.workbench
        if finding is None:
            return
        if finding.model not in (BASELINE, self.track[1]) or (finding.task or self.track[0]) != self.track[0]:
            known = {candidate.name for candidate in self.workspace.project.candidates}
            if finding.model not in known or not workbench.open_track(finding.task or self.track[0], finding.model):
                return
        self.program.action_show("workbench")
        workbench.edit_at(finding.line, params=finding.change is not None and finding.line is None)

    # Running, writing, leaving

    @work(exclusive=True, group="question")
    async def action_run_all(self) -> None:
        """Ask what to run; where something blocks the candidate, the rest can be run without it."""
        from migrator_tui.tui.workbench.run_dialog import RunDialog

        workbench = self.program.workbench
        if not workbench.can_run() or workbench.version_of_draft_now() is None:
            return
        try:
            choices = await self._choices()
        except ProjectError as error:
            self.say(str(error), "error")
            return
        label = workbench.prompt_pane.version
        chosen = await self.app.push_screen_wait(RunDialog(choices, label, self.workspace, self.program.glyphs))
        if chosen is not None:
            self.program.action_show("workbench")
            workbench.start_run(chosen.plan)

    async def _choices(self) -> "list[RunChoice]":
        from migrator_tui.running.estimate import estimate
        from migrator_tui.tui.runs import CONCURRENCY
        from migrator_tui.tui.workbench.run_dialog import RunChoice

        plan, whole = await self.program.runs.plan(self.program.workbench.selection_of_all())
        choices = [RunChoice("all", plan, whole)]
        blocked = self._blocked()
        items = [item for item in plan.items if item.model_name not in blocked]
        if items and len(items) < len(plan.items):
            part = replace(plan, items=items)
            history = self.workspace.history
            rest = await asyncio.to_thread(estimate, part, history, concurrency=CONCURRENCY)
            choices.insert(0, RunChoice("what nothing blocks", part, rest))
        return choices

    def _blocked(self) -> set[str]:
        """The models that a blocker stands before on the task in view, but for what the draft mends."""
        blockers = self.program.looks.left(Severity.BLOCKER)
        return {finding.model for finding in blockers if finding.task in (None, self.track[0])}

    @work(exclusive=True, group="question")
    async def action_write(self) -> None:
        """The report, as Markdown."""
        from migrator_tui.reports.preflight import preflight_markdown
        from migrator_tui.reports.report import write_report

        if self.found is None:
            return
        folder = self.workspace.project.folder
        hint = f"a Markdown file; relative names are in {safe_line(str(folder), 60)}"
        ask = Ask("Write the findings", hint, "preflight.md", "enter write · esc cancel")
        named = await self.app.push_screen_wait(ask)
        if not named or not named.strip():
            return
        file = _file(folder, named.strip())
        try:
            await asyncio.to_thread(write_report, file, preflight_markdown(self.found))
        except OSError as error:
            self.say(f"{named}: {error.strerror or error}", "error")
            return
        self.say(f"the findings are in {file}", "success")

    def action_task(self, by: int) -> None:
        self.program.workbench.action_task(by)

    def action_candidate(self, by: int) -> None:
        self.program.workbench.action_candidate(by)

    def action_back(self) -> None:
        self.program.action_show("workbench")
        if self.program.looks.left(Severity.BLOCKER):
            self.say("blockers are left; F7 shows them again", "warning")


def _file(folder: Path, name: str) -> Path:
    return folder / Path(name).expanduser()
