"""Failing cases by cause."""

from pathlib import Path

import pytest

from migrator_tui.adaptation import grouping
from migrator_tui.adaptation.grouping import PERSON, came_out, came_out_with, grouped
from migrator_tui.adaptation.values import Group
from migrator_tui.history.store import History
from migrator_tui.models.requests import Answer
from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from tests.adaptation.shop import FENCED, GOOD, LONG, open_shop
from tests.running.conftest import Rig, error, write_project


def test_cases_that_fail_alike_are_one_group_the_largest_first(tmp_path: Path) -> None:
    said = {"a": LONG, "b": FENCED, "c": GOOD, "d": FENCED, "e": None, "f": FENCED + " Bye!"}
    with open_shop(tmp_path, said) as shop:
        found = came_out(shop.project, shop.history, shop.task, "newer", shop.cases)
    groups = grouped(found.failures)
    assert groups[0] == Group("fences added", ("b", "d"), ("is-json", "fences"))
    assert {case_id for group in groups for case_id in group.case_ids} == {"a", "b", "d", "f"}
    assert sum(len(group.case_ids) for group in groups) == 4, "a case is in one group"
    assert [case.id for case in found.passing] == ["c"], "the call that failed neither passes nor fails"
    assert found.asked == 5
    failure = found.failures["a"]
    assert failure.failed[0][0] == "max-words" and "of at most 12" in failure.failed[0][1]
    assert failure.reference == GOOD and failure.reference_passes is True
    assert "longer" in failure.drift_names


def test_what_a_person_failed_is_a_group_with_the_note(tmp_path: Path) -> None:
    with open_shop(tmp_path, {"a": GOOD, "b": GOOD}) as shop:
        outputs = shop.history.current_outputs("triage", "newer", "openai/gpt-5.2")
        shop.history.judge(outputs["b"], False, author="ada", note="too curt for a customer")
        found = came_out(shop.project, shop.history, shop.task, "newer", shop.cases)
    assert list(found.failures) == ["b"]
    assert found.failures["b"].person == "fail: too curt for a customer"
    [group] = grouped(found.failures)
    assert PERSON in group.title and "too curt" in group.title


def test_a_refusal_is_one_cause_whatever_else_its_text_fails(tmp_path: Path) -> None:
    refusal = "I'm sorry, but I can't help with this message. Please contact a professional: they know what to do."
    with open_shop(tmp_path, {"a": refusal}) as shop:
        [group] = grouped(came_out(shop.project, shop.history, shop.task, "newer", shop.cases).failures)
    assert group.title == "refusals"
    assert {"is-json", "max-words", "refusal"} <= set(group.names)


def test_of_very_many_failing_cases_some_are_looked_at_closely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MOST_LOOKED_AT", 4)
    with open_shop(tmp_path, {f"c{n}": GOOD if n % 3 == 0 else FENCED for n in range(30)}) as shop:
        found = came_out_with(shop.project, shop.history, shop.task, "newer", shop.version, shop.cases)
        # What another version answered since stands for this case, and says nothing of this one.
        other = shop.history.record_version(
            task="triage",
            model_name="newer",
            template="Another prompt.",
            params={},
            parent_id=None,
            origin=shop.version.origin,
            author="tester",
        )
        shop.answer("newer", {"c1": GOOD}, other)
        again = came_out_with(shop.project, shop.history, shop.task, "newer", shop.version, shop.cases)
    assert len(found.passing) == 10 and found.asked == 30
    assert len(found.failures) == 4 and len(found.more_failing) == 16
    assert not set(found.failures) & set(found.more_failing)
    assert "c1" in again.failures and len(again.failures) + len(again.more_failing) == 20


def test_only_the_answers_given_are_looked_at(tmp_path: Path) -> None:
    with open_shop(tmp_path, {"a": GOOD, "b": GOOD}) as shop:
        tried = shop.answer("newer", {"a": FENCED})
        found = came_out(shop.project, shop.history, shop.task, "newer", shop.cases, {"a": tried})
    assert list(found.failures) == ["a"] and not found.passing and found.asked == 1


async def test_a_call_that_failed_takes_nothing_from_the_answer_before_it(tmp_path: Path) -> None:
    project = load_project(write_project(tmp_path / "shop"))
    with History.open(project) as history:
        rig = Rig(project, history)
        rig.pool.reply = lambda request: Answer("bad")
        await rig.run()
        plan = rig.plan(use_cache=False, case_ids=["c1"])
        rig.pool.reply = lambda request: error()
        await rig.run(plan)
        task, version = project.tasks[0], plan.versions["triage", "newer"]
        found = came_out_with(project, history, task, "newer", version, load_cases(project, task))
    assert sorted(found.failures) == ["c1", "c2", "c3", "c4"] and found.asked == 4
