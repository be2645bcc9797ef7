"""Which rows stand under which head: a task's candidates stay together, the tasks that are worst off come first."""

from collections.abc import Callable, Mapping, Sequence
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
    """On how many of its candidates a task is ready; worst first."""

    NONE = "none"
    NOT_ENOUGH = "not enough"
    """With one candidate: it may be ready, and the evidence is not enough to say."""
    SOME = "some"
    ALL = "all"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Head:
    """A section as the list names it."""

    title: str
    role: str


def head_of(section: Section, candidates: int) -> Head:
    """A section's head in a project of so many candidates."""
    several = candidates > 1
    none = "No candidate ready" if candidates == 2 else "None ready"
    title = {
        Section.NONE: none if several else "Not ready",
        Section.NOT_ENOUGH: "Not enough evidence",
        Section.SOME: "One ready" if candidates == 2 else "Some ready",
        Section.ALL: ("Both ready" if candidates == 2 else "All ready") if several else "Ready",
        Section.NOT_RUN: "Not run",
    }[section]
    role = {
        Section.NONE: "error",
        Section.NOT_ENOUGH: "warning",
        Section.SOME: "primary",
        Section.ALL: "success",
        Section.NOT_RUN: "muted",
    }[section]
    return Head(title, role)


def grouped(
    places: Sequence[Place],
    rows: Mapping[Place, Overview],
    *,
    candidates: int,
    shown: Callable[[Place], bool] = lambda place: True,
) -> list[tuple[Head | None, list[Place]]]:
    """Rows by section, those that are `shown`; before all are counted they stand as configured, without heads.

    The section is that of the task, whichever of its rows are shown.
    """
    if any(place not in rows for place in places):
        return [(None, [place for place in places if shown(place)])]
    tasks: dict[str, list[Place]] = {}
    for place in places:
        tasks.setdefault(place.task, []).append(place)
    sections: dict[Section, list[list[Place]]] = {}
    for members in tasks.values():
        section = section_of([rows[place].state for place in members], candidates)
        sections.setdefault(section, []).append(members)
    found: list[tuple[Head | None, list[Place]]] = []
    for section in Section:
        if section in sections:
            worst_first = sorted(sections[section], key=lambda members: -_least_worse(members, rows))
            left = [place for members in worst_first for place in members if shown(place)]
            if left:
                found.append((head_of(section, candidates), left))
    return found


def section_of(states: Sequence[State], candidates: int) -> Section:
    """The section of a task, by what is known of it on its candidates (all of them, or those a filter leaves)."""
    ready = states.count(State.READY)
    if ready:
        return Section.ALL if ready == len(states) else Section.SOME
    if all(state is State.NOT_RUN for state in states):
        return Section.NOT_RUN
    return Section.NOT_ENOUGH if candidates == 1 and State.NOT_READY not in states else Section.NONE


def _least_worse(members: Sequence[Place], rows: Mapping[Place, Overview]) -> float:
    """The loss, as a share of the cases judged, of the candidate that loses least."""
    return min((-(rows[place].pairs.difference or 0.0) for place in members), default=0.0)
