"""Times as logs write them, for one thing only: how long a call took."""

from datetime import UTC, datetime
from typing import Any

_UNITS = ((1e17, 1e-6), (1e14, 1e-3), (1e11, 1.0), (0, 1000.0))
"""From what size on a number of the epoch counts ns, µs, ms or s, as milliseconds."""


def epoch_ms(value: Any) -> float | None:
    """Milliseconds of the epoch, out of ISO text or a number in whatever unit; `None` where it is no time."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
        else:
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e20:
        return None
    return next(value * unit for size, unit in _UNITS if value >= size)


def between_ms(start: Any, end: Any) -> float | None:
    """From one time to another; `None` where one is unknown or they stand the wrong way round."""
    begun, ended = epoch_ms(start), epoch_ms(end)
    if begun is None or ended is None or ended < begun:
        return None
    return round(ended - begun, 3)
