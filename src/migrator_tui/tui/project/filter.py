"""What can be typed into the project screen's filter: words of task, candidate and model, and `is:` a state.

triage is:not-ready -is:critical
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.words import did_you_mean, listed
from migrator_tui.running.overview import FileState, Overview, State

STATES: Mapping[str, Callable[[Overview], bool]] = {
    "ready": lambda row: row.state is State.READY,
    "not-ready": lambda row: row.state is State.NOT_READY,
    "not-enough": lambda row: row.state is State.NOT_ENOUGH,
    "not-run": lambda row: row.state is State.NOT_RUN,
    "open": lambda row: row.open > 0,
    "critical": lambda row: bool(row.critical),
    "unwritten": lambda row: row.file is FileState.BEHIND,
    "changed": lambda row: row.file is FileState.CHANGED,
}
"""The words that `is:` knows."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows to show: those for which every word holds."""

    words: tuple[tuple[bool, str], ...] = ()
    """Whether it must hold, and a word in lower case."""
    states: tuple[tuple[bool, str], ...] = ()

    def shows(self, task: str, candidate: str, model: str, row: Overview | None) -> bool:
        """Whether a row is shown; one that is not counted yet has no state."""
        text = f"{task}\n{candidate}\n{model}".casefold()
        if any((word in text) is not wanted for wanted, word in self.words):
            return False
        return all((row is not None and STATES[state](row)) is wanted for wanted, state in self.states)


def parse(text: str) -> RowFilter:
    """The filter that was typed; raises `ProjectError` in one line for an unknown word after `is:`."""
    words: list[tuple[bool, str]] = []
    states: list[tuple[bool, str]] = []
    for term in text.casefold().split():
        wanted, body = not term.startswith("-"), term.removeprefix("-")
        if not body.startswith("is:"):
            words += [(wanted, body)] if body else []
        elif name := body.removeprefix("is:"):
            states.append((wanted, _state(name)))
    return RowFilter(tuple(words), tuple(states))


def _state(name: str) -> str:
    if name in STATES:
        return name
    starting = [state for state in STATES if state.startswith(name)]
    if len(starting) == 1:
        return starting[0]
    hint = did_you_mean(name, list(STATES)) if not starting else ""
    raise ProjectError(f"nothing is:{name}{hint or f'; there are {listed(starting or list(STATES), 12)}'}")
