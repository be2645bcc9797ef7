"""What a look before the first run found, in the forms that others read: JSON, a table, Markdown."""

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TextIO

from migrator_tui.preflight.dates import Going, day, in_days
from migrator_tui.preflight.finding import Change, Finding, Severity
from migrator_tui.preflight.looking import Preflight
from migrator_tui.preflight.money import LONGER, Amount, Basis, Cost, dollars, total
from migrator_tui.reports.markdown import code, plain
from migrator_tui.running.estimate import USUAL_ANSWER
from migrator_tui.text_safety import safe, safe_line

TITLES = {Severity.BLOCKER: "Blockers", Severity.WARNING: "Warnings", Severity.NOTE: "Notes"}
NOTHING = "Nothing stands in the way"
PLAIN_WIDTH = 140
"""Columns where the stream is no terminal."""
BASES = {
    Basis.MEASURED: "as measured",
    Basis.BASELINE: f"answers 1 to {LONGER:g} times as long as the baseline's",
    Basis.GUESSED: f"answers of {USUAL_ANSWER} tokens, or up to {LONGER:g} times that",
}
"""What a projection rests on, in words."""
_SIGNS = {Severity.BLOCKER: "✗", Severity.WARNING: "!", Severity.NOTE: "·"}


def preflight_json(found: Preflight) -> dict[str, Any]:
    """The contract's `findings`, and what the projection rests on."""
    return {
        "project": found.project.name,
        "findings": [_finding(found, finding) for finding in found.findings],
        "costs": [_cost(found, cost) for cost in found.costs],
        "totals": [_total(found, name) for name in dict.fromkeys(cost.model for cost in found.costs)],
        "retirements": [_going(found, going) for going in found.going],
        "looked_at": found.looked_at,
        "library": found.library or None,
    }


def _finding(found: Preflight, finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity.value,
        "name": finding.model,
        "model": found.spec(finding.model).model,
        "task": finding.task,
        "subject": finding.subject,
        "what": finding.what,
        "do": finding.do,
        "change": _change(finding.change),
        "line": finding.line,
        "seen_by": finding.seen_by or None,
    }


def _change(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {"leave_out": change.name} if change.value is None else {"set": {change.name: change.value}}


def _cost(found: Preflight, cost: Cost) -> dict[str, Any]:
    price = cost.price
    return {
        "name": cost.model,
        "model": found.spec(cost.model).model,
        "task": cost.task,
        "calls": cost.calls if cost.asked else 0,
        "price": {"input": price.input, "output": price.output} if price is not None else None,
        "one_call": _amount(cost.one),
        "run": _amount(cost.run),
        "basis": cost.basis.value,
        "reasoning_on_top": cost.reasons,
    }


def _total(found: Preflight, name: str) -> dict[str, Any]:
    """One model on all tasks that were looked at."""
    return {"name": name, "model": found.spec(name).model, "run": _amount(total(found.costs, [name]))}


def _amount(amount: Amount | None) -> dict[str, float] | None:
    return {"low": amount.low, "high": amount.high} if amount is not None else None


def _going(found: Preflight, going: Going) -> dict[str, Any]:
    hint = {"model": going.hint_model, "date": going.hint.isoformat()} if going.hint is not None else None
    return {
        "name": going.name,
        "model": going.model,
        "date": going.on.isoformat() if going.on is not None else None,
        "days": going.days(found.today),
        "dated_sibling": hint,
    }


def summary(found: Preflight) -> str:
    """`2 blockers, 1 warning, 3 notes`, or that nothing stands in the way."""
    numbers = [(len(found.of(severity)), severity.value) for severity in Severity]
    said = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in numbers if n)
    return f"{NOTHING}{f' ({said})' if said else ''}" if found.clear else said


def print_preflight(found: Preflight, stream: TextIO) -> None:
    """Findings with what to do about each, then money and dates."""
    width = shutil.get_terminal_size().columns if stream.isatty() else PLAIN_WIDTH
    for line in _lines(found, width):
        stream.write(safe(line) + "\n")


def _lines(found: Preflight, width: int) -> Iterator[str]:
    if found.clear:
        yield f"✓ {NOTHING}"
        yield ""
    name_width = max((len(finding.model) for finding in found.findings), default=0)
    subject_width = max((len(finding.subject) for finding in found.findings), default=0)
    for severity in Severity:
        findings = found.of(severity)
        if not findings:
            continue
        yield f"{TITLES[severity]} {len(findings)}"
        for finding, tasks in _over_tasks(findings):
            of_task = f" [{', '.join(tasks)}]" if tasks and len(found.project.tasks) > 1 else ""
            start = f"  {_SIGNS[severity]} {finding.model:<{name_width}}  {finding.subject:<{subject_width}}  "
            yield from _hanging(start, f"{said(finding)}{of_task}", width)
            if finding.do:
                yield from _hanging(" " * len(start), finding.do, width)
        yield ""
    if found.costs:
        yield "Money, projected and not measured"
        yield from (f"  {line}" for line in money_lines(found))
        yield ""
    if found.going:
        yield "Time until a model goes"
        yield from (f"  {going.name}: {when(going, found)}" for going in found.going)
        yield ""
    yield looked(found)


def _over_tasks(findings: Sequence[Finding]) -> Iterator[tuple[Finding, list[str]]]:
    """What is said of one model on several tasks is said once, with their names; none where it is about all."""
    tasks: dict[Finding, list[str]] = {}
    for finding in findings:
        tasks.setdefault(replace(finding, task=None), []).extend([finding.task] if finding.task is not None else [])
    yield from tasks.items()


def said(finding: Finding) -> str:
    """What was found, and by whom where that is the client library."""
    return f"{finding.what} ({finding.seen_by})" if finding.seen_by else finding.what


def _hanging(start: str, text: str, width: int) -> Iterator[str]:
    """The text folded behind its beginning, which the lines after the first are blank under."""
    folded = textwrap.wrap(safe_line(text, 600), max(20, width - len(start) - 1)) or [""]
    yield f"{start}{folded[0]}"
    yield from (f"{' ' * len(start)}{line}" for line in folded[1:])


def money_lines(found: Preflight) -> Iterator[str]:
    """A line for each model on each task."""
    for cost in found.costs:
        place = f"{cost.model}, {cost.task}" if len(found.project.tasks) > 1 else cost.model
        if not cost.asked and cost.one is None:
            yield f"{place}: recorded, nothing is paid; what it cost is not known"
        elif cost.one is None:
            yield f"{place}: price not known"
        else:
            calls = f"{cost.calls:,} {'call' if cost.calls == 1 else 'calls'}" if cost.asked else "recorded"
            run = f", this run {amount(cost.run)} ({calls})" if cost.run is not None else ""
            rest = "; what it reasons comes on top" if cost.reasons else ""
            yield f"{place}: one call {amount(cost.one)}{run}; {BASES[cost.basis]}{rest}"


def amount(found: Amount | None) -> str:
    """`$0.82`, or `$0.72 … $1.30`; `unknown` where it is."""
    if found is None:
        return "unknown"
    low, high = dollars(found.low), dollars(found.high)
    return low if low == high else f"{low} … {high}"


def when(going: Going, found: Preflight) -> str:
    """When a model goes, in words."""
    if going.on is not None:
        days = (going.on - found.today).days
        return f"{day(going.on)}, {in_days(days) if days >= 0 else 'retired'}"
    hint = f"; {going.hint_model}: {day(going.hint)}" if going.hint is not None else ""
    return f"no date in the price map{hint}"


def looked(found: Preflight) -> str:
    """What the look rests on."""
    library = f"; parameters as {found.library} has them" if found.library else ""
    return f"looked at {found.looked_at} things, asked no model{library}"


def preflight_markdown(found: Preflight) -> str:
    """A document to hand on: findings as lists, money and dates."""
    lines = [f"# Preflight of {code(found.project.name)}", "", f"{summary(found)}.", ""]
    for severity in Severity:
        findings = found.of(severity)
        if findings:
            lines += [f"## {TITLES[severity]}", ""]
        for finding, tasks in _over_tasks(findings):
            place = ", ".join(map(code, (finding.model, *tasks)))
            lines.append(f"- {place}: {code(finding.subject)}. {plain(said(finding), 600)}")
            if finding.do:
                lines.append(f"  {plain(finding.do, 600)}")
        lines += [""] if findings else []
    if found.costs:
        lines += ["## Money, projected and not measured", ""]
        lines += [*(f"- {plain(line, 600)}" for line in money_lines(found)), ""]
    if found.going:
        lines += ["## Time until a model goes", ""]
        lines += [*(f"- {code(going.name)}: {plain(when(going, found))}" for going in found.going), ""]
    return "\n".join([*lines, f"{looked(found)}.", ""])
