"""What changed most over the cases of a task, with the cases behind each drift."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from migrator_tui.history.drift_names import DRIFT_NAMES
from migrator_tui.history.records import DriftMark
from migrator_tui.parity.drift.base import CATCH_ALL, GONE_TITLES, TITLES

_GRAVITY = {name: place for place, name in enumerate(DRIFT_NAMES)}


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One drift over the cases of a task."""

    name: str
    title: str
    """As a scorecard says it: `fences added`, or `fences gone` where mostly the baseline shows them."""
    baseline: int
    """Cases in which the baseline's answer shows it; those in which both do are counted on both sides."""
    candidate: int
    cases: tuple[str, ...]
    """The ids of those in which exactly one side shows it, in the order they came in."""
    failing: tuple[str, ...]
    """Those of them in which the candidate fails."""


def rank(drifts: Mapping[str, Iterable[DriftMark]], failing: Collection[str]) -> list[DriftRow]:
    """A row for each drift that some case shows: those first that most cases show on exactly one side.

    `drifts` holds the marks by case id, `failing` the ids of the cases in which the candidate fails. Equal numbers
    are ordered by how many of the cases fail, then gravest first. What has no name (`wording`, `other-answer`) is
    left out: it is no cause. A drift that both sides show wherever it occurs has a row without cases.
    """
    sides: dict[str, list[tuple[str, DriftMark]]] = {}
    for case_id, marks in drifts.items():
        for mark in marks:
            if mark.name not in CATCH_ALL:
                sides.setdefault(mark.name, []).append((case_id, mark))
    fails = failing if isinstance(failing, set | frozenset) else set(failing)
    rows = [_row(name, found, fails) for name, found in sides.items()]
    return sorted(rows, key=lambda row: (-len(row.cases), -len(row.failing), _gravity(row)))


def worst_first(rows: Iterable[DriftRow]) -> list[DriftRow]:
    """The rows that have cases, in the order of a scorecard: by how many of them fail, then by how many there are."""
    return sorted(
        (row for row in rows if row.cases), key=lambda row: (-len(row.failing), -len(row.cases), _gravity(row))
    )


def _gravity(row: DriftRow) -> int:
    return _GRAVITY.get(row.name, len(_GRAVITY))


def _row(name: str, found: Sequence[tuple[str, DriftMark]], failing: Collection[str]) -> DriftRow:
    cases = tuple(case_id for case_id, mark in found if mark.differs)
    return DriftRow(
        name=name,
        title=title_of(name, [mark for _, mark in found]),
        baseline=sum(mark.baseline for _, mark in found),
        candidate=sum(mark.candidate for _, mark in found),
        cases=cases,
        failing=tuple(case_id for case_id in cases if case_id in failing),
    )


def title_of(name: str, marks: Iterable[DriftMark]) -> str:
    """What a drift is called, by the side that shows it alone in most cases; an unknown name is its own title."""
    leaning = sum(mark.candidate - mark.baseline for mark in marks)
    return (GONE_TITLES.get(name) if leaning < 0 else None) or TITLES.get(name, name)
