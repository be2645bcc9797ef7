"""The results of a run as a table for people, on any stream."""

from collections.abc import Callable, Sequence
from typing import NoReturn, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from migrator_tui.parity.gate import Answer
from migrator_tui.parity.gate.words import signed, span
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.running.results import ModelResult, Results, TaskResult
from migrator_tui.text_safety import safe_line

PLAIN_WIDTH = 140
"""Columns where the stream is no terminal: a file or pipe has no edge to fold at."""
LISTED = 12
"""Case ids of a kind that are named; the rest is counted."""


class ReportConsole(Console):
    """rich's console, which leaves it to the program what a reader that went away means (rich would exit with 1)."""

    def on_broken_pipe(self) -> NoReturn:
        """Called by rich while it handles the `BrokenPipeError`."""
        raise BrokenPipeError


def print_table(results: Results, stream: TextIO) -> None:
    """Print what a run came to: a table for each task, then the cases that regressed, were fixed or flicker."""
    console = ReportConsole(file=stream, highlight=False, width=None if stream.isatty() else PLAIN_WIDTH)
    for task in results.tasks:
        console.print(_table(task))
        console.print()
        for candidate in task.candidates:
            card = candidate.scorecard
            for one, several, ids in (
                ("regression", "regressions", card.regressions),
                ("fix", "fixes", card.fixes),
                ("flaky case", "flaky cases", card.new.flaky),
            ):
                if ids:
                    named = _named(one if len(ids) == 1 else several, ids)
                    console.print(Text(f"{safe_line(candidate.model.name)}: {named}"), soft_wrap=True)
            for line in _decision(card):
                console.print(Text(f"{safe_line(candidate.model.name)}: {line}"), soft_wrap=True)
        console.print()
    if any(model.model.startswith("simulated:") for task in results.tasks for model in task.models):
        console.print(Text("Answers of simulated models are simulated."))


def _table(task: TaskResult) -> Table:
    """A column for each model: figures of two models are compared along a line, and many models still fit."""
    table = Table(
        title=Text(f"{safe_line(task.name)}, {task.cases} {'case' if task.cases == 1 else 'cases'}"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
    )
    table.add_column("", no_wrap=True)
    for model in task.models:
        table.add_column(Text(safe_line(model.name, 40)), justify="right")
    for label, cell in _ROWS.items():
        table.add_row(label, *(Text(cell(model)) for model in task.models))
    cards = [candidate.scorecard for candidate in task.candidates]
    table.add_row("regressions", "", *(str(len(card.regressions)) for card in cards))
    table.add_row("fixes", "", *(str(len(card.fixes)) for card in cards))
    table.add_row("flaky", "", *(str(len(card.new.flaky)) for card in cards))
    table.add_row("difference", "", *(_difference(card) for card in cards))
    table.add_row("decision", "", *(WORDS[card.decision.answer] for card in cards))
    return table


WORDS = {Answer.READY: "ready", Answer.NOT_READY: "not ready", Answer.NOT_ENOUGH: "not enough evidence"}


def _difference(card: Scorecard) -> str:
    """`−10.1 pt (−15.3 … −4.9)`, with more digits where it would otherwise meet the margin."""
    if card.difference is None:
        return "–"
    limit = -card.rules.margin
    return f"{signed(card.difference.estimate, limit)} pt ({span(card.difference, limit)})"


def _decision(card: Scorecard) -> list[str]:
    """What the gate says and why, a line each; then what would help."""
    head = f"{WORDS[card.decision.answer]}: {'; '.join(card.decision.reasons)}"
    return [safe_line(head), *([f"next: {safe_line(card.decision.next_step)}"] if card.decision.next_step else [])]


def _version(result: ModelResult) -> str:
    return result.version.label if result.version is not None else "–"


def _passed(result: ModelResult) -> str:
    assumed = f" ({result.summary.assumed} assumed)" if result.summary.assumed else ""
    return f"{result.summary.passed}{assumed}"


def _rate(result: ModelResult) -> str:
    return "–" if result.summary.pass_rate is None else f"{result.summary.pass_rate:.1%}"


def _cost(result: ModelResult) -> str:
    return "–" if result.summary.cost is None else f"${result.summary.cost:.4f}"


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


_ROWS: dict[str, Callable[[ModelResult], str]] = {
    "model": lambda result: safe_line(result.model, 60),
    "version": _version,
    "passed": _passed,
    "failed": lambda result: str(result.summary.failed),
    "errors": lambda result: str(result.summary.errors),
    "unjudged": lambda result: str(result.summary.unjudged),
    "pass rate": _rate,
    "cost": _cost,
    "latency p50": lambda result: _milliseconds(result.summary.latency_p50_ms),
    "latency p95": lambda result: _milliseconds(result.summary.latency_p95_ms),
    "calls": lambda result: f"{result.made} made, {result.cached} cached",
}


def _named(what: str, ids: Sequence[str]) -> str:
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return f"{len(ids)} {what}: {', '.join(safe_line(case_id, 40) for case_id in ids[:LISTED])}{more}"
