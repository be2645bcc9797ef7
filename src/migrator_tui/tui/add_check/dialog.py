"""`a`: which check, with what value; what it would say of the answers that are there is seen before it is written."""

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.timer import Timer
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from migrator_tui.checks.base import CheckFailure
from migrator_tui.checks.values import OPTIONAL, Needs
from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import CheckSpec, ModelSpec, Task
from migrator_tui.project.write_checks import check_change, check_text
from migrator_tui.running.checking.proposals import Proposal, Seen, present, propose
from migrator_tui.running.checking.trial import Ground, Trial, load_ground, try_check
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.add_check.drawing import beside_line, present_line, proposal_line, trial_lines
from migrator_tui.tui.add_check.typed import more_text, read_typed, value_text
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.diff_sheet import diff_content
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.modal import Modal, Sheet
from migrator_tui.tui.widgets.row_list import ListRow, RowList
from migrator_tui.tui.workspace import Workspace

PAUSE_SECONDS = 0.2
"""A check is tried after so long without a key."""
OTHER = "other"
"""The key of the row that stands for any other check."""


class AddCheck(Modal[CheckSpec]):
    """Proposals, the fields of the one under the cursor, and what it came to. Dismissed with what was written."""

    DEFAULT_CSS = """
    AddCheck > .box { max-height: 100%; }
    AddCheck #present { height: 2; display: none; }
    AddCheck RowList { height: auto; max-height: 9; }
    AddCheck .field { height: 1; margin-top: 0; }
    AddCheck .field Static { width: 9; }
    AddCheck .field Input { width: 1fr; }
    AddCheck .field Input:focus { background: $primary 20%; }
    AddCheck #name-row { margin-top: 1; }
    AddCheck #tried { height: 7; margin-top: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "down", show=False),
        Binding("k,up", "step(-1)", "up", show=False),
        Binding("enter", "choose", "choose", show=False),
    ]

    def __init__(
        self,
        workspace: Workspace,
        glyphs: Glyphs,
        seen: Callable[[Ground], Seen],
        *,
        task: Task | None = None,
        candidate: ModelSpec | None = None,
        about: str = "",
    ) -> None:
        """`seen` says what is in front of the user, once the answers are read; called in a thread.

        `about`: what the check is to be against, for the title.
        """
        super().__init__()
        self.workspace = workspace
        self.glyphs = glyphs
        self.task_in_view = task or workspace.task
        self.candidate = candidate or workspace.candidate
        self.ground: Ground | None = None
        self.proposals: Sequence[Proposal] = ()
        self.trial: Trial | None = None
        self.problem = ""
        """Why there is nothing to try or to write, in a line."""
        self.tried = False
        """What the fields say now was tried, or found to be no check yet."""
        self._seen = seen
        self._about = f" against {about}" if about else ""
        self._pause: Timer | None = None

    # Composing

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="present")
            yield RowList(id="proposals")
            for name in ("name", "value", "more"):
                with Horizontal(classes="field", id=f"{name}-row"):
                    yield Static(Content.styled({"name": "check", "value": "value", "more": "more"}[name], MUTED))
                    yield Field(id=f"{name}-field", compact=True)
            yield Static(id="tried")

    def on_mount(self) -> None:
        self._say(Content.styled("  reading the answers …", MUTED))
        self.query_one("#more-field", Input).placeholder = 'threshold = 0.8, metric = "a name of your own"'
        self.rows.focus()
        self._label()
        self._read()

    def _label(self) -> None:
        keys = "enter show the diff" if self._in_list else "enter show the diff · ↑ ↓ proposals"
        self.label(f"Add a check to {self.task_in_view.name}{self._about}", f"{keys} · tab fields · esc close")

    @property
    def rows(self) -> RowList:
        """The proposals."""
        return self.query_one(RowList)

    @property
    def _in_list(self) -> bool:
        return self.focused is None or self.focused is self.rows

    def on_descendant_focus(self) -> None:
        self._label()

    # Reading

    @work(exclusive=True, group="ground", thread=True)
    def _read(self) -> None:
        worker = get_current_worker()
        workspace = self.workspace
        try:
            ground = load_ground(
                workspace.project,
                workspace.history,
                self.task_in_view,
                self.candidate.name,
                stop=lambda: worker.is_cancelled,
            )
            if ground is None:
                return
            names = _names()
            seen = self._seen(ground)
            proposals, there = propose(ground, seen), present(ground, seen)
        except (ProjectError, HistoryError) as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._say, Content.styled(f"  {safe_line(str(error))}", STYLES["error"]))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show, ground, proposals, there, names)

    def _show(
        self, ground: Ground, proposals: Sequence[Proposal], there: Sequence[CheckSpec], names: Sequence[str]
    ) -> None:
        if not self.is_open:
            return
        self.ground, self.proposals = ground, proposals
        line = self.query_one("#present", Static)
        line.display = bool(there)
        line.update(present_line(there, max(30, self.rows.size.width), self.glyphs))
        self.query_one("#name-field", Input).suggester = SuggestFromList(names, case_sensitive=False)
        rows = [self._row(str(number), proposal) for number, proposal in enumerate(proposals)]
        self.rows.show([*rows, self._row(OTHER, None)])

    def _row(self, key: str, proposal: Proposal | None) -> ListRow:
        value = value_text(proposal.spec.value, None) if proposal is not None else ""

        def draw(width: int, selected: bool) -> Content:
            return proposal_line(proposal, value, width, selected, self.glyphs)

        return ListRow(key, draw)

    # Choosing and typing

    @property
    def chosen(self) -> Proposal | None:
        """The proposal under the cursor; `None` for any other check."""
        key = self.rows.highlighted
        return self.proposals[int(key)] if key is not None and key != OTHER else None

    def action_step(self, by: int) -> None:
        if not self._in_list:
            self.rows.focus()
        self.rows.step(by)

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Its check goes into the fields."""
        event.stop()
        proposal = self.chosen
        texts = ("", "", "")
        if proposal is not None:
            needs = _needs(proposal.spec.full_type)
            texts = (proposal.spec.full_type, value_text(proposal.spec.value, needs), more_text(proposal.spec))
        for name, text in zip(("name", "value", "more"), texts, strict=True):
            self.query_one(f"#{name}-field", Input).value = text
        self._changed()

    @on(RowList.Opened)
    def row_opened(self, event: RowList.Opened) -> None:
        """A double click does what `enter` does."""
        event.stop()
        self.action_choose()

    @on(Input.Changed)
    def field_changed(self, event: Input.Changed) -> None:
        """Try it at the next pause."""
        event.stop()
        self._changed()

    @on(Input.Submitted)
    def field_submitted(self, event: Input.Submitted) -> None:
        """`enter` in a field."""
        event.stop()
        self.action_choose()

    def _changed(self) -> None:
        name = self._field("name")
        needs = _needs(name)
        hint = "" if needs is None or needs is Needs.NOTHING else needs.value
        self.query_one("#value-field", Input).placeholder = hint
        self.trial, self.tried = None, False
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self._try)

    def _field(self, name: str) -> str:
        return self.query_one(f"#{name}-field", Input).value

    def _typed(self) -> CheckSpec | None:
        """The check in the fields; `None`, and why, where there is none yet."""
        name, value = self._field("name"), self._field("value")
        needs = _needs(name)
        self.problem = ""
        if not name.strip():
            self.problem = "type the name of a check; → takes what is proposed"
        elif not value and needs is not None and needs not in OPTIONAL and not self._expects():
            self.problem = f"type its value: {needs.value}"
        if self.problem:
            return None
        try:
            spec = read_typed(name, value, self._field("more"), needs)
            check_text(spec)
        except ProjectError as error:
            self.problem = str(error)
            return None
        return spec

    def _expects(self) -> bool:
        """Cases say what they expect: a check without a value compares with that."""
        return self.ground is not None and any(place.case.expected is not None for place in self.ground.cases)

    # Trying

    def _try(self) -> None:
        if self.ground is None:
            return
        spec = self._typed()
        if spec is None:
            self.tried = True
            self._say(Content.styled(f"  {safe_line(self.problem)}", MUTED))
        else:
            self._try_beside(self.ground, spec)

    @work(exclusive=True, group="trial", thread=True)
    def _try_beside(self, ground: Ground, spec: CheckSpec) -> None:
        worker = get_current_worker()
        problem, trial = "", None
        try:
            trial = try_check(ground, spec, stop=lambda: worker.is_cancelled)
        except CheckFailure as failure:
            problem = str(failure)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._tried, spec, trial, problem)

    def _tried(self, spec: CheckSpec, trial: Trial | None, problem: str) -> None:
        if not self.is_open:
            return
        self.trial, self.problem, self.tried = trial, problem, True
        if trial is None:
            self._say(Content.styled(f"  {self.glyphs.failed} {safe_line(problem)}", STYLES["error"]))
            return
        shown = self.query_one("#tried", Static)
        width = max(30, shown.size.width)
        lines = trial_lines(trial, "candidate", width, self.glyphs)
        written = Content.styled(f"  writes {safe_line(check_text(spec), 400)}", STYLES["primary"])
        assert self.ground is not None
        beside = beside_line(spec, self.ground.task.checks, width, self.glyphs)
        shown.update(Content("\n").join([*lines, beside, written.truncate(width, ellipsis=True)]))

    def _say(self, line: Content) -> None:
        if self.is_open:
            self.query_one("#tried", Static).update(line)

    # Writing

    @work(exclusive=True, group="question")
    async def action_choose(self) -> None:
        """Show the diff of the configuration, and on a yes write it."""
        if self.ground is None:
            return
        spec = self._typed()
        if spec is None:
            self._to_missing()
            return
        if self.trial is None or self.trial.spec != spec:
            self._say(Content.styled(f"  {safe_line(self.problem)}" if self.problem else "  being tried …", MUTED))
            return
        from migrator_tui.project.write_back import apply, diff_text

        try:
            self.workspace.check_config()
            change = await asyncio.to_thread(check_change, self.workspace.project, self.task_in_view, spec)
            sheet = Sheet(
                f"Add {spec.full_type} to {change.shown}", diff_content(diff_text([change])), yes="enter write"
            )
            if not await self.app.push_screen_wait(sheet):
                return
            await asyncio.to_thread(apply, [change])
        except (ProjectError, OSError) as error:
            self._say(Content.styled(f"  {self.glyphs.failed} {safe_line(str(error))}", STYLES["error"]))
            return
        self.dismiss(spec)

    def _to_missing(self) -> None:
        """Into the field that is still empty."""
        self._say(Content.styled(f"  {safe_line(self.problem)}", MUTED))
        self.query_one("#value-field" if self._field("name").strip() else "#name-field", Input).focus()


def _names() -> list[str]:
    """What can be typed as a name: every check, then every one turned around."""
    from migrator_tui.checks.registry import known_checks

    names = known_checks()
    return [*names, *(f"not-{name}" for name in names)]


def _needs(name: str) -> Needs | None:
    """What a check of that name takes; `None` where there is none."""
    from migrator_tui.checks.registry import find

    try:
        return find(CheckSpec(name.strip().removeprefix("not-"))).needs
    except CheckFailure:
        return None
