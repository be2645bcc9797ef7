"""When a failed attempt is followed by another, and after how long."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from migrator_tui.models.requests import RETRIED, CallError, ErrorKind


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits grow by doubling, spread by chance so that many calls don't come back at the same moment.

    Times are seconds. The scheme is "equal jitter" of Marc Brooker's "Exponential Backoff And Jitter" (AWS, 2015).
    """

    attempts: int = 5
    """Of kinds that `attempts_of` does not name."""
    attempts_of: Mapping[ErrorKind, int] = field(
        # A second time-out is likely to be followed by a third, and each may take ten minutes.
        # Limits are counted by the minute: eight attempts, when nobody says how long to wait, outlast one.
        default_factory=lambda: {ErrorKind.TIMED_OUT: 2, ErrorKind.MALFORMED: 3, ErrorKind.RATE_LIMITED: 8}
    )
    first_wait: float = 1.0
    longest_wait: float = 30.0
    longest_retry_after: float = 120.0
    """A provider that asks for more has a quota, not a hiccup: the call ends and says so."""

    def wait_after(self, error: CallError, attempt: int, *, chance: float | None = None) -> float | None:
        """Seconds until the next attempt after number `attempt` failed so; `None`: there is none.

        `chance` in [0, 1) replaces the random number.
        """
        if error.kind not in RETRIED or attempt >= self.attempts_of.get(error.kind, self.attempts):
            return None
        asked = error.retry_after
        if asked is not None and asked > self.longest_retry_after:
            return None
        full = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        spread = random.random() if chance is None else chance  # noqa: S311 - no secret hangs on it
        if asked is not None:
            # Never earlier than asked; a little later, each by another bit.
            return asked + spread * min(full, 1.0) / 2
        return full / 2 + full / 2 * spread
