"""The prompt of the task and candidate in view: drafts, versions, and its files."""

import contextlib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from textual.message import Message

from migrator_tui.history.records import Draft, Origin, Version
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Project, Task
from migrator_tui.project.tables import Misfit, plain_value
from migrator_tui.tui.messages import Noticed, VersionRecorded
from migrator_tui.tui.workspace.opened import Opened
from migrator_tui.tui.workspace.values import PromptState

PROPOSED = (Origin.SUGGESTION, Origin.SEARCH)


class Prompts(Opened):
    """What is typed, kept and written."""

    def __init__(self, project: Project, post: Callable[[Message], object], trusted: bool) -> None:
        super().__init__(project, post, trusted)
        self._file_stamps: dict[Path, tuple[int, int]] = {}
        self._said = ""
        """What the prompt file in view said when it was stamped."""

    def prompt_state(self) -> PromptState:
        """The prompt of the task and candidate in view; its files are watched from now on."""
        self._stamp_files()
        return self.prompt_of(self.task, self.candidate.name)

    def prompt_of(self, task: Task, candidate: str) -> PromptState:
        """The draft where one was left, else the prompt of record; both versions recorded if they are new."""
        from migrator_tui.project.prompts import variables
        from migrator_tui.running.versions import version_of_record

        history = self.history
        record = version_of_record(self.project, history, task, candidate, author=self.author)
        baseline = version_of_record(self.project, history, task, BASELINE, author=self.author)
        version = record
        head = self._head_version(record)
        if head is not None:
            version = head
        template, params_text = version.template, params_toml(version.params)
        drafts = history.drafts(task.name, candidate)
        if drafts and drafts[0].updated_at > version.created_at:
            template, params_text = drafts[0].template, drafts[0].params_text
            if drafts[0].base_version_id is not None:
                version = history.version(drafts[0].base_version_id)
        case = history.cases(task.name, [history.case_at(task.name, 1).id]) if history.case_count(task.name) else []
        known = frozenset(case[0].vars) if case else frozenset()
        with contextlib.suppress(ProjectError):
            known |= variables(baseline.template)
        return PromptState(version, template, params_text, baseline, known | {"messages"})

    def _head_version(self, record: Version) -> Version | None:
        """The newest version where it is younger than what the file says: the work goes on where it stood."""
        newest = self._newest(record.task, record.model_name)
        if newest is None or newest.id == record.id:
            return None
        seen: int | None = newest.id
        while seen is not None and seen != record.id:
            seen = self.history.version(seen).parent_id
        return newest if seen == record.id else None

    def _newest(self, task: str, candidate: str) -> Version | None:
        """The newest version, but for those of a suggestion or a search that were only tried: no editor held them."""
        versions = self.history.versions(task, candidate)
        return next((each for each in versions if each.kept or each.origin not in PROPOSED), None)

    def prompts_left(self) -> dict[tuple[str, str], PromptState]:
        """The prompts of all tasks and candidates that may have been left otherwise than their files; for threads."""
        return {
            (task.name, spec.name): self.prompt_of(task, spec.name)
            for task in self.project.tasks
            for spec in self.project.candidates
            if self.history.drafts(task.name, spec.name) or self.history.versions(task.name, spec.name)
        }

    def save_draft(self, template: str, params_text: str, base: Version) -> None:
        """Keep what is typed, as the draft of its version's task and candidate; a crash loses the last moment."""
        from datetime import UTC, datetime

        draft = Draft(base.task, base.model_name, template, params_text, base.id, self.window, datetime.now(UTC))
        self.history.save_draft(draft)

    def keep_version(
        self, template: str, params_text: str, parent: Version, *, kept: bool, name: str | None = None
    ) -> Version:
        """Make the draft a version; raises `ProjectError` where the parameters are not TOML."""
        from migrator_tui.running.versions import DraftPrompt, version_of_draft

        draft = DraftPrompt(template, read_params(params_text), parent.id, kept)
        version = version_of_draft(self.history, parent.task, parent.model_name, draft, author=self.author)
        if name:
            self.history.name_version(version.id, name)
        self._settle_draft(version, params_text)
        return version

    def _settle_draft(self, version: Version, params_text: str) -> None:
        """The draft is a version now. It is forgotten, unless something else would be taken up at the next look."""
        history, task, candidate = self.history, version.task, version.model_name
        newest = self._newest(task, candidate) or version
        others = [draft for draft in history.drafts(task, candidate) if draft.window != self.window]
        if newest.id == version.id and all(draft.updated_at <= version.created_at for draft in others):
            history.drop_draft(task, candidate, self.window)
        else:  # back at a text that was tried before
            self.save_draft(version.template, params_text, version)

    def _stamp_files(self) -> None:
        from migrator_tui.project.prompts import read_template

        with contextlib.suppress(ProjectError):
            self._said = read_template(self.project.prompt_file(self.task, self.candidate.name))
        self._file_stamps.clear()
        for file in {self.project.prompt_file(self.task, self.candidate.name), self.task.prompt}:
            with contextlib.suppress(OSError):
                stat = file.stat()
                self._file_stamps[file] = (stat.st_mtime_ns, stat.st_size)

    def look_outside(self, *, changed: bool = False) -> None:
        """Has a prompt file been edited outside? Then it becomes a version, or is one again, and the screen is told.

        `changed`: look whatever the files' times say; the configuration may name other files or parameters.
        """
        from migrator_tui.running.versions import version_of_record

        for file, stamp in list(self._file_stamps.items()):
            with contextlib.suppress(OSError):
                stat = file.stat()
                changed |= (stat.st_mtime_ns, stat.st_size) != stamp
        if not changed:
            return
        said = self._said
        self._stamp_files()
        try:
            before = {v.id for v in self.history.versions(self.task.name, self.candidate.name)}
            version = version_of_record(
                self.project, self.history, self.task, self.candidate.name, author=self.author
            )
        except ProjectError as error:
            self.post(Noticed(str(error), "error"))
            return
        if version.id not in before or self._said != said:  # else it is back at what a version said before
            self.post(VersionRecorded(version, outside=True))


def params_toml(params: Mapping[str, Any]) -> str:
    """Parameters as TOML, one a line."""
    import tomlkit

    return tomlkit.dumps(dict(params)) if params else ""


def with_param(text: str, name: str, value: Any) -> str:
    """The same TOML with a parameter set, or with `None` taken out; comments stay. Raises as `read_params` does."""
    import tomlkit

    read_params(text)
    document = tomlkit.parse(text)
    if value is None:
        document.pop(name, None)
    else:
        document[name] = value
    return tomlkit.dumps(document)


def read_params(text: str) -> dict[str, Any]:
    """Parameters from TOML; raises `ProjectError` with the parser's line, or for a value that cannot be sent."""
    try:
        values: dict[str, Any] = plain_value(tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"parameters: {error}") from error
    except Misfit as misfit:  # a date, say, which no request can hold
        raise ProjectError(f"parameters: {misfit.what}") from None
    return values
