"""`S`: what a search would take, and may take, before it starts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from migrator_tui.adaptation.search.values import HeadRoom, SearchEstimate, SearchSettings
from migrator_tui.history.adaptation_records import StoredSearch
from migrator_tui.history.errors import HistoryError
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.words import counted
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.theme import MUTED, STRONG, STYLES
from migrator_tui.tui.widgets.field import Field
from migrator_tui.tui.widgets.header import money
from migrator_tui.tui.widgets.modal import Modal
from migrator_tui.tui.widgets.parts import hanging

HEAD = 14
NOTHING_CHANGES = "Nothing changes by itself: what it finds is yours to review."


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is known before a search starts."""

    label: str
    """The version it would start from."""
    models: tuple[str, str]
    """The candidate's model and the assistant."""
    learn: int
    held_out: int
    head_room: HeadRoom | None
    """`None` where the prompt was not run on all cases to learn from: the search asks, and says it."""
    stopped: StoredSearch | None
    """A search of this prompt that did not come to its end."""
    stopped_settings: SearchSettings | None
    stopped_label: str
    """The version that one started from, which need not be the one in the editor."""
    estimate: Callable[[SearchSettings], Awaitable[SearchEstimate]]


@dataclass(frozen=True, slots=True)
class SearchChoice:
    """What was agreed to."""

    settings: SearchSettings
    resume: StoredSearch | None
    force: bool
    """It is unlikely to help, and wanted all the same."""


class SearchDialog(Modal[SearchChoice]):
    """Calls and money at most, what that comes to, and whether it is likely to help."""

    DEFAULT_CSS = """
    SearchDialog > .box { width: 92; }
    SearchDialog .line { height: 1; }
    SearchDialog .line > Static { width: 14; color: $foreground 62%; }
    SearchDialog .line > Input { width: 14; }
    SearchDialog .line > .hint { width: 1fr; padding-left: 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,up", "turn", "other", show=False, priority=True),
    ]

    def __init__(self, prospect: Prospect, settings: SearchSettings, glyphs: Glyphs) -> None:
        super().__init__()
        self.prospect = prospect
        self.glyphs = glyphs
        self.going_on = prospect.stopped is not None
        self._anew = settings
        self._estimate: SearchEstimate | None = None
        self._counting: tuple[bool, SearchSettings | None] | None = None
        """What is being counted, or was."""
        self._hurried = False
        """Somebody agreed while it was still being counted."""
        self._problem = ""
        self._failed = ""
        """Why it could not be counted."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(id="about")
            with Horizontal(classes="line"):
                yield Static("calls at most")
                yield Field(id="calls", compact=True)
                yield Static(id="calls-hint", classes="hint")
            with Horizontal(classes="line"):
                yield Static("USD at most")
                yield Field(id="cost", compact=True)
                yield Static("empty: no cap but that of the calls", classes="hint")
            yield Static(id="takes")

    def on_mount(self) -> None:
        self._fill()
        self.query_one("#calls", Input).focus()

    def _fill(self) -> None:
        """The fields as they are for going on, or for beginning anew."""
        earlier = self.prospect.stopped_settings
        settings = earlier if self.going_on and earlier is not None else self._anew
        self.query_one("#calls", Input).value = str(settings.budget_calls)
        self.query_one("#cost", Input).value = f"{settings.max_cost:g}" if settings.max_cost is not None else ""
        self._show()
        self._count()

    def action_turn(self) -> None:
        """Go on, or begin anew."""
        if self.prospect.stopped is not None:
            self.going_on = not self.going_on
            self._fill()

    @property
    def settings(self) -> SearchSettings | None:
        """What is typed; `None` where it is no budget, and `_problem` says why."""
        calls, cost = (self.query_one(name, Input).value.strip() for name in ("#calls", "#cost"))
        self._problem = ""
        earlier = self.prospect.stopped_settings
        base = earlier if self.going_on and earlier is not None else self._anew
        if not calls.isascii() or not calls.isdigit() or not 0 < int(calls[:9]) <= 1_000_000:
            self._problem = "calls at most: a whole number up to 1,000,000"
            return None
        try:
            most = float(cost.removeprefix("$")) if cost else None
        except ValueError:
            most = -1.0
        if most is not None and not 0 < most < 1e6:
            self._problem = "USD at most: a number above 0, or nothing"
            return None
        return replace(base, budget_calls=int(calls[:9]), max_cost=most)

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Another budget: it is counted anew."""
        event.stop()
        self._hurried = False
        if self._counting != (self.going_on, self.settings):
            self._estimate, self._failed = None, ""
            self._show()
            self._count()

    @on(Input.Submitted)
    def agreed(self, event: Input.Submitted) -> None:
        """Start, unless it could not try a single proposal."""
        event.stop()
        self._agree()

    def _agree(self) -> None:
        settings, estimate = self.settings, self._estimate
        self._hurried = settings is not None and estimate is None
        if settings is None or estimate is None or self._too_small(settings, estimate):
            return
        room = self.prospect.head_room
        resume = self.prospect.stopped if self.going_on else None
        self.dismiss(SearchChoice(settings, resume, force=room is not None and not room.likely))

    def _too_small(self, settings: SearchSettings, estimate: SearchEstimate) -> bool:
        return not self.going_on and settings.budget_calls < estimate.smallest_budget

    @work(exclusive=True, group="estimate")
    async def _count(self) -> None:
        settings = self.settings
        self._counting = self.going_on, settings
        if settings is None:
            self._show()
            return
        try:
            self._estimate = await self.prospect.estimate(settings)
        except (ProjectError, HistoryError) as error:
            self._estimate, self._failed = None, str(error)
        if not self.is_open:
            return
        self._show()
        if self._hurried:
            self._agree()

    # Showing

    def _show(self) -> None:
        settings = self.settings
        width = min(86, self.app.size.width - 6)
        about = [hanging(line, HEAD, width) for line in self._about()]
        self.query_one("#about", Static).update(Content("\n").join([*about, Content("")]))
        estimate = self._estimate
        least = (
            f"{estimate.smallest_budget:,} for one proposal, tried on all cases and tested"
            if estimate is not None
            else ""
        )
        self.query_one("#calls-hint", Static).update(Content.styled("" if self.going_on else least, MUTED))
        self.query_one("#takes", Static).update(Content("\n").join([Content(""), *self._takes(settings)]))
        starts = settings is not None and estimate is not None and not self._too_small(settings, estimate)
        turn = "↑ ↓ go on or anew · " if self.prospect.stopped is not None else ""
        word = "enter goes on · " if self.going_on else "enter searches · "
        keys = self.glyphs.fit(f"tab next · {turn}{word if starts else ''}esc no")
        start = self.prospect.stopped_label if self.going_on else self.prospect.label
        self.label(f"Search for a better prompt, from {start}", keys)

    def _about(self) -> list[Content]:
        prospect, glyphs = self.prospect, self.glyphs
        candidate, assistant = (safe_line(model, 40) for model in prospect.models)
        apart = (
            f"{prospect.held_out:,} held out, asked once at the end"
            if prospect.held_out
            else "none held out: too few, so what is found is not proven on others"
        )
        lines = [
            _line("assistant", f"{assistant} proposes, one small change after another"),
            _line("candidate", f"{candidate} is asked with each, and its checks decide"),
            _line("cases", f"{prospect.learn:,} to learn from, {apart}"),
        ]
        room = prospect.head_room
        if room is None:
            lines.append(_line("head-room", "known once the prompt it starts from was asked"))
        else:
            failing = f"{room.failing:,} of {room.of:,} fail"
            if room.likely:
                lines.append(_line("head-room", f"{failing}: {room.why}"))
            else:
                words = f"{glyphs.warning} search is unlikely to help here: {room.why}"
                lines.append(_line("head-room", words, "warning"))
        stopped = prospect.stopped
        if stopped is not None:
            lines.append(Content(""))
            choices = (
                (True, f"go on with the search that stopped after {counted(stopped.calls, 'call')}"),
                (False, "begin anew"),
            )
            for going_on, words in choices:
                chosen = going_on is self.going_on
                sign = f"{glyphs.cursor} {glyphs.now} " if chosen else f"  {glyphs.to_judge} "
                lines.append(Content.assemble((sign, STYLES["primary"]), (words, STRONG if chosen else MUTED)))
        return lines

    def _takes(self, settings: SearchSettings | None) -> list[Content]:
        estimate, glyphs = self._estimate, self.glyphs
        if problem := self._problem or self._failed:
            return [Content.styled(f"{glyphs.failed} {safe_line(problem, 300)}", STYLES["error"])]
        if settings is None or estimate is None:
            return [_line("takes", "being counted …")]
        stopped = self.prospect.stopped
        if self.going_on and stopped is not None:
            left = max(0, settings.budget_calls - stopped.calls)
            words = f"at most {left:,} more calls: {stopped.calls:,} of the {settings.budget_calls:,} are made"
            return [_line("takes", words), Content.styled(NOTHING_CHANGES, MUTED)]
        low, high = estimate.calls
        cost = "price unknown"
        if estimate.cost is not None:
            least, most = estimate.cost
            cost = "free" if not most else f"{money(least)} to {money(most)}"
        lines = [_line("takes", f"{low:,} calls where nothing helps, at most {high:,}; {cost}")]
        if estimate.held_out_calls:
            lines.append(_line("", f"{estimate.held_out_calls:,} of these are kept back for the held-out cases"))
        if self._too_small(settings, estimate):
            words = f"{glyphs.failed} too few: not one proposal could be tried; {estimate.smallest_budget:,} would do"
            lines.append(Content.styled(words, STYLES["error"]))
        else:
            lines.append(Content.styled(NOTHING_CHANGES, MUTED))
        return [Content(glyphs.fit(line.plain)) if glyphs.plain else line for line in lines]


def _line(head: str, words: str, role: str = "text") -> Content:
    return Content.assemble((f"{head:<{HEAD}}", MUTED), (words, STYLES[role]))
