"""What a search tells while it goes on: not more than somebody can see, and nothing of note twice."""

import time
from collections.abc import Callable, Sequence

from migrator_tui.adaptation.search.asking import Asking
from migrator_tui.adaptation.search.tries import OpenTry
from migrator_tui.adaptation.search.values import SearchEvent, SearchNoticed, SpentChanged, TryAdvanced
from migrator_tui.running.trying import Tried

EVERY = 0.05
"""Seconds between two events that only tell how far it is: thousands of cases may be answered at once."""
MOST_ERRORS = 3
"""Errors of calls that are told of one by one."""


class Telling:
    """Hands the events of one search on, from its event loop."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._errors = 0
        self._noted: set[str] = set()
        self._told = 0.0
        self.tell: Callable[[SearchEvent], None] = lambda event: None

    def spent(self) -> None:
        """How much of the budget is gone."""
        self.tell(SpentChanged(self._asking.spent))

    def note(self, notes: Sequence[str]) -> None:
        """What is to be known of a suggestion, each once."""
        for note in notes:
            if note not in self._noted:
                self._noted.add(note)
                self.tell(SearchNoticed(note))

    def answered(self, a_try: OpenTry, tried: Tried) -> None:
        """A case of a try is answered; of calls that failed, the first few are named."""
        if tried.output.failed_call and self._errors < MOST_ERRORS:
            self._errors += 1
            self.tell(SearchNoticed(f"case {tried.case_id}: {tried.outcome.reason}"))
        self.advanced(a_try)

    def advanced(self, a_try: OpenTry | None = None) -> None:
        """How far it is, unless that was told a moment ago."""
        if time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            if a_try is not None:
                self.tell(TryAdvanced(a_try.shown()))
            self.spent()
