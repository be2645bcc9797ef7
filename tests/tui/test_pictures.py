"""What the screens look like, held by pictures; `--snapshot-update` makes them anew, to be looked at and committed.

Everything in them is fixed: models are recorded with stated times and costs, nothing is animated, no cursor blinks.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from migrator_tui.project.config import load_project
from migrator_tui.tui.add_check.dialog import AddCheck
from migrator_tui.tui.app import MigratorApp
from migrator_tui.tui.help.screen import HelpScreen
from migrator_tui.tui.scorecard.signing import SignDialog
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.tui.conftest import MEDIUM, NARROW, Driver, run_all, write_project

SIZES = pytest.mark.parametrize("size", [MEDIUM, NARROW], ids=["120x36", "80x24"])
Size = tuple[int, int]
Compare = Callable[..., bool]


@pytest.fixture
def picture(
    tmp_path: Path, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Size, bool, Callable[[Driver], Awaitable[None]]], bool]:
    """Open the project, answered or not, do something, and compare the screen with its picture."""
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setattr(TextArea, "cursor_blink", False)
    monkeypatch.setattr(Input, "cursor_blink", False)
    folder = write_project(tmp_path / "shop")

    def compare(size: Size, answered: bool, act: Callable[[Driver], Awaitable[None]]) -> bool:
        if answered:
            asyncio.run(run_all(folder))
        app = MigratorApp(load_project(folder))

        async def before(pilot: Pilot[Any]) -> None:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.workbench.ready and app.workbench.prompt is not None)
            await driver.settle()
            await act(driver)
            await driver.settle_but_for_questions()

        return snap_compare(app, terminal_size=size, run_before=before)

    return compare


async def nothing(driver: Driver) -> None:
    """As it opens."""


async def a_look_at_the_diff(driver: Driver) -> None:
    await driver.go_to("c4")
    await driver.press("d")


async def an_edit(driver: Driver) -> None:
    await driver.press("e")
    await driver.edit("Sort tickets for {{ shop }}, never for {{ nobody }}.\nAnswer with JSON.\nNo fences.\n")
    await driver.to_end()
    await driver.until(lambda: driver.history.drafts("triage", "newer"))


async def the_keys(driver: Driver) -> None:
    await driver.press("question_mark")
    await driver.until(lambda: isinstance(driver.app.screen, HelpScreen))


async def the_dialog(driver: Driver) -> None:
    await driver.press("R")
    await driver.until(lambda: isinstance(driver.app.screen, RunDialog))


async def a_check(driver: Driver) -> None:
    await driver.go_to("c1")
    await driver.press("a")
    await driver.until(lambda: isinstance(driver.app.screen, AddCheck) and driver.app.screen.tried)


async def the_scorecard(driver: Driver) -> None:
    await driver.press("2")
    await driver.until(lambda: driver.app.cards.holds(("triage", "newer")))
    # What a first run takes is told where nothing was run.
    await driver.until(lambda: "One run on both" in driver.text or "Pass rate" in driver.text)


async def signing(driver: Driver) -> None:
    await the_scorecard(driver)
    driver.app.workspace.author = "ada"
    await driver.press("S")
    # It asks files and history first: only then is there a dialog to press a key in.
    await driver.until(lambda: isinstance(driver.app.screen, SignDialog))
    await driver.press("tab")


async def the_gaps(driver: Driver) -> None:
    await driver.press("4")
    await driver.until(lambda: "Proposals" in driver.text and "being tried" not in driver.text)


async def blind_judging(driver: Driver) -> None:
    await driver.press("n", "p")
    await driver.press("slash")
    await driver.type("c5")
    await driver.press("enter", "b")
    blind = driver.bench.blind
    assert blind is not None
    blind._baseline_left = dict.fromkeys(blind.numbers, True)  # the shuffle, fixed
    driver.bench.show_case()


@SIZES
def test_before_anything_has_run(picture: Compare, size: Size) -> None:
    assert picture(size, False, nothing)


@SIZES
def test_after_a_run(picture: Compare, size: Size) -> None:
    assert picture(size, True, nothing)


@SIZES
def test_word_diff(picture: Compare, size: Size) -> None:
    assert picture(size, True, a_look_at_the_diff)


@SIZES
def test_editing(picture: Compare, size: Size) -> None:
    assert picture(size, True, an_edit)


@SIZES
def test_help(picture: Compare, size: Size) -> None:
    assert picture(size, True, the_keys)


@SIZES
def test_run_dialog(picture: Compare, size: Size) -> None:
    assert picture(size, False, the_dialog)


@SIZES
def test_add_check(picture: Compare, size: Size) -> None:
    assert picture(size, True, a_check)


@SIZES
def test_blind(picture: Compare, size: Size) -> None:
    assert picture(size, True, blind_judging)


def test_pictures_name_no_machine(request: pytest.FixtureRequest) -> None:
    """A path or a time in a picture would make it another one tomorrow."""
    pictures = list((request.path.parent / "__snapshots__" / request.path.stem).glob("*.svg"))
    assert len(pictures) == 24
    for file in pictures:
        text = re.sub(r"<[^>]+>", " ", file.read_text("utf-8"))
        assert re.findall(r"/tmp|\b\d\d:\d\d\b", text) == [], file.name


@SIZES
def test_scorecard_before_anything_has_run(picture: Compare, size: Size) -> None:
    assert picture(size, False, the_scorecard)


@SIZES
def test_scorecard(picture: Compare, size: Size) -> None:
    assert picture(size, True, the_scorecard)


@SIZES
def test_signing(picture: Compare, size: Size) -> None:
    assert picture(size, True, signing)


@SIZES
def test_coverage(picture: Compare, size: Size) -> None:
    assert picture(size, True, the_gaps)
