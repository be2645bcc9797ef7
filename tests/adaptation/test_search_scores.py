"""What a search goes by: the worth of an answer, the first few cases, why a child is dropped, whether it may help."""

from pathlib import Path

import pytest

from migrator_tui.adaptation.search.head_room import head_room, moved
from migrator_tui.adaptation.search.scores import Scored, first_batch, scored, why_dropped, why_kept
from migrator_tui.history.records import CheckRecord
from migrator_tui.parity.outcomes import Outcome, OutcomeWithReason, Source
from migrator_tui.project.schema import Case, CheckSpec, Task

PASS, OPEN = Scored(True, 1.0), Scored(None, 0.0, reason="HTTP 500")


def fail(*labels: str, worth: float = 0.0, by_person: bool = False) -> Scored:
    return Scored(False, worth, labels, "; ".join(labels), by_person)


def record(label: str, passed: bool, weight: float = 1.0) -> CheckRecord:
    return CheckRecord(label, label, passed, float(passed), weight, "")


def test_a_case_that_fails_is_worth_its_passed_checks_and_less_than_one_that_passes() -> None:
    checks = [record("a", True), record("b", True), record("c", False), record("measures", False, weight=0)]
    one = scored(OutcomeWithReason(Outcome.FAIL, Source.CHECKS), checks)
    assert one.failed == ("c",) and one.worth == pytest.approx(0.6)
    assert scored(OutcomeWithReason(Outcome.PASS, Source.VERDICT), checks) == PASS
    person = scored(OutcomeWithReason(Outcome.FAIL, Source.VERDICT), [record("a", True)])
    assert person.worth == 0 and person.by_person
    assert scored(OutcomeWithReason(Outcome.ERROR, Source.CALL, "HTTP 500"), []).passed is None


def test_the_first_few_cases_share_the_largest_cause_then_the_next_and_passing_ones_guard_them() -> None:
    scores = {f"f{n}": fail("fences") for n in range(9)} | {f"w{n}": fail("words") for n in range(2)}
    scores |= {f"p{n}": PASS for n in range(9)}
    first = first_batch(scores, 0, "7")
    assert [case_id[0] for case_id in first] == ["f"] * 4 + ["p"] * 4
    second = first_batch(scores, 1, "7")
    assert second[:2] in (["w0", "w1"], ["w1", "w0"]) and [one[0] for one in second[2:]] == ["f"] * 2 + ["p"] * 4
    assert first_batch(scores, 0, "7") == first != first_batch(scores, 0, "8")
    assert first_batch({"p": PASS}, 0, "7") == []


@pytest.mark.parametrize(
    ("after", "first", "why"),
    [
        ({"a": PASS, "b": fail("x"), "p": PASS, "q": PASS}, True, None),
        ({"a": PASS, "b": PASS, "p": fail("x"), "q": fail("x")}, True, "breaks 2: p q"),
        ({"a": PASS, "b": PASS, "p": fail("x"), "q": PASS}, False, None),
        ({"a": PASS, "b": PASS, "p": PASS, "q": fail("x")}, False, "breaks 1: q"),
        ({"a": fail("x"), "b": fail("x"), "p": fail("x"), "q": PASS}, False, "1 lower than its parent"),
        ({"a": fail("x"), "b": fail("x"), "p": PASS, "q": PASS}, False, "no better"),
        ({"a": fail("x", worth=0.5), "b": fail("x"), "p": PASS, "q": PASS}, True, None),
        ({"a": OPEN, "b": OPEN, "p": OPEN, "q": OPEN}, True, "nothing could be judged: HTTP 500"),
        ({"a": OPEN, "b": fail("x"), "p": OPEN, "q": PASS}, True, "no better"),
    ],
)
def test_why_a_child_is_dropped(after: dict[str, Scored], first: bool, why: str | None) -> None:
    before = {"a": fail("x"), "b": fail("x"), "p": PASS, "q": PASS}
    assert why_dropped(before, after, {"q"}, first=first) == why


def test_why_a_child_is_kept_names_what_it_breaks() -> None:
    before = {"a": fail("x"), "b": fail("x"), "p": PASS}
    assert why_kept(before, {"a": PASS, "b": PASS, "p": fail("x")}) == "fixes 2, breaks 1: p"
    assert why_kept(before, {"a": fail("x", worth=0.5)}) == "more checks pass, no case yet"


@pytest.mark.parametrize(
    ("failing", "passing", "likely", "why"),
    [
        ([fail("no-code-fence")] * 5, 20, True, "by their form"),
        ([fail("no-code-fence")] * 4, 20, False, "only 4 cases fail"),
        ([fail("no-code-fence")] * 2, 2, True, "by their form"),
        ([], 9, False, "no case fails"),
        ([fail("latency")] * 9, 9, False, "(latency) is not the prompt's to change"),
        ([fail("latency", "no-code-fence")] * 9, 9, True, "by their form"),
        ([fail(by_person=True)] * 9, 0, False, "verdicts"),
        ([OPEN] * 9, 0, False, "HTTP 500"),
        ([fail("tone")] * 9, 9, True, "first proposal has to move something"),
    ],
)
def test_where_a_search_is_likely_to_help(failing: list[Scored], passing: int, likely: bool, why: str) -> None:
    checks = [CheckSpec("no-code-fence"), CheckSpec("latency"), CheckSpec("llm-rubric", metric="tone")]
    task = Task("triage", Path("p.md"), [], checks)
    scores = {f"f{n}": one for n, one in enumerate(failing)} | {f"p{n}": PASS for n in range(passing)}
    room = head_room(task, {case_id: Case(case_id) for case_id in scores}, scores)
    assert room.likely is likely and why in room.why
    assert room.first_try_tells is ("first proposal" in room.why)


def test_a_try_has_moved_something_where_a_failing_case_came_out_better() -> None:
    before = {"a": fail("x"), "p": PASS}
    assert not moved(before, {"a": fail("x"), "p": fail("x")})
    assert moved(before, {"a": fail("x", worth=0.3)})
