"""The rollout screen: what it shows, and that its keys do what they say through the real control functions."""

from pathlib import Path

import pytest

from tests.tui.conftest import WIDE, Driver, opened
from tests.tui.rollout.filling import NOW, five_percent

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shown(driver: Driver, what: str = "Guardrails") -> None:
    """The rollout screen, with what was read."""
    driver.app.rollouts.clock = lambda: NOW
    await driver.press("5")
    await driver.until(lambda: what in driver.text)


async def test_a_rollout_shows_where_it_stands(shop: Path) -> None:
    five_percent(shop)
    async with opened(shop, size=WIDE) as driver:
        await shown(driver)
        assert "5 %" in driver.text and "42 min of 2 h" in driver.text
