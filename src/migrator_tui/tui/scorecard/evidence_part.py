"""What the decision rests on: who judged, how good the judges are, how steady the models, and who signed."""

from collections.abc import Sequence

from textual.content import Content

from migrator_tui.history.decision_records import SignedDecision
from migrator_tui.parity.agreement import ENOUGH, Agreement
from migrator_tui.parity.gate import Answer
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import baseline_judged_words, judged_words, look_of_answer, many, moment
from migrator_tui.tui.theme import MUTED, STYLES
from migrator_tui.tui.widgets.figures import fitted
from migrator_tui.tui.widgets.parts import Filled, cell, heading, mark, text_row
from migrator_tui.tui.widgets.row_list import ListRow, head_row

NAME = 14


def evidence_part(
    card: Scorecard, decisions: Sequence[SignedDecision], author: str, glyphs: Glyphs, *, full: bool
) -> Filled:
    """Four short tables under one another; on the full screen with the confusion of each judge."""
    rows = [head_row("Judged by", "muted"), *_judged(card, author, glyphs)]
    rows += [head_row("Judges", "muted"), *_judges(card, glyphs, full=full)]
    rows += [head_row("Repeats", "muted"), *_repeats(card, glyphs)]
    rows += [head_row("Signed", "muted"), *_signed(decisions, glyphs, full=full)]
    return Filled(heading("What it rests on"), rows)


def _line(key: str, name: str, words: str, glyphs: Glyphs, role: str = "text", short: str = "") -> ListRow:
    """`short`: what to say where the words have no room."""

    def draw(width: int, selected: bool) -> Content:
        room = max(1, width - 2 - NAME + 1)
        told = words if not short or len(words) < room else short
        return Content.assemble(mark(selected, glyphs), cell(name, NAME, "muted"), cell(glyphs.fit(told), room, role))

    return ListRow(key, draw)


def _judged(card: Scorecard, author: str, glyphs: Glyphs) -> list[ListRow]:
    told = judged_words(card, author)
    rows = [_line("judged", "candidate", ", ".join(told) or "nothing judged yet", glyphs)]
    baseline, assumed = baseline_judged_words(card), card.baseline.assumed
    if baseline:
        rows.append(_line("judged-baseline", "baseline", baseline, glyphs))
    if assumed:
        name, words = "" if baseline else "baseline", f"{assumed:,} assumed to pass: not judged"
        rows.append(_line("assumed", name, f"{words}, no check", glyphs, "warning", short=words))
    if card.open_cases:
        errors = sum(Outcome.ERROR in (c.baseline.outcome, c.candidate.outcome) for c in card.cases)
        kinds = [("to judge", card.open_cases - errors - card.not_run), ("errors", errors), ("not run", card.not_run)]
        told_open = ", ".join(f"{number:,} {kind}" for kind, number in kinds if number > 0)
        rows.append(_line("open", "open", told_open, glyphs, "primary"))
    for label, cases in card.other_versions.items():
        rows.append(
            _line(f"version:{label}", label, f"newer, tried on {many(cases, 'case')}; not counted here", glyphs)
        )
    return rows


def _judges(card: Scorecard, glyphs: Glyphs, *, full: bool) -> list[ListRow]:
    if not card.agreements:
        return [text_row("no check asks a model")]
    rows: list[ListRow] = []
    for agreement in card.agreements:
        role = "text" if agreement.proven else "warning"
        short = "" if agreement.proven else f"unproven: {agreement.n} of {ENOUGH} outputs judged"
        rows.append(_line(f"judge:{agreement.label}", agreement.label, agreement.words, glyphs, role, short))
        if full:
            rows += [text_row(line, indent=NAME + 2) for line in _confusion(agreement)]
    return rows


def _confusion(one: Agreement) -> list[str]:
    """Where judge and people part."""
    if not one.n:
        return ["judge some of its outputs yourself: p and f on the workbench"]
    return [
        f"both pass {one.both_pass:,}, both fail {one.both_fail:,}",
        f"judge passes what people fail {one.judge_only_pass:,}, fails what people pass {one.human_only_pass:,}",
    ]


def _repeats(card: Scorecard, glyphs: Glyphs) -> list[ListRow]:
    if card.repeats < 2:
        return [text_row("one run each; run --repeat 3 shows how steady")]
    flaky = list(card.new.flaky)
    words = f"{len(flaky):,} of {len(card.cases):,}   {fitted(flaky, 30)}" if flaky else "none"
    rows = [_line("flaky", "flaky", words, glyphs, "warning" if flaky else "text")]
    if card.baseline.flaky:
        rows.append(_line("flaky-baseline", "baseline's", f"{len(card.baseline.flaky):,} flaky", glyphs, "muted"))
    if card.noise is not None:
        low, high = card.noise.low * 100, card.noise.high * 100
        told = f"{card.noise.estimate * 100:.1f} % ({low:.1f} … {high:.1f}) of cases"
        rows.append(_line("noise", "noise floor", f"{told}: the baseline against itself", glyphs, short=told))
    return rows


def _signed(decisions: Sequence[SignedDecision], glyphs: Glyphs, *, full: bool) -> list[ListRow]:
    if not decisions:
        return [text_row("not signed yet · S signs".replace("·", glyphs.dot))]
    return [_signed_row(decision, glyphs) for decision in (decisions if full else decisions[:3])]


def _signed_row(decision: SignedDecision, glyphs: Glyphs) -> ListRow:
    sign, role = (glyphs.passed, "success") if decision.go else (glyphs.failed, "error")
    gate = look_of_answer(Answer(decision.gate), glyphs).words

    def draw(width: int, selected: bool) -> Content:
        words = f"{safe_line(decision.author, 16)} {glyphs.dot} {moment(decision.created_at)}"
        against = f"  {glyphs.warning} override: the gate said {gate}" if decision.override else ""
        return Content.assemble(
            mark(selected, glyphs),
            (f"{sign} {'go' if decision.go else 'no-go':<6}", f"bold {STYLES[role]}"),
            (words, STYLES["text"]),
            (against, STYLES["warning"]),
            (f"  {safe_line(decision.reason, 200)}" if decision.reason else "", MUTED),
        ).truncate(width, ellipsis=True)

    return ListRow(f"signed:{decision.id}", draw)
