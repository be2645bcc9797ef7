"""A report as Markdown: the before and after that people paste into a pull request. Short; details are folded.

Ids, names, tags and messages come from files and models. Each stands inside `<code>`, with every character that
Markdown, HTML or GitHub gives a meaning written as a character reference, so that nothing of it becomes a link, a
mention, an image or a tag.
"""

import re
from collections.abc import Iterable, Sequence

from migrator_tui.adaptation.reasons import count_words, needed_words, who_words
from migrator_tui.adaptation.values import times_before
from migrator_tui.parity.drift.ranking import DriftRow
from migrator_tui.parity.gate.words import allowance, signed, span
from migrator_tui.parity.scorecard import FigureName, Scorecard, SideCount
from migrator_tui.reports.overlooked import overlooked
from migrator_tui.reports.prompts import line_diff, parameter_changes
from migrator_tui.reports.values import CandidateReport, Report, TaskReport
from migrator_tui.reports.words import (
    ANSWERS,
    FIGURES,
    about,
    counted,
    dollars,
    figure_change,
    figure_value,
    line,
    model_label,
    next_step,
    p_value,
    percent,
    sentence,
    shown,
    signature,
    state_of,
    version_label,
)

COMMENT = 60_000
"""Characters of a report; a comment on GitHub holds 65,536."""
LENGTHS = ((30, 120), (10, 40), (3, 0), (0, 0))
"""Cases of a kind that are named, and lines of a prompt's diff: the first that make a report short enough."""
TOP_DRIFT = 5
EXPLAINED = 4
"""Versions whose reasons are told."""

_MEANING = re.compile(
    r"""[^\w\s.,;:%/=?$'"·–−+…→×✓✗○≈()-]|_|(?<=www)\."""
    r"|:(?=//)|(?<=mailto):|(?<=xmpp):|:(?=[\w+-]{0,40}?[^\W\d][\w+-]{0,40}:|(?:100|1234|[+-]1):)",
    re.IGNORECASE,
)
"""What would be emphasis, a mention, a link, an emoji (`:100:`); the colons of a time of day are none."""
_BREAK = "&#8203;"
"""A space of no width, behind what GitHub turns into mentions and links even where it is a character reference."""
BACKTICKS = re.compile(r"`{3,}")


def markdown_report(report: Report) -> str:
    """The document, in GitHub's Markdown; what is told of single cases is shorter where there are many candidates."""
    text = ""
    for cases, lines in LENGTHS:
        text = _document(report, cases, lines)
        if len(text) <= COMMENT:
            break
    return text


def _document(report: Report, cases: int, lines: int) -> str:
    answer, reasons = report.decision
    sign, word = ANSWERS[answer]
    alone = len(report.candidates) == 1
    parts = [f"## {sign} {word}: {plain(report.project.name)}"]
    if not alone:
        parts += [_bullets(reasons)]
    for task in report.tasks:
        parts += _task(task, alone=alone)
        for candidate in task.candidates:
            parts += _details(candidate, "" if alone else f" ({code(candidate.card.candidate)})", cases, lines)
    if report.simulated:
        parts.append("Answers of simulated models are simulated.")
    parts.append(f"<sub>migrator-tui report, {report.made_at:%Y-%m-%d %H:%M} UTC</sub>")
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str, limit: int | None = 200) -> str:
    """Foreign text on one line, in which no character means anything to Markdown, HTML or GitHub."""
    return _MEANING.sub(_reference, line(text, limit))


def _reference(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};{_BREAK if match[0] in '@#' else ''}"


def code(text: str, limit: int | None = 200) -> str:
    """The same as code, in which GitHub looks for no mentions, links or numbers of issues."""
    return f"<code>{plain(text, limit)}</code>"


def _task(task: TaskReport, *, alone: bool) -> Iterable[str]:
    if not alone:
        yield f"### {plain(task.task.name)}"
    for candidate in task.candidates:
        card = candidate.card
        sign, word = ANSWERS[card.decision.answer]
        lead = "" if alone else f"**{sign} {word}: {code(card.candidate)} {plain(version_label(card))}**\n\n"
        yield lead + _bullets(card.decision.reasons)
        step = next_step(card.decision)
        yield f"**Next:** {plain(step, 400)}" if step else ""
        yield from _signed(candidate)
    yield _table(task)


def _signed(candidate: CandidateReport) -> Iterable[str]:
    """The decision that counts; one that no longer fits what stands is no bold "Go"."""
    if candidate.signed is None:
        return
    decision, rests = candidate.signed
    head = plain(signature(decision))
    reason = f": {plain(decision.reason, 400)}" if decision.reason else ""
    if rests.holds:
        yield f"**{head}**{reason}<br>{plain(sentence(rests.words), 600)}"
    else:
        yield f"**✗ {plain(sentence(rests.words), 600)}**<br>{head}{reason}"


def _details(candidate: CandidateReport, named: str, cases: int, lines: int) -> Iterable[str]:
    yield plain(about(candidate.card, len(candidate.gone.ids)))
    yield _drift(candidate.card.drift_by_harm, named)
    yield _gate(candidate.card, named)
    yield _cases(candidate, named, cases)
    yield _prompt(candidate, named, lines)
    yield _reasons(candidate, named, cases)
    yield _overlooked(candidate, named)


def _bullets(reasons: Sequence[str]) -> str:
    return "\n".join(f"- {plain(reason, 600)}" for reason in reasons)


def _table(task: TaskReport) -> str:
    cards = [candidate.card for candidate in task.candidates]
    first = cards[0]
    heads = ["", "baseline", *(f"{code(card.candidate, 40)} {plain(version_label(card))}" for card in cards)]
    rows = [
        heads,
        ["---", *["---:"] * (len(heads) - 1)],
        ["model", *(code(model_label(model), 80) for model in _models(cards))],
        ["pass rate", _rate(first.baseline, first), *(_new_rate(card) for card in cards)],
        ["regressions", "", *(_regressions(card) for card in cards)],
        ["fixes", "", *(f"{len(card.fixes):,}" for card in cards)],
        ["McNemar's exact p", "", *(p_value(card.mcnemar_p) for card in cards)],
    ]
    names: Sequence[FigureName] = ("cost", "latency_p50", "latency_p95", "words")
    for name in names:
        figures = [card.figures[name] for card in cards]
        if any(figure.new is not None for figure in figures):
            old = figure_value(name, figures[0].old)
            new = [f"{figure_value(name, one.new)} ({figure_change(one)})" if one.pairs else "–" for one in figures]
            rows.append([FIGURES[name], old, *new])
    for label, key in (("errors", "errors"), ("not judged", "unjudged"), ("assumed passes", "assumed")):
        counts = [getattr(side, key) for side in (first.baseline, *(card.new for card in cards))]
        if any(counts):
            rows.append([label, *(f"{count:,}" for count in counts)])
    flaky = [len(side.flaky) for side in (first.baseline, *(card.new for card in cards))]
    if any(flaky):
        rows.append(["flaky", *(f"{count:,}" for count in flaky)])
    rows.append(["cost of all calls", *(dollars(side.cost) for side in (first.baseline, *(c.new for c in cards)))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _models(cards: Sequence[Scorecard]) -> list[str]:
    return [cards[0].baseline_model, *(card.candidate_model for card in cards)]


def _rate(side: SideCount, card: Scorecard) -> str:
    if side.rate is None:
        return "–"
    return f"{percent(side.rate.estimate)} ({round(side.rate.estimate * card.judged):,} of {card.judged:,})"


def _new_rate(card: Scorecard) -> str:
    difference = card.difference
    if difference is None:
        return _rate(card.new, card)
    limit = -card.rules.margin
    told = (
        f"**{signed(difference.estimate, limit)} pt** ({span(difference, limit)}; {allowance(limit)} lower allowed)"
    )
    return f"{_rate(card.new, card)}<br>{told}"


def _regressions(card: Scorecard) -> str:
    critical = f" ({len(card.critical_regressions):,} critical)" if card.critical_regressions else ""
    return f"{len(card.regressions):,}{critical}"


def _drift(rows: Sequence[DriftRow], named: str) -> str:
    if not rows:
        return ""
    told = [
        f"{plain(row.title)} in {counted(len(row.cases), 'case')}"
        + (f" ({len(row.failing):,} failing)" if row.failing else "")
        for row in rows[:TOP_DRIFT]
    ]
    more = f", and {len(rows) - TOP_DRIFT} more kinds" if len(rows) > TOP_DRIFT else ""
    return f"**What changed**{named}: {', '.join(told)}{more}"


def _gate(card: Scorecard, named: str) -> str:
    rows = ["| | rule | allowed | measured |", "|---|---|---|---|"]
    for rule in card.decision.rules:
        sign, word = state_of(rule)
        rows.append(f"| {sign} {word} | {plain(rule.title)} | {plain(rule.allowed)} | {plain(rule.measured, 300)} |")
    return _folded(f"Gate{named}", "\n".join(rows))


def _cases(candidate: CandidateReport, named: str, most: int) -> str:
    card = candidate.card
    if not (card.regressions or card.fixes or card.new.flaky):
        return ""
    critical = set(card.critical_regressions)
    changed = {case.case_id: case.changed for case in card.cases}
    # Critical ones come first: they are named where there is no room for all.
    regressions = sorted(card.regressions, key=lambda case_id: case_id not in critical)
    lines = [
        f"- {code(case_id)}{' **critical**' if case_id in critical else ''}"
        f" {plain(candidate.reasons.get(case_id, '') or changed.get(case_id, ''))}".rstrip()
        for case_id in regressions[:most]
    ]
    if len(regressions) > most:
        lines.append(f"- … and {len(regressions) - most:,} more")
    for title, ids in (("Fixes", card.fixes), ("Flaky", card.new.flaky)):
        if ids:
            more = [f"{len(ids) - most:,} more"] if len(ids) > most else []
            lines += ["", f"{title}: {', '.join([*map(code, ids[:most]), *more])}"]
    told = f"{counted(len(card.regressions), 'regression')}, {counted(len(card.fixes), 'fix', 'fixes')}"
    return _folded(f"{told}{named}", "\n".join(lines))


def _prompt(candidate: CandidateReport, named: str, most: int) -> str:
    old, new = candidate.card.baseline_version, candidate.card.version
    if old is None or new is None:
        return ""
    parameters = [
        f"- {code(change.name)}: {code(change.old) if change.old is not None else 'not set'} → "
        f"{code(change.new) if change.new is not None else 'not set'}"
        for change in parameter_changes(old, new)
    ]
    lines, left_out = line_diff(old.template, new.template, most)
    if not lines and not left_out and not parameters:
        return f"The prompt{named} is the baseline's, and so are its parameters."
    parts = ["\n".join(parameters)] if parameters else []
    if lines:
        body = "\n".join(shown(one, 1_000).replace("\n", " ") for one in lines)
        fence = "`" * max([3, *(len(run) + 1 for run in BACKTICKS.findall(body))])
        parts.append(f"{fence}diff\n{body}\n{fence}")
    if left_out:
        parts.append(f"{counted(left_out, 'line')} of the diff left out")
    versions = f"baseline {old.label} → {code(candidate.card.candidate, 40)} {new.label}"
    return _folded(f"Prompt, {versions}", "\n\n".join(parts))


def _reasons(candidate: CandidateReport, named: str, most: int) -> str:
    """Why the prompt is as it is: the edits of its versions, newest first, with their cases and what they flipped."""
    explained = candidate.explained
    if not explained or not most:
        return ""
    lines: list[str] = []
    for version, reasons in explained[:EXPLAINED]:
        lines += ["", f"**{plain(version.label)}**, {plain(who_words(reasons))}", ""]
        for number, edit in enumerate(reasons.edits[:most]):
            ids = [*map(code, edit.case_ids[:most]), *(["…"] if len(edit.case_ids) > most else [])]
            told = f"{plain(edit.title or 'an edit', 120)}: {plain(edit.why, 400) or 'without a reason'}"
            needed = needed_words(reasons, number)
            lines.append(f"- {told}" + (f" ({', '.join(ids)})" if ids else "") + (f"; {needed}" if needed else ""))
        lines += [f"- {plain(count_words(counts, reasons))}" for counts in reasons.parts]
        if before := times_before(reasons.looks):
            lines.append(f"- held-out cases were looked at {before}")
    if len(explained) > EXPLAINED:
        lines += ["", f"and {len(explained) - EXPLAINED} earlier versions with reasons"]
    return _folded(f"Why the prompt is so{named}", "\n".join(lines).strip())


def _overlooked(candidate: CandidateReport, named: str) -> str:
    told = overlooked(candidate)
    return (
        _folded(f"What was not looked at{named}", "\n".join(f"- {plain(one, 600)}" for one in told)) if told else ""
    )


def _folded(summary: str, body: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
