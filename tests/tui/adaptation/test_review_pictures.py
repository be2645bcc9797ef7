"""What review and acceptance look like, held by pictures as in `tests/tui/test_pictures.py`."""

from collections.abc import Callable
from typing import Any

from migrator_tui.adaptation.values import Leak
from tests.tui.adaptation.reviewing import accepting, under_review
from tests.tui.conftest import Driver
from tests.tui.test_pictures import SIZES, Size, picture

__all__ = ["picture"]
Compare = Callable[..., Any]


async def a_suggestion(driver: Driver) -> None:
    screen = await under_review(driver)
    await driver.press("space")
    await driver.until(lambda: "variables kept" in driver.text)
    assert screen.review is not None and all(isinstance(leak, Leak) for leak in screen.review.leaks[2])


async def an_acceptance(driver: Driver) -> None:
    await accepting(driver)


@SIZES
def test_a_suggestion(picture: Compare, size: Size) -> None:
    assert picture(size, True, a_suggestion)


@SIZES
def test_an_acceptance(picture: Compare, size: Size) -> None:
    assert picture(size, True, an_acceptance)
