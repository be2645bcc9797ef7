"""Which rows stand under which head: a task's candidates stay together, the tasks that are worst off come first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from migrator_tui.running.overview import Overview, State


@dataclass(frozen=True, slots=True)
class Place:
    """One row: a task on a candidate."""

    task: str
    candidate: str

    @property
    def key(self) -> str:
        """The row's key in the list."""
        return f"{self.task}\0{self.candidate}"

    @classmethod
    def of(cls, key: str) -> "Place":
        """The place of a row's key."""
        task, _, candidate = key.partition("\0")
        return cls(task, candidate)


class Section(Enum):
    """How far a task is on the candidate that is best at it; worst first."""

    WORSE = "worse"
    OPEN = "open"
    FREE = "free"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Head:
    """A section as the list names it."""

    title: str
    role: str


_TITLES: Mapping[Section, tuple[str, str, str]] = {
    Section.WORSE: ("Worse on every candidate", "Worse", "error"),
    Section.OPEN: ("Nothing worse so far, some open", "Nothing worse so far, some open", "primary"),
    Section.FREE: ("Nothing worse on a candidate", "Nothing worse", "success"),
    Section.NOT_RUN: ("Not run", "Not run", "muted"),
}
"""Section to its title with several candidates, its title with one, and its colour role."""


def grouped(
    places: Sequence[Place], rows: Mapping[Place, Overview], *, several: bool
) -> list[tuple[Head | None, list[Place]]]:
    """Rows by section; before all of them are counted they stand as configured, without heads."""
    if any(place not in rows for place in places):
        return [(None, list(places))]
    tasks: dict[str, list[Place]] = {}
    for place in places:
        tasks.setdefault(place.task, []).append(place)
    sections: dict[Section, list[list[Place]]] = {}
    for members in tasks.values():
        sections.setdefault(section_of([rows[place].state for place in members]), []).append(members)
    found: list[tuple[Head | None, list[Place]]] = []
    for section, titles in _TITLES.items():
        if section in sections:
            worst_first = sorted(sections[section], key=lambda members: -_least_worse(members, rows))
            head = Head(titles[0] if several else titles[1], titles[2])
            found.append((head, [place for members in worst_first for place in members]))
    return found


def section_of(states: Sequence[State]) -> Section:
    """The section of a task, by how far its candidates are."""
    if State.NOTHING_WORSE in states:
        return Section.FREE
    if State.OPEN in states:
        return Section.OPEN
    return Section.WORSE if State.WORSE in states else Section.NOT_RUN


def _least_worse(members: Sequence[Place], rows: Mapping[Place, Overview]) -> float:
    """The loss, as a share of the cases judged, of the candidate that loses least."""
    return min((-(rows[place].pairs.difference or 0.0) for place in members), default=0.0)
