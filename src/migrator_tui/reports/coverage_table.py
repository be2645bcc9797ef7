"""Coverage as a table for people, on any stream."""

from collections.abc import Sequence
from typing import TextIO

from rich.text import Text

from migrator_tui.coverage.names import group_name
from migrator_tui.coverage.past import Change
from migrator_tui.coverage.reach import percent
from migrator_tui.coverage.values import Coverage, State
from migrator_tui.coverage.words import change_words, figure, plural, rest, share_words, source_words
from migrator_tui.reports.results_table import LISTED, PLAIN_WIDTH, ReportConsole
from migrator_tui.text_safety import safe_line

SIGNS = {
    State.COVERED: "✓",
    State.HALF: "~",
    State.GAP: "✗",
    State.PEOPLE: "·",
    State.IGNORED: " ",
}
TEXT_CELLS = 72


def print_coverage(found: Sequence[tuple[Coverage, Sequence[Change]]], stream: TextIO, assistant: str | None) -> None:
    """Print what each task covers: instructions, edges, shares, cases in trouble, proposals."""
    console = ReportConsole(file=stream, highlight=False, width=None if stream.isatty() else PLAIN_WIDTH)
    for coverage, changes in found:
        for line in _lines(coverage, changes, assistant):
            console.print(Text(line), soft_wrap=True)


def _lines(coverage: Coverage, changes: Sequence[Change], assistant: str | None) -> list[str]:
    missing = rest(coverage)
    head = f"{safe_line(coverage.task)}: {figure(coverage)}{'; ' + missing if missing else ''}; {_cases(coverage)}"
    lines = [head, "", f"Instructions of {safe_line(coverage.prompt)}"]
    for one in coverage.instructions:
        place = f"{one.line:>4}" if one.line else "   ·"
        cases = f"{one.cases:>6,}" if one.cases is not None else " " * 6
        text = safe_line(one.text, TEXT_CELLS)
        lines.append(f"  {SIGNS[one.state]} {place}  {text:<{TEXT_CELLS}} {cases}  {safe_line(one.how, 80)}")
    if not coverage.instructions:
        lines.append("  the prompt asks for nothing that was recognised")
    lines += ["", "Edges"]
    for edge in coverage.edges:
        if edge.state is not State.IGNORED:
            lines.append(f"  {SIGNS[edge.state]} {edge.title:<36} {edge.note}".rstrip())
    lines += ["", *_shares(coverage), *_trouble(coverage)]
    if coverage.checks or coverage.fills:
        lines += ["", "Proposals"]
    for number, proposal in enumerate(coverage.checks):
        change = changes[number] if number < len(changes) else None
        lines.append(f"  check  {safe_line(proposal.title, 60):<60} line {proposal.line:<4} {change_words(change)}")
    for fill in coverage.fills:
        lines.append(f"  cases  {safe_line(fill.title, 60):<60} {source_words(fill, assistant)}")
    return [*lines, ""]


def _cases(coverage: Coverage) -> str:
    folded = coverage.all_cases - coverage.cases
    more = f", {plural(folded, 'copy', 'copies')} not counted" if folded else ""
    return f"{plural(coverage.cases, 'case')}{more}"


def _shares(coverage: Coverage) -> list[str]:
    if coverage.sample is None:
        lines = ["Cases by group; no production sample to compare with"]
        lines += [
            f"    {safe_line(group_name(one.kind, one.name), 40):<40} {share_words(one)}" for one in coverage.shares
        ]
        return lines
    sample = coverage.sample
    looked = f", {sample.looked_at:,} of them looked at" if sample.looked_at < sample.rows else ""
    lines = [f"Cases against production ({plural(sample.rows, 'input')}{looked})"]
    for one in coverage.shares:
        sign = "✗" if one.state is State.GAP and not one.cases else "!" if one.state is State.GAP else " "
        name = (
            f"{one.name} words" if one.kind == "words" else f"{one.name} turns" if one.kind == "turns" else one.name
        )
        production = percent(one.production) if one.production is not None else ""
        lines.append(f"  {sign} {safe_line(name, 40):<40} {percent(one.share):>10} {production:>10} {one.cases:>7,}")
    return lines


def _trouble(coverage: Coverage) -> list[str]:
    trouble = coverage.trouble
    rows = [
        ("without any check or verdict", trouble.unchecked),
        ("the same as another", tuple(case_id for group in trouble.same for case_id in group[1:])),
        ("nearly the same as another", tuple(case_id for group in trouble.near for case_id in group[1:])),
        ("flaky", trouble.flaky),
        ("pass on every model", trouble.pass_everywhere),
        ("critical", trouble.critical),
    ]
    lines = []
    for words, ids in rows:
        if ids:
            named = ", ".join(safe_line(case_id) for case_id in ids[:LISTED])
            more = f" and {len(ids) - LISTED:,} more" if len(ids) > LISTED else ""
            lines.append(f"  {words:<30} {len(ids):>5,}  {named}{more}")
    return ["", "Cases", *lines] if lines else []
