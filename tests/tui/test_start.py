"""Opening a project: what is there before anything is known, and what happens by itself."""

from pathlib import Path

import pytest

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.records import Section
from tests.tui.conftest import opened


async def test_a_project_without_history_says_what_to_do(shop: Path) -> None:
    async with opened(shop) as driver:
        assert driver.ids == ["c1", "c2", "c3", "c4", "c5", "c6"]
        assert driver.case == "c1"
        assert "Not run yet" in driver.text
        assert "R runs all 6 on both" in driver.text
        assert driver.app.frame.version == "v1" and not driver.app.frame.draft
        assert "Sort tickets for {{ shop }}." in driver.text


async def test_an_answered_project_opens_worst_first(answered: Path) -> None:
    async with opened(answered) as driver:
        assert driver.ids == ["c1", "c4", "c5", "c6", "c3", "c2"]
        assert driver.sections["c1"] is Section.REGRESSION
        print(driver.text)


async def test_a_place_that_cannot_be_written_down_ends_nothing(
    answered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise HistoryError("history: database or disk is full")

    async with opened(answered) as driver:
        monkeypatch.setattr(driver.history, "save_session", full)
        await driver.press("j")
        driver.app.save_session()
        assert "disk is full" in driver.notice
