"""A project, opened: its history, and the task and candidate in view."""

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.message import Message

from migrator_tui.history.first_page import FirstPage, first_page
from migrator_tui.history.records import SessionState
from migrator_tui.project import trust as trusting
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, ModelSpec, Project, Task
from migrator_tui.tui.messages import CasesChanged, HistoryFailed, HistoryOpened
from migrator_tui.tui.workspace.values import Basis

if TYPE_CHECKING:
    from migrator_tui.history.store import History


class Opened:
    """What the parts of the workspace share."""

    def __init__(self, project: Project, post: Callable[[Message], object], trusted: bool) -> None:
        self.project = project
        self.post = post
        self.trusted = trusted
        self._trust_is_kept = trusting.is_trusted_config(project.config_file)
        """Trusted for good and not only for this once (`--trust`): then it hangs on what the configuration says."""
        self.task: Task = project.tasks[0]
        self.candidate: ModelSpec = project.candidates[0]
        self.session = SessionState()
        self.page: FirstPage | None = None
        """What the last session left of the list, until the history is open."""
        self.window = secrets.token_hex(8)
        """Tells this program's drafts from those of another window on the same project."""
        self.author = ""
        self.author_is_login = False
        """Nobody gave a name: the author is the login."""
        self._history: History | None = None
        self._judging = threading.Lock()
        """Standings are brought up to date by one thread at a time: a second one would do the same work again."""
        self._indexed: set[str] = set()
        self._shown: dict[str, str] = {}
        """Task to the digest of the case files that its list was made from."""
        self._failed: dict[str, str] = {}
        """Task to the digest of changed case files that could not be read."""
        self._seen = (0, 0)
        """The newest output and verdict that the list knows of (`History.latest`)."""
        self._own: set[str] = set()
        """Cases that this window has judged or asked since; the list knows."""

    def peek(self) -> FirstPage | None:
        """What the last session left, read without the database library: enough for the first paint."""
        page = first_page(self.project, self.task.name, self.candidate.name)
        if page is None:
            return None
        self.session = page.session
        if self._resume(page.session):
            page = first_page(self.project, self.task.name, self.candidate.name)
        self.page = page
        return page

    def _resume(self, session: SessionState) -> bool:
        """Take up task and candidate of the last session; True if they are not the first ones."""
        task, candidate = self.task, self.candidate
        with contextlib.suppress(KeyError):
            self.task = self.project.task(session.task or "")
        with contextlib.suppress(KeyError):
            self.candidate = self.project.candidate(session.candidate or "")
        return (task, candidate) != (self.task, self.candidate)

    @property
    def history(self) -> "History":
        """The open history; asking before `HistoryOpened` is a mistake of the program."""
        if self._history is None:
            raise RuntimeError("the history is not open yet")
        return self._history

    @property
    def is_open(self) -> bool:
        """The history can be used."""
        return self._history is not None

    async def open(self) -> None:
        """Open the history, index what changed in the case files, take up the session."""
        try:
            await asyncio.to_thread(self._open)
        except (ProjectError, OSError) as error:
            self.post(HistoryFailed(str(error)))
            return
        self.post(HistoryOpened())

    def _open(self) -> None:
        from migrator_tui.history.author import chosen_name, login
        from migrator_tui.history.store import History
        from migrator_tui.models.secrets import secrets_in
        from migrator_tui.project.dotenv import environment

        project = self.project
        models = (project.baseline, *project.candidates, *project.helpers)
        named = [model.api_key_env for model in models if model.api_key_env]
        history = History.open(project, secrets=secrets_in(environment(project, self.trusted), named))
        name = chosen_name(self.project.folder)
        self.author, self.author_is_login = name or login(), not name
        if self.page is None:
            self.session = history.load_session()
            self._resume(self.session)
        self._import_the_rest()
        self._history = history
        self.prepare_task()

    def _import_the_rest(self) -> None:
        """What the screens need in a moment, fetched in this thread: on theirs each import would stop them."""
        import tomlkit  # noqa: F401

        import migrator_tui.parity.standing
        import migrator_tui.project.prompts
        import migrator_tui.running.judging
        import migrator_tui.running.pools
        import migrator_tui.running.run
        import migrator_tui.running.versions  # noqa: F401
        from migrator_tui.checks.registry import known_checks
        from migrator_tui.models.catalog import lookup

        known_checks()
        for model in (self.project.baseline, *self.project.candidates):
            lookup(model.model)

    def prepare_task(self) -> None:
        """Index the cases of the task in view where its files changed."""
        from migrator_tui.history.files import files_digest

        task = self.task
        digest = files_digest(task)
        self.mark_seen()
        self.index(task)
        if self.history.index_current(task):
            self._shown[task.name] = digest

    def index(self, task: Task) -> None:
        """Index a task's cases where its files changed."""
        from migrator_tui.project.cases import iter_cases

        history = self.history
        if task.name not in self._indexed and not history.index_current(task):
            history.index_cases(task, iter_cases(self.project, task))
        self._indexed.add(task.name)

    def reindex(self) -> bool:
        """Index the task in view anew where its case files have changed; whether its list has to be made anew.

        Tried once for each change. Raises `ProjectError` for files that hold no cases, half saved ones for instance.
        Either way `CasesChanged` is posted, and also once files that could not be read are as they were before.
        """
        from migrator_tui.history.files import files_digest
        from migrator_tui.project.cases import iter_cases

        task = self.task
        digest = files_digest(task)
        if self._failed.get(task.name) == digest:
            return False
        failed = self._failed.pop(task.name, None)
        if self._shown.get(task.name) == digest:
            if failed is not None:
                self.post(CasesChanged(task.name))
            return False
        self._failed[task.name] = digest
        try:
            # Another program, or a count, may have been first.
            if not self.history.index_current(task):
                self.history.index_cases(task, iter_cases(self.project, task))
        finally:
            self.post(CasesChanged(task.name))
        del self._failed[task.name]
        self._shown[task.name] = digest
        return True

    def basis(self, task: Task) -> Basis:
        """What a count that begins now is made from; for threads."""
        from migrator_tui.history.files import files_digest

        digest = files_digest(task)
        return Basis(digest if self.history.index_current(task) else "", self.history.latest())

    def has_moved_on(self, basis: Basis, task: Task, candidate: str) -> bool:
        """Whether a count of that basis no longer says what files and history do; for threads."""
        from migrator_tui.history.files import files_digest

        if basis.files != files_digest(task) or not self.history.index_current(task):
            return True
        return bool(self.history.touched_cases(task.name, (BASELINE, candidate), basis.latest))

    def mark_seen(self) -> None:
        """The list is about to be made of what the history holds now; for threads."""
        self._own.clear()
        self._seen = self.history.latest()

    def made_here(self, task: str, case_ids: Iterable[str]) -> None:
        """These cases are about to be judged or asked in this window, which shows what comes of it."""
        if task == self.task.name:
            self._own.update(case_ids)

    def changed_elsewhere(self) -> bool:
        """Whether another window or program has judged or asked cases since the last look; for threads."""
        latest, since = self.history.latest(), self._seen
        if latest == since:
            return False
        self._seen = latest
        touched = set(self.history.touched_cases(self.task.name, (BASELINE, self.candidate.name), since))
        own = touched & self._own
        self._own -= own
        return touched != own

    def catch_up(self, stop: Callable[[], bool]) -> int:
        """Make standings true again after changed checks, cases or another program's work; how many were not."""
        return self._bring_up_to_date(self.task, self.candidate, stop)

    def _bring_up_to_date(self, task: Task, candidate: ModelSpec, stop: Callable[[], bool]) -> int:
        from migrator_tui.running.judging import bring_up_to_date

        with self._judging:
            return bring_up_to_date(self.project, self.history, task, candidate.name, stop=stop) or 0

    def prepare(self, task: Task, candidate: ModelSpec, stop: Callable[[], bool]) -> None:
        """Index a task's cases and bring a candidate's standings up to date, for an overview of all of them."""
        self.index(task)
        self._bring_up_to_date(task, candidate, stop)

    async def close(self) -> None:
        """Write the session down and let go of the database."""
        if self._history is not None:
            history, self._history = self._history, None
            await asyncio.to_thread(history.close)

    def save_session(self, session: SessionState) -> None:
        """Remember where the user is."""
        self.session = session
        if self._history is not None:
            self._history.save_session(session)

    def turn(self, *, task: int = 0, candidate: int = 0) -> bool:
        """Go to the next or previous task or candidate; False where there is only one."""
        tasks, candidates = list(self.project.tasks), list(self.project.candidates)
        before = self.task.name, self.candidate.name
        self.task = tasks[(tasks.index(self.task) + task) % len(tasks)]
        self.candidate = candidates[(candidates.index(self.candidate) + candidate) % len(candidates)]
        return before != (self.task.name, self.candidate.name)

    def go_to(self, task: str, candidate: str) -> None:
        """Put that task and candidate in view."""
        self.task, self.candidate = self.project.task(task), self.project.candidate(candidate)
