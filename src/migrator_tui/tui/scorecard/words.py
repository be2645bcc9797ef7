"""What the scorecard says in words: the decision, what it rests on, and how figures differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from migrator_tui.parity.gate import Answer
from migrator_tui.parity.outcomes import Source
from migrator_tui.parity.scorecard import Figure, FigureName, Scorecard
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.cards import Counted
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.widgets.tabs import TabNote

UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Look:
    """How a decision is shown."""

    sign: str
    role: str
    words: str
    """`not ready`"""
    short: str
    """For the tab: `not enough`."""


def look_of(counted: Counted | None, glyphs: Glyphs) -> Look:
    """Sign, colour role and words for what was counted."""
    if counted is None:
        return Look(glyphs.waiting, "muted", "counting", "")
    if counted.card is None:
        return Look(glyphs.warning, "warning", "cannot be counted", "")
    if counted.card.nothing_run:
        return Look(glyphs.to_judge, "primary", "nothing run yet", "not run")
    return look_of_answer(counted.card.decision.answer, glyphs)


def look_of_answer(answer: Answer, glyphs: Glyphs) -> Look:
    """Sign, colour role and words for what the gate says."""
    return {
        Answer.READY: Look(glyphs.passed, "success", "ready", "ready"),
        Answer.NOT_READY: Look(glyphs.failed, "error", "not ready", "not ready"),
        Answer.NOT_ENOUGH: Look(glyphs.drift, "warning", "not enough evidence", "not enough"),
    }[answer]


def tab_note(counted: Counted | None, glyphs: Glyphs) -> TabNote | None:
    """What the tab says on every screen."""
    look = look_of(counted, glyphs)
    if not look.short:
        return None
    return TabNote(f"{look.sign} {look.short}", look.sign, "muted" if look.short == "not run" else look.role)


def many(number: int, word: str) -> str:
    """`1 case`, `2,000 cases`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def version_words(card: Scorecard) -> str:
    """`claude-sonnet-5 v4`."""
    model = card.candidate_model.split("/")[-1].removeprefix("simulated:")
    return safe_line(f"{model} {card.version.label}" if card.version is not None else model, 60)


def judged_words(card: Scorecard, author: str) -> list[str]:
    """`164 judged by checks`, `24 by you`, `3 by ada`: what decided the candidate's outcomes."""
    sources = card.new.sources
    who = [("checks", sources.get(Source.CHECKS, 0))]
    who += [("you" if name == author else safe_line(name, 20), number) for name, number in card.authors.items()]
    unnamed = sources.get(Source.VERDICT, 0) - sum(card.authors.values())
    who += [("people", unnamed), ("imported verdicts", sources.get(Source.IMPORTED, 0))]
    return _judged_by(who)


def baseline_judged_words(card: Scorecard) -> str:
    """`45 judged by checks, 2 by people`: what decided the baseline's outcomes, apart from assumptions."""
    sources = card.baseline.sources
    who = [("checks", Source.CHECKS), ("people", Source.VERDICT), ("imported verdicts", Source.IMPORTED)]
    return ", ".join(_judged_by([(name, sources.get(source, 0)) for name, source in who]))


def _judged_by(who: Sequence[tuple[str, int]]) -> list[str]:
    told = [(name, number) for name, number in who if number > 0]
    return [f"{number:,} {'' if n else 'judged '}by {name}" for n, (name, number) in enumerate(told)]


def rests_on(card: Scorecard, author: str) -> str:
    """One line on what the decision rests on, what is most easily forgotten first."""
    parts = [version_words(card)]
    if card.simulated:
        parts.append("simulated")
    each = many(card.repeats, "run")
    parts.append(f"{many(len(card.cases), 'case')}, {each} each" if card.repeats else many(len(card.cases), "case"))
    if card.baseline.assumed:
        answers = "answer" if card.baseline.assumed == 1 else "answers"
        parts.append(f"{card.baseline.assumed:,} baseline {answers} assumed to pass")
    judged = ", ".join(judged_words(card, author))
    parts += [judged] if judged else []
    parts += [f"{label} since tried on {many(cases, 'case')}" for label, cases in card.other_versions.items()]
    parts.append(f"{card.rules.confidence * 100:g} % confidence")
    return " · ".join(parts)


def banner_words(counted: Counted | None, author: str, waiting: str = "") -> Sequence[str]:
    """The three lines beside the decision. `waiting`: what a first run takes, where nothing was run."""
    if counted is None:
        return ("", "comparing the outcomes of all cases …", "")
    card = counted.card
    if card is None:
        return (safe_line(counted.problem), "", "")
    if card.nothing_run:
        if not card.cases:
            return ("No cases yet: add some to the task's case file.", "", "")
        wait = "1 case waits." if len(card.cases) == 1 else f"{len(card.cases):,} cases wait."
        return (f"{wait} {waiting}".strip(), "R run all on both models", "")
    reasons, decision = list(card.decision.reasons), card.decision
    first = reasons[0] if reasons else ""
    if decision.answer is Answer.NOT_ENOUGH:
        rest = decision.next_step
    elif decision.answer is Answer.READY:
        rest = "   ·   ".join(reasons[1:])
    else:
        rest = "    ".join(reasons[1:]) or decision.next_step
    return (first, rest, rests_on(card, author))


def p_words(p: float) -> str:
    """`p = 0.013`, `p < 0.0001`."""
    if p < 0.0001:
        return "p < 0.0001"
    return f"p = {p:.2g}" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


# Figures

FIGURES: Sequence[tuple[FigureName, str, str, str]] = (
    ("cost", "cost per call", "less", "more"),
    ("latency_p50", "latency p50", "faster", "slower"),
    ("latency_p95", "latency p95", "faster", "slower"),
    ("first_token", "first token", "faster", "slower"),
    ("words", "words", "shorter", "longer"),
    ("output_tokens", "output tokens", "fewer", "more"),
)
"""Name, title, and the words for less and for more."""


def figure_value(name: FigureName, value: float | None) -> str:
    """`$0.0041`, `1.21 s`, `58`."""
    if value is None:
        return UNKNOWN
    if name == "cost":
        return f"${value:.4f}" if value < 0.1 else f"${value:.2f}"
    if name in ("words", "output_tokens"):
        return f"{value:.1f}" if value < 10 and value != int(value) else f"{value:,.0f}"
    return f"{value / 1000:.2f} s" if value < 100_000 else f"{value / 1000:,.0f} s"


def change_words(share: float | None, less: str, more: str) -> str:
    """`12 % less`, `×2.3 longer`, `the same`."""
    if share is None:
        return UNKNOWN
    if share >= 1:
        return f"×{1 + share:.1f} {more}"
    rounded = round(share * 100)
    if not rounded:
        return "the same"
    return f"{abs(rounded)} % {less if rounded < 0 else more}"


def change_role(figure: Figure) -> str:
    """Coloured by good and bad, where the interval says that it is no accident; less is always better here."""
    change = figure.change
    if change is None:
        return "muted"
    if change.high < 0:
        return "success" if figure.name in ("cost", "latency_p95") else "text"
    return "warning" if change.low > 0 and change.estimate >= 0.1 else "muted"


def moment(when: datetime | None) -> str:
    """A local date and time: `2026-11-23 14:05`."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M") if when is not None else UNKNOWN


def scorecard_signs(g: Glyphs) -> Sequence[tuple[str, str, str]]:
    """What `?` explains: sign, words, colour role."""
    return (
        (g.passed, "met", "success"), (g.failed, "missed", "error"), (g.drift, "not enough evidence", "warning"),
        (g.to_judge, "open", "primary"), (g.critical, "critical", "warning"),
        (g.low_end + g.now + g.high_end, "estimate and interval", "text"),
        (g.target, "limit or baseline", "warning"), (g.line, "equal", "muted"),
        (g.done, "fails", "error"), (g.fold, "still passes", "warning"),
    )  # fmt: skip
