"""How far a run is, on stderr: a live line on a terminal, a plain line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from migrator_tui.models.requests import Retrying
from migrator_tui.reports.results_table import ReportConsole
from migrator_tui.running.estimate import Estimate
from migrator_tui.running.events import RunEvent, RunProgressed, TextArrived
from migrator_tui.text_safety import safe_line

if TYPE_CHECKING:
    from migrator_tui.running.plan import Plan

EVERY = 10.0
"""Seconds between plain lines."""


class Progress:
    """A context; `tell` is the `on_event` of a run."""

    def __init__(self, plan: "Plan", expected: Estimate) -> None:
        self._console = ReportConsole(file=sys.stderr, stderr=True, highlight=False)
        self._live = self._console.is_terminal
        self._simulated = any(spec.model.startswith("simulated:") for spec in plan.models)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[money]}"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._task = self._bar.add_task("running", total=max(1, len(plan.items)), money="")
        self._said = time.monotonic()
        self._expected = expected

    def __enter__(self) -> Self:
        self._line(self._beginning())
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def tell(self, event: RunEvent) -> None:
        """Something happened."""
        if isinstance(event, RunProgressed):
            money = "cost unknown" if event.unpriced and not event.cost else f"${event.cost:.4f}"
            money += "+?" if event.unpriced and event.cost else ""
            errors = f", {event.errors} error{'' if event.errors == 1 else 's'}" if event.errors else ""
            errors += f", {event.checks_open} checks to ask" if event.checks_open else ""
            done, total = event.steps
            self._bar.update(self._task, completed=done, total=max(1, total), money=money + errors)
            if not self._live and time.monotonic() - self._said >= EVERY:
                self._said = time.monotonic()
                self._line(f"{event.done} of {event.total} done, {money}{errors}")
        elif isinstance(event, TextArrived) and isinstance(event.event, Retrying):
            retry = event.event
            self._line(
                f"{event.item.model_name}, case {event.item.case_id}: {retry.error.message}; "
                f"again in {retry.wait:.1f} s"
            )

    def _beginning(self) -> str:
        expected = self._expected
        cost = "" if expected.cost is None or not expected.calls else f", about ${expected.cost:.4f}"
        more = f", {expected.unpriced} of them of unknown price" if expected.unpriced else ""
        calls = expected.checks.calls
        more += f", {calls} of them for checks" if calls else ""
        simulated = "; simulated models: no real answers" if self._simulated else ""
        return f"{expected.calls} calls to make{cost}{more}, {expected.cached} answers are there already{simulated}"

    def _line(self, line: str) -> None:
        self._console.print(Text(safe_line(line, 300)), soft_wrap=True)
