"""The project in front of the user: what is looked at, and everything that can be done to it. Knows no widgets.

Whatever touches the database or a file runs in a thread; what happened is posted as a message. Imports that cost
time (SQLModel, Jinja) happen in those threads, after the first paint.
"""

import asyncio
import contextlib
import tomllib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from migrator_tui.history.first_page import FirstPage, first_page
from migrator_tui.history.records import (
    CaseRow,
    CheckRecord,
    Draft,
    Judged,
    Output,
    Section,
    SessionState,
    Standing,
    Verdict,
    Version,
)
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, Case, ModelSpec, Project, Task
from migrator_tui.tui.messages import HistoryFailed, HistoryOpened, Noticed, StandingsChanged, VersionRecorded

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.parity.outcomes import Judgement


@dataclass(frozen=True, slots=True)
class Side:
    """One model's part in a case: what counts for it."""

    output: Output | None
    checks: Sequence[CheckRecord] = ()
    judgement: "Judgement | None" = None
    """What became of a person's verdict on it: it stands, is offered, or asks again."""
    version: Version | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict on exactly this output."""
        judgement = self.judgement
        stands = judgement is not None and judgement.judged in (Judged.PASS, Judged.FAIL)
        return judgement.verdict if judgement is not None and stands else None


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the workbench shows of one case."""

    row: CaseRow
    case: Case
    baseline: Side
    candidate: Side


@dataclass(frozen=True, slots=True)
class ListOrder:
    """The cases in the list's order, with their sections."""

    sections: Sequence[tuple[Section | None, Sequence[int]]]
    counts: Mapping[Section, int]
    total: int


@dataclass(slots=True)
class PromptState:
    """The draft in the editor and what it came from."""

    version: Version
    template: str
    params_text: str
    baseline: Version
    variables: frozenset[str] = frozenset()


@dataclass(slots=True)
class Workspace:
    """One project, opened; one task and one candidate of it in view."""

    project: Project
    post: Callable[[Message], object]
    trusted: bool
    task: Task = field(init=False)
    candidate: ModelSpec = field(init=False)
    session: SessionState = field(init=False)
    page: FirstPage | None = field(init=False, default=None)
    window: str = field(init=False, default_factory=lambda: uuid.uuid4().hex)
    author: str = field(init=False, default="")
    _history: "History | None" = field(init=False, default=None)
    _indexed: set[str] = field(init=False, default_factory=set)
    _file_stamps: dict[Path, tuple[int, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.task, self.candidate = self.project.tasks[0], self.project.candidates[0]
        self.session = SessionState()

    # Opening

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
        from migrator_tui.history.author import author
        from migrator_tui.history.errors import HistoryError
        from migrator_tui.history.store import History

        try:
            history = History.open(self.project)
        except HistoryError as error:
            raise ProjectError(str(error)) from error
        self.author = author(self.project.folder)
        if self.page is None:
            self.session = history.load_session()
            self._resume(self.session)
        self._history = history
        self.prepare_task()

    def prepare_task(self) -> None:
        """Index the cases of the task in view where its files changed."""
        self.index(self.task)

    def index(self, task: Task) -> None:
        """Index a task's cases where its files changed."""
        from migrator_tui.project.cases import iter_cases

        history = self.history
        if task.name not in self._indexed and not history.index_current(task):
            history.index_cases(task, iter_cases(self.project, task))
        self._indexed.add(task.name)

    def catch_up(self) -> int:
        """Make standings true again after changed checks, cases or another program's work; how many were not."""
        from migrator_tui.running.judging import bring_up_to_date

        return len(bring_up_to_date(self.project, self.history, self.task, self.candidate.name))

    def prepare(self, task: Task, candidate: ModelSpec) -> None:
        """Index a task's cases and bring a candidate's standings up to date, for an overview of all of them."""
        from migrator_tui.running.judging import bring_up_to_date

        self.index(task)
        bring_up_to_date(self.project, self.history, task, candidate.name)

    async def close(self) -> None:
        """Write the session down and let go of the database."""
        if self._history is not None:
            history, self._history = self._history, None
            await asyncio.to_thread(self._close, history)

    def _close(self, history: "History") -> None:
        from migrator_tui.running.judging import all_up_to_date

        for task in self.project.tasks:
            for candidate in self.project.candidates:
                all_up_to_date(self.project, history, task, candidate.name)
        history.close()

    def save_session(self, session: SessionState) -> None:
        """Remember where the user is."""
        self.session = session
        if self._history is not None:
            self._history.save_session(session)

    # Looking

    def order(self, query: str = "") -> ListOrder:
        """The cases of the task in the list's order; with a query, those that match it."""
        history, task, candidate = self.history, self.task.name, self.candidate.name
        counts = history.section_counts(task, candidate)
        total = history.case_count(task)
        if query.strip():
            from migrator_tui.history.filters import parse_filter

            numbers = history.search(task, candidate, parse_filter(query))
            return ListOrder(grouped(history.rows(task, candidate, numbers[:5000]), numbers), counts, total)
        order, _ = history.order(task, candidate)
        groups: list[tuple[Section | None, Sequence[int]]] = []
        start = 0
        for section in Section:
            end = start + counts.get(section, 0)
            if end > start:
                only_one = section is Section.NOT_RUN and end - start == len(order)
                groups.append((None if only_one else section, order[start:end]))
            start = end
        return ListOrder(groups, counts, total)

    def rows(self, numbers: Sequence[int]) -> Sequence[CaseRow]:
        """Rows of the list by case number."""
        return self.history.rows(self.task.name, self.candidate.name, list(numbers))

    def view(self, no: int) -> CaseView | None:
        """Everything about one case; `None` when it is gone."""
        history, task, candidate = self.history, self.task, self.candidate
        rows = history.rows(task.name, candidate.name, [no])
        if not rows:
            return None
        case = history.case_at(task.name, no)
        old = history.current_outputs(task.name, BASELINE, self.project.baseline.model, [case.id])
        new = history.current_outputs(task.name, candidate.name, candidate.model, [case.id])
        standing = rows[0].standing
        baseline = decisive(old.get(case.id, []), standing.baseline_output_id if standing else None)
        answer = decisive(new.get(case.id, []), standing.candidate_output_id if standing else None)
        return CaseView(rows[0], case, self._side(case, baseline, old), self._side(case, answer, old))

    def _side(self, case: Case, output: Output | None, baselines: Mapping[str, Sequence[Output]]) -> Side:
        from migrator_tui.parity.outcomes import judgement_of
        from migrator_tui.running.judging import check_outputs

        if output is None:
            return Side(None)
        history = self.history
        results = check_outputs(history, self.task, {case.id: case}, [output], baselines)
        verdicts = history.verdicts(self.task.name, output.model_name, [case.id]).get(case.id, [])
        earlier = history.outputs([verdict.output_id for verdict in verdicts]) if verdicts else {}
        return Side(
            output,
            list(results.get(output.id, {}).values()),
            judgement_of(output, verdicts, earlier),
            history.version(output.version_id),
        )

    def number_of(self, case_id: str) -> int | None:
        """The number of a case in the task in view."""
        return self.history.case_number(self.task.name, case_id) if case_id else None

    def check_query(self, query: str) -> None:
        """Raises `ProjectError` for a filter that cannot be understood."""
        from migrator_tui.history.filters import parse_filter

        parse_filter(query)

    # Task and candidate

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

    # Prompt

    def prompt_state(self) -> PromptState:
        """The draft where one was left, else the prompt of record; both versions recorded if they are new."""
        from migrator_tui.project.prompts import variables
        from migrator_tui.running.versions import version_of_record

        history, task = self.history, self.task
        record = version_of_record(self.project, history, task, self.candidate.name, author=self.author)
        baseline = version_of_record(self.project, history, task, BASELINE, author=self.author)
        self._stamp_files()
        version = record
        head = self._head_version(record)
        if head is not None:
            version = head
        template, params_text = version.template, params_toml(version.params)
        drafts = history.drafts(task.name, self.candidate.name)
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
        newest = next(iter(self.history.versions(self.task.name, self.candidate.name)), None)
        if newest is None or newest.id == record.id:
            return None
        seen: int | None = newest.id
        while seen is not None and seen != record.id:
            seen = self.history.version(seen).parent_id
        return newest if seen == record.id else None

    def save_draft(self, template: str, params_text: str, base: Version) -> None:
        """Keep what is typed; a crash loses at most the last moment."""
        from datetime import UTC, datetime

        draft = Draft(
            self.task.name, self.candidate.name, template, params_text, base.id, self.window, datetime.now(UTC)
        )
        self.history.save_draft(draft)

    def keep_version(
        self, template: str, params_text: str, parent: Version, *, kept: bool, name: str | None = None
    ) -> Version:
        """Make the draft a version; raises `ProjectError` where the parameters are not TOML."""
        from migrator_tui.running.versions import DraftPrompt, version_of_draft

        draft = DraftPrompt(template, read_params(params_text), parent.id, kept)
        version = version_of_draft(self.history, self.task.name, self.candidate.name, draft, author=self.author)
        if name:
            self.history.name_version(version.id, name)
        self.history.drop_draft(self.task.name, self.candidate.name, self.window)
        return version

    def _stamp_files(self) -> None:
        for file in {self.project.prompt_file(self.task, self.candidate.name), self.task.prompt}:
            with contextlib.suppress(OSError):
                stat = file.stat()
                self._file_stamps[file] = (stat.st_mtime_ns, stat.st_size)

    def look_outside(self) -> None:
        """Has a prompt file been edited outside? Then it becomes a version, and the screen is told."""
        from migrator_tui.running.versions import version_of_record

        changed = False
        for file, stamp in list(self._file_stamps.items()):
            with contextlib.suppress(OSError):
                stat = file.stat()
                changed |= (stat.st_mtime_ns, stat.st_size) != stamp
        if not changed:
            return
        self._stamp_files()
        before = {v.id for v in self.history.versions(self.task.name, self.candidate.name)}
        try:
            version = version_of_record(
                self.project, self.history, self.task, self.candidate.name, author=self.author
            )
        except ProjectError as error:
            self.post(Noticed(str(error), "error"))
            return
        if version.id not in before:
            self.post(VersionRecorded(version, outside=True))

    def reread(self) -> None:
        """Read the configuration anew, after it was written; raises `ProjectError`."""
        from migrator_tui.project.config import load_project

        project = load_project(self.project.folder, trusted=self.trusted)
        task, candidate = self.task.name, self.candidate.name
        self.project = project
        self.go_to(task, candidate)
        self._stamp_files()

    # Verdicts

    def judge(self, sides: Sequence[tuple[str, str]], passed: bool, *, blind: bool = False) -> int:
        """Pass or fail outputs, named by model and case; how many were judged. One undo takes them all back."""
        history, task = self.history, self.task
        outputs: list[Output] = []
        for model_name in dict.fromkeys(name for name, _ in sides):
            ids = [case_id for name, case_id in sides if name == model_name]
            spec = self.project.model(model_name)
            found = history.current_outputs(task.name, model_name, spec.model, ids)
            outputs += [o for some in found.values() for o in some if not o.failed_call]
        if outputs:
            history.judge(outputs, passed, author=self.author, blind=blind, group=uuid.uuid4().hex)
            self._standings_of({output.case_id for output in outputs})
        return len(outputs)

    def undo(self) -> list[Verdict]:
        """Take back the last verdict, with all that one key press gave."""
        undone = self.history.undo_last(self.author)
        mine = {verdict.case_id for verdict in undone if verdict.task == self.task.name}
        if mine:
            self._standings_of(mine)
        return undone

    def note(self, verdict: Verdict, text: str) -> None:
        """Say why."""
        self.history.note(verdict, text, self.author)

    def _standings_of(self, case_ids: set[str]) -> None:
        from migrator_tui.running.judging import refresh_standings

        for candidate in self.project.candidates:
            standings = refresh_standings(self.project, self.history, self.task, candidate.name, sorted(case_ids))
            if candidate.name == self.candidate.name:
                self.post(StandingsChanged(self.task.name, candidate.name, standings))

    def standing(self, case_id: str) -> Standing | None:
        """Where a case stands for the candidate in view."""
        return self.history.standings(self.task.name, self.candidate.name, [case_id]).get(case_id)


def decisive(outputs: Sequence[Output], output_id: int | None) -> Output | None:
    """Of several repeats the one that decided the outcome; the first where none did."""
    return next((o for o in outputs if o.id == output_id), outputs[0] if outputs else None)


def grouped(rows: Sequence[CaseRow], numbers: Sequence[int]) -> list[tuple[Section | None, Sequence[int]]]:
    """Case numbers under the heads of their sections; numbers without a row come last, without a head."""
    sections: dict[Section, list[int]] = {}
    known = set()
    for row in rows:
        sections.setdefault(row.standing.section if row.standing else Section.NOT_RUN, []).append(row.no)
        known.add(row.no)
    groups: list[tuple[Section | None, Sequence[int]]] = [(s, sections[s]) for s in Section if s in sections]
    rest = [no for no in numbers if no not in known]
    return [*groups, (None, rest)] if rest else groups


def params_toml(params: Mapping[str, Any]) -> str:
    """Parameters as TOML, one a line."""
    import tomlkit

    return tomlkit.dumps(dict(params)) if params else ""


def read_params(text: str) -> dict[str, Any]:
    """Parameters from TOML; raises `ProjectError` with the parser's line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"parameters: {error}") from error
