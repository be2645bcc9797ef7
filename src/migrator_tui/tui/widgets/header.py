"""The first row: where one is on the left, run and money on the right, so that a number never changes place."""

from dataclasses import dataclass, replace

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import UNICODE, Glyphs
from migrator_tui.tui.theme import FAINT, MUTED, STRONG, STYLES


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run under way, as the header shows it."""

    done: int
    total: int
    rate: float | None = None
    """Calls a second."""
    left_s: float | None = None
    cost: float | None = None
    estimated_cost: float | None = None
    max_cost: float | None = None
    """A cap."""
    at_most: bool = False
    """It may well end earlier: `total` is what it may take."""


@dataclass(frozen=True, slots=True)
class HeaderState:
    """Everything the header can say."""

    project: str = ""
    task: str = ""
    baseline: str = ""
    candidate: str = ""
    candidate_short: str = ""
    """The candidate's name, shown where the model's does not fit."""
    position: str = ""
    """`1/2` where there are several candidates."""
    version: str = ""
    draft: bool = False
    simulated: bool = False
    blind: bool = False
    spent: float | None = 0.0
    spent_is_partial: bool = False
    """Some calls of today have no known price."""
    run: RunProgress | None = None
    waits: str = ""
    """Who is being asked, where that is no run; stands until it is over."""
    notice: str = ""
    """One line that stands for some seconds where money stands otherwise."""
    notice_role: str = "muted"


def money(amount: float) -> str:
    """USD for a person: cents where they matter, more digits where all is below a cent."""
    if amount and amount < 0.01:
        return f"${amount:.4f}"
    return f"${amount:,.2f}"


def price_words(cost: float | None) -> str:
    """Of an estimate: `free`, `about $0.02`, `price unknown`."""
    return "price unknown" if cost is None else f"about {money(cost)}" if cost else "free"


def duration(seconds: float) -> str:
    """Seconds for a person: `21 s`, `1 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class HeaderBar(Widget):
    """Project, task, models, version; at the right what was spent, or the run under way."""

    DEFAULT_CSS = """
    HeaderBar { height: 1; background: $surface; color: $foreground; }
    """

    state: reactive[HeaderState] = reactive(HeaderState(), layout=False)

    def __init__(self, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self.glyphs = glyphs

    def change(self, **changes: object) -> None:
        """Set some fields and paint; nothing is painted where nothing changes."""
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]

    def render(self) -> Content:
        width = self.size.width
        for squeeze in range(7):
            left, right = self._left(squeeze), self._right(squeeze)
            if left.cell_length + right.cell_length + 2 <= width:
                break
        room = max(0, width - right.cell_length - 2)
        return left.truncate(room, ellipsis=True, pad=True) + "  " + right

    def _left(self, squeeze: int) -> Content:
        s, g = self.state, self.glyphs
        parts: list[Content | str | tuple[str, str]] = [(f" {g.brand} ", STYLES["primary"])]
        if s.project and squeeze < 4:
            parts += [(safe_line(s.project, 32), MUTED), (" / ", FAINT)]
        parts += [(safe_line(s.task, 32), STRONG), "   "]
        if s.blind:
            parts += [("A ? B", STRONG), "   ", (" blind ", "bold $text-primary on $primary-muted")]
            return Content.assemble(*parts)
        if not s.baseline:
            return Content.assemble(*parts)
        short = squeeze >= 5
        parts += [
            (safe_line(_short_model(s.baseline) if short else s.baseline, 40), MUTED),
            (f" {g.arrow} ", FAINT),
            (safe_line(s.candidate_short if short else s.candidate, 40), STRONG),
        ]
        if s.position and squeeze < 3:
            parts += [" ", (s.position, FAINT)]
        if s.simulated and squeeze < 6:
            parts += ["  ", ("simulated", STYLES["warning"])]
        if s.version:
            parts += ["   ", (s.version, STYLES["text"])]
        if s.draft:
            parts += [(" + draft " if squeeze < 5 else "+", STYLES["warning"]), (g.now, STYLES["warning"])]
        return Content.assemble(*parts)

    def _right(self, squeeze: int) -> Content:
        s = self.state
        # Why a key did nothing is said during a run too, for the seconds that it stands there.
        aloud = s.notice_role in ("warning", "error")
        if s.run is not None and not (s.notice and aloud):
            return self._progress(s.run, squeeze)
        if s.notice:
            # A long line leaves room for the task and the candidate beside it.
            room = max(20, self.size.width - 30)
            return Content.assemble((safe_line(s.notice, room), STYLES[s.notice_role]), " ")
        if s.waits:
            return Content.styled(f"{s.waits} ", STYLES["primary"])
        if s.spent is None:
            return Content("")
        about = "over " if s.spent_is_partial else ""
        words = Content.assemble((f"{about}{money(s.spent)}", STRONG))
        if s.simulated and s.spent:
            # Nothing was paid: personas state prices so that there is something to compare.
            words = Content.assemble((about + money(s.spent), MUTED), (" simulated" if squeeze < 5 else "", FAINT))
        elif squeeze < 5:
            words += Content.styled(" spent today", MUTED)
        return words + " "

    def _progress(self, run: RunProgress, squeeze: int) -> Content:
        g = self.glyphs
        parts: list[Content | str | tuple[str, str]] = [(f"{g.cursor} {run.done}/{run.total}", STRONG)]
        cells = {0: 14, 1: 14, 2: 10}.get(squeeze, 0)
        if cells:
            filled = round(cells * run.done / run.total) if run.total else cells
            parts += [" ", (g.done * filled, STYLES["primary"]), (g.rest * (cells - filled), FAINT)]
        if run.rate is not None and squeeze < 1:
            parts += ["  ", (f"{run.rate:.1f} calls/s", MUTED)]
        if run.left_s is not None and squeeze < 6:
            parts += ["  ", (f"{'at most ' if run.at_most else ''}{duration(run.left_s)} left", MUTED)]
        if run.cost is not None:
            parts += ["  ", (money(run.cost), STRONG)]
            if run.max_cost is not None and squeeze < 5:
                parts += [(f" of {money(run.max_cost)}", MUTED)]
            elif run.estimated_cost is not None and squeeze < 5:
                parts += [(f" of ~{money(run.estimated_cost)}", MUTED)]
        return Content.assemble(*parts, " ")


def _short_model(model: str) -> str:
    """A model's name without provider and date: `openai/gpt-4o-2024-08-06` is `gpt-4o`."""
    name = model.rsplit("/", 1)[-1]
    head, *rest = name.split("-")
    kept = [head]
    for part in rest:
        if len(part) >= 4 and part.isdigit():
            break
        kept.append(part)
    return "-".join(kept)
