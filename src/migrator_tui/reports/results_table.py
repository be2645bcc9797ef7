"""The results of a run as a table for people, on any stream."""

from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from migrator_tui.running.results import ModelResult, Results, TaskResult
from migrator_tui.text_safety import safe_line

PLAIN_WIDTH = 140
"""Columns where the stream is no terminal: a file or pipe has no edge to fold at."""
LISTED = 12
"""Case ids of a kind that are named; the rest is counted."""


def print_table(results: Results, stream: TextIO) -> None:
    """Print what a run came to: a table for each task, then the cases that regressed, were fixed or flicker."""
    console = Console(file=stream, highlight=False, width=None if stream.isatty() else PLAIN_WIDTH)
    for task in results.tasks:
        console.print(_table(task))
        for candidate in task.candidates:
            found = candidate.comparison
            for one, several, ids in (
                ("regression", "regressions", found.regressions),
                ("fix", "fixes", found.fixes),
                ("flaky case", "flaky cases", found.flaky),
            ):
                if ids:
                    console.print(
                        Text(
                            f"  {safe_line(candidate.model.name)}: {_named(one if len(ids) == 1 else several, ids)}"
                        ),
                        soft_wrap=True,
                    )
        console.print()
    simulated = any(m.model.startswith("simulated:") for task in results.tasks for m in task.models)
    if simulated:
        console.print(Text("Answers of simulated models are simulated."))


def _table(task: TaskResult) -> Table:
    table = Table(
        title=Text(f"{safe_line(task.name)}, {task.cases} {'case' if task.cases == 1 else 'cases'}"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("model")
    table.add_column("version")
    for name in ("pass", "fail", "error", "unjudged", "rate", "regress", "fix", "cost", "p50", "p95", "calls"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row(*_cells(task.baseline), *_figures(task.baseline, "", ""))
    for candidate in task.candidates:
        found = candidate.comparison
        table.add_row(
            *_cells(candidate.model),
            *_figures(candidate.model, str(len(found.regressions)), str(len(found.fixes))),
        )
    return table


def _cells(result: ModelResult) -> list[Text]:
    label = result.version.label if result.version is not None else ""
    return [Text(safe_line(f"{result.name} ({result.model})", 60)), Text(label)]


def _figures(result: ModelResult, regressions: str, fixes: str) -> list[str]:
    summary = result.summary
    assumed = f" ({summary.assumed} assumed)" if summary.assumed else ""
    calls = f"{result.made} made, {result.cached} cached"
    return [
        f"{summary.passed}{assumed}",
        str(summary.failed),
        str(summary.errors),
        str(summary.unjudged),
        "–" if summary.pass_rate is None else f"{summary.pass_rate:.1%}",
        regressions,
        fixes,
        "–" if summary.cost is None else f"${summary.cost:.4f}",
        _milliseconds(summary.latency_p50_ms),
        _milliseconds(summary.latency_p95_ms),
        calls,
    ]


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def _named(what: str, ids: Sequence[str]) -> str:
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return f"{len(ids)} {what}: {', '.join(safe_line(case_id, 40) for case_id in ids[:LISTED])}{more}"
