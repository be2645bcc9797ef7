"""Parameters in drafts: in the editor where it holds the draft, else in the draft that was left."""

from typing import Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.workbench.bench import Bench
from migrator_tui.tui.workbench.moving import Moving
from migrator_tui.tui.workspace import PromptState, read_params, with_param


class DraftParams(Moving, Bench):
    """Reading and changing single parameters."""

    @property
    def holds_track(self) -> bool:
        """The prompt in the editor is that of the task and candidate in view; a moment later where these changed."""
        return self._holds(self.workspace.task.name, self.workspace.candidate.name)

    def draft_params(self) -> dict[str, Any] | None:
        """The parameters in the editor; `None` where they cannot be read."""
        try:
            return read_params(self.prompt_pane.params_text)
        except ProjectError:
            return None

    def change_param(self, task: str, candidate: str, name: str, value: Any) -> None:
        """Set a parameter in the draft of that task and candidate, or with `None` take it out; comments stay.

        In the editor where it holds that draft. Raises `ProjectError` where the parameters cannot be read, and
        `HistoryError`.
        """
        if self._holds(task, candidate):
            editor = self.prompt_pane.params_editor
            editor.replace_all(with_param(editor.text, name, value))
            self.keep_draft_now()
            return
        state = self._state_of(task, candidate)
        text = with_param(state.params_text, name, value)
        self.workspace.save_draft(state.template, text, state.version)
        self.program.looks.drafted(task, candidate, read_params(text))

    def put_back_param(self, task: str, candidate: str, name: str) -> bool:
        """Give a parameter the value that the draft's version has; False where it has it. Raises as above."""
        state = self._state_of(task, candidate)
        text = self.prompt_pane.params_text if self._holds(task, candidate) else state.params_text
        before = state.version.params.get(name)
        if read_params(text).get(name) == before:
            return False
        self.change_param(task, candidate, name, before)
        return True

    def _state_of(self, task: str, candidate: str) -> PromptState:
        if self.prompt is not None and self._holds(task, candidate):
            return self.prompt
        return self.workspace.prompt_of(self.workspace.project.task(task), candidate)

    def _holds(self, task: str, candidate: str) -> bool:
        """Whether the editor holds the draft of that task and candidate."""
        version = self.prompt.version if self.prompt is not None else None
        return version is not None and (version.task, version.model_name) == (task, candidate)
