"""The scorecard follows what changes outside: case files, other windows, problems that come and go."""

import asyncio
from pathlib import Path

from migrator_tui.tui.scorecard.screen import ScorecardScreen
from migrator_tui.tui.scorecard.signing import SignDialog
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
        await driver.type("two cases")
        await driver.press("enter")
        await driver.until(lambda: "signed: " in driver.notice and "not signed" not in driver.notice)
        assert [decision.figures["cases"] for decision in driver.history.decisions()] == [2]


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
