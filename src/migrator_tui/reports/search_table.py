"""What a search came to as a table for people, on any stream."""

from collections.abc import Iterable
from typing import TextIO

from rich.text import Text

from migrator_tui.adaptation.search.values import HeldOut, SearchResult, Try
from migrator_tui.adaptation.values import times_before
from migrator_tui.parity.gate.words import signed
from migrator_tui.reports.results_table import PLAIN_WIDTH, ReportConsole
from migrator_tui.reports.search_report import verdict_of
from migrator_tui.reports.words import counted, dollars, percent
from migrator_tui.text_safety import safe_line

TITLE = 44


def print_search(result: SearchResult, held_out: int, stream: TextIO) -> None:
    """Print what was tried, what came of it, and what can be done with it."""
    console = ReportConsole(file=stream, highlight=False, width=None if stream.isatty() else PLAIN_WIDTH)
    for line in _lines(result, held_out):
        console.print(Text(line), soft_wrap=True)


def _lines(result: SearchResult, held_out: int) -> Iterable[str]:
    yield f"  {'try':>3}  {'version':<8} {'what changed':<{TITLE}} {'pass rate':>9}  kept or dropped because"
    for one in result.tries:
        yield _try(one)
    yield ""
    yield from _held_out(result, held_out)
    spent = result.spent
    cost = "cost unknown" if spent.cost is None else dollars(spent.cost)
    yield (
        f"{counted(spent.calls, 'call')} of {spent.budget_calls:,}, {spent.assistant_calls:,} of them for proposals; "
        f"{cost}; {result.seconds:.1f} s"
    )
    yield f"ended: {safe_line(result.ended, 300)}"
    for advice in result.advice:
        yield f"not the prompt's to change: {safe_line(advice.text, 300)}"
    if result.helped and result.best.label is not None:
        yield f"nothing is applied: `prompt write --version {result.best.label}` writes it, after showing the change"


def _try(one: Try) -> str:
    sign = "●" if one.accepted else "✗"
    label = one.label or "–"
    title = safe_line(one.title, TITLE) if one.parent is not None else ""
    return f"{sign} {one.number:>3}  {label:<8} {title:<{TITLE}} {percent(one.score):>9}  {safe_line(one.why, 200)}"


def _held_out(result: SearchResult, cases: int) -> Iterable[str]:
    found = result.held_out
    if not cases:
        yield "too few cases to hold some out: nothing tells whether this holds for others"
    elif found is None and not result.helped:
        yield f"the {counted(cases, 'held-out case')} were not asked: there is nothing to test"
    elif found is None:
        yield f"the {counted(cases, 'held-out case')} were not asked: `adapt --resume` goes on"
    else:
        yield _compared(found)


def _compared(found: HeldOut) -> str:
    sign, words = verdict_of(found)
    interval = ""
    if found.low is not None and found.high is not None:
        interval = f", 95 % interval {signed(found.low)} … {signed(found.high)} points"
    baseline = f", baseline {percent(found.baseline)}" if found.baseline is not None else ""
    before = times_before(found.looks)
    looked = f"; looked at {before}" if before else ""
    return (
        f"{sign} {words}: {percent(found.before)} before, {percent(found.after)} after{baseline} on "
        f"{counted(found.cases, 'case')} that no proposal and no choice has seen "
        f"({len(found.flips.fixed)} fixed, {len(found.flips.broken)} broken{interval}{looked})"
    )
