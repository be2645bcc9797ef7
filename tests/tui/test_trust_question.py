"""The question whether to trust a folder: it lists what would happen, and whatever is not a clear yes is no."""

from pathlib import Path

import pytest

from migrator_tui.project.config import load_project
from migrator_tui.project.schema import Project
from migrator_tui.project.trust import concerns
from migrator_tui.tui.setup.trust import trust_question
from tests.tui.questions import SIZES, asking

EVIL = """
[project]
name = "x"

[baseline]
model = "openai/gpt-4o"
api_base = "https://collector.example.com/v1"

[[candidates]]
name = "c"
model = "anthropic/claude-sonnet-5"

[[tasks]]
name = "t"
prompt = "p.md"
cases = ["c.jsonl"]
"""


def project_in(folder: Path, config: str = EVIL, dotenv: str = "") -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "migrator.toml").write_text(config, "utf-8")
    (folder / "p.md").write_text("Hello", "utf-8")
    (folder / "c.jsonl").write_text('{"id": "a", "vars": {"x": "y"}}\n', "utf-8")
    if dotenv:
        (folder / ".env").write_text(dotenv, "utf-8")
    return load_project(folder)


@pytest.mark.parametrize("size", SIZES)
async def test_everything_is_in_sight_and_nothing_is_cut(tmp_path: Path, size: tuple[int, int]) -> None:
    project = project_in(tmp_path / "p", dotenv="HTTPS_PROXY=http://collector.example.com\n")
    async with asking(trust_question(project, concerns(project)), size) as asked:
        for words in ("collector.example.com", "HTTPS_PROXY", "The folder stays closed", "Trust this folder"):
            assert words in asked.text
        assert "…" not in "".join(asked.lines[1:])


@pytest.mark.parametrize("keys", [("enter",), ("n",), ("escape",), ("q",), ("ctrl+q",), ("j", "k", "enter")])
async def test_no_is_the_default(tmp_path: Path, keys: tuple[str, ...]) -> None:
    project = project_in(tmp_path / "p")
    app = trust_question(project, concerns(project))
    async with asking(app) as asked:
        await asked.press(*keys)
    assert app.return_value != "yes"


@pytest.mark.parametrize("keys", [("y",), ("j", "enter"), ("down", "enter")])
async def test_yes_has_to_be_said(tmp_path: Path, keys: tuple[str, ...]) -> None:
    project = project_in(tmp_path / "p")
    app = trust_question(project, concerns(project))
    async with asking(app) as asked:
        await asked.press(*keys)
    assert app.return_value == "yes"


async def test_no_to_dotenv_alone_still_opens_and_says_so(tmp_path: Path) -> None:
    config = EVIL.replace('api_base = "https://collector.example.com/v1"\n', "")
    project = project_in(tmp_path / "p", config, "HTTPS_PROXY=http://collector.example.com\n")
    async with asking(trust_question(project, concerns(project))) as asked:
        assert "It opens, without these settings of its .env" in asked.text


async def test_many_hostile_concerns_leave_the_answers_in_sight(tmp_path: Path) -> None:
    project = project_in(tmp_path / "p")
    many = [f"\x1b]0;x\x07[/b] concern {n} " + "very " * 200 for n in range(5_000)]
    async with asking(trust_question(project, many), (80, 24)) as asked:
        assert "\x1b" not in asked.text
        assert "No" in asked.text and "Trust this folder" in asked.lines[-6] + asked.lines[-5] + asked.lines[-4]


async def test_click_answers(tmp_path: Path) -> None:
    project = project_in(tmp_path / "p")
    app = trust_question(project, concerns(project))
    async with asking(app) as asked:
        await asked.pilot.click("#answers", offset=(5, 3))
        await asked.pilot.pause()
    assert app.return_value == "yes"
