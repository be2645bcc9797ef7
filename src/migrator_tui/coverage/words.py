"""The words in which screens and tables say what coverage found."""

from migrator_tui.coverage.past import Change
from migrator_tui.coverage.reach import percent
from migrator_tui.coverage.values import CaseProposal, Coverage, Share
from migrator_tui.project.schema import BASELINE


def plural(number: int, word: str, several: str = "") -> str:
    """`1 gap`, `9 gaps`."""
    return f"{number:,} {word if number == 1 else several or word + 's'}"


def figure(coverage: Coverage) -> str:
    """`17 of 23 covered`."""
    return f"{coverage.covered:,} of {coverage.needed:,} covered"


def rest(coverage: Coverage) -> str:
    """`2 gaps, 4 by half`; empty where nothing is missing."""
    parts = [plural(coverage.gaps, "gap")] if coverage.gaps else []
    return ", ".join([*parts, *([f"{coverage.halves:,} by half"] if coverage.halves else [])])


def share_words(share: Share) -> str:
    """`12 cases, 25 %, production 31 %`."""
    words = f"{plural(share.cases, 'case')}, {percent(share.share)}"
    return words if share.production is None else f"{words}, production {percent(share.production)}"


def change_words(change: Change | None) -> str:
    """`4 more cases would fail today, 0 of the baseline`; what it takes to know, where nobody has tried.

    The baseline first where it would lose more than the candidate: that moves the comparison.
    """
    if change is None:
        return ""
    if change.asks and not change.calls:
        return "asks a model about each answer"
    if change.asks:
        price = "price unknown" if change.cost is None else "free" if not change.cost else f"about ${change.cost:.2f}"
        return f"asks a model: {plural(change.calls, 'call')}, {price}"
    if not change.fails:
        return "no answers to try it on yet"
    new = {name: number for name, number in change.newly.items() if name != BASELINE}
    worst = max(new.values(), default=0)
    old = f", {change.newly[BASELINE]:,} of the baseline" if BASELINE in change.newly else ""
    failing = max((number for name, number in change.fails.items() if name != BASELINE), default=0)
    if not worst and not change.newly.get(BASELINE):
        return (
            f"{plural(failing, 'case')} fail{'s' if failing == 1 else ''} it, all failing today"
            if failing
            else "all pass it"
        )
    if change.newly.get(BASELINE, 0) > worst:
        return f"would fail: {change.newly[BASELINE]:,} the baseline passes, {worst:,} the candidate"
    return f"{plural(worst, 'more case')} would fail today{old}"


def effect_words(change: Change) -> list[str]:
    """What a check would do to the comparison of the two models, in lines; none where every case stays as it is.

    `2 cases that the baseline passes today would fail, 0 of the candidate`, and which way that moves it.
    """
    if change.asks:
        return ["asks a model: what it does to either model is known after the next run"]
    old = change.newly.get(BASELINE, 0)
    new = max((number for name, number in change.newly.items() if name != BASELINE), default=0)
    if not old and not new:
        return []
    whither = "the comparison moves in neither model's favour"
    if old != new:
        whither = "the comparison moves " + ("in the candidate's favour" if old > new else "against the candidate")
    return [f"{plural(old, 'case')} that the baseline passes today would fail, {new:,} of the candidate:", whither]


def source_words(proposal: CaseProposal, assistant: str | None) -> str:
    """Where the cases come from."""
    if proposal.candidates:
        return "from production, most different first"
    if assistant is not None:
        return f"written by {assistant}"
    return "to be written: [assistant] names who does"
