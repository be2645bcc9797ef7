"""The panes of the rollout screen: where they stand, and what they show of what was read."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from migrator_tui.history.rollout_records import RolloutState
from migrator_tui.project.schema import BASELINE
from migrator_tui.rollout.started import started_with
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.keys import ROLLOUT, Key, bindings
from migrator_tui.tui.messages import RolloutLooked, ScorecardCounted
from migrator_tui.tui.rollout.arms_part import arm_part
from migrator_tui.tui.rollout.empty import nothing_yet
from migrator_tui.tui.rollout.events_part import calls_part, events_part
from migrator_tui.tui.rollout.guardrails_part import guardrails_part
from migrator_tui.tui.rollout.ladder import ladder_bottom, ladder_lines, ladder_title
from migrator_tui.tui.rollout.reading import Listed, Seen
from migrator_tui.tui.rollout.words import model_words, rollout_signs
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.pane import Pane
from migrator_tui.tui.widgets.parts import Filled, Part
from migrator_tui.tui.widgets.parts_screen import Pages, PartsScreen
from migrator_tui.tui.widgets.row_list import RowList
from migrator_tui.tui.widgets.sizes import Size, size_classes

PARTS = ("baseline", "candidate", "guardrails", "events", "calls")
"""In the order of `tab`: as the eye goes."""
FIRST = "guardrails"
"""Where the focus is at first: what acts."""
LADDER_ROWS = {Size.WIDE: 4, Size.MEDIUM: 4, Size.NARROW: 3}
HEALTH_ROW, FRAME = 1, 3

PAGES: Pages = {
    Size.WIDE: (("All", PARTS),),
    Size.MEDIUM: (("Guardrails", ("baseline", "candidate", "guardrails")), ("Events", ("events", "calls"))),
    Size.NARROW: (
        ("Guardrails", ("guardrails",)),
        ("Arms", ("baseline", "candidate")),
        ("Events", ("events",)),
        ("Calls", ("calls",)),
    ),
}
"""What stands together where not everything has room: a page's title and its parts."""


def first_of(names: Sequence[str]) -> str:
    """The part of a page that has the focus at first."""
    return FIRST if FIRST in names else names[0]


class RolloutBench(PartsScreen):
    """How far has the traffic moved, and what would stop it?"""

    NAME = "rollout"
    CSS_PATH = "rollout.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROLLOUT)
    PAGES: ClassVar[Pages] = PAGES

    def __init__(self) -> None:
        super().__init__()
        self.listed: tuple[int, Listed] | None = None
        """The calls that are shown, and the rollout they are of."""

    def compose_body(self) -> ComposeResult:
        yield Static(id="to-come")
        with Pane(id="ladder-pane"):
            yield Static(id="ladder")
        yield Static(id="rehearsal")
        yield Static(id="pages")
        with Vertical(id="board"):
            with Horizontal(id="arms"):
                yield Part("baseline")
                yield Part("candidate")
            yield Part("guardrails")
            with Horizontal(id="below"):
                yield Part("events")
                yield Part("calls")

    @property
    def seen(self) -> Seen | None:
        """The newest rollout of the task in view, as it was read last."""
        return self.program.rollouts.seen.get(self.workspace.task.name)

    @property
    def rehearsing(self) -> bool:
        """Traffic is being sent from here."""
        raise NotImplementedError

    @property
    def has_parts(self) -> bool:
        """There is one."""
        return self.seen is not None

    def on_mount(self) -> None:
        self.fit()

    def lay_out(self) -> None:
        """Show the parts of the page in front, or the one that has the whole screen."""
        self.update_classes(size_classes(self.size_class) | {"-max": self.maximised is not None})
        shown = {self.maximised} if self.maximised else set(self.PAGES[self.size_class][self.page_number][1])
        empty = not self.has_parts
        for name in PARTS:
            self.part(name).display = name in shown and not empty
        self.query_one("#arms").display = bool(shown & {"baseline", "candidate"})
        self.query_one("#below").display = bool(shown & {"events", "calls"})
        self.query_one("#to-come").display = empty
        self.query_one("#board").display = not empty
        self.query_one("#ladder-pane").display = not empty and self.maximised is None
        self.query_one("#pages").display = not empty and self.maximised is None and len(PAGES[self.size_class]) > 1
        self.part("guardrails").styles.height = self._guardrails_height()

    def _guardrails_height(self) -> int | None:
        """Rows for all guardrails, where the screen is wide: they follow from the rollout alone, so nothing jumps."""
        seen = self.seen
        if seen is None or self.maximised is not None or self.size_class is not Size.WIDE:
            return None
        return len(seen.rollout.guardrails) + HEALTH_ROW + FRAME

    def panes(self) -> Mapping[str, Sequence[Key]]:
        """Keys that do nothing here are not offered."""
        absent = set() if self.program.runs.busy or self.rehearsing else {"rollout-stop"}
        seen = self.seen
        if seen is None:
            absent |= {f"rollout-{word}" for word in ("hold", "go-on", "back-step", "away", "open", "part", "full")}
            absent |= {"rollout-write", "rollout-advance"}
        elif seen.rollout.state in (RolloutState.ROLLED_BACK, RolloutState.ENDED):
            absent |= {"rollout-hold", "rollout-go-on", "rollout-back-step", "rollout-away", "rollout-advance"}
        elif seen.rollout.state is RolloutState.HELD:
            absent |= {"rollout-hold", "rollout-start", "rollout-advance"}
        elif seen.rollout.state is RolloutState.COMPLETE:
            absent |= {"rollout-hold", "rollout-go-on", "rollout-advance"}
        else:
            absent |= {"rollout-go-on", "rollout-start"}
        return {"rollout": self.keys_here(ROLLOUT, absent)}

    def help_signs(self) -> Sequence[tuple[str, str, str]]:
        """What the signs and lines mean."""
        return rollout_signs(self.program.glyphs)

    # Reacting

    def on_rollout_looked(self, message: RolloutLooked) -> None:
        """There is something newer to show."""
        if message.task == self.workspace.task.name:
            self.show_newer()

    def on_scorecard_counted(self, message: ScorecardCounted) -> None:
        """Where there is no rollout yet, the decision stands here."""
        if self.program.current is self and not self.has_parts:
            self.paint()

    def look_anew(self) -> None:
        """Have the rollout read again."""
        self.program.look_at_rollout()

    # Showing

    def paint(self) -> None:
        """Everything, as it stands."""
        if not self.is_mounted:
            return
        seen, glyphs = self.seen, self.program.glyphs
        if seen is None:
            self.query_one("#to-come", Static).update(nothing_yet(self.program))
            return
        self._paint_pages()
        pane = self.query_one("#ladder-pane", Pane)
        pane.title(ladder_title(seen, self._model(seen), glyphs))
        pane.bottom(self._bottom(seen))
        width = max(20, self.app.size.width - 2)
        rows = LADDER_ROWS[self.size_class]
        self.query_one("#ladder", Static).update(ladder_lines(seen, self.workspace.author, glyphs, width, rows=rows))
        # Where the cursor is among the calls, they stay as they are: each look has others.
        if self.listed is None or self.listed[0] != seen.rollout.id or not self.part("calls").rows.has_focus:
            self.listed = seen.rollout.id, seen.listed
        for name in PARTS:
            part = self.part(name)
            if part.display:
                part.fill(self._filled(name, seen), still=True)
        if self.focused_part is None and self.focused is None:
            names = [name for name in self.parts_here if self.part(name).display]
            if names:
                self.set_focus(self.part(first_of(names)).rows)

    def _bottom(self, seen: Seen) -> Content:
        """How the fallback stands; where the last look came to nothing, why: what is shown is older then."""
        glyphs, problem = self.program.glyphs, self.program.rollouts.problem
        if problem:
            words = f"{glyphs.warning} as of {seen.at.astimezone():%H:%M:%S}: {safe_line(problem, 90)}"
            return Content.styled(glyphs.fit(words), STYLES["warning"])
        return ladder_bottom(seen, self._baseline_model(seen), glyphs)

    def _model(self, seen: Seen) -> str:
        """The candidate's model as it was at the start: the configuration may name another one since."""
        try:
            stated = self.workspace.project.candidate(seen.rollout.candidate).model
        except KeyError:
            stated = seen.rollout.candidate
        return model_words(started_with(seen.rollout, "candidate", stated))

    def _baseline_model(self, seen: Seen) -> str:
        return model_words(started_with(seen.rollout, BASELINE, self.workspace.project.baseline.model))

    def _filled(self, name: str, seen: Seen) -> Filled:
        glyphs = self.program.glyphs
        if name == BASELINE:
            return arm_part(seen, name, self._baseline_model(seen), glyphs)
        if name == "candidate":
            return arm_part(seen, name, f"{self._model(seen)} {seen.label}", glyphs)
        if name == "guardrails":
            # The frame and the cell of the scrollbar.
            room = self.app.size.width - 3 if self.maximised == name else None
            return guardrails_part(seen, glyphs, room)
        if name == "events":
            return events_part(seen, self.workspace.author, glyphs)
        assert self.listed is not None
        listed = self.listed[1]
        return calls_part(listed, seen.at, glyphs, held=listed is not seen.listed)

    def _paint_pages(self) -> None:
        line: list[Content | str] = [" "]
        for number, (title, _) in enumerate(self.PAGES[self.size_class]):
            style = "bold $text-primary on $primary-muted" if number == self.page_number else MUTED
            line += [Content.styled(f" {title} ", style), " "]
        self.query_one("#pages", Static).update(Content.assemble(*line))

    @on(RowList.Highlighted)
    def row_highlighted(self, event: RowList.Highlighted) -> None:
        """Nothing else on the screen depends on the cursor."""
        event.stop()
