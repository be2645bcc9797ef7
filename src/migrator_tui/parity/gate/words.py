"""How the gate says numbers: rounded, but never so that a number contradicts what was decided about it."""

from collections.abc import Sequence

from migrator_tui.parity.statistics.values import Interval
from migrator_tui.text_safety import safe_line

NEARLY = 1e-9
"""Two fractions that differ by less are the same; sums of floats do."""

_MOST_DIGITS = 6
_NAMED = 5
"""So many ids stand in a sentence; the rest are counted."""


def digits_for(value: float, limit: float | None, fewest: int) -> int:
    """How many digits after the point keep `value` on its own side of `limit`; both already in what is shown."""
    if limit is None or abs(value - limit) < NEARLY:
        return fewest
    for digits in range(fewest, _MOST_DIGITS):
        shown = round(value, digits)
        if abs(shown - limit) > NEARLY and (shown < limit) == (value < limit):
            return digits
    return _MOST_DIGITS


def number(value: float, limit: float | None = None, *, digits: int = 1, scale: float = 100) -> str:
    """`4.9` of 0.049 or −0.049: without its sign, with more digits where it would otherwise meet the limit."""
    scaled, against = value * scale, None if limit is None else limit * scale
    return f"{abs(round(scaled, digits_for(scaled, against, digits))):.{digits_for(scaled, against, digits)}f}"


def signed(value: float, limit: float | None = None, *, digits: int = 1) -> str:
    """`−10.1`, `+1.0`, `0.0`."""
    text = number(value, limit, digits=digits)
    if float(text) == 0:
        return text
    return f"{'−' if value < 0 else '+'}{text}"


def allowance(limit: float) -> str:
    """`3` of 0.03, `2.5` of 0.025: a limit as it was written, in hundredths."""
    return f"{round(abs(limit) * 100, 4):g}"


def points_against(value: float, limit: float) -> str:
    """`4.9 less`, `1.2 more`, `the same`: a difference of pass rates."""
    text = number(value, limit)
    return "the same" if float(text) == 0 else f"{text} {'less' if value < 0 else 'more'}"


def span(interval: Interval, limit: float | None = None, *, digits: int = 1) -> str:
    """`−15.3 … −4.9`."""
    return f"{signed(interval.low, limit, digits=digits)} … {signed(interval.high, limit, digits=digits)}"


def change(value: float, limit: float | None, less: str, more: str) -> str:
    """`12 % less`, `31 % slower`: a relative change in the words given."""
    text = number(value, limit, digits=0)
    return "the same" if float(text) == 0 else f"{text} % {less if value < 0 else more}"


def seconds(milliseconds: float, limit_ms: float | None = None) -> str:
    """`3.81 s`, or `840 ms` below one second."""
    if milliseconds < 1000 and (limit_ms is None or limit_ms < 1000):
        return f"{number(milliseconds, limit_ms, digits=0, scale=1)} ms"
    return f"{number(milliseconds, limit_ms, digits=2, scale=0.001)} s"


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 case`, `12 cases`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def the(count: int, one: str) -> str:
    """`the 12 open cases`, `the open case`."""
    return f"the {one if count == 1 else f'{count} {one}s'}"


def listed(ids: Sequence[str]) -> str:
    """`T-1, T-2`, and how many more; safe to show."""
    named = ", ".join(safe_line(case_id) for case_id in ids[:_NAMED])
    return named if len(ids) <= _NAMED else f"{named} and {len(ids) - _NAMED} more"


def about(count: int) -> str:
    """`about 70`: upwards to a number that does not pretend to be exact."""
    step = 1 if count < 10 else 5 if count < 50 else 10 if count < 200 else 50 if count < 1000 else 100
    return f"about {-(-count // step) * step:,}"


def settling(more: int, *, to_ready: bool, only_this: bool) -> str:
    """`about 40 more cases like these would settle it as not ready`: how many, and which way.

    Where other rules are open too, further cases that go well settle the pass rate and no more.
    """
    which = "as not ready" if not to_ready else "as ready" if only_this else "as far as the pass rate goes"
    return f"{about(more)} more {'case' if more == 1 else 'cases'} like these would settle it {which}"
