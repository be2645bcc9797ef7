"""The prompt: drafts kept on every pause, versions, the way back to the file, and `$EDITOR`."""

import asyncio
import contextlib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.timer import Timer
from textual.worker import WorkerCancelled

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.messages import ProjectChanged, PromptFollowed, VersionRecorded
from migrator_tui.tui.widgets.write_version import write_version
from migrator_tui.tui.workbench.bench import Bench
from migrator_tui.tui.workbench.draft_params import DraftParams
from migrator_tui.tui.workbench.params_pane import ModelSummary, ParamsPane
from migrator_tui.tui.workbench.prompt_pane import PromptPane
from migrator_tui.tui.workspace import params_toml, read_params
from migrator_tui.tui.workspace.config import Reread, needs_new_pool

if TYPE_CHECKING:
    from migrator_tui.preflight.looking import Prompt

PAUSE_SECONDS = 0.3
"""A draft is written after so long without a key."""
OUTSIDE_SECONDS = 2.0
"""Between two looks at the prompt files."""


class Drafting(DraftParams, Bench):
    """Typing, keeping, writing."""

    def __init__(self) -> None:
        super().__init__()
        self._pause: Timer | None = None
        self._kept = ("", "")
        """Template and parameters in the editor when they were last loaded or kept."""
        self._summaries: dict[str, ModelSummary] = {}

    def load_prompt(self) -> None:
        try:
            state = self.workspace.prompt_state()
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
            return
        self.prompt = state
        self.prompt_pane.load(
            version=state.version.label,
            saved_template=state.version.template,
            saved_params=params_toml(state.version.params),
            template=state.template,
            params_text=state.params_text,
            baseline_template=state.baseline.template,
            variables=state.variables,
        )
        self._remember()
        self._show_params()
        self._show_version()
        if self._outside is None:
            self._outside = self.set_interval(OUTSIDE_SECONDS, self._look_outside)

    _outside: Timer | None = None

    def _show_version(self) -> None:
        if self.prompt is None:
            return
        self.program.change_frame(version=self.prompt.version.label, draft=self.prompt_pane.dirty)
        self.program.note_versions(self.prompt.version.label)
        self.show_suggested()
        self._paint_narrow()

    def show_suggested(self) -> None:
        """That edits of the prompt in view were suggested, where they were."""
        review = self.program.reviews.get((self.workspace.task.name, self.workspace.candidate.name))
        self.suggested = len(review.edits) if review is not None else 0
        self.prompt_pane.show_suggested(self.suggested)
        self.show_keys()

    def _show_params(self) -> None:
        if self.prompt is None:
            return
        typed: Mapping[str, Any] | None = None
        try:
            typed = tomllib.loads(self.prompt_pane.params_text)
        except (ValueError, RecursionError):
            typed = None
        project, candidate = self.workspace.project, self.workspace.candidate
        self.query_one(ParamsPane).show(
            self.prompt.baseline.params,
            typed,
            self._summary(project.baseline.name),
            self._summary(candidate.name),
        )

    def _summary(self, model_name: str) -> ModelSummary:
        if model_name not in self._summaries:
            from migrator_tui.models.catalog import lookup, price_of
            from migrator_tui.preflight.dates import going, in_short

            spec = self.workspace.project.model(model_name)
            facts, price = lookup(spec.model), price_of(spec)
            self._summaries[model_name] = ModelSummary(
                price_input=price.input if price else None,
                price_output=price.output if price else None,
                retires=in_short(going(spec)),
                context=facts.max_input_tokens if facts else None,
            )
        return self._summaries[model_name]

    # Typing

    @on(PromptPane.Typed)
    def typed(self, event: PromptPane.Typed) -> None:
        """Note that there is something to save; save it at the next pause."""
        event.stop()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self.keep_draft_now)
        self._show_version()

    def keep_draft_now(self) -> None:
        """What was typed in the last moment."""
        pane = self.prompt_pane
        if self.prompt is None or not self.workspace.is_open or self._kept == (pane.template, pane.params_text):
            return
        self._remember()
        try:
            self.workspace.save_draft(pane.template, pane.params_text, self.prompt.version)
        except HistoryError as error:
            self.say(str(error), "error")
        self._show_params()

    def _remember(self) -> None:
        """What the editor holds now is kept; preflight's marks look at it."""
        pane, params = self.prompt_pane, self.draft_params()
        self._kept = pane.template, pane.params_text
        if self.prompt is not None and params is not None:
            version = self.prompt.version
            self.program.looks.drafted(version.task, version.model_name, params)

    def leave(self) -> None:
        self.keep_draft_now()

    def action_edit(self) -> None:
        if self.is_narrow:
            self.show_narrow_tab("prompt")
        if self.prompt_pane.tab == "diff":
            self.prompt_pane.show_tab("prompt")
        # Not a moment later, as `focus` would: what is typed already belongs to the prompt.
        self.set_focus(self.prompt_pane.query_one(f"#{self.prompt_pane.tab}"))

    def action_next_tab(self) -> None:
        self.prompt_pane.next_tab()
        self._show_params()

    # Versions

    def version_of_draft_now(self, *, kept: bool = False, name: str | None = None) -> Version | None:
        """The draft as a version, recorded if it is new; `None` where it cannot be, which is said."""
        if self.prompt is None or not self.holds_track:
            self.say("the prompt is still being opened; try again in a moment", "warning")
            return None
        pane = self.prompt_pane
        try:
            if not pane.dirty and not kept:
                return self.prompt.version
            version = self.workspace.keep_version(
                pane.template, pane.params_text, self.prompt.version, kept=kept, name=name
            )
        except (ProjectError, HistoryError) as error:
            pane.complain(str(error))
            self.say(str(error), "error")
            return None
        self.prompt.version = version
        pane.saved_as(version.label, pane.template, pane.params_text)
        self._remember()
        self._show_version()
        return version

    def action_keep(self) -> None:
        if not self.workspace.is_open:
            return
        version = self.version_of_draft_now(kept=True)
        if version is not None:
            self.say(f"kept as {version.label} · w writes it to the prompt file", "success")

    def use_version(self, version: Version) -> None:
        """Put a version into the editor; what was there is kept as a version first."""
        if self.prompt is None:
            return
        if self.prompt_pane.dirty and self.version_of_draft_now(kept=True) is None:
            return
        self.prompt.version = version
        params = params_toml(version.params)
        self.prompt_pane.load(
            version=version.label,
            saved_template=version.template,
            saved_params=params,
            template=version.template,
            params_text=params,
            baseline_template=self.prompt.baseline.template,
            variables=self.prompt.variables,
        )
        self.workspace.save_draft(version.template, params, version)
        self._remember()
        self._show_params()
        self._show_version()

    def take_draft(self, template: str, params_text: str | None = None) -> bool:
        """Put a text from elsewhere into the editor, unsaved; what was unsaved there is kept as a version first.

        `None` leaves the parameters as they are. False where what was there cannot be kept, which is said.
        """
        if self.prompt is None or (self.prompt_pane.dirty and self.version_of_draft_now(kept=True) is None):
            return False
        self.prompt_pane.editor.replace_all(template)
        if params_text is not None:
            self.prompt_pane.params_editor.replace_all(params_text)
        return True

    def edit_at(self, line: int | None, *, params: bool = False) -> None:
        """Into the editor: at that line of the prompt, or among the parameters."""
        self.prompt_pane.show_tab("params" if params else "prompt")
        self.action_edit()
        if line is not None and not params:
            self.prompt_pane.editor.move_cursor((line - 1, 0))

    def drafts_in_view(self) -> "Mapping[tuple[str, str], Prompt]":
        """What the candidate in view would be asked with; raises `ProjectError` where the parameters are no TOML."""
        from migrator_tui.preflight.looking import Prompt

        if not self.holds_track:
            return {}
        pane, workspace = self.prompt_pane, self.workspace
        draft = Prompt(pane.template, read_params(pane.params_text))
        return {(workspace.task.name, workspace.candidate.name): draft}

    def on_version_recorded(self, message: VersionRecorded) -> None:
        """A prompt file was edited outside: take it up where nothing unsaved is in the way."""
        version, workspace = message.version, self.workspace
        if not message.outside or self.prompt is None:
            return
        if (version.task, version.model_name) != (workspace.task.name, workspace.candidate.name):
            return  # another prompt is in view by now, and takes its file up when it is shown
        if version.id == self.prompt.version.id:
            return  # what it says was put into it from here, or is in the editor already
        if self.prompt_pane.dirty:
            self.say(f"the prompt file changed outside: that is {message.version.label}; your draft stays", "warning")
            return
        self.use_version(message.version)
        self.program.tell(PromptFollowed())
        self.say(f"the prompt file changed outside: that is {message.version.label} now", "warning")

    async def look_outside(self) -> None:
        """Look now whether files were changed outside, not only at the next look, and take up what was."""
        looking = self._look_outside()
        with contextlib.suppress(WorkerCancelled):  # then the next look has begun
            await looking.wait()

    @work(exclusive=True, group="outside", thread=True)
    def _look_outside(self) -> None:
        workspace = self.workspace
        if not workspace.is_open:
            return
        workspace.look_outside()
        if self.blind is not None or self.program.runs.occupied:
            return  # what is under way is about the cases as they were
        found = workspace.look_at_config()
        if found is not None:
            self.app.call_from_thread(self._take_config, found)
            return
        try:
            changed = workspace.reindex()
            elsewhere = workspace.changed_elsewhere()
        except (ProjectError, HistoryError) as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        if changed:
            self.app.call_from_thread(self._show_changed_cases)
        elif elsewhere:
            self.app.call_from_thread(self._follow_others)

    async def take_own_change(self) -> None:
        """Let take effect at once what the program has written beside the configuration; raises `ProjectError`."""
        self._take_config(await asyncio.to_thread(self.workspace.read_again))

    def _take_config(self, found: Reread) -> None:
        """Somebody changed the configuration: what it says takes effect, with task and candidate as they were."""
        if self.blind is not None or self.program.runs.occupied:
            self.workspace.forget_look()
            return  # begun in this very moment; the next look sees the change again
        self.keep_draft_now()
        workspace = self.workspace
        before, trusted = workspace.project, workspace.trusted
        same_track = workspace.take(found)
        if needs_new_pool(before, workspace.project) or trusted != workspace.trusted:
            self._reopen_pool()
        if same_track and before.model(workspace.candidate.name).model == workspace.candidate.model:
            self._look_at_prompt_again()
        else:
            self.switch_track()
        self.say(f"{workspace.project.config_file.name} has changed: this is what it says now", "warning")

    def on_project_changed(self, message: ProjectChanged) -> None:
        """The configuration was read anew: checks, models and limits may be others."""
        self._summaries.clear()
        self.name_models()
        self._show_params()
        self.show_case()
        self.catch_up()

    @work(exclusive=True, group="outside", thread=True)
    def _look_at_prompt_again(self) -> None:
        self.workspace.look_outside(changed=True)

    @work(exclusive=True, group="reopening")
    async def _reopen_pool(self) -> None:
        self.ready = False
        await self.program.runs.reopen()
        self.models_ready()

    def _show_changed_cases(self) -> None:
        self.reload_list(keep=self.workspace.number_of(self.case_in_view or ""))
        self.show_case()
        frame = self.program.frame
        # What was written from here, and is being said, is no news.
        if not (frame.notice and frame.notice_role == "success"):
            self.say("the case files have changed: this is what they hold now", "warning")
        self.look_again()
        self.catch_up()

    def _follow_others(self) -> None:
        """Another window, or a run outside, has judged or asked cases of the task in view."""
        if self.blind is not None or self.program.runs.occupied:
            return  # begun in this very moment; the list is made anew at its end
        self.program.recount_scorecards(self.workspace.task.name)
        if self.is_long:
            self.recount()
            self.say("cases were judged or asked elsewhere · o shows how they stand now")
        else:
            self.reload_list()
            self.show_case()
            self.say("cases were judged or asked elsewhere: this is how they stand now")
        self.catch_up()

    # Files

    @work(exclusive=True, group="question")
    async def action_write(self) -> None:
        """Show what writing the version would change, and on a yes write it."""
        version = self.version_of_draft_now(kept=True)
        if version is not None:
            await write_version(self, self.workspace.task, self.workspace.candidate, version)

    def action_external_editor(self) -> None:
        """The prompt in the user's own editor."""
        import shlex
        import subprocess
        import tempfile

        command = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not command:
            self.say("$EDITOR is not set; e edits here", "warning")
            return
        handle, name = tempfile.mkstemp(prefix="prompt-", suffix=self._suffix())
        file = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(self.prompt_pane.template)
            with self.app.suspend():
                done = subprocess.run([*shlex.split(command), name], check=False)
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            self.say(f"{command}: {error}", "error")
            return
        finally:
            file.unlink(missing_ok=True)
        if done.returncode:
            self.say(f"{command} ended with {done.returncode}; the draft stays as it was", "warning")
        elif text != self.prompt_pane.template:
            self.prompt_pane.editor.replace_all(text)

    def _suffix(self) -> str:
        workspace = self.workspace
        return workspace.project.prompt_file(workspace.task, workspace.candidate.name).suffix or ".md"
