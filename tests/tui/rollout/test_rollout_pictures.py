"""What the rollout screen looks like, held by pictures as in `tests/tui/test_pictures.py`."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.tui.rollout.starting import StartDialog
from tests.tui.conftest import NARROW, WIDE, Driver
from tests.tui.rollout.filling import NOW, five_percent, rolled_back, without_gateway
from tests.tui.test_pictures import Size, picture

__all__ = ["picture"]
Compare = Callable[..., Any]
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["160x45", "80x24"])


@pytest.fixture(autouse=True)
def hours_of_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day stand in the pictures."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


async def the_rollout(driver: Driver) -> None:
    driver.app.rollouts.clock = lambda: NOW
    await driver.press("5")
    await driver.until(lambda: "Guardrails" in driver.text)


async def a_start(driver: Driver) -> None:
    """The dialog, over what is shown where there is none yet."""
    driver.app.rollouts.clock = lambda: NOW + timedelta(minutes=1)
    await driver.press("5")
    await driver.until(lambda: "No rollout of triage yet" in driver.text)
    await driver.press(">")
    await driver.until(lambda: isinstance(driver.app.screen, StartDialog))


@SIZES
def test_a_rollout_at_five_percent(picture: Compare, tmp_path: Path, size: Size) -> None:
    five_percent(tmp_path / "shop")
    assert picture(size, False, the_rollout)


def test_one_that_was_rolled_back(picture: Compare, tmp_path: Path) -> None:
    rolled_back(tmp_path / "shop")
    assert picture(WIDE, False, the_rollout)


def test_a_start(picture: Compare, tmp_path: Path) -> None:
    without_gateway(tmp_path / "shop")
    assert picture(NARROW, False, a_start)
