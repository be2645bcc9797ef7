"""Which drift comes first, and what it is called."""

from migrator_tui.history.drift_names import DRIFT_NAMES
from migrator_tui.history.records import DriftMark
from migrator_tui.parity.drift.base import CATCH_ALL, GONE_TITLES, TITLES
from migrator_tui.parity.drift.ranking import rank, worst_first


def added(name: str) -> DriftMark:
    return DriftMark(name, False, True)


def gone(name: str) -> DriftMark:
    return DriftMark(name, True, False)


def both(name: str) -> DriftMark:
    return DriftMark(name, True, True)


def test_most_cases_with_exactly_one_side_come_first() -> None:
    rows = rank(
        {
            "T-1": [added("longer"), added("fences")],
            "T-2": [added("fences"), both("markdown")],
            "T-3": [gone("fences"), both("markdown"), added("refusal")],
            "T-4": [both("markdown"), both("fences"), added("longer")],
        },
        failing={"T-3", "T-1"},
    )
    assert [(row.name, row.baseline, row.candidate, row.cases, row.failing) for row in rows] == [
        ("fences", 2, 3, ("T-1", "T-2", "T-3"), ("T-1", "T-3")),
        ("longer", 0, 2, ("T-1", "T-4"), ("T-1",)),
        ("refusal", 0, 1, ("T-3",), ("T-3",)),
        ("markdown", 3, 3, (), ()),
    ]


def test_a_scorecard_asks_first_what_fails() -> None:
    rows = rank(
        {"a": [added("longer")], "b": [added("longer"), added("language")], "c": [both("markdown")]}, failing=["b"]
    )
    assert [row.name for row in rows] == ["longer", "language", "markdown"]
    assert [row.name for row in worst_first(rows)] == ["longer", "language"]
    rows = rank({"a": [added("longer")], "b": [added("longer")], "c": [added("language")]}, failing=["c"])
    assert [row.name for row in rows] == ["longer", "language"]
    assert [row.name for row in worst_first(rows)] == ["language", "longer"]


def test_equal_counts_are_ordered_by_failing_then_gravest_first() -> None:
    rows = rank({"a": [added("longer"), added("markdown"), added("empty")], "b": [added("wording")]}, failing=[])
    assert [row.name for row in rows] == ["empty", "markdown", "longer"]
    rows = rank({"a": [added("fences")], "b": [added("longer")]}, failing=["b"])
    assert [row.name for row in rows] == ["longer", "fences"]


def test_what_has_no_name_is_no_cause() -> None:
    assert rank({str(n): [added(name) for name in CATCH_ALL] for n in range(9)}, failing=[]) == []
    assert rank({}, failing=[]) == []


def test_the_title_says_which_way_it_went() -> None:
    assert rank({"a": [added("fences")], "b": [both("fences")]}, [])[0].title == "fences added"
    assert rank({"a": [gone("fences")], "b": [both("fences")]}, [])[0].title == "fences gone"
    assert rank({"a": [gone("refusal")], "b": [added("refusal")], "c": [added("refusal")]}, [])[0].title == "refusals"


def test_every_name_has_a_title() -> None:
    assert set(TITLES) == set(DRIFT_NAMES)
    assert len(set(DRIFT_NAMES)) == len(DRIFT_NAMES)
    assert set(GONE_TITLES) < set(TITLES)
    assert set(DRIFT_NAMES) >= CATCH_ALL
