"""How many cases it takes."""

from migrator_tui.parity.statistics.paired import bounds, paired_difference
from migrator_tui.parity.statistics.values import PairedTable, quantile

MOST_FURTHER = 10_000
"""More cases than this are not worth naming: the difference is the margin, as near as anyone will measure."""

_SMOOTHING = 0.5


def worst_case_low(table: PairedTable, open_cases: int, confidence: float) -> float | None:
    """The lower end of the difference if all open cases were regressions; `None` without any case."""
    supposed = PairedTable(table.both_pass, table.regressions + open_cases, table.fixes, table.both_fail)
    found = paired_difference(supposed, confidence)
    return found.low if found else None


def further_cases(table: PairedTable, *, margin: float, confidence: float) -> int | None:
    """How many more cases like these would decide; 0 where these do, `None` where no number up to 10,000 would.

    The smallest number with which the interval lies wholly on one side of −margin, if the new cases regress and are
    fixed at the rates of those seen: (regressions + ½) / (n + 1) and (fixes + ½) / (n + 1), so that none seen is not
    taken for none at all. A plan, not a promise: simulated with 40 to 200 cases seen, that many more decided in
    about 6 of 10 comparisons, and twice as many in about 8.
    """
    if not table.n:
        return None
    z = quantile(confidence)
    regressing, fixing = _rates(table)

    def decided(more: int) -> bool:
        low, high = bounds(table.regressions + more * regressing, table.fixes + more * fixing, table.n + more, z)
        return low >= -margin or high < -margin

    if decided(0):
        return 0
    if not decided(MOST_FURTHER):
        return None
    too_few, enough = 0, MOST_FURTHER
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if decided(middle):
            enough = middle
        else:
            too_few = middle
    return enough


def tends_to_ready(table: PairedTable, *, margin: float) -> bool:
    """Which way further cases would decide: whether the difference expected of them (see `further_cases`) is within
    the margin.
    """
    regressing, fixing = _rates(table)
    return fixing - regressing >= -margin


def _rates(table: PairedTable) -> tuple[float, float]:
    return (table.regressions + _SMOOTHING) / (table.n + 1), (table.fixes + _SMOOTHING) / (table.n + 1)
