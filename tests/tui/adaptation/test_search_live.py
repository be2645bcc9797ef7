"""`S` on simulated models behind the real worker: to a winner under review, stopped, gone on with."""

from pathlib import Path

import pytest

from migrator_tui.models.pool import ModelPool
from migrator_tui.tui.adaptation.search_dialog import SearchDialog
from tests.tui.conftest import NO_FENCE, SIMULATED, WIDE, Driver, opened, write_project

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASSISTED = SIMULATED + '\n[assistant]\nmodel = "simulated:adviser-1"\n'
CASES = [{"id": f"c{n}", "checks": NO_FENCE} for n in range(1, 9)]


async def asked(driver: Driver) -> None:
    await driver.press("S")
    await driver.until(lambda: isinstance(driver.app.screen, SearchDialog) and "held out" in driver.text)
    await driver.until(
        lambda: (
            "being counted" not in driver.text and ("enter searches" in driver.text or "enter goes on" in driver.text)
        )
    )


def calls(driver: Driver) -> int:
    going = driver.app.searches.going
    return going.spent.calls if going is not None and going.spent is not None else 0


async def test_it_finds_what_the_prompt_lacks(tmp_path: Path, personas: None, pool: ModelPool) -> None:
    folder = write_project(tmp_path / "live", config=ASSISTED, cases=CASES)
    async with opened(folder, pool=pool, size=WIDE) as driver:
        before = driver.bench.prompt_pane.template
        await asked(driver)
        assert "known once the prompt it starts from was asked" in driver.text
        await driver.press("enter")
        await driver.until(lambda: driver.app.current.NAME == "search" and driver.app.searches.going is None)
        await driver.settle()
        state = driver.app.searches.of(("triage", "newer"))
        assert state is not None and state.result is not None and state.result.helped, driver.text
        assert state.start is not None and (state.start.score or 0) < 1 and state.result.best.score == 1.0
        assert "not tried on held-out cases" in driver.text and "too few cases to keep any aside" in driver.text
        assert driver.bench.prompt_pane.template == before, "nothing is applied"
        best = state.result.best
        assert best.version_id is not None and not driver.history.version(best.version_id).kept
        assert state.spent is not None and state.spent.calls <= state.spent.budget_calls
        assert driver.history.recent_exchanges(), "what was said to the assistant is kept"
        await driver.press("enter", "enter")
        await driver.until(lambda: driver.app.current.NAME == "suggestion")
        await driver.settle()


async def test_what_was_stopped_is_gone_on_with(tmp_path: Path, personas: None, pool: ModelPool) -> None:
    cases = [*CASES[:-1], {**CASES[-1], "messages": [{"role": "user", "content": "wait for ever"}]}]
    folder = write_project(tmp_path / "live", config=ASSISTED.replace("fenced.toml", "stuck.toml"), cases=cases)
    async with opened(folder, pool=pool, size=WIDE) as driver:
        await asked(driver)
        await driver.press("enter")
        await driver.until(lambda: calls(driver) == 16, "both models were sent all cases")
        await driver.press("x")
        await driver.until(lambda: driver.app.searches.going is None)
        await driver.settle()
        assert "stopped · nothing was tried" in driver.text
        await asked(driver)
        assert "go on with the search that stopped after 16 calls" in driver.text
        await driver.until(lambda: "more calls: 16 of the 200 are made" in driver.text)
        await driver.press("down")
        await driver.until(lambda: "enter searches" in driver.text)
        await driver.press("up")
        await driver.until(lambda: "enter goes on" in driver.text)
        await driver.press("enter")

        def resumed() -> bool:
            state = driver.app.searches.of(("triage", "newer"))
            return state is not None and state.began is not None and state.began.resumed

        await driver.until(resumed)
        await driver.press("x")
        await driver.until(lambda: driver.app.searches.going is None)
        await driver.settle()
