"""A question with its reasons and a few answers, the safe one first; leaving is an answer of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.keys import QUESTION, bindings
from migrator_tui.tui.setup.frame import QuestionApp, QuestionScreen
from migrator_tui.tui.theme import MUTED, STRONG, STYLES


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    id: str
    """`yes` or `no`, which the letters `y` and `n` give."""
    words: str
    meaning: str
    """What it does, in one line or two."""


class Replies(Static):
    """The answers, one of them marked."""

    at: reactive[int] = reactive(0, layout=False)

    def __init__(self, replies: Sequence[Reply], glyphs: Glyphs) -> None:
        super().__init__(id="answers")
        self._replies = replies
        self._glyphs = glyphs
        self.update(self._content())

    def watch_at(self) -> None:
        self.update(self._content(), layout=False)

    def reply_at(self, line: int) -> int | None:
        """The answer on that line: each takes two and a blank one between."""
        number, within = divmod(line, 3)
        return number if number < len(self._replies) and within < 2 else None

    def _content(self) -> Content:
        blocks = []
        for number, reply in enumerate(self._replies):
            chosen = number == self.at
            cursor = (f"{self._glyphs.cursor} " if chosen else "  ", STYLES["primary"])
            style = "bold $text-primary on $primary-muted" if chosen else STRONG
            blocks.append(Content.assemble(cursor, (f" {reply.words} ", style), "\n   ", (reply.meaning, MUTED)))
        return Content("\n\n").join(blocks)


class ChoiceScreen(QuestionScreen):
    """What it is about, scrolled where it is long, and the answers below, always in sight."""

    KEYS = QUESTION
    BINDINGS: ClassVar[list[BindingType]] = bindings(QUESTION)

    def __init__(
        self, folder: Path, glyphs: Glyphs, title: str, note: str, body: Content, replies: Sequence[Reply]
    ) -> None:
        super().__init__(folder, glyphs)
        self.TITLE_TEXT = title
        self.NOTE = note
        self._body = body
        self._replies = replies

    def compose_box(self) -> ComposeResult:
        with VerticalScroll(id="scrolled", can_focus=False):
            yield Static(self._body)
        yield Static(" ")
        yield Replies(self._replies, self.glyphs)

    def rows_below(self) -> int:
        return 3 * len(self._replies)

    def action_step(self, by: int) -> None:
        replies = self.query_one(Replies)
        replies.at = max(0, min(len(self._replies) - 1, replies.at + by))

    def action_choose(self) -> None:
        self.action_answer(self._replies[self.query_one(Replies).at].id)

    def action_answer(self, answer: str) -> None:
        self.app.exit(answer)

    def on_click(self, event: events.Click) -> None:
        replies = self.query_one(Replies)
        at = event.get_content_offset(replies)
        if at is not None and (number := replies.reply_at(at.y)) is not None:
            replies.at = number
            self.action_choose()


class ChoiceApp(QuestionApp[str]):
    """One question; ends with the id of the answer, or `None` where the user left."""

    def __init__(self, folder: Path, title: str, note: str, body: Content, replies: Sequence[Reply]) -> None:
        super().__init__()
        self._folder = folder
        self._title = title
        self._note = note
        self._body = body
        self._replies = replies

    def first_screen(self) -> QuestionScreen:
        return ChoiceScreen(self._folder, self.glyphs, self._title, self._note, self._body, self._replies)
