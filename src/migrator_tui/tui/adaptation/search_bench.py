"""The panes of the search screen: what they show of a search, as it goes on and once it is over."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.adaptation.search.values import Try
from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.adaptation import search_panes as panes
from migrator_tui.tui.adaptation.search_chart import chart_bottom, staircase
from migrator_tui.tui.adaptation.search_looking import look
from migrator_tui.tui.adaptation.search_state import Phase, SearchState, has_prompt
from migrator_tui.tui.adaptation.search_strip import strip_lines, strip_title
from migrator_tui.tui.adaptation.search_tries import bar_floor, column_heads, tries_bottom, try_rows
from migrator_tui.tui.adaptation.search_words import search_signs
from migrator_tui.tui.keys import SEARCH, Key, bindings
from migrator_tui.tui.messages import SearchAdvanced, SearchEnded, TrackChanged
from migrator_tui.tui.theme import MUTED, STRONG
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.parts import HeadLine
from migrator_tui.tui.widgets.row_list import RowList
from migrator_tui.tui.widgets.row_screen import RowScreen
from migrator_tui.tui.widgets.sizes import size_classes, size_of
from migrator_tui.tui.widgets.text_view import TextView
from migrator_tui.tui.workspace import Workspace

LOOK_SECONDS = 1.0
"""Between two looks at a try that is under way."""
SIDES = ("tries", "try", "held")
"""What narrow screens show, one after the other."""


class SearchBench(RowScreen):
    """A search of the prompt in view."""

    NAME = "search"
    TAB = "versions"
    CSS_PATH = "search.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(SEARCH)
    AUTO_FOCUS: ClassVar[str | None] = "#tries"

    def __init__(self) -> None:
        super().__init__()
        self.side = SIDES[0]
        self._shown: SearchState | None = None
        self._looked: dict[int, tuple[Try, panes.Looked]] = {}
        """What was looked up of each try, and the try as it was then."""
        self._recalled: set[tuple[str, str]] = set()
        """Tasks and candidates whose earlier searches were looked for."""
        self._last_look = 0.0
        self._looking: int | None = None
        """The number of the try that is being looked up."""

    def compose_body(self) -> ComposeResult:
        yield Static(id="no-search")
        with Pane(id="strip-pane"):
            yield Static(id="strip")
        with Horizontal(id="search-body"):
            with Vertical(id="search-left"):
                with Pane(id="chart-pane"):
                    yield Static(id="chart")
                with Pane(id="tries-pane"):
                    yield HeadLine()
                    yield RowList(id="tries")
            with Vertical(id="search-right"):
                with Pane(id="proposal-pane"):
                    yield TextView(id="proposal")
                with Pane(id="flips-pane"):
                    yield TextView(id="flips")
                with Pane(id="held-pane"):
                    yield Static(id="held")

    @property
    def workspace(self) -> Workspace:
        """What is in front of the user."""
        return self.program.workspace

    @property
    def state(self) -> SearchState | None:
        """The last search of the task and candidate in view."""
        return self.program.searches.of((self.workspace.task.name, self.workspace.candidate.name))

    @property
    def chosen(self) -> Try | None:
        """The try under the cursor."""
        state, key = self.state, self.rows.highlighted
        return state.tries.get(int(key)) if state is not None and key is not None else None

    @property
    def is_narrow(self) -> bool:
        """One side at a time has room."""
        return self.has_class("-narrow")

    # Laying out

    def on_mount(self) -> None:
        self.fit()

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """Lay the panes out for the terminal's size."""
        width, height = self.app.size
        wide, medium = width >= 140 and height >= 40, width >= 110 and height >= 30
        self.update_classes(size_classes(size_of(wide=wide, medium=medium)))
        self.show_side(self.side)

    def show_side(self, side: str) -> None:
        """On a narrow screen: chart and tries, the try, or the held-out cases."""
        self.side = side
        self.update_classes({f"-{name}": self.is_narrow and side == name for name in SIDES[1:]})
        self.call_after_refresh(self.paint)

    def panes(self) -> Mapping[str, Sequence[Key]]:
        """Keys that do nothing here are not offered."""
        state, absent = self.state, set[str]()
        running = state is not None and state.running
        if not running:
            absent |= {"search-stop", "search-pause"}
        chosen = self.chosen
        if state is None or not state.tries:
            absent |= {"search-write"}
        if chosen is None or not has_prompt(chosen):
            absent |= {"search-diff", "search-keep", "search-open"}
        elif chosen.parent is None or chosen.version_id is None:
            absent |= {"search-keep"}
        if running:
            absent |= {"search-again"}
        absent |= {"search-open"} if self.on_winner else {"search-review"}
        if not self.is_narrow:
            absent |= {"search-part"}
        return {"search": [key for key in SEARCH if key.id not in absent]}

    @property
    def on_winner(self) -> bool:
        """It is over, and the cursor is on what it found."""
        state, chosen = self.state, self.chosen
        result = state.result if state is not None else None
        return result is not None and result.helped and chosen is not None and chosen.number == result.best.number

    def help_signs(self) -> Sequence[tuple[str, str, str]]:
        """What the signs and lines mean."""
        return search_signs(self.program.glyphs)

    # Reacting

    def on_screen_resume(self) -> None:
        self.show_keys()
        self.call_after_refresh(self.paint)  # once the panes have their sizes

    def on_track_changed(self, message: TrackChanged) -> None:
        """Another task or candidate is in view."""
        self.paint()
        self.show_keys()

    def on_search_advanced(self, message: SearchAdvanced) -> None:
        """There is something newer to show."""
        self.paint()

    def on_search_ended(self, message: SearchEnded) -> None:
        """It is over: the cursor goes to what it found, where nobody has moved it."""
        state = self.state
        if state is None or state.track != (message.task, message.candidate):
            return
        if self.is_narrow and state.result is not None and self.side == SIDES[0] and self._in_front:
            self.show_side("held" if state.result.held_out is not None else SIDES[0])
        self.paint()
        if self._in_front:
            self.show_keys()

    @property
    def _in_front(self) -> bool:
        return self.is_mounted and self.program.current is self

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Another try is under the cursor."""
        event.stop()
        self._paint_chosen()
        self._paint_chart()
        self.show_keys()

    # Showing

    def paint(self) -> None:
        """Everything, as it stands."""
        if not self._in_front or not self.query("#tries"):
            return
        state = self.state
        self.set_class(state is None, "-empty")
        if state is not self._shown:
            self._shown, self._looked, self.rows.moved = state, {}, False
            self.rows.show([])
        if state is None:
            self.query_one("#no-search", Static).update(panes.nothing_lines(self._nothing()))
            self._look_for_earlier()
            return
        glyphs, frame = self.program.glyphs, self.program.search_frame
        width = self.app.size.width
        pane = self.query_one("#strip-pane", Pane)
        pane.title(strip_title(state, glyphs, frame, width))
        pane.bottom(Content.styled(glyphs.fit(self._what_next(state)), MUTED))
        self.query_one("#strip", Static).update(strip_lines(state, glyphs, width - 4))
        self._paint_tries(state)
        self._paint_chart()
        self._paint_chosen()
        held = self.query_one("#held-pane", Pane)
        held.title(panes.held_out_title(state, glyphs))
        held.bottom(panes.held_out_bottom(state, held.size.width))
        self.query_one("#held", Static).update(panes.held_out_lines(state, glyphs, held.size.width - 2))

    def _nothing(self) -> Sequence[str]:
        going = self.program.searches.going
        if going is not None:
            task, candidate = safe_line(going.task, 24), safe_line(going.candidate, 20)
            return [f"A search of {task} for {candidate} goes on", "S leads to it"]
        return ["No search of this prompt yet", "S starts one: it asks first, with calls and money"]

    def _what_next(self, state: SearchState) -> str:
        if state.phase is Phase.PAUSED:
            return "space goes on · x stops and keeps the best"
        if state.phase in (Phase.BEGINNING, Phase.TRYING):
            return "space pauses · x stops and keeps the best"
        if state.phase is Phase.BROKEN or (state.result is not None and not state.result.complete):
            return "S goes on with it"
        return ""

    def _paint_tries(self, state: SearchState) -> None:
        glyphs, tries = self.program.glyphs, state.newest_first
        pane = self.query_one("#tries-pane", Pane)
        pane.title(Content.assemble(("Tries", STRONG), (" newest first ", MUTED)))
        pane.bottom(tries_bottom(tries, state.going, glyphs))
        floor = bar_floor(tries)
        self.query_one(HeadLine).show(lambda width: column_heads(width, floor))
        wanted = None
        if not self.rows.moved and tries:
            found = state.result is not None and state.result.helped
            wanted = str(state.winner if found else tries[0].number)
        self.rows.show(try_rows(state, glyphs, self.program.search_frame), highlight=wanted)

    def _paint_chart(self) -> None:
        state = self.state
        if state is None:
            return
        glyphs, static = self.program.glyphs, self.query_one("#chart", Static)
        pane = self.query_one("#chart-pane", Pane)
        learn = f" pass rate on the {state.began.learn:,} " if state.began is not None else " pass rate "
        pane.title(Content.assemble(("Best so far", STRONG), (learn, MUTED)))
        pane.bottom(chart_bottom(state.start, state.best, state.base.label, glyphs))
        chosen = self.chosen
        picture = staircase(
            [one for one in state.tries.values() if one.number != state.going],
            baseline=state.began.baseline_rate if state.began is not None else None,
            calls=state.calls,
            budget=state.settings.budget_calls,
            cells=max(20, static.size.width),
            rows=max(3, static.size.height),
            glyphs=glyphs,
            chosen=chosen.number if chosen is not None else None,
        )
        static.update(picture)

    def _paint_chosen(self) -> None:
        state, chosen = self.state, self.chosen
        if state is None:
            return
        if chosen is None:
            self._paint_none()
            return
        known = self._looked.get(chosen.number)
        now = time.monotonic()
        # One that is being tried changes with every answer: now and then is enough.
        due = chosen.number != state.going or now - self._last_look > LOOK_SECONDS
        if (known is None or (due and known[0] != chosen)) and self._looking != chosen.number:
            self._looking, self._last_look = chosen.number, now
            self._look_up(state, chosen)
        looked = known[1] if known is not None else None
        glyphs, going = self.program.glyphs, chosen.number == state.going
        pane = self.query_one("#proposal-pane", Pane)
        pane.title(panes.proposal_title(chosen, state.base.label))
        says = "enter reviews its edits" if self.on_winner else "enter the whole prompt"
        pane.bottom(Content.styled(says if has_prompt(chosen) else "", MUTED))
        self._show("#proposal", panes.proposal(chosen, looked, going, glyphs, max(20, pane.size.width - 5)))
        pane = self.query_one("#flips-pane", Pane)
        pane.title(panes.flips_title(chosen))
        pane.bottom(panes.flips_bottom(chosen, going, glyphs))
        self._show("#flips", panes.flip_lines(chosen, looked, glyphs, max(20, pane.size.width - 5)))

    def _paint_none(self) -> None:
        """No try yet: nothing of an earlier search stays in sight."""
        for name in ("proposal", "flips"):
            pane = self.query_one(f"#{name}-pane", Pane)
            pane.title("")
            pane.bottom("")
            self._show(f"#{name}", Content(""))

    def _look_for_earlier(self) -> None:
        """The last search of an earlier session, or of the command line, is looked for once."""
        track = self.workspace.task.name, self.workspace.candidate.name
        if track not in self._recalled and self.workspace.is_open:
            self._recalled.add(track)
            self._recall(track)

    @work(group="recalling")
    async def _recall(self, track: tuple[str, str]) -> None:
        from migrator_tui.tui.adaptation.search_recall import recall

        try:
            state = await asyncio.to_thread(recall, self.workspace, *track)
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
            return
        if state is not None:
            self.program.searches.recalled(state)
            self.paint()
            self.show_keys()

    def _show(self, name: str, content: Content) -> None:
        """Another text, where it is another one: somebody may have scrolled."""
        view = self.query_one(name, TextView)
        shown: dict[str, Content] = self.__dict__.setdefault("_texts", {})
        before = shown.get(name)
        if before is None or not before.is_same(content):
            shown[name] = content
            view.show_content(content)

    @work(exclusive=True, group="looking-up")
    async def _look_up(self, state: SearchState, a_try: Try) -> None:
        """How its text differs from its parent's, and what the cases say; once it has come on."""
        parent = state.tries.get(a_try.parent) if a_try.parent is not None else None
        try:
            looked = await asyncio.to_thread(look, self.workspace, state, a_try, parent)
        except (ProjectError, HistoryError) as error:
            self.say(str(error), "error")
            return
        finally:
            self._looking = None
        if self._shown is state:
            self._looked[a_try.number] = a_try, looked
            self._paint_chosen()
