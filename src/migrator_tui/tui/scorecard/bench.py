"""The panes of the scorecard: where they stand, and what they show of what was counted."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.history.errors import HistoryError
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.project.errors import ProjectError
from migrator_tui.tui.cards import Counted
from migrator_tui.tui.keys import SCORECARD, Key, bindings
from migrator_tui.tui.messages import ScorecardCounted
from migrator_tui.tui.scorecard.banner import banner, signed_words, to_come
from migrator_tui.tui.scorecard.candidates_part import candidates_part
from migrator_tui.tui.scorecard.drift_part import drift_part
from migrator_tui.tui.scorecard.evidence_part import evidence_part
from migrator_tui.tui.scorecard.figures_part import figures_part
from migrator_tui.tui.scorecard.gate_part import gate_part
from migrator_tui.tui.scorecard.rates_part import rates_part
from migrator_tui.tui.scorecard.slices_part import slices_part
from migrator_tui.tui.scorecard.words import look_of, scorecard_signs
from migrator_tui.tui.theme import MUTED
from migrator_tui.tui.widgets.header import duration, money
from migrator_tui.tui.widgets.parts import Filled, Part
from migrator_tui.tui.widgets.parts_screen import Pages, PartsScreen
from migrator_tui.tui.widgets.row_list import RowList
from migrator_tui.tui.widgets.sizes import Size, size_classes

PARTS = ("gate", "rates", "figures", "drift", "slices", "candidates", "evidence")
"""In the order of `tab`."""
FRAME_ROWS = 8
"""Header, tabs, banner and footer."""
TOP_ROWS, MIDDLE_ROWS = 8, 10
"""As in the styles of wide screens."""
LEAST_BELOW = 12
"""Rows that slices and evidence keep under a gate of many rules."""
STILL_SECONDS = 0.4
"""A count that takes longer is told of."""


PAGES: Pages = {
    Size.WIDE: (("All", PARTS),),
    Size.MEDIUM: (
        ("Comparison", ("rates", "figures", "drift", "slices")),
        ("Gate and evidence", ("gate", "candidates", "evidence")),
    ),
    Size.NARROW: (
        ("Decision", ("gate", "rates")),
        ("Changes", ("drift", "figures")),
        ("Slices", ("slices",)),
        ("Evidence", ("candidates", "evidence")),
    ),
}
"""What stands together where not everything has room: a page's title and its parts."""


ROWS: Mapping[str, Sequence[str]] = {
    "top": ("gate", "rates"),
    "middle": ("figures", "drift"),
    "bottom-left": ("slices", "candidates"),
    "bottom": ("slices", "candidates", "evidence"),
}
"""The containers, with the parts in them."""


class ScorecardBench(PartsScreen):
    """Is the candidate ready, why, and what would settle it?"""

    NAME = "scorecard"
    CSS_PATH = "scorecard.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(SCORECARD)
    PAGES: ClassVar[Pages] = PAGES

    def __init__(self) -> None:
        super().__init__()
        self.waiting = ""
        """What a first run takes, where nothing was run."""
        self._track: tuple[str, str] | None = None
        self._told_of_counting = False

    # Composing

    def compose_body(self) -> ComposeResult:
        with Vertical(id="banner-pane"):
            yield Static(id="banner")
        yield Static(id="to-come")
        yield Static(id="pages")
        with Vertical(id="board"):
            with Horizontal(id="top"):
                yield Part("gate")
                yield Part("rates")
            with Horizontal(id="middle"):
                yield Part("figures")
                yield Part("drift")
            with Horizontal(id="bottom"):
                with Vertical(id="bottom-left"):
                    yield Part("slices")
                    yield Part("candidates")
                yield Part("evidence")

    @property
    def counted(self) -> Counted | None:
        """What was counted of them last."""
        return self.program.cards.get(self.track)

    @property
    def card(self) -> Scorecard | None:
        """Their scorecard, where there is one."""
        return self.counted.card if self.counted is not None else None

    @property
    def parts_here(self) -> list[str]:
        """The parts that there are, in the order of `tab`."""
        several = len(self.workspace.project.candidates) > 1
        return [name for name in super().parts_here if several or name != "candidates"]

    def on_mount(self) -> None:
        self.fit()
        self.set_interval(STILL_SECONDS, self._tell_of_counting)

    @property
    def has_parts(self) -> bool:
        """Something was run and counted."""
        return self.card is not None and not self.card.nothing_run

    def lay_out(self) -> None:
        """Show the parts of the page in front, or the one that has the whole screen."""
        shown = {self.maximised} if self.maximised else set(self.PAGES[self.size_class][self.page_number][1])
        shown &= set(self.parts_here)
        empty = not self.has_parts
        self.update_classes(
            size_classes(self.size_class)
            | {"-max": self.maximised is not None, "-empty": empty, "-no-slices": "slices" not in shown}
            | {"-no-rates": "rates" not in shown and self.maximised is None}
        )
        for name in PARTS:
            self.part(name).display = name in shown and not empty
        for row, names in ROWS.items():
            self.query_one(f"#{row}").display = bool(shown.intersection(names))
        several = len(self.workspace.project.candidates)
        self.part("candidates").styles.height = None if self.maximised else min(8, several + 3)
        self.query_one("#top").styles.height = self._gate_height() if "gate" in shown else None
        self.query_one("#to-come").display = self.card is not None and empty

    def _gate_height(self) -> int | None:
        """Rows of what stands at the top, for all rules to be in sight and no more, where the rest keeps enough.

        `None`: as the styles say. It follows from the configuration alone, so nothing jumps.
        """
        if self.maximised is not None or self.card is None or self.size_class is Size.NARROW:
            return None
        wide = self.size_class is Size.WIDE
        taken = FRAME_ROWS + (TOP_ROWS + MIDDLE_ROWS if wide else 1)
        spare = self.app.size.height - taken - LEAST_BELOW
        needed = len(self.card.decision.rules) + 3
        return max(TOP_ROWS, min(needed, TOP_ROWS + spare)) if wide else min(needed, spare)

    def panes(self) -> Mapping[str, Sequence[Key]]:
        """Keys that do nothing here are not offered."""
        absent = {"scorecard-stop"} if not self.program.runs.busy else set()
        if self.card is None or self.card.nothing_run:
            absent |= {f"scorecard-{word}" for word in ("open", "part", "full", "sign", "write", "check")}
        return {"scorecard": self.keys_here(SCORECARD, absent)}

    def help_signs(self) -> Sequence[tuple[str, str, str]]:
        """What the plots and states mean."""
        return scorecard_signs(self.program.glyphs)

    # Reacting

    def on_scorecard_counted(self, message: ScorecardCounted) -> None:
        """There is something newer to show."""
        if message.task == self.track[0]:
            self.show_newer()

    def refresh_parts(self) -> None:
        """Show what is known, and have counted what is not."""
        if self._track != self.track:
            self._track, self.waiting = self.track, ""
        super().refresh_parts()

    def look_anew(self) -> None:
        """Have counted what no longer holds."""
        self.program.count_scorecards()

    def _tell_of_counting(self) -> None:
        """Now and then: is what is shown still so?"""
        if self.program.current is self and self.workspace.is_open and self._told_of_counting != self._is_counting():
            self._paint_banner()

    def _is_counting(self) -> bool:
        cards = self.program.cards
        return cards.counting and self.counted is not None and not cards.holds(self.track)

    # Showing

    def paint(self) -> None:
        """Everything, for the size that it has now."""
        self._paint_banner()
        self._paint_pages()
        card = self.card
        if card is None:
            return
        if card.nothing_run:
            self.query_one("#to-come", Static).update(
                to_come(self.workspace.project.config_file.name, self.program.glyphs)
            )
            if card.cases and not self.waiting:
                self._estimate()
            return
        for name in self.parts_here:
            part = self.part(name)
            if part.display:
                part.fill(self._filled(name, card, part.size.width))
        if self.focused_part is None and self.focused is None:
            self.set_focus(self.part(self._first_part()).rows)

    def _first_part(self) -> str:
        """Where one starts: what changed explains a decision best; on narrow screens what is in front."""
        names = [name for name in self.parts_here if self.part(name).display]
        return "drift" if "drift" in names else names[0] if names else "gate"

    def _filled(self, name: str, card: Scorecard, width: int) -> Filled:
        glyphs, full = self.program.glyphs, self.maximised == name
        if name == "gate":
            return gate_part(card, self.workspace.project.config_file.name, glyphs, full=full, width=width)
        if name == "rates":
            return rates_part(card, glyphs, full=full)
        if name == "figures":
            return figures_part(card, glyphs, full=full, width=width - 3)
        if name == "drift":
            return drift_part(card, glyphs, full=full)
        if name == "slices":
            return slices_part(card, glyphs, full=full, width=width)
        if name == "candidates":
            task, in_view = self.track
            names = [each.name for each in self.workspace.project.candidates]
            return candidates_part([(n, self.program.cards.get((task, n))) for n in names], in_view, glyphs)
        counted = self.counted
        decisions = counted.decisions if counted is not None else ()
        return evidence_part(card, decisions, self.workspace.author, glyphs, full=full)

    def _paint_banner(self) -> None:
        glyphs = self.program.glyphs
        look = look_of(self.counted, glyphs)
        pane = self.query_one("#banner-pane", Vertical)
        for role in ("success", "error", "warning", "primary", "muted"):
            pane.set_class(role == look.role, f"-{role}")
        counting = self._told_of_counting = self._is_counting()
        pane.border_subtitle = Content.styled("counting …", MUTED) if counting else signed_words(self.counted, glyphs)
        width, narrow = self.app.size.width - 2, self.size_class is Size.NARROW
        self.query_one("#banner", Static).update(
            banner(self.counted, self.workspace.author, self.waiting, width, glyphs, narrow=narrow)
        )

    def _paint_pages(self) -> None:
        pages = PAGES[self.size_class]
        line: list[Content | str] = [" "]
        for number, (title, _) in enumerate(pages):
            style = "bold $text-primary on $primary-muted" if number == self.page_number else MUTED
            line += [Content.styled(f" {title} ", style), " "]
        self.query_one("#pages", Static).update(Content.assemble(*line))

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Nothing else on the screen depends on the cursor."""
        event.stop()

    # Nothing run yet

    @work(exclusive=True, group="estimate")
    async def _estimate(self) -> None:
        """What a run on both models takes, told before it is asked for."""
        from migrator_tui.running.selection import Selection

        task, candidate = self.track
        self.waiting = " "
        try:
            _, estimate = await self.program.runs.plan(Selection(tasks=[task], candidates=[candidate]))
        except (ProjectError, HistoryError):
            return  # what is wrong is said when a run is asked for
        if self.track != (task, candidate):
            return
        cost = f" and {money(estimate.cost)}" if estimate.cost else ""
        time = duration(estimate.seconds)
        self.waiting = f"One run on both models takes {'' if time.startswith('under') else 'about '}{time}{cost}."
        self._paint_banner()

    # Moving about; the actions are the screen's
