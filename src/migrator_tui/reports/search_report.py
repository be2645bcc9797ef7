"""A search as Markdown: what it took, what came of it on held-out cases, and every try with its reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from migrator_tui.adaptation.search.values import HeldOut, Spent, Try
from migrator_tui.adaptation.values import times_before
from migrator_tui.models.secrets import exact_scrubber
from migrator_tui.parity.gate.words import signed
from migrator_tui.reports.markdown import BACKTICKS, code, plain
from migrator_tui.reports.prompts import line_diff
from migrator_tui.reports.words import counted, dollars, percent, shown

MOST_LINES = 400
"""Lines of the diff from start to winner."""
NEARLY = 1e-9


@dataclass(frozen=True, slots=True)
class ToldSearch:
    """What the report tells."""

    project: str
    task: str
    candidate: str
    model: str
    assistant: str
    base: str
    """Label of the version it started from."""
    start: str
    """That version's template."""
    learn: int
    baseline_rate: float | None
    """On the cases to learn from."""
    tries: Sequence[Try]
    best: Try | None
    ended: str
    """Why it ended; empty while it goes on."""
    helped: bool
    held_out: HeldOut | None
    spent: Spent | None
    made_at: datetime
    made_by: str
    secrets: frozenset[str] = frozenset()


def search_report(told: ToldSearch) -> str:
    """The document, in GitHub's Markdown, without the keys that this project knows."""
    parts = [
        f"## Search for a better prompt: {plain(told.task)} on {plain(told.candidate)}",
        _verdict(told),
        "\n".join(f"- {line}" for line in _facts(told)),
        _held_out(told.held_out, told) if told.held_out is not None else "",
        "### Tries",
        _tries(told),
        *_winner(told),
        f"<sub>migrator-tui, {told.made_at:%Y-%m-%d %H:%M} UTC, by {plain(told.made_by)}</sub>",
    ]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return exact_scrubber({write(key) for key in told.secrets for write in (str, plain)})(text)


def verdict_of(held_out: HeldOut) -> tuple[str, str]:
    """Sign and words: surely better, surely worse, or neither."""
    if held_out.low is not None and held_out.low > NEARLY:
        return "✓", "better on held-out cases"
    if held_out.high is not None and held_out.high < -NEARLY:
        return "✗", "worse on held-out cases"
    return "~", "not surely better"


def _verdict(told: ToldSearch) -> str:
    if not told.ended:
        return "**It still goes on.**"
    if not told.helped or told.best is None:
        return "**~ Nothing helped.** The prompt it started from is still the best."
    named = f"Try {told.best.number}, {code(told.best.title)}"
    if told.held_out is None:
        return f"**~ Not tried on held-out cases.** {named}, was the best on the cases it learned from."
    sign, words = verdict_of(told.held_out)
    return f"**{sign} {words.capitalize()}.** {named}, is the best of them."


def _facts(told: ToldSearch) -> Iterable[str]:
    yield f"project {code(told.project)}, from {plain(told.base)}; candidate {code(told.model)}"
    yield f"proposals by {code(told.assistant)}"
    spent = told.spent
    if spent is not None:
        of = f" of at most {spent.budget_calls:,}"
        cap = f" of at most {dollars(spent.max_cost)}" if spent.max_cost is not None else ""
        cost = "unknown cost" if spent.cost is None else f"{dollars(spent.cost)}{cap}"
        yield f"{counted(spent.calls, 'call')}{of}, {spent.assistant_calls:,} of them for proposals; {cost}"
    yield f"learned from {counted(told.learn, 'case')}" + (
        f"; the baseline passes {percent(told.baseline_rate)} of them" if told.baseline_rate is not None else ""
    )
    if told.ended:
        yield f"ended: {plain(told.ended)}"


def _held_out(held_out: HeldOut, told: ToldSearch) -> str:
    flips, before = held_out.flips, times_before(held_out.looks)
    rows = [
        "### Held-out cases",
        f"{counted(held_out.cases, 'case')} that no proposal and no choice has seen, both prompts asked anew. "
        + (f"Looked at {before}." if before else "Nobody had looked at them before."),
        "| before | after | baseline | fixed | broken |\n|---:|---:|---:|---:|---:|\n"
        f"| {percent(held_out.before)} | {percent(held_out.after)} | {percent(held_out.baseline)} "
        f"| {len(flips.fixed):,} | {len(flips.broken):,} |",
    ]
    if held_out.low is not None and held_out.high is not None:
        rows.append(f"After less before, 95 % interval: {signed(held_out.low)} … {signed(held_out.high)} points.")
    if told.best is not None and told.best.score is not None:
        rows.append(f"On the cases it learned from it was {percent(told.best.score)}, but those chose the winner.")
    return "\n\n".join(rows)


def _tries(told: ToldSearch) -> str:
    rows = ["| try | from | what changed | pass rate | | because |", "|---:|---:|---|---:|---|---|"]
    for one in told.tries:
        title = f"{plain(told.base)}, where it starts" if one.parent is None else code(one.title)
        came = "" if one.parent is None else "● kept" if one.accepted else "✗ dropped"
        rows.append(
            f"| {one.number} | {one.parent or ''} | {title} | {percent(one.score)} | {came} | {plain(one.why, 300)} |"
        )
    return "\n".join(rows)


def _winner(told: ToldSearch) -> Iterable[str]:
    best = told.best
    if best is None or best.parent is None:
        return
    yield f"### From {plain(told.base)} to try {best.number}"
    by_number = {one.number: one for one in told.tries}
    steps: list[Try] = []
    step: Try | None = best
    while step is not None and step.parent is not None and step not in steps:
        steps.insert(0, step)
        step = by_number.get(step.parent)
    lines = []
    for each in steps:
        lines += [f"- {code(edit.title or each.title)} {plain(edit.why, 600)}" for edit in each.edits]
    yield "\n".join(lines)
    diff, left_out = line_diff(told.start, best.template, MOST_LINES)
    body = "\n".join(shown(line, 1_000).replace("\n", " ") for line in diff)
    fence = "`" * max([3, *(len(run) + 1 for run in BACKTICKS.findall(body))])
    yield f"{fence}diff\n{body}\n{fence}"
    if left_out:
        yield f"{counted(left_out, 'line')} of the diff left out"


def usual_name(task: str, candidate: str) -> str:
    """`search-triage-newer.md`: a name that any file system takes."""
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in f"{task}-{candidate}").strip(".-")
    return f"search-{name or 'report'}.md"
