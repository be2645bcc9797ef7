"""The import screen: what it shows is what comes, and nothing is written before one says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.tui.importing.app import ImportApp
from migrator_tui.tui.importing.choices import first_choices
from migrator_tui.tui.importing.screen import Imported
from migrator_tui.tui.setup.app import SetUp, SetUpApp
from tests.tui.questions import SIZES, Asked, asking

CSV = (
    "id,ticket,label,response,latency,user_email\n"
    'T-1,"\x1b]0;title\x07 anna@mail.example charged twice [/b]",billing,"{""c"": 1}",1.2,anna@mail.example\n'
    "T-2,where is my parcel?? ordered nine days ago,delivery,on its way,0.9,b@mail.example\n"
    "T-3,where is my parcel? ordered nine days ago,delivery,soon,0.8,c@mail.example\n"
    "T-4,broken\n"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "tickets.csv").write_text(CSV, "utf-8")
    return folder / "tickets.csv"


def app_for(source: Path, output: Path | None) -> ImportApp:
    return ImportApp(first_choices(source, source.parent, output, None, None), source.parent)


async def ready(asked: Asked) -> None:
    """Until the source was read."""
    await asked.sees("plain table")
    await asked.until(lambda: getattr(asked.app.screen_stack[-1], "made", None) is not None)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
def test_the_screen_looks_as_its_picture(
    own_home: Path, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    folder = own_home / "exports"
    folder.mkdir()
    (folder / "tickets.csv").write_text(CSV, "utf-8")
    app = app_for(folder / "tickets.csv", None)

    async def before(pilot: Pilot[Any]) -> None:
        await ready(Asked(app, pilot))
        await pilot.press("j", "j")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", SIZES)
async def test_every_part_can_be_seen_at_every_size(source: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async with asking(app_for(source, tmp_path / "out"), size) as asked:
        await ready(asked)
        seen = asked.text
        for _ in range(3):
            await asked.press("tab")
            seen += asked.text
        for words in (
            "tickets.csv", "guessed: ", "1 mapped · 4 to confirm · 1 left out", "var ticket", "baseline answer",
            "4  rows read, 1 broken", "nearly the same", "with personal data, masked", "left out",
            "cases/tickets.jsonl", "3 cases", "migrator.toml", "T-2", "where is my parcel",
        ):  # fmt: skip
            assert words in seen, words
        assert "anna@" not in seen and "\x1b" not in seen
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".*importing*"))


async def test_a_column_is_confirmed_left_out_and_made_something_else(source: Path, tmp_path: Path) -> None:
    async with asking(app_for(source, tmp_path / "out")) as asked:
        await ready(asked)
        await asked.press("j", "space")
        await asked.sees("2 mapped · 3 to confirm · 1 left out")
        await asked.press("space")
        await asked.sees("no column is known to hold what is asked")
        await asked.press("w")  # there is nothing to write, and what was read before is no longer meant
        await asked.press("space")
        await asked.sees("2 mapped · 3 to confirm · 1 left out")
        await asked.press("j", "enter")
        await asked.sees("label becomes")
        await asked.type("tags")
        await asked.press("enter")
        await asked.until(lambda: "Found" in asked.text and "reading" not in asked.text and "T-2" in asked.text)
        await asked.press("w")
        await asked.sees("Write to")
        await asked.press("enter")
        await asked.until(lambda: asked.app.return_value is not None)
    assert asked.app.return_value == Imported(tmp_path / "out", "tickets")
    project = load_project(tmp_path / "out")
    cases = load_cases(project, project.tasks[0])
    assert [list(case.tags) for case in cases] == [["billing"], ["delivery"], ["delivery"]]
    assert [case.expected for case in cases] == [None, None, None]


async def test_keeping_personal_data_asks_and_is_seen_before_it_is_written(source: Path, tmp_path: Path) -> None:
    async with asking(app_for(source, tmp_path / "out")) as asked:
        await ready(asked)
        await asked.press("tab")
        for _ in range(3):
            if "▸ !" not in asked.text:
                await asked.press("j")
        await asked.press("space")
        await asked.sees("Keep personal data?")
        await asked.press("enter")
        await asked.sees("with personal data, kept")
        await asked.sees("anna@mail.example")
        await asked.press("escape")
        await asked.sees("Leave the import?")
        await asked.press("escape")
        await asked.sees("anna@mail.example")
        await asked.press("escape", "enter")
    assert asked.app.return_value is None and not (tmp_path / "out").exists()


async def test_where_to_is_asked_where_nobody_said(source: Path, tmp_path: Path) -> None:
    async with asking(app_for(source, None)) as asked:
        await ready(asked)
        await asked.press("w")
        await asked.sees("Write where?")
        await asked.press("enter")
        await asked.sees("Write to")
        await asked.sees("+++ b/cases/tickets.jsonl")
        await asked.press("enter")
        await asked.until(lambda: asked.app.return_value is not None)
    assert load_project(source.parent / "tickets").name == "tickets"


async def test_what_cannot_be_imported_is_told_and_can_be_taken_for_something_else(tmp_path: Path) -> None:
    odd = tmp_path / "odd.jsonl"
    odd.write_text('{"a": [1]\n', "utf-8")
    async with asking(app_for(odd, tmp_path / "out")) as asked:
        await asked.sees("not like that")
        await asked.press("w")  # there is nothing to write
        assert not (tmp_path / "out").exists()
        await asked.press("question_mark")
        await asked.sees("show the diff of every file")
        await asked.press("escape", "escape")


async def test_nothing_is_asked_where_nothing_was_changed(source: Path) -> None:
    async with asking(app_for(source, None)) as asked:
        await ready(asked)
        await asked.press("escape")
        assert not asked.app.is_running or "Leave the import?" not in asked.text
    assert asked.app.return_value is None


async def test_the_set_up_imports_a_file_of_its_folder(source: Path) -> None:
    (source.parent / "cases").mkdir()
    (source.parent / "cases" / "tickets.jsonl").write_text("mine", "utf-8")
    async with asking(SetUpApp(source.parent)) as asked:
        await asked.sees("Create project")
        await asked.sees("I imports tickets.csv")
        await asked.press("I")
        await asked.sees("Import which file?")
        await asked.type("tick")
        await asked.press("enter")
        await ready(asked)
        await asked.press("w")
        await asked.sees("Write where?")
        await asked.press("enter")
        await asked.sees("Write to")
        await asked.press("enter")
        await asked.until(lambda: asked.app.return_value is not None)
    # The folder itself becomes the project; what it holds stays.
    assert asked.app.return_value == SetUp(source.parent)
    assert source.read_text("utf-8") == CSV
    assert (source.parent / "cases" / "tickets.jsonl").read_text("utf-8") == "mine"
    project = load_project(source.parent)
    assert len(load_cases(project, project.tasks[0])) == 3
    assert not [path for path in source.parent.iterdir() if "importing" in path.name]


async def test_a_source_that_is_mostly_broken_is_asked_about(tmp_path: Path) -> None:
    source = tmp_path / "odd.csv"
    source.write_text("ticket,label\nhi,x\n" + "".join(f"broken {n}\n" for n in range(4)), "utf-8")
    async with asking(app_for(source, tmp_path / "out")) as asked:
        await ready(asked)
        await asked.press("w")
        await asked.sees("4 of 5 rows are broken or do not fit")
        await asked.press("escape", "w")
        await asked.sees("4 of 5 rows are broken or do not fit")
        assert not (tmp_path / "out").exists()
        await asked.press("enter")
        await asked.sees("Write to")
