"""Verdicts by key: one press each, a way back for each, and what becomes of them when the text changes."""

from pathlib import Path

import pytest

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Judged, Mark, Section
from migrator_tui.tui.widgets.modal import Ask, Confirm
from tests.tui.conftest import CASES, NARROW, NEW, WIDE, Driver, opened, record, run_all, write_project
from tests.tui.test_moving import two_of_each


def standing(driver: Driver, case_id: str) -> tuple[Mark, Judged]:
    found = driver.history.standings("triage", "newer", [case_id]).get(case_id)
    assert found is not None
    return found.candidate, found.judged


async def test_p_and_f_judge_the_candidate_and_go_on_to_the_next(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("n")
        assert driver.case == "c4"
        await driver.press("p")
        assert standing(driver, "c4") == (Mark.PASSED, Judged.PASS)
        assert driver.case == "c5"
        await driver.press("f")
        assert standing(driver, "c5") == (Mark.FAILED, Judged.FAIL)
        assert driver.case == "c6"
        given = driver.history.verdicts("triage", "newer")
        assert {(case_id, v.passed, v.author) for case_id, some in given.items() for v in some} == {
            ("c4", True, "tester"),
            ("c5", False, "tester"),
        }
        assert not driver.history.verdicts("triage", "baseline")


async def test_u_takes_verdicts_back_one_by_one_and_goes_there(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("n", "p", "p")
        assert driver.case == "c6"
        await driver.press("u")
        assert (driver.case, standing(driver, "c5")) == ("c5", (Mark.UNJUDGED, Judged.NO))
        assert standing(driver, "c4") == (Mark.PASSED, Judged.PASS)
        await driver.press("u")
        assert (driver.case, standing(driver, "c4")) == ("c4", (Mark.UNJUDGED, Judged.NO))
        await driver.press("u")
        assert "no verdict of yours" in driver.notice


async def test_a_verdict_wins_over_checks(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.go_to("c1")
        await driver.press("p")
        assert standing(driver, "c1") == (Mark.PASSED, Judged.PASS)
        assert driver.sections["c1"] is not Section.REGRESSION


async def test_n_and_N_go_round_the_unjudged(answered: Path) -> None:
    async with opened(answered) as driver:
        seen = []
        for key in ("n", "n", "n", "n", "N", "N"):
            await driver.press(key)
            seen.append(driver.case)
        assert seen == ["c4", "c5", "c6", "c4", "c6", "c5"]
        await driver.go_to("c4")
        await driver.press("p", "p", "p", "n")
        assert "nothing more to judge" in driver.notice


async def test_after_tab_the_baseline_is_judged(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.go_to("c4")
        await driver.press("tab", "f")
        assert [v.passed for v in driver.history.verdicts("triage", "baseline")["c4"]] == [False]
        assert "c4" not in driver.history.verdicts("triage", "newer")
        found = driver.history.standings("triage", "newer", ["c4"]).get("c4")
        assert found is not None and found.baseline is Mark.FAILED
        assert driver.case == "c4", "the other side of the same case is still to judge"
        await driver.press("tab", "p")
        assert standing(driver, "c4") == (Mark.PASSED, Judged.PASS)


async def test_a_note_says_why(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.go_to("c4")
        await driver.press("c")
        assert "judge it first" in driver.notice
        await driver.press("f")
        await driver.go_to("c4")
        await driver.press("c")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.type("promises [too] much")
        await driver.press("enter")
        await driver.until(lambda: "note: promises [too] much" in driver.text)
        assert driver.history.verdicts("triage", "newer")["c4"][0].note == "promises [too] much"
        # escape changes nothing
        await driver.press("c")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.type("x")
        await driver.press("escape")
        await driver.settle()
        assert driver.history.verdicts("triage", "newer")["c4"][0].note == "promises [too] much"


async def test_all_shown_by_the_filter_at_once_and_one_undo(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("slash")
        await driver.type("tag:parcel")
        await driver.press("enter")
        assert driver.ids == ["c4", "c5", "c3"]
        await driver.press("P")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        assert "3 cases shown by the filter tag:parcel" in driver.text
        await driver.press("escape")
        await driver.settle()
        assert not driver.history.verdicts("triage", "newer"), "asked, and no was said"
        await driver.press("P")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.press("enter")
        await driver.until(lambda: "3 judged" in driver.notice)
        assert set(driver.history.verdicts("triage", "newer")) == {"c3", "c4", "c5"}
        await driver.press("u")
        assert "took back 3 verdicts" in driver.notice
        assert not driver.history.verdicts("triage", "newer")


async def test_nothing_can_be_judged_that_was_not_answered(shop: Path) -> None:
    async with opened(shop) as driver:
        await driver.press("p")
        assert "nothing to judge yet" in driver.notice
        await driver.press("b")
        assert "nothing to judge yet" in driver.notice
        assert driver.bench.blind is None


async def test_a_verdict_belongs_to_its_text(answered: Path) -> None:
    """The same text keeps it, a few other characters offer it, another text asks anew."""
    texts = {
        **NEW,
        "c4": "We shall look into it today, and write to you as soon as the courier has told us where it is.",
        "c5": "Your parcel is late, and we are sorry about that; it will be with you by the end of the week. " * 4,
        "c6": "Thank you so much for the kind words, they have made all of us here very happy indeed today.",
    }
    record(answered, new=texts)
    await run_all(answered)
    async with opened(answered) as driver:
        await driver.go_to("c4")
        await driver.press("p", "p", "f")
    record(
        answered, new={**texts, "c5": texts["c5"].replace("sorry", "sory", 1), "c6": "No comment from us on that."}
    )
    await run_all(answered)
    async with opened(answered, size=WIDE) as driver:
        assert standing(driver, "c4") == (Mark.PASSED, Judged.PASS)
        assert standing(driver, "c5")[1] is Judged.CARRIED_PASS
        assert standing(driver, "c6")[1] is Judged.STALE_FAIL
        await driver.go_to("c5")
        assert "carried over ✓ pass · p f · 1 character differs" in driver.text
        await driver.go_to("c6")
        assert "you said ✗ fail to another text" in driver.text
        # Both ask again, and a key settles it.
        await driver.go_to("c4")
        await driver.press("n")
        first = driver.case
        await driver.press("p")
        second = driver.case
        await driver.press("p")
        assert {first, second} == {"c5", "c6"}
        assert {standing(driver, c)[1] for c in ("c4", "c5", "c6")} == {Judged.PASS}


async def test_blind_judging_hides_names_until_both_sides_are_judged(answered: Path) -> None:
    async with opened(answered) as driver:
        assert "old.jsonl" in driver.text and "newer" in driver.text
        await driver.press("b")
        await driver.settle()
        blind = driver.bench.blind
        assert blind is not None and sorted(driver.ids) == ["c4", "c5", "c6"]
        text = driver.text
        for name in ("old.jsonl", "new.jsonl", "newer", "baseline", "candidate", "$0.0012", "regression"):
            assert name not in text.replace("baseline's", "").replace("blind", ""), name
        first = driver.case
        assert first is not None
        number = driver.app.workspace.number_of(first)
        assert number is not None
        left = "baseline" if blind.baseline_is_left(number) else "newer"
        await driver.press("p")
        assert driver.case == first, "the right side is next"
        assert first in driver.history.verdicts("triage", left)
        assert "baseline was" not in driver.text
        await driver.press("f")
        assert driver.case != first
        side = "A" if left == "baseline" else "B"
        assert f"baseline was {side}" in driver.notice
        right = "newer" if left == "baseline" else "baseline"
        given = driver.history.verdicts("triage", right)[first][0]
        assert (given.passed, given.blind) == (False, True)
        # An undo goes back to that case, which is judged anew from the left.
        await driver.press("u")
        assert driver.case == first and not blind.is_done(number)
        # b shows names again.
        await driver.press("b")
        await driver.settle()
        assert driver.bench.blind is None and "newer" in driver.text


async def test_blind_refuses_what_would_tell(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("b")
        await driver.settle()
        await driver.press("d")
        assert "would tell which is which" in driver.notice
        await driver.press("P")
        await driver.settle()
        assert not isinstance(driver.app.screen, Confirm)


async def test_an_error_is_no_answer(tmp_path: Path) -> None:
    """A recording that lacks a case ends as an error: never a fail, and nothing to judge."""
    folder = write_project(tmp_path / "shop", cases=CASES[:2], new={"c1": "fine"})
    await run_all(folder)
    async with opened(folder, size=WIDE) as driver:
        await driver.go_to("c2")
        assert standing(driver, "c2")[0] is Mark.ERROR
        assert "has no answer for case c2" in driver.text
        await driver.press("p")
        assert "an error is no answer" in driver.notice


async def test_judging_works_on_a_narrow_screen(answered: Path) -> None:
    async with opened(answered, size=NARROW) as driver:
        await driver.press("n", "p")
        assert standing(driver, "c4") == (Mark.PASSED, Judged.PASS) and driver.case == "c5"


async def test_only_the_answer_that_was_looked_at_is_judged(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.go_to("c4")
        # Another program asks the same case meanwhile.
        record(answered, new={**NEW, "c4": "Something nobody has read."})
        await run_all(answered)
        await driver.press("p")
        assert "another answer has come in" in driver.notice
        assert not driver.history.verdicts("triage", "newer")
        assert driver.case == "c4" and "Something nobody has read." in driver.text
        await driver.press("p")
        assert "c4" in driver.history.verdicts("triage", "newer")


async def test_judging_goes_on_while_the_case_file_is_half_saved(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.go_to("c4")
        cases = answered / "cases" / "triage.jsonl"
        cases.write_text(cases.read_text() + '{"id": "c7", "va')
        await driver.press("p")
        assert standing(driver, "c4") == (Mark.PASSED, Judged.PASS)


async def test_an_undo_reaches_the_task_that_the_verdict_was_given_in(tmp_path: Path) -> None:
    folder = two_of_each(tmp_path / "shop")
    await run_all(folder)
    async with opened(folder) as driver:
        await driver.go_to("c4")
        await driver.press("f")
        assert standing(driver, "c4") == (Mark.FAILED, Judged.FAIL)
        await driver.press("right_curly_bracket")
        await driver.until(lambda: driver.case == "r1")
        await driver.settle()
        await driver.press("u")
        assert "took back" in driver.notice
        assert standing(driver, "c4") == (Mark.UNJUDGED, Judged.NO)


async def test_blind_judging_keeps_task_and_candidate_in_view_and_names_to_itself(tmp_path: Path) -> None:
    folder = two_of_each(tmp_path / "shop")
    await run_all(folder)
    async with opened(folder) as driver:
        await driver.press("b")
        await driver.settle()
        first = driver.case
        for key in ("right_curly_bracket", "right_square_bracket"):
            await driver.press(key)
            assert "b leaves it" in driver.notice
        workspace = driver.app.workspace
        assert (workspace.task.name, workspace.candidate.name, driver.case) == ("triage", "newer", first)
        await driver.press("y")
        assert "the output of A" in driver.notice


async def test_a_history_that_cannot_be_written_is_told(answered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise HistoryError("history: database or disk is full")

    async with opened(answered) as driver:
        await driver.go_to("c4")
        await driver.press("p")
        for method in ("judge", "undo_last", "note"):
            monkeypatch.setattr(driver.history, method, full)
        driver.app.say("")
        await driver.press("u")
        assert "disk is full" in driver.notice
        driver.app.say("")
        await driver.press("P")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.press("enter")
        await driver.until(lambda: "disk is full" in driver.notice)
        await driver.settle()
        driver.app.say("")
        await driver.go_to("c4")
        await driver.press("c")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.type("x")
        await driver.press("enter")
        await driver.until(lambda: "disk is full" in driver.notice)
        await driver.settle()
        assert driver.app.crash is None


async def test_a_note_right_after_a_verdict_is_on_that_verdict(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("n")
        judged = driver.case
        await driver.press("p")
        assert driver.case != judged
        await driver.press("c")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        await driver.type("as it should be")
        await driver.press("enter")
        await driver.until(lambda: not isinstance(driver.app.screen, Ask))
        await driver.settle()
        [verdict] = driver.history.verdicts("triage", "newer", [judged])[judged]
        assert verdict.note == "as it should be"
