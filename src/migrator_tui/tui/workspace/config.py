"""The configuration while the app is open: read anew after the program or somebody else has changed it."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message

from migrator_tui.models.proposing import propose
from migrator_tui.project import trust as trusting
from migrator_tui.project.config import load_project
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import read_bytes
from migrator_tui.project.schema import ModelSpec, Project
from migrator_tui.project.stamps import Stamps, file_stamps
from migrator_tui.tui.messages import Noticed, ProjectChanged
from migrator_tui.tui.workspace.prompts import Prompts


@dataclass(frozen=True, slots=True)
class Reread:
    """A configuration that is sound and may take effect."""

    project: Project
    trusted: bool
    text: bytes | None
    stamps: Stamps
    """Content and times of the files, taken before they were read."""


class Config(Prompts):
    """What the folder says, as it is now."""

    def __init__(self, project: Project, post: Callable[[Message], object], trusted: bool) -> None:
        super().__init__(project, post, trusted)
        self._config_text = _content(project)
        """Of the configuration in effect; `None`: it could not be read."""
        self._config_stamps = file_stamps(project)
        self._refused = ""
        """Why what the file says now did not take effect."""

    def check_config(self) -> None:
        """Raise `ProjectError` where the file says something that has not taken effect: nothing may build on it."""
        if _content(self.project) != self._config_text:
            why = self._refused or "has just been changed elsewhere; try again in a moment"
            raise ProjectError(f"{why}; nothing is written", file=None if self._refused else self._name)

    def reread(self) -> None:
        """Take up what the program itself has just written; raises `ProjectError`."""
        found = self.read_again()
        project = found.project
        known = {each.name for each in project.tasks}, {each.name for each in project.candidates}
        if self.task.name not in known[0] or self.candidate.name not in known[1]:
            raise ProjectError("was changed elsewhere meanwhile; open it again", file=self._name)
        self.take(found)

    def read_again(self) -> Reread:
        """What is to take effect after the program itself has written something; raises `ProjectError`."""
        # A configuration that somebody else changed meanwhile is another one than was trusted.
        config, before = self.project.config_file, (_content(self.project), file_stamps(self.project))
        trusted = self.trusted and (not self._trust_is_kept or trusting.is_trusted_config(config))
        project = load_project(self.project.folder, trusted=trusted, propose=propose)
        if not trusted:
            trusting.check_allowed(project, trusted=False)
        return Reread(project, trusted, *before)

    def look_at_config(self) -> Reread | None:
        """What the configuration says, where somebody else has changed it since and it may take effect; else `None`.

        What is wrong with it is posted as one line, once for each change, and what was read before stays.
        """
        before, stamps = self._config_stamps, file_stamps(self.project)
        if stamps == before:
            return None
        text = _content(self.project)
        self._config_stamps, self._refused = stamps, ""
        if text == self._config_text and stamps[1:] == before[1:]:
            return None  # saved as it was
        try:
            project, trusted = self._allowed()
            self._refuse_other_history(project)
        except (ProjectError, OSError) as error:
            self._refused = str(error)
            self.post(Noticed(f"{error} · what was read before still holds", "error"))
            return None
        return Reread(project, trusted, text, stamps)

    def forget_look(self) -> None:
        """What the last look found could not be taken: the next one finds it again."""
        self._config_stamps = [None, *self._config_stamps[1:]]

    def _allowed(self) -> tuple[Project, bool]:
        """As at the start: what only a trusted folder may do asks again, and that is done before any screen is up."""
        config, folder = self.project.config_file, self.project.folder
        if trusting.is_trusted_config(config):
            return load_project(folder, propose=propose), True
        concerns = trusting.concerns(load_project(folder, sealed=True, propose=propose))
        # --trust said yes to what the folder asked for at the start, for this once.
        allowed = set(trusting.concerns(self.project)) if self.trusted and not self._trust_is_kept else set()
        if self.trusted and not self._trust_is_kept and set(concerns) <= allowed:
            project = load_project(folder, propose=propose)
            concerns = trusting.concerns(project)
            if set(concerns) <= allowed:
                return project, True
        if concerns and self.trusted:
            asks = "leave and open it again to be asked whether it may"
            raise ProjectError(f"has changed, and this folder {concerns[0]}: {asks}", file=self._name)
        project = load_project(folder, trusted=False, propose=propose)
        trusting.check_allowed(project, trusted=False)
        return project, False

    def _refuse_other_history(self, project: Project) -> None:
        before = self.project
        if project.database != before.database:
            raise ProjectError("names another database: leave and open it again to use that", file=self._name)
        if _key_names(project) - _key_names(before):
            # The history keeps these keys out of what it stores, and was told of them when it was opened.
            raise ProjectError("names another key (api_key_env): leave and open it again to use it", file=self._name)

    def take(self, found: Reread) -> bool:
        """Let it take effect, on the thread of the screens; False where task or candidate in view are gone.

        Then the first ones are in view.
        """
        task, candidate = self.task.name, self.candidate.name
        project = found.project
        self.project, self.trusted = project, found.trusted
        self._config_text, self._refused = found.text, ""
        # Another project may take its definitions from other files.
        self._config_stamps = [*found.stamps[:1], *file_stamps(project)[1:]]
        self._indexed.clear()
        self._failed.clear()
        self.task = next((each for each in project.tasks if each.name == task), project.tasks[0])
        self.candidate = next((each for each in project.candidates if each.name == candidate), project.candidates[0])
        self._stamp_files()
        self.post(ProjectChanged())
        return (self.task.name, self.candidate.name) == (task, candidate)

    @property
    def _name(self) -> str:
        return self.project.config_file.name


def needs_new_pool(before: Project, after: Project) -> bool:
    """Whether the pool of models knows recordings by what was said of them before."""
    return _recordings(before) != _recordings(after)


def _recordings(project: Project) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    return {
        (spec.model, tuple(sorted(spec.columns.items())))
        for spec in _models(project)
        if spec.model.startswith("recorded:")
    }


def _models(project: Project) -> list[ModelSpec]:
    return [project.baseline, *project.candidates, *project.helpers]


def _key_names(project: Project) -> set[str]:
    return {spec.api_key_env for spec in _models(project) if spec.api_key_env}


def _content(project: Project) -> bytes | None:
    try:
        return read_bytes(project.config_file, project.config_file.name)
    except ProjectError:
        return None
