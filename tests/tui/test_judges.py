"""Checks that wait for a judge, on the screen: what is still to be asked, what that takes, and what came of it."""

from pathlib import Path

import pytest

from migrator_tui.history.records import Mark
from migrator_tui.models.pool import ModelPool
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.tui.conftest import RECORDED, WIDE, opened, run_all, write_project

pytestmark = pytest.mark.asyncio(loop_scope="session")

JUDGED = (
    RECORDED
    + """checks = [{ type = "llm-rubric", value = "No Markdown and no code fences" }]

[judge]
model = "simulated:judge-1"
"""
)


@pytest.fixture
async def answered(tmp_path: Path) -> Path:
    """A project whose outputs were recorded before it had a judge."""
    folder = write_project(tmp_path / "shop")
    await run_all(folder)
    (folder / "migrator.toml").write_text(JUDGED, "utf-8")
    return folder


async def test_what_nobody_was_asked_about_waits_and_a_run_asks_it(answered: Path, pool: ModelPool) -> None:
    async with opened(answered, size=WIDE, pool=pool) as driver:

        def mark(case_id: str) -> Mark:
            return driver.history.standings("triage", "newer", [case_id])[case_id].candidate

        await driver.until(lambda: mark("c4") is Mark.UNJUDGED)
        await driver.go_to("c4")
        await driver.settle()
        assert "1 check was not asked yet" in driver.text and "llm-rubric" in driver.text

        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        assert "simulated:judge-1   12 calls for checks" in driver.text
        await driver.press("enter")
        await driver.until(lambda: mark("c4") is Mark.PASSED and mark("c6") is Mark.FAILED)
        await driver.settle()
        await driver.go_to("c4")
        await driver.settle()
        assert "1 check passes" in driver.text and "not asked yet" not in driver.text
        await driver.go_to("c6")
        await driver.settle()
        assert "Simulated judge: it has Markdown." in driver.text
        assert driver.history.spent_today()[0] > 0

        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        assert "calls for checks" not in driver.text
