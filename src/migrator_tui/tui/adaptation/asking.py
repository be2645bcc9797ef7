"""`s`: what would be sent to the assistant, what that takes, and what comes back as a suggestion to review."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.checks.base import CheckFailure, NotAsked
from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Message
from migrator_tui.text_safety import safe, safe_line
from migrator_tui.tui.adaptation.review_keeping import keep, put
from migrator_tui.tui.adaptation.review_state import Review, remember_left
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.runs import Stopped
from migrator_tui.tui.scorecard.words import many
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.header import price_words
from migrator_tui.tui.widgets.modal import Modal, Sheet
from migrator_tui.tui.widgets.parts import hanging
from migrator_tui.tui.widgets.work_screen import WorkScreen

if TYPE_CHECKING:
    from migrator_tui.adaptation.suggesting import Prepared, SuggestionError
    from migrator_tui.adaptation.values import Suggestion
    from migrator_tui.history.adaptation_records import Exchange
    from migrator_tui.tui.app import MigratorApp

DETAILS = 17
"""Cells before the words of what asking takes."""
NO_ASSISTANT = "no assistant: add [assistant] to migrator.toml"
"""Fits beside the task on a narrow screen."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The prompt that is to be adapted: what is in the editor."""

    task: str
    candidate: str
    text: str
    params: dict[str, object]
    version_id: int
    label: str


class AskDialog(Modal["Prepared"]):
    """Which way to ask, and what it takes; `i` shows all that would be sent."""

    DEFAULT_CSS = "AskDialog > .box { width: 88; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down,k,up", "turn", "other", show=False),
        Binding("i", "sent", "what is sent", show=False),
        Binding("enter,s", "ask", "ask", show=False),
    ]

    def __init__(self, ways: Sequence["Prepared"], assistant: str, glyphs: Glyphs, *, minimal: bool = False) -> None:
        """`ways`: to add what is missing, and to take out what is not needed; `minimal`: begin with the second."""
        super().__init__()
        self.ways = ways
        self.assistant = assistant
        self.glyphs = glyphs
        # Where nothing fails, nothing can be missing.
        self.cursor = 1 if minimal or not ways[0].failing else 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="ways")

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        self._show()

    @property
    def chosen(self) -> "Prepared":
        """The way under the cursor."""
        return self.ways[self.cursor]

    @property
    def can_ask(self) -> bool:
        """There is something to ask about."""
        return self.cursor == 1 or bool(self.chosen.failing)

    def action_turn(self) -> None:
        self.cursor = 1 - self.cursor
        self._show()

    def action_ask(self) -> None:
        """Send it."""
        if self.can_ask:
            self.dismiss(self.chosen)

    @work(exclusive=True, group="question")
    async def action_sent(self) -> None:
        """The whole request, before it is sent."""
        title = f"What {safe_line(self.assistant, 40)} would get"
        await self.app.push_screen_wait(Sheet(title, messages_content(self.chosen.messages)))

    def _show(self) -> None:
        lines: list[Content] = []
        for number, words in enumerate(("add what is missing", "take out what is not needed (strip to minimal)")):
            here = number == self.cursor
            sign = f"{self.glyphs.cursor} {self.glyphs.now} " if here else f"  {self.glyphs.to_judge} "
            lines.append(Content.assemble((sign, STYLES["primary"]), (words, STRONG if here else MUTED)))
        width = min(82, self.app.size.width - 6)
        lines += [Content(""), *(hanging(line, DETAILS, width) for line in self._details(self.chosen))]
        self.query_one("#ways", Static).update(Content("\n").join(lines))
        keys = "j k choose · i what is sent · " + ("enter sends it · " if self.can_ask else "")
        self.label("Have edits suggested", f"{keys}esc no")

    def _details(self, way: "Prepared") -> list[Content]:
        rows = [
            ("asks", f"{safe_line(self.assistant, 30)}, {price_words(way.cost)}, {_calls(way)}"),
            ("failing", f"{len(way.failing):,} of the {many(way.of, 'case')} that it may see"),
            ("kept aside", f"{many(way.held_out, 'case')} that it never sees, to test the result")
            if way.held_out
            else ("kept aside", "none: too few cases, so the result cannot be tested on unseen ones"),
        ]
        lines = [Content.assemble((f"    {name:<{DETAILS - 4}}", MUTED), words) for name, words in rows]
        if not way.failing and self.cursor == 0:
            words = f"    {self.glyphs.passed} Nothing that it may see fails. The other way strips the prompt."
            lines += [Content(""), Content.styled(words, STYLES["success"])]
        lines += [Content(""), Content.styled("    Nothing changes before you take an edit.", MUTED)]
        return lines


def _calls(way: "Prepared") -> str:
    """`1 call`, and that an answer which breaks the form is sent back."""
    more = f", at most {way.most_calls} where its form is wrong" if way.most_calls > way.calls else ""
    return f"{many(way.calls, 'call')}{more}"


def messages_content(messages: Sequence[Mapping[str, Any]]) -> Content:
    """Messages as they are sent, each under its role."""
    parts: list[Content] = []
    for message in messages:
        parts += [Content.styled(f"── {safe_line(str(message['role']), 20)} ──", STYLES["primary"])]
        parts += [Content(safe(str(message["content"]))), Content("")]
    return Content("\n").join(parts)


def exchanges_content(exchanges: Sequence["Exchange"]) -> Content:
    """All that was sent and answered, in order."""
    parts: list[Content] = []
    for number, exchange in enumerate(exchanges, 1):
        when = exchange.created_at.strftime("%Y-%m-%d %H:%M UTC")
        parts.append(Content.styled(f"{number}. {safe_line(exchange.model, 60)}, {when}", STRONG))
        parts.append(messages_content(exchange.messages))
        said = exchange.answer if exchange.answer is not None else f"no answer: {exchange.error or 'it was stopped'}"
        parts += [Content.styled("── answer ──", STYLES["primary"]), Content(safe(said)), Content("")]
    return Content("\n").join(parts) if parts else Content.styled("nothing was sent", MUTED)


def strip_command(program: "MigratorApp") -> Iterable[SystemCommand]:
    """The palette's way to ask what can go."""

    def strip() -> None:
        program.run_worker(ask(program.current, minimal=True), exclusive=True, group="question")

    if program.workspace.is_open:
        yield SystemCommand("Strip the prompt to minimal", "Change · ask the assistant what can go", strip)


async def ask(screen: WorkScreen, *, minimal: bool = False) -> None:
    """Ask what it takes, then the assistant. To be awaited in a worker: it asks."""
    program, basis = screen.program, basis_of(screen.program)
    assistant = program.workspace.project.assistant
    if assistant is None:
        screen.say(NO_ASSISTANT, "warning")
        return
    if basis is None:
        return
    if program.runs.runner is None:
        screen.say("models are still starting; try again in a moment", "warning")
        return
    if (basis.task, basis.candidate) in program.reviews.asking:
        screen.say("the assistant is being asked; x stops it", "warning")
        return
    try:
        before = program.reviews.get((basis.task, basis.candidate))
        if before is not None:  # what was left of it is told
            await asyncio.to_thread(remember_left, before, program.workspace)
            keep(program, before)
        ways = [await asyncio.to_thread(_prepare, program, basis, minimal) for minimal in (False, True)]
    except (ProjectError, HistoryError, OSError) as error:
        screen.say(str(error), "error")
        return
    prepared = await screen.app.push_screen_wait(AskDialog(ways, assistant.model, program.glyphs, minimal=minimal))
    if prepared is not None:
        # Beside the questions: the next one would end it.
        program.run_worker(_suggest(program, basis, prepared), group="suggesting", exit_on_error=True)


def _prepare(program: "MigratorApp", basis: Basis, minimal: bool) -> "Prepared":
    from migrator_tui.adaptation.suggesting import prepare

    workspace = program.workspace
    return prepare(
        workspace.project,
        workspace.history,
        workspace.project.task(basis.task),
        basis.candidate,
        basis.text,
        basis.version_id,
        minimal=minimal,
    )


def basis_of(program: "MigratorApp") -> Basis | None:
    """What is in the editor; `None` where it cannot be asked about, which is said."""
    workbench = program.workbench
    params = workbench.draft_params()
    if workbench.prompt is None or params is None or not workbench.holds_track:
        program.say("the parameters are not TOML: mend them first" if params is None else "still opening", "warning")
        return None
    workbench.keep_draft_now()
    version = workbench.prompt.version
    return Basis(
        version.task, version.model_name, workbench.prompt_pane.template, dict(params), version.id, version.label
    )


async def _suggest(program: "MigratorApp", basis: Basis, prepared: "Prepared") -> None:
    """Ask, and show what came of it where the user still is."""
    from migrator_tui.adaptation.suggesting import SuggestionError, suggest

    track, runs = (basis.task, basis.candidate), program.runs
    spec = program.workspace.project.assistant
    runner = runs.runner
    assert spec is not None and runner is not None

    async def exchange(messages: Sequence[Message]) -> "Exchange":
        return await runner.exchange(spec, messages, purpose="suggestion", task=basis.task, candidate=basis.candidate)

    program.reviews.asking.add(track)
    program.change_frame(waits=f"asking {safe_line(spec.model, 40)} {program.glyphs.more}  x stops", notice="")
    suggestion: Suggestion | None = None
    work = runs.stoppable(suggest(prepared, exchange))
    program.current.show_keys()
    try:
        suggestion = await work
    except Stopped:
        program.say("stopped; nothing has changed", "warning")
    except SuggestionError as error:
        _tell_of_none(program, track, error)
    except (ProjectError, HistoryError, CheckFailure, NotAsked) as error:
        program.say(f"no suggestion: {error}", "error")
    finally:
        program.reviews.asking.discard(track)
        program.change_frame(waits="")
        program.current.show_keys()
        program.workbench.show_money()
    if suggestion is not None:
        asked_at = datetime.now(UTC)
        review = Review(suggestion, basis.text, basis.params, basis.version_id, basis.label, asked_at=asked_at)
        show(program, review)


def _tell_of_none(program: "MigratorApp", track: tuple[str, str], error: "SuggestionError") -> None:
    """Why there is no suggestion, in full where the user waits for it, else in the header."""
    program.say("no suggestion; ^p What was sent has every word", "error")
    workspace, here = program.workspace, program.current
    waits = here is program.screen and here.NAME in ("workbench", "suggestion")
    if waits and track == (workspace.task.name, workspace.candidate.name) and not program.workbench.in_editor:
        where = Content.styled("Every word of it: ctrl+p, What was sent to the assistant", MUTED)
        program.push_screen(Sheet("No suggestion", Content(safe(str(error))) + "\n\n" + where))


def show(program: "MigratorApp", review: Review, *, front: bool = False) -> None:
    """A suggestion takes the place of the one before; it comes to the front unless that would be in the way, or with
    `front` in any case."""
    before = program.reviews.get(review.track)
    if before is not None:
        try:
            remember_left(before, program.workspace)
        except HistoryError as error:
            program.say(str(error), "error")
    put(program, review)
    workspace, here = program.workspace, program.current
    in_view = review.track == (workspace.task.name, workspace.candidate.name)
    words = f"{many(len(review.edits), 'edit')} suggested"
    if in_view and here.NAME == "suggestion":
        here.history_opened()  # shows what there is now
    elif front or (
        in_view and here is program.screen and here.NAME == "workbench" and not program.workbench.in_editor
    ):
        program.action_show("suggestion")
    else:
        words += f" for {safe_line(review.track[0], 30)} · s in the workbench shows them"
    program.say(words, "success")
