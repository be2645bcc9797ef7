"""What the acceptance screen says in words: what a choice of edits would flip, and how far that can be trusted."""

from migrator_tui.adaptation.values import Acceptance, Flips, times_before
from migrator_tui.parity.statistics.paired import mcnemar_exact
from migrator_tui.parity.statistics.values import PairedTable
from migrator_tui.tui.adaptation.review_state import Review
from migrator_tui.tui.glyphs import Glyphs
from migrator_tui.tui.scorecard.words import many
from migrator_tui.tui.widgets.header import duration, money

SURE = 0.05
"""A two-sided p below which held-out cases are taken to show something."""


def broken_count(acceptance: Acceptance) -> int:
    """All cases that pass without it and fail with it, held-out ones included."""
    return sum(len(part.broken) for part in parts(acceptance))


def fixed_count(acceptance: Acceptance) -> int:
    """All cases that fail without it and pass with it, held-out ones included."""
    return sum(len(part.fixed) for part in parts(acceptance))


def parts(acceptance: Acceptance) -> tuple[Flips, ...]:
    """Those that do not mix."""
    return (*listed_parts(acceptance), acceptance.held_out)


def listed_parts(acceptance: Acceptance) -> tuple[Flips, ...]:
    """Those whose cases may be named."""
    return acceptance.aimed_at, acceptance.passed, acceptance.others


def chip_words(acceptance: Acceptance, glyphs: Glyphs, *, minimal: bool = False) -> tuple[str, str]:
    """`✓ FIXES 3`, `! BREAKS 1`, `✗ BREAKS T-0042◆`, `~ CHANGES NOTHING`, and the colour role.

    `minimal`: it only takes out, so that nothing is to change.
    """
    if acceptance.critical_broken:
        more = f" +{broken_count(acceptance) - 1}" if broken_count(acceptance) > 1 else ""
        return f"{glyphs.failed} BREAKS {acceptance.critical_broken[0]}{glyphs.critical}{more}", "error"
    broken, fixed = broken_count(acceptance), fixed_count(acceptance)
    if broken:
        return f"{glyphs.warning} BREAKS {broken:,}", "warning"
    if acceptance.stopped_because:
        return f"{glyphs.warning} NOT TO THE END", "warning"
    if fixed:
        return f"{glyphs.passed} FIXES {fixed:,}", "success"
    if any(part.open for part in parts(acceptance)):
        return f"{glyphs.to_judge} CANNOT TELL", "primary"
    if minimal:
        return f"{glyphs.passed} BREAKS NOTHING", "success"
    return f"{glyphs.drift} CHANGES NOTHING", "warning"


def purpose_words(acceptance: Acceptance, *, minimal: bool = False) -> str:
    """`fixes 3 of the 4 it was written for, breaks 1 of 40 that passed`."""
    aimed, passed = acceptance.aimed_at, acceptance.passed
    aims = f"fixes {len(aimed.fixed):,} of the {aimed.cases:,} it was written for" if aimed.cases else ""
    if minimal:
        aims = (
            f"less to read, {len(aimed.fixed):,} fixed of {aimed.cases:,} that failed"
            if aimed.cases
            else "less to read"
        )
    if aimed.broken:
        aims += f" and breaks {len(aimed.broken):,}"
    breaks = f"breaks {len(passed.broken):,} of {passed.cases:,} that passed" if passed.cases else ""
    open_ = sum(len(part.open) for part in listed_parts(acceptance))
    undecided = f"{many(open_, 'case')} cannot be told" if open_ else ""
    return ", ".join(part for part in (aims, breaks, undecided) if part) or "there was no case to try it on"


def held_out_words(acceptance: Acceptance) -> str:
    """`held out: + 2 fixed, 0 broken; 60 cases, too few to prove a small gain`."""
    held = acceptance.held_out
    if not held.cases:
        return "no case is held out: too few of them, so what it does to unseen ones is not known"
    said = f"held out: + {len(held.fixed):,} fixed, {len(held.broken):,} broken of {many(held.cases, 'case')}"
    if held.open:
        said += f", {len(held.open):,} cannot be told"
    return f"{said}; {trust_words(held)}"


def trust_words(held: Flips) -> str:
    """What the held-out cases prove, by McNemar's exact test."""
    fixed, broken = len(held.fixed), len(held.broken)
    if not fixed and not broken:
        return "nothing flips"
    p = mcnemar_exact(PairedTable(len(held.kept), broken, fixed, len(held.still_failing)))
    if p < SURE:
        return "surely better" if fixed > broken else "surely worse"
    return "too few to prove a small gain" if fixed > broken else "too few to tell"


def looks_words(acceptance: Acceptance) -> str:
    """`asked 3 times before`; empty at the first look."""
    before = times_before(acceptance.looks)
    return f"asked {before}" if before else ""


def spent_words(acceptance: Acceptance) -> str:
    """`104 calls, $0.37, 34 s`."""
    cost = "price unknown" if acceptance.cost is None else money(acceptance.cost) if acceptance.cost else "free"
    if not acceptance.calls:
        return "no call: all answers were there"
    return f"{many(acceptance.calls, 'call')}, {cost}, {duration(acceptance.seconds)}"


def kept_words(review: Review, label: str) -> str:
    """`2 edits kept as v4, 3 fixed`; of what only takes out, that nothing breaks is what counts."""
    acceptance, minimal = review.acceptance, review.suggestion.minimal
    words = f"{many(len(review.taken), 'removal' if minimal else 'edit')} kept as {label}"
    if acceptance is None:
        return words
    broken = broken_count(acceptance)
    return (
        f"{words}, {f'{broken:,} broken' if broken else 'nothing broken'}"
        if minimal
        else (f"{words}, {fixed_count(acceptance):,} fixed")
    )


def keeps_although(acceptance: Acceptance) -> list[str]:
    """What a person overrides by keeping it; empty where nothing breaks."""
    lines = [f"It breaks {case_id}, which is critical." for case_id in acceptance.critical_broken[:5]]
    other = sum(len(part.broken) for part in listed_parts(acceptance)) - len(acceptance.critical_broken)
    if other > 0:
        lines.append(f"It breaks {many(other, 'other case' if lines else 'case')} that passed.")
    if acceptance.held_out.broken:
        lines.append(f"It breaks {many(len(acceptance.held_out.broken), 'held-out case')}.")
    return lines
