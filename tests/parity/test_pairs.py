"""Two sides on the same cases."""

from migrator_tui.history.records import Mark
from migrator_tui.parity.outcomes import Outcome
from migrator_tui.parity.pairs import outcome_of_mark, pair

P, F, A = Outcome.PASS, Outcome.FAIL, Outcome.ASSUMED


def test_only_cases_decided_on_both_sides_count() -> None:
    old = {"a": P, "b": A, "c": F, "d": F, "e": P, "f": P, "g": P}
    new = {"a": P, "b": Outcome.FLAKY, "c": P, "d": F, "e": Outcome.ERROR, "f": Outcome.NOT_RUN, "h": P}
    found = pair(old, new)
    assert (found.both_pass, found.worse, found.better, found.both_fail) == (["a"], ["b"], ["c"], ["d"])
    assert found.undecided == ["e"], "run on both sides; f and g were not"
    assert found.decided == 4
    assert (found.old_rate, found.new_rate, found.difference) == (0.5, 0.5, 0.0)


def test_rates_differ_by_better_minus_worse() -> None:
    old = {f"c{n}": P if n < 8 else F for n in range(10)}
    new = {f"c{n}": F if n < 3 else P for n in range(10)}
    found = pair(old, new)
    assert (len(found.better), len(found.worse)) == (2, 3)
    assert found.difference is not None and found.old_rate is not None and found.new_rate is not None
    assert abs(found.difference - (found.new_rate - found.old_rate)) < 1e-12
    assert abs(found.difference + 0.1) < 1e-12


def test_nothing_decided_has_no_rate() -> None:
    found = pair({"a": Outcome.UNJUDGED}, {"a": P})
    assert found.undecided == ["a"]
    assert found.old_rate is None and found.new_rate is None and found.difference is None


def test_marks_are_outcomes_again() -> None:
    assert [outcome_of_mark(mark).mark for mark in Mark] == list(Mark)
