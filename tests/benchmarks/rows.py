"""What a benchmark hands back: rows of the table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One limit, and what was measured against it."""

    what: str
    unit: str
    """`ms`, `s`, `MB` or `×`."""
    limit: float
    measured: Sequence[float]
    """One figure a run; their median is what is held against the limit."""
    note: str = ""
    """What else was seen."""
    held: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "held", self.median <= self.limit)

    @property
    def median(self) -> float:
        """The figure that counts."""
        return statistics.median(self.measured)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values don't exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -(-int(share * len(ordered) * 1000) // 1000) - 1))]


def shown(value: float, unit: str) -> str:
    """A figure with as many digits as it deserves."""
    digits = 2 if unit in ("×", "s") else 0 if value >= 100 else 1
    return f"{value:.{digits}f} {unit}" if unit != "×" else f"{value:.{digits}f}×"
