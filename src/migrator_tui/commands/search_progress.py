"""How far a search is, on stderr: a live line on a terminal, plain lines elsewhere."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from migrator_tui.adaptation.search.values import (
    HeldOutBegan,
    SearchBegan,
    SearchEvent,
    SearchNoticed,
    SpentChanged,
    TryAdvanced,
    TryBegan,
    TryEnded,
)
from migrator_tui.project.words import counted
from migrator_tui.reports.results_table import ReportConsole
from migrator_tui.text_safety import safe_line

if TYPE_CHECKING:
    from migrator_tui.adaptation.search.ground import Ground


class SearchProgress:
    """A context; `tell` is the `on_event` of a search."""

    def __init__(self, ground: "Ground") -> None:
        self._ground = ground
        self._console = ReportConsole(file=sys.stderr, stderr=True, highlight=False)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("calls {task.fields[money]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("searching", total=ground.settings.budget_calls, money="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def tell(self, event: SearchEvent) -> None:
        """Something happened."""
        if isinstance(event, SearchBegan):
            self._line(self._beginning(event))
        elif isinstance(event, SpentChanged):
            spent = event.spent
            money = "cost unknown" if spent.cost is None else f"${spent.cost:.4f}"
            self._bar.update(self._task, completed=spent.calls, total=spent.budget_calls, money=money)
        elif isinstance(event, TryBegan | TryAdvanced):
            one = event.a_try
            self._bar.update(self._task, description=f"try {one.number}: {one.done} of {one.of}")
        elif isinstance(event, TryEnded):
            one = event.a_try
            rate = "" if one.score is None else f", {one.score:.1%} of {counted(one.done, 'case')}"
            kept = "" if one.parent is None else " kept" if one.accepted else " dropped"
            self._line(f"try {one.number}{kept}: {one.title}{rate}; {one.why}")
        elif isinstance(event, HeldOutBegan):
            self._line(f"try {event.winner} is the best; the held-out cases are asked")
        elif isinstance(event, SearchNoticed):
            self._line(event.text)

    def _beginning(self, event: SearchBegan) -> str:
        ground, expected = self._ground, event.estimate
        parts = f"{counted(event.learn, 'case')} to learn from, {event.held_out} held out"
        kept = f"{expected.held_out_calls} of them kept for the held-out cases"
        if event.resumed:
            # What all sittings together take was told when it began: now it is about the rest.
            begins, made, budget = "goes on", ground.stored.calls, ground.settings.budget_calls
            calls = f"{made} of {budget} calls are made, {max(0, budget - made)} are left, {kept}"
        else:
            begins, (low, high) = "begins", expected.calls
            cost = f", ${expected.cost[0]:.4f} to ${expected.cost[1]:.4f}" if expected.cost is not None else ""
            calls = f"{low} calls where nothing helps, at most {high}{cost}, {kept}"
        models = (ground.project.candidate(ground.candidate), ground.assistant)
        simulated = "; simulated models: no real answers" if any(_simulated(one.model) for one in models) else ""
        return f"search {begins} from {ground.base.label}: {parts}; {calls}{simulated}"

    def _line(self, line: str) -> None:
        self._console.print(Text(safe_line(line, 300)), soft_wrap=True)


def _simulated(model: str) -> bool:
    return model.startswith("simulated:")
