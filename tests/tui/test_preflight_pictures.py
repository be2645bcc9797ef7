"""What the preflight screen looks like, held by pictures as in `test_pictures`."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from migrator_tui.models.dry_run import DryRun, Fate, ParameterSet, Tried
from migrator_tui.project.config import load_project
from migrator_tui.tui.app import MigratorApp
from migrator_tui.tui.runs import Runs
from tests.tui.conftest import CASES, MEDIUM, NARROW, Driver, write_project
from tests.tui.test_preflight import CLEAN, GPT5, go_to, keys, look

__all__ = ["keys"]  # a fixture


@pytest.fixture
def picture(
    tmp_path: Path, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., bool]:
    """A project on gpt-5 as the library would see it, without a worker."""

    async def dry_run(self: Runs, sets: Sequence[ParameterSet]) -> list[DryRun]:
        reason = "gpt-5 doesn't support temperature=0.2 while reasoning is active. And so on"
        stop = "openai does not support parameters: ['stop'], for model=gpt-5"
        tried = [
            Tried("temperature", Fate.REJECTED, reason),
            Tried("stop", Fate.REJECTED, stop),
            Tried("max_tokens", Fate.RENAMED, became=("max_completion_tokens",)),
        ]
        rejects = "gpt-5" in sets[0].model
        return [DryRun(tuple(tried) if rejects else (), library="litellm 1.106.2") for _ in sets]

    async def warm(self: Runs) -> None:
        """No worker."""

    monkeypatch.setattr(Runs, "dry_run", dry_run)
    monkeypatch.setattr(Runs, "warm", warm)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setattr(TextArea, "cursor_blink", False)
    monkeypatch.delenv("OPENAI_API_KEY")

    def compare(size: tuple[int, int], config: str, act: Callable[[Driver], Awaitable[None]]) -> bool:
        old = {case["id"]: "An answer of some length. " * 20 for case in CASES}
        app = MigratorApp(load_project(write_project(tmp_path / "shop", config=config, old=old)))

        async def before(pilot: Pilot[Any]) -> None:
            driver = Driver(app, pilot)
            await driver.until(lambda: app.workbench.ready and app.workbench.prompt is not None)
            await driver.settle()
            await look(driver)
            await act(driver)
            app.change_frame(notice="")
            await driver.handled()

        return snap_compare(app, terminal_size=size, run_before=before)

    return compare


SIZES = pytest.mark.parametrize("size", [MEDIUM, NARROW], ids=["120x36", "80x24"])


@SIZES
def test_picture_of_findings(picture: Callable[..., bool], size: tuple[int, int]) -> None:
    async def take(driver: Driver) -> None:
        await go_to(driver, "temperature")
        await driver.press("space")

    assert picture(size, GPT5, take)


@SIZES
def test_picture_of_nothing_in_the_way(picture: Callable[..., bool], size: tuple[int, int]) -> None:
    async def nothing(driver: Driver) -> None:
        """As it opens."""

    assert picture(size, CLEAN, nothing)


def test_pictures_name_no_machine(request: pytest.FixtureRequest) -> None:
    pictures = list((request.path.parent / "__snapshots__" / request.path.stem).glob("*.svg"))
    assert len(pictures) == 4
    for file in pictures:
        assert file.read_text("utf-8").count("/tmp") == 0, file.name
