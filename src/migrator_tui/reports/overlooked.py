"""What was not looked at: what the numbers of a report do not cover, in sentences."""

from collections.abc import Sequence

from migrator_tui.parity.evidence import CaseEvidence
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.scorecard import Scorecard
from migrator_tui.reports import words
from migrator_tui.reports.values import CandidateReport

NAMED = 12
"""Cases that are no longer there that are named; the rest is counted."""


def overlooked(candidate: CandidateReport) -> list[str]:
    """What the numbers do not cover: a sentence each."""
    card = candidate.card
    told = _gone(candidate)
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
    told += [
        f"{version.label} was accepted by {words.line(reasons.author, 60)} although cases broke."
        for version, reasons in candidate.explained
        if reasons.overridden
    ]
    untried = [version.label for version, reasons in candidate.explained if not reasons.parts]
    if untried:
        told.append(f"Not tried against the version before when it was made: {', '.join(untried)}.")
    if card.other_versions:
        tried = ", ".join(
            f"{label} on {words.counted(count, 'case')}" for label, count in card.other_versions.items()
        )
        told.append(f"Later versions of the prompt were tried and are not what this is about: {tried}.")
    return told


def _gone(candidate: CandidateReport) -> list[str]:
    gone, version = candidate.gone, candidate.card.version
    if not gone.ids:
        return []
    one, who = len(gone.ids) == 1, version.label if version is not None else "the candidate"
    verbs = "is no longer in the case files and counts" if one else "are no longer in the case files and count"
    told = [f"{words.counted(len(gone.ids), 'case')} that {who} answered {verbs} nowhere: {_named(gone.ids)}."]
    if gone.failed:
        was = "it was" if len(gone.failed) == 1 else "they were"
        told.append(
            f"Of the cases that are gone, the candidate failed {len(gone.failed):,} when {was} last judged: "
            f"{_named(gone.failed)}."
        )
    return told


def _named(case_ids: Sequence[str]) -> str:
    named = ", ".join(words.line(case_id, 40) for case_id in case_ids[:NAMED])
    return named if len(case_ids) <= NAMED else f"{named} and {len(case_ids) - NAMED:,} more"


def _unjudged(card: Scorecard, *, old: bool) -> int:
    sides = (case.baseline if old else case.candidate for case in card.cases)
    return sum(side.outcome is Outcome.UNJUDGED for side in sides)


def _silent(case: CaseEvidence) -> bool:
    silent = (Outcome.NOT_RUN, Outcome.ERROR)
    return case.baseline.outcome in silent or case.candidate.outcome in silent
