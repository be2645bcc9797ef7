"""How a search stands: what its events have told until now, kept for whoever looks."""

import time
from dataclasses import dataclass, field
from enum import Enum

from migrator_tui.adaptation.search.values import (
    HeldOutBegan,
    SearchBegan,
    SearchEvent,
    SearchNoticed,
    SearchResult,
    SearchSettings,
    Spent,
    SpentChanged,
    Try,
    TryAdvanced,
    TryBegan,
    TryEnded,
)
from migrator_tui.history.records import Version


class Phase(Enum):
    """What a search is doing."""

    BEGINNING = "beginning"
    TRYING = "trying"
    PAUSED = "paused"
    STOPPING = "stopping"
    """It was told to stop, and has calls in flight."""
    HELD_OUT = "held out"
    """Start and winner are asked about the held-out cases."""
    OVER = "over"
    BROKEN = "broken"
    """It could not be carried out; `problem` says why."""


FEW_CALLS = 10
"""So many say nothing yet of how fast it goes: the assistant is asked alone, the cases many at once."""
RUNNING = (Phase.BEGINNING, Phase.TRYING, Phase.PAUSED, Phase.STOPPING, Phase.HELD_OUT)


def has_prompt(a_try: Try) -> bool:
    """Whether a try has a prompt of its own to look at: there is none where no answer was a proposal."""
    return a_try.parent is None or a_try.version_id is not None or bool(a_try.edits)


@dataclass(slots=True)
class SearchState:
    """One search of one prompt."""

    task: str
    candidate: str
    base: Version
    """Where it starts."""
    settings: SearchSettings
    models: tuple[str, str]
    """The candidate's model and the assistant."""
    phase: Phase = Phase.BEGINNING
    began: SearchBegan | None = None
    tries: dict[int, Try] = field(default_factory=dict)
    """By number."""
    going: int | None = None
    """The try that is being asked about cases."""
    spent: Spent | None = None
    searched: int | None = None
    """Calls that were spent when the held-out cases began."""
    winner: int | None = None
    result: SearchResult | None = None
    problem: str = ""
    notices: list[str] = field(default_factory=list)
    to_test: int = 0
    """Calls that were kept back for the held-out cases when these began."""
    _first_calls: tuple[int, float] | None = None
    """Calls spent before this process made any, and when; pauses put it off."""
    _paused_at: float = 0.0

    def take(self, event: SearchEvent) -> None:
        """Let an event count."""
        match event:
            case SearchBegan():
                self.began = event
                self._on(Phase.TRYING)
            case TryBegan(a_try=a_try) | TryAdvanced(a_try=a_try):
                self.tries[a_try.number] = a_try
                self.going = a_try.number
            case TryEnded(a_try=a_try):
                self.tries[a_try.number] = a_try
                if self.going == a_try.number:
                    self.going = None
            case SpentChanged(spent=spent):
                self.spent = spent
                if self._first_calls is None:
                    self._first_calls = spent.calls, time.monotonic()
            case HeldOutBegan(winner=winner):
                self.winner, self.going = winner, None
                if self.spent is not None:
                    self.searched, self.to_test = self.spent.calls, self.spent.held_back
                self._on(Phase.HELD_OUT)
            case SearchNoticed(text=text):
                self.notices.append(text)

    def _on(self, phase: Phase) -> None:
        # What the user has asked for meanwhile stands: it is carried out at the next step.
        if self.phase not in (Phase.PAUSED, Phase.STOPPING) or phase is Phase.HELD_OUT:
            self.phase = phase

    def pause(self) -> None:
        """Nothing is asked for a while."""
        self.phase, self._paused_at = Phase.PAUSED, time.monotonic()

    def go_on(self) -> None:
        """After a pause, which took no time of the search's."""
        self.phase = Phase.TRYING if self.began is not None else Phase.BEGINNING
        if self._first_calls is not None:
            calls, since = self._first_calls
            self._first_calls = calls, since + time.monotonic() - self._paused_at

    def end(self, result: SearchResult) -> None:
        """It is over."""
        self.result, self.phase, self.going = result, Phase.OVER, None
        self.tries = {one.number: one for one in result.tries}
        self.spent = result.spent
        self.winner = result.best.number

    def fail(self, problem: str) -> None:
        """It could not be carried out."""
        self.problem, self.phase, self.going = problem, Phase.BROKEN, None

    @property
    def running(self) -> bool:
        """Whether it still goes on, paused or not."""
        return self.phase in RUNNING

    @property
    def paused(self) -> bool:
        """Whether it waits for the user."""
        return self.phase is Phase.PAUSED

    @property
    def search_id(self) -> str:
        """By which the history knows it; empty until it stands."""
        known = self.result or self.began
        return known.search_id if known is not None else ""

    @property
    def track(self) -> tuple[str, str]:
        """Task and candidate."""
        return self.task, self.candidate

    @property
    def newest_first(self) -> list[Try]:
        """The tries."""
        return [self.tries[number] for number in sorted(self.tries, reverse=True)]

    @property
    def best(self) -> Try | None:
        """The best try that was kept, the earliest of several; once it is over, the winner."""
        if self.result is not None:
            return self.result.best
        kept = [one for one in self.tries.values() if one.accepted and one.score is not None]
        return max(kept, key=lambda one: (one.score or 0.0, -one.number), default=None)

    @property
    def tried(self) -> bool:
        """Whether any proposal was asked about a case."""
        return any(one.parent is not None and one.version_id is not None for one in self.tries.values())

    @property
    def start(self) -> Try | None:
        """The prompt it starts from, once that was asked."""
        return self.tries.get(1)

    @property
    def without_better(self) -> int:
        """Tries since the last better one."""
        best = self.best
        ended = [one.number for one in self.tries.values() if one.number != self.going]
        return sum(1 for number in ended if best is not None and number > best.number)

    @property
    def calls(self) -> int:
        """Calls of the search itself, those for the held-out cases left out."""
        return self.searched if self.searched is not None else self.spent.calls if self.spent is not None else 0

    @property
    def rate(self) -> float | None:
        """Calls a second."""
        if self._first_calls is None or self.spent is None:
            return None
        calls, since = self._first_calls
        seconds = time.monotonic() - since
        made = self.spent.calls - calls
        return made / seconds if made >= FEW_CALLS and seconds > 0.5 else None

    @property
    def left_s(self) -> float | None:
        """Seconds until the last call that it may still make."""
        rate, spent = self.rate, self.spent
        if rate is None or spent is None:
            return None
        tested = self.searched is not None and self.phase is Phase.HELD_OUT
        most = min(spent.budget_calls, self.calls + self.to_test) if tested else spent.budget_calls
        return max(0, most - spent.calls) / rate
