"""What was not looked at: what the numbers of a report do not cover, in sentences."""

from migrator_tui.parity.evidence import CaseEvidence
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.reports import words


def overlooked(card: Scorecard) -> list[str]:
    """What the numbers do not cover: a sentence each."""
    told = []
    not_run = sum(Outcome.NOT_RUN in (case.baseline.outcome, case.candidate.outcome) for case in card.cases)
    if not_run:
        told.append(f"{words.counted(not_run, 'case')} of {len(card.cases):,} not run on both models.")
    for name, side in (("baseline", card.baseline), ("candidate", card.new)):
        if side.errors:
            told.append(f"{words.counted(side.errors, 'case')} of the {name} ended in an error: no answer to judge.")
    for name, count in (("baseline", _unjudged(card, old=True)), ("candidate", _unjudged(card, old=False))):
        if count:
            told.append(f"{words.counted(count, 'answer')} of the {name} judged by nobody and by no check.")
    if card.baseline.assumed:
        told.append(
            f"{words.counted(card.baseline.assumed, 'answer')} of the baseline counted as passes because nobody said"
            " otherwise: production relied on them. No check and no person looked at them."
        )
    if card.repeats <= 1:
        told.append("Each case was asked once: how often a model would answer otherwise next time is not known.")
    answered = sum(not _silent(case) for case in card.cases)
    timed = card.figures["latency_p50"].pairs
    if timed < answered:
        told.append(f"Times are compared on {timed:,} of {answered:,} answered cases; for the others none is known.")
    priced = card.figures["cost"].pairs
    if priced < answered:
        told.append(f"Costs are compared on {priced:,} of {answered:,} answered cases; no price is known otherwise.")
    if card.other_versions:
        tried = ", ".join(
            f"{label} on {words.counted(count, 'case')}" for label, count in card.other_versions.items()
        )
        told.append(f"Later versions of the prompt were tried and are not what this is about: {tried}.")
    return told


def _unjudged(card: Scorecard, *, old: bool) -> int:
    sides = (case.baseline if old else case.candidate for case in card.cases)
    return sum(side.outcome is Outcome.UNJUDGED for side in sides)


def _silent(case: CaseEvidence) -> bool:
    silent = (Outcome.NOT_RUN, Outcome.ERROR)
    return case.baseline.outcome in silent or case.candidate.outcome in silent
