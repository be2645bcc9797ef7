"""Everything that was said to the assistant and what came back: from the palette, to be read afterwards."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from migrator_tui.history.adaptation_records import Exchange
from migrator_tui.history.errors import HistoryError
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.versions.entries import ago
from migrator_tui.tui.widgets.header import money
from migrator_tui.tui.widgets.modal import Modal
from migrator_tui.tui.widgets.parts import cell, mark
from migrator_tui.tui.widgets.row_list import ListRow, RowList

if TYPE_CHECKING:
    from migrator_tui.tui.app import MigratorApp

MOST = 200
"""Exchanges that are listed, the newest; `history export` has all of them."""
WHEN, PURPOSE, COST = 14, 14, 10
COMPARED = 500
"""Characters by which an answer is known again; long ones are cut where they are sent back."""


def refused(exchanges: Sequence[Exchange]) -> dict[int, str]:
    """Of answers that were sent back, what was said of them, by id: the next request repeats both."""
    found: dict[int, str] = {}
    for later in exchanges:
        if len(later.messages) < 3 or later.messages[-2]["role"] != "assistant":
            continue
        answer, said = (str(message["content"]) for message in later.messages[-2:])
        asked = [
            one.id
            for one in exchanges
            if one.id < later.id
            and (one.answer or "")[:COMPARED] == answer[:COMPARED]
            and one.purpose == later.purpose
        ]
        if asked:
            found[max(asked)] = said.partition("\n")[0]
    return found


class ExchangeList(Modal[Exchange]):
    """The exchanges, newest first; `enter` reads one."""

    DEFAULT_CSS = """
    ExchangeList > .box { height: 80%; max-height: 40; width: 110; padding: 0 1; }
    ExchangeList RowList { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "older", show=False),
        Binding("k,up", "step(-1)", "newer", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("enter", "read", "read", show=False),
        Binding("q", "dismiss_unchanged", "close", show=False),
    ]

    def __init__(self, exchanges: Sequence[Exchange], glyphs: Glyphs, at: int | None = None) -> None:
        """`at`: the one to begin with."""
        super().__init__()
        self.exchanges = {str(one.id): one for one in exchanges}
        self.glyphs = glyphs
        self._at = at
        self._refused = refused(exchanges)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield RowList(id="exchanges")

    def on_mount(self) -> None:
        rows = self.query_one(RowList)
        rows.show([self._row(one) for one in self.exchanges.values()], highlight=str(self._at) if self._at else None)
        rows.focus()
        self.label("What was sent to the assistant", "j k choose · enter reads it · esc close")

    def _row(self, one: Exchange) -> ListRow:
        def draw(width: int, selected: bool) -> Content:
            failed = one.answer is None
            why = self._refused.get(one.id, "")
            # Whether an answer was of use is not known of all: only what was sent back was surely of none.
            sign = self.glyphs.warning if failed else self.glyphs.failed if why else self.glyphs.dot
            style = STYLES["warning"] if failed or why else MUTED
            about = " / ".join(filter(None, (one.task, one.candidate)))
            about = f"{about}  {one.model}" if width >= 90 else about or one.model
            said = one.error or "no answer" if failed else why or (one.answer or "").strip()
            cost = "–" if one.cost is None else money(one.cost)
            rest = max(10, width - 4 - WHEN - PURPOSE - COST)
            return Content.assemble(
                mark(selected, self.glyphs),
                (f"{sign} ", style),
                cell(ago(one.created_at), WHEN, "muted"),
                cell(one.purpose, PURPOSE, "text"),
                cell(cost, COST, "muted", right=True),
                cell(f"{about}  {safe_line(said, 200)}", rest, "warning" if failed or why else "text"),
            )

        return ListRow(str(one.id), draw)

    def action_step(self, by: int) -> None:
        self.query_one(RowList).step(by)

    def action_page(self, direction: int) -> None:
        self.query_one(RowList).page(direction)

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A double click reads it."""
        event.stop()
        self.action_read()

    def action_read(self) -> None:
        key = self.query_one(RowList).highlighted
        if key is not None:
            self.dismiss(self.exchanges[key])


async def read_exchanges(app: "MigratorApp") -> None:
    """List what was said, and show what is chosen, until that is closed. To be awaited in a worker: it asks."""
    from migrator_tui.tui.adaptation.asking import exchanges_content
    from migrator_tui.tui.widgets.modal import Sheet

    if not app.workspace.is_open:
        app.say("the history is still being opened", "warning")
        return
    at: int | None = None
    while True:
        try:
            found = await asyncio.to_thread(app.workspace.history.recent_exchanges, MOST)
        except HistoryError as error:
            app.say(str(error), "error")
            return
        if not found:
            app.say("nothing was sent to an assistant yet")
            return
        chosen = await app.push_screen_wait(ExchangeList(found, app.glyphs, at))
        if chosen is None:
            return
        at = chosen.id
        await app.push_screen_wait(Sheet(f"Sent to {safe_line(chosen.model, 50)}", exchanges_content([chosen])))


def exchange_commands(app: "MigratorApp") -> Iterable[SystemCommand]:
    """The entry of the palette."""

    def read() -> None:
        app.run_worker(read_exchanges(app), exclusive=True, group="question")

    words = "Look · every word, and what it answered"
    yield SystemCommand("What was sent to the assistant", words, read)
