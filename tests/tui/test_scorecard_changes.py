"""The scorecard follows what changes outside: case files, other windows, problems that come and go."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from migrator_tui.running.judging import bring_up_to_date
from migrator_tui.tui.cards import Cards, Counted
from migrator_tui.tui.scorecard.screen import ScorecardScreen
from migrator_tui.tui.scorecard.signing import SignDialog
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.tui.conftest import WIDE, Driver, opened
from tests.tui.test_scorecard import to_scorecard


def cut_cases(folder: Path, left: int) -> str:
    """Somebody deletes all cases but the first; hands back what the file held."""
    file = folder / "cases" / "triage.jsonl"
    text = file.read_text("utf-8")
    file.write_text("".join(text.splitlines(keepends=True)[:left]), "utf-8")
    return text


def cases_of(screen: ScorecardScreen) -> int | None:
    return len(screen.card.cases) if screen.card is not None else None


async def judge_elsewhere(driver: Driver, case_id: str, passed: bool) -> None:
    """A verdict of another window: this one is told nothing of it."""
    history = driver.history
    model = driver.app.workspace.candidate.model
    found = await asyncio.to_thread(history.current_outputs, "triage", "newer", model, [case_id])
    history.judge(found[case_id], passed, author="ada")


async def test_a_changed_case_file_is_counted(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        screen = await to_scorecard(driver)
        assert cases_of(screen) == 6 and "6 cases" in driver.text and "✗ not ready" in driver.lines[1]
        text = cut_cases(answered, 1)
        await driver.until(lambda: driver.app.cards.holds(screen.track) and cases_of(screen) == 1)
        assert "the case files have changed" in driver.notice
        await driver.until(lambda: "1 case," in driver.text and "6 cases" not in driver.text)
        (answered / "cases" / "triage.jsonl").write_text(text.replace('"critical": true, ', "", 1), "utf-8")
        await driver.until(lambda: driver.app.cards.holds(screen.track) and cases_of(screen) == 6)


async def test_the_tab_follows_a_changed_case_file(answered: Path) -> None:
    """Without `c1` nothing speaks against the candidate; no scorecard was ever opened."""
    file = answered / "cases" / "triage.jsonl"
    async with opened(answered, size=WIDE) as driver:
        assert "✗ not ready" in driver.lines[1]
        file.write_text("".join(file.read_text("utf-8").splitlines(keepends=True)[1:]), "utf-8")
        await driver.until(lambda: "~ not enough" in driver.lines[1])


async def test_what_no_longer_holds_is_not_signed(answered: Path) -> None:
    """Neither before the dialog nor after it, whether or not anybody has noticed the change."""
    async with opened(answered, size=WIDE) as driver:
        screen = await to_scorecard(driver)
        assert driver.bench._outside is not None
        driver.bench._outside.pause()  # the next look is far away
        cut_cases(answered, 3)
        await driver.press("S")
        await driver.until(lambda: "have changed, and are counted anew" in driver.notice)
        assert not isinstance(driver.app.screen, SignDialog)
        await driver.until(lambda: driver.app.cards.holds(screen.track) and cases_of(screen) == 3)
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
        cut_cases(answered, 2)
        await driver.type("three cases")
        await driver.press("enter")
        await driver.until(lambda: driver.notice.startswith("not signed: "))
        await driver.until(lambda: driver.app.cards.holds(screen.track) and cases_of(screen) == 2)
        assert not driver.history.decisions()
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
        assert "three cases" in driver.text, "what was typed is not lost"
        await driver.type(", now two")
        await driver.press("enter")
        await driver.until(lambda: "signed: " in driver.notice and "not signed" not in driver.notice)
        signed = [(decision.figures["cases"], decision.reason) for decision in driver.history.decisions()]
        assert signed == [(2, "three cases, now two")]


async def test_a_verdict_given_elsewhere_is_counted_before_signing(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        screen = await to_scorecard(driver)
        assert driver.bench._outside is not None
        driver.bench._outside.pause()
        await judge_elsewhere(driver, "c1", True)
        await driver.press("S")
        await driver.until(lambda: "have changed, and are counted anew" in driver.notice)
        await driver.until(lambda: "~ NOT ENOUGH EVIDENCE" in driver.text)
        await driver.until(lambda: driver.app.cards.holds(screen.track))
        await driver.press("S")
        await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
        await judge_elsewhere(driver, "c1", False)
        driver.app.recount_scorecards()
        await driver.until(lambda: screen.card is not None and bool(screen.card.regressions))
        await driver.type("as it stands")
        await driver.press("enter")
        await driver.until(lambda: "the figures have changed meanwhile" in driver.notice)
        assert not driver.history.decisions()


# Problems


async def test_a_problem_goes_away_once_it_is_mended(answered: Path) -> None:
    """By itself where the file was saved again, as it was or otherwise; at the next look or `R` in any case."""
    file = answered / "cases" / "triage.jsonl"
    before, text = file.stat(), file.read_text("utf-8")
    async with opened(answered, size=WIDE) as driver:
        screen = await to_scorecard(driver)
        for mend_time in (True, False):
            file.write_text('{"id": "c1", \n', "utf-8")
            await driver.until(lambda: "CANNOT BE COUNTED" in driver.text)
            assert "triage.jsonl:1" in driver.text
            file.write_text(text, "utf-8")
            if mend_time:
                os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
            await driver.until(lambda: "✗ NOT READY" in driver.text and driver.app.cards.holds(screen.track))
        assert driver.bench._outside is not None
        driver.bench._outside.pause()
        for keys in (("1", "2"), ("R",)):
            file.write_text('{"id": "c1", \n', "utf-8")
            driver.app.recount_scorecards()
            await driver.until(lambda: "CANNOT BE COUNTED" in driver.text)
            file.write_text(text, "utf-8")
            await driver.press(*keys)
            await driver.until(lambda: driver.app.cards.holds(screen.track))


async def test_what_cannot_be_counted_cannot_be_signed(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await to_scorecard(driver)
        (answered / "cases" / "triage.jsonl").write_text('{"id": "c1", \n', "utf-8")
        await driver.until(lambda: "CANNOT BE COUNTED" in driver.text)
        await driver.press("S")
        await driver.until(lambda: "nothing to sign" in driver.notice)
        assert "triage.jsonl:1" in driver.notice and not isinstance(driver.app.screen, SignDialog)


async def test_while_it_is_counted_for_the_first_time_that_is_said(
    answered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`2`, then `S` or `w`, right after the start."""
    may_go_on, count = threading.Event(), Cards._count

    def held(*arguments: Any) -> Counted:
        may_go_on.wait(60)
        return count(*arguments)

    monkeypatch.setattr(Cards, "_count", held)
    try:
        async with opened(answered, size=WIDE, ready=False) as driver:
            await driver.until(lambda: driver.app.workspace.is_open and driver.app.workbench.prompt is not None)
            await driver.press("2")
            await driver.until(lambda: isinstance(driver.app.current, ScorecardScreen))
            for key in ("S", "w"):
                driver.app.say("")
                await driver.press(key)
                await driver.until(lambda: "still counting" in driver.notice)
            may_go_on.set()
            await driver.until(lambda: "✗ NOT READY" in driver.text)
            await driver.press("S")
            await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
    finally:
        may_go_on.set()


# Two windows


def judge_in_other_window(folder: Path, case_id: str, passed: bool) -> None:
    """Another program judges a case, writes down where it stands, and counts: nothing is left to bring up to date."""
    project = load_project(folder)
    task, candidate = project.tasks[0], project.candidates[0]
    with History.open(project) as history:
        found = history.current_outputs(task.name, candidate.name, candidate.model, [case_id])
        history.judge(found[case_id], passed, author="ada")
        bring_up_to_date(project, history, task, candidate.name)


async def look(driver: Driver) -> None:
    """What a timer does every two seconds, now."""
    await driver.bench.look_outside()
    await driver.settle()


async def test_a_verdict_of_another_window_reaches_list_and_scorecard(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        assert "Regressions 1" in driver.text
        await driver.go_to("c4")
        await asyncio.to_thread(judge_in_other_window, answered, "c4", False)
        await driver.until(lambda: "Regressions 2" in driver.text, "at the next look, without a key")
        assert "judged or asked elsewhere" in driver.notice and driver.case == "c4"
        screen = await to_scorecard(driver)
        assert screen.card is not None and len(screen.card.regressions) == 2
        await asyncio.to_thread(judge_in_other_window, answered, "c4", True)
        await driver.until(lambda: screen.card is not None and len(screen.card.regressions) == 1)
        await driver.press("1")
        await driver.until(lambda: "Regressions 1" in driver.text)


async def test_what_this_window_did_does_not_sort_its_list(answered: Path) -> None:
    """Verdicts, their undoing and a case that was asked again: rows keep their places until `o`."""
    async with opened(answered, size=WIDE) as driver:
        order = driver.ids
        for keys in (("f",), ("u",), ("r",)):
            await driver.go_to("c6")
            await driver.press(*keys)
            await driver.settle()
            driver.app.say("")
            await look(driver)
            assert driver.ids == order and driver.notice == "", keys
        await driver.go_to("c6")
        await driver.press("f")
        await driver.settle()
        await look(driver)
        assert driver.ids == order
        await driver.press("o")
        assert driver.ids != order


async def test_a_run_of_ones_own_is_no_news(shop: Path) -> None:
    async with opened(shop, size=WIDE) as driver:
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        await driver.press("enter")
        await driver.until(lambda: "6 of 6 answered" in driver.notice or "12 of 12 answered" in driver.notice)
        await look(driver)
        assert "elsewhere" not in driver.notice
