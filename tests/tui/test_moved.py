"""A project that lies elsewhere now is recognised, and its history is offered before the workbench opens."""

from pathlib import Path

import pytest

from migrator_tui.history.location import DATABASE_NAME, adopt, history_folder
from migrator_tui.history.store import History
from migrator_tui.project.config import load_project
from migrator_tui.tui.setup.moved import moved_question, offer_history, old_place
from tests.tui.conftest import opened, run_all, write_project
from tests.tui.questions import SIZES, asking


@pytest.fixture
async def moved(tmp_path: Path) -> tuple[Path, Path]:
    """Where a project with answers was, and where it is now."""
    old = write_project(tmp_path / "old")
    await run_all(old)
    new = tmp_path / "elsewhere" / "new"
    new.parent.mkdir()
    old.rename(new)
    return old.resolve(), new


@pytest.mark.parametrize("size", SIZES)
async def test_question_names_the_old_place(moved: tuple[Path, Path], size: tuple[int, int]) -> None:
    old, new = moved
    project = load_project(new)
    assert old_place(project) == old
    app = moved_question(project, old)
    async with asking(app, size) as asked:
        shown = "".join(line.strip(" │") for line in asked.lines)
        assert str(old).replace(" ", "") in shown.replace(" ", "")
        assert "Begin anew" in asked.text and "until this one holds answers" in asked.text
        await asked.press("enter")
    assert app.return_value == "yes"


async def test_history_that_was_taken_along_is_there_in_the_workbench(moved: tuple[Path, Path]) -> None:
    old, new = moved
    project = load_project(new)
    adopt(project, old)
    assert old_place(project) is None
    async with opened(new) as bench:
        await bench.until(lambda: "regression" in bench.text.casefold())
        assert bench.history.case_count("triage") == 6
        assert len(bench.history.runs(5)) == 1


@pytest.mark.parametrize(("keys", "answer"), [(("n",), "no"), (("j", "enter"), "no"), (("escape",), None)])
async def test_history_stays_where_it_is_otherwise(
    moved: tuple[Path, Path], keys: tuple[str, ...], answer: str | None
) -> None:
    old, new = moved
    project = load_project(new)
    app = moved_question(project, old)
    async with asking(app) as asked:
        await asked.press(*keys)
    assert app.return_value == answer
    assert old_place(project) == old


def test_copy_and_new_project_are_asked_nothing(tmp_path: Path) -> None:
    original = write_project(tmp_path / "one")
    History.open(load_project(original)).close()
    copy = write_project(tmp_path / "two")
    assert old_place(load_project(copy)) is None
    # Answered without a terminal: there is nothing to ask.
    assert offer_history(load_project(copy))


async def test_folder_that_is_closed_to_us_is_not_gone(moved: tuple[Path, Path]) -> None:
    old, new = moved
    old.mkdir()
    (old / "something").write_text("else lies here now", "utf-8")
    project = load_project(new)
    assert old_place(project) is None
    assert not (history_folder(project) / DATABASE_NAME).exists()
