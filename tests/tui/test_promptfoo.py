"""A promptfoo folder in the app: it opens, runs on simulated models, lists what is not honoured, changes models."""

from pathlib import Path

import pytest

from migrator_tui.models.pool import ModelPool
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.choices import Choice, read_choice
from migrator_tui.project.schema import Project
from migrator_tui.tui.foreign import is_unchosen
from migrator_tui.tui.setup.picker import Picker
from migrator_tui.tui.start import opened_or_asked
from migrator_tui.tui.widgets.modal import Confirm, Sheet
from tests.tui.conftest import MEDIUM, NARROW, WIDE, Driver, opened

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONFIG = """
description: Tickets of a shop
prompts: ['Answer with JSON and nothing else: {{ticket}} {{gone}}']
providers:
  - {id: 'simulated:classic-1', label: old one}
  - simulated:bright-2
  - openai:gpt-4.1-mini
defaultTest:
  assert: [{type: javascript, value: 'output.length < 9'}, {type: is-json}]
tests:
  - {description: refund, vars: {ticket: I want my money back}}
  - {description: parcel, vars: {ticket: Where is my parcel?}}
"""


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    folder = tmp_path / "tickets"
    folder.mkdir()
    (folder / "promptfooconfig.yaml").write_text(CONFIG)
    return folder


async def command(driver: Driver, words: str) -> None:
    """Choose an entry of the palette by its words."""
    await driver.press("ctrl+p")
    await driver.type(words)
    await driver.until(lambda: words.casefold() in driver.text.casefold() and "matches" not in driver.text)
    await driver.until(lambda: "honoured" in driver.text or "Models of" in driver.text, "the palette has found it")
    await driver.press("enter")


@pytest.mark.parametrize("size", [MEDIUM, NARROW], ids=["medium", "narrow"])
async def test_it_opens_and_says_what_is_not_honoured(tickets: Path, size: tuple[int, int]) -> None:
    async with opened(tickets, size=size, ready=False) as driver:
        await driver.until(lambda: driver.notice, "the line at opening")
        assert driver.notice == "promptfoo: 2 things are not honoured · ^p lists them"
        await driver.until(lambda: driver.bench.prompt is not None and driver.ids == ["refund", "parcel"])
        await command(driver, "not honoured")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet), "the list is open")
        text = driver.text
        assert "assertions that would run code (javascript) are left out" in text and "output.length < 9" in text
        assert "variables without a value are empty, as in promptfoo: gone" in text
        await driver.press("escape")
        assert driver.app.screen is driver.bench


async def test_a_case_runs_and_nothing_is_written(tickets: Path, pool: ModelPool) -> None:
    config = CONFIG.replace("  - openai:gpt-4.1-mini\n", "")
    (tickets / "promptfooconfig.yaml").write_text(config)
    async with opened(tickets, pool=pool) as driver:
        assert "old one" not in driver.app.frame.baseline and "classic-1" in driver.text
        await driver.press("r")
        await driver.until(lambda: not driver.app.runs.busy and "1 check passes" in driver.text, "both have answered")
        standing = driver.sections["refund"]
        assert standing is not None
        await driver.edit("# user\nSay it in Dutch: {{ticket}}")
        await driver.press("escape", "w")
        await driver.until(lambda: driver.notice.startswith("`migrator-tui import promptfoo . --output DIR` first"))
        assert "promptfoo's files stay as they are" in driver.lines[0], "all of it can be read"
        driver.app.say("")
        await driver.press("a")
        await driver.until(
            lambda: driver.notice.startswith("`migrator-tui import promptfoo . --output DIR` first"), "no dialog"
        )
        assert (tickets / "promptfooconfig.yaml").read_text() == config and len(list(tickets.iterdir())) == 1
    async with opened(tickets, pool=pool) as driver:
        assert driver.bench.prompt is not None
        assert "Dutch" in driver.bench.prompt.template, "drafts and versions are kept as in any project"
        assert driver.sections["refund"] is standing


async def test_its_models_are_chosen_on_screen(tickets: Path) -> None:
    async with opened(tickets, size=WIDE) as driver:
        assert "classic-1 → bright-2 1/2" in driver.lines[0]
        await command(driver, "Models of this promptfoo")
        await driver.until(lambda: isinstance(driver.app.screen, Picker) and "now the baseline" in driver.text)
        await driver.press("down", "enter")
        await driver.until(lambda: "The model you move to" in driver.text)
        assert "bright-2" not in "\n".join(driver.lines[12:30]), "what was just taken is no choice"
        await driver.type("claude-haiku-5-5")
        await driver.until(lambda: "anthropic/claude-haiku-5-5" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: "bright-2 → claude-haiku-5-5 1/3" in driver.lines[0], "the header says so at once")
        await driver.settle()
        assert driver.app.workspace.candidate.name == "claude-haiku-5-5"
    assert read_choice(tickets / "promptfooconfig.yaml") == Choice("bright-2", "anthropic/claude-haiku-5-5")
    assert (tickets / "promptfooconfig.yaml").read_text() == CONFIG
    async with opened(tickets, size=WIDE) as driver:
        assert "bright-2 → claude-haiku-5-5" in driver.lines[0], "and after opening again"


async def test_a_choice_not_made_changes_nothing(tickets: Path) -> None:
    async with opened(tickets, size=WIDE) as driver:
        await command(driver, "Models of this promptfoo")
        await driver.until(lambda: isinstance(driver.app.screen, Picker))
        await driver.press("enter")
        await driver.until(lambda: "The model you move to" in driver.text)
        await driver.type("recorded:x.jsonl")
        await driver.until(lambda: "use recorded:x.jsonl as it is" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: driver.notice.startswith("recorded:x.jsonl needs a project of its own"))
        await command(driver, "Models of this promptfoo")
        await driver.until(lambda: isinstance(driver.app.screen, Picker))
        await driver.press("enter")
        await driver.until(lambda: "The model you move to" in driver.text)
        await driver.type("recordd:x")
        await driver.until(lambda: "use recordd:x as it is" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: 'unknown kind of model "recordd:"' in driver.notice)
        assert "classic-1 → bright-2" in driver.lines[0]
    # The folder still opens.
    assert read_choice(tickets / "promptfooconfig.yaml") == Choice()


async def test_changes_of_the_files_take_effect_while_it_is_open(tickets: Path) -> None:
    config = CONFIG.replace("prompts: [", "prompts: [file://more.txt, ") + "  - file://more.csv\n"
    (tickets / "more.txt").write_text("More {{ticket}}")
    (tickets / "more.csv").write_text("ticket\nthird\n")
    (tickets / "promptfooconfig.yaml").write_text(config)
    async with opened(tickets) as driver:
        assert len(driver.ids) == 3 and driver.bench.prompt is not None
        assert "More {{ticket}}" in driver.bench.prompt.template
        (tickets / "more.csv").write_text("ticket\nthird\nfourth\n")
        driver.bench._look_outside()
        await driver.until(lambda: len(driver.ids) == 4, "another row, another case")
        await driver.settle()
        (tickets / "more.txt").write_text("Much more {{ticket}}")
        driver.bench._look_outside()
        await driver.until(lambda: "Much more" in driver.bench.prompt_pane.template, "another prompt")
        await driver.settle()
        (tickets / "promptfooconfig.yaml").write_text("prompts: []")
        driver.bench._look_outside()
        await driver.until(lambda: driver.notice.startswith("promptfooconfig.yaml: there are no prompts"))
        assert "what was read before still holds" in driver.notice


async def test_what_lies_outside_is_asked_about_before_and_after_it_is_read(
    tickets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    answers = [True, False, True, True]

    def ask(project: Project, concerns: list[str]) -> bool:
        asked.append(list(concerns))
        return answers.pop(0)

    monkeypatch.setattr("migrator_tui.tui.setup.trust.ask_for_trust", ask)
    provider = "id: openai:gpt-4o\nconfig: {apiBaseUrl: 'https://elsewhere.example/v1'}\n"
    (tickets.parent / "who.yaml").write_text(provider)
    (tickets / "promptfooconfig.yaml").write_text("prompts: [hi]\nproviders: [file://../who.yaml, openai:b]\n")
    with pytest.raises(ProjectError, match="lies outside the folder"):
        opened_or_asked(tickets, trust=False)
    outside = ["reads files outside it: ../who.yaml"]
    more = ["sends requests and your key to elsewhere.example (api_base of baseline)"]
    assert asked == [outside, more], "the address was not known before"
    project, trusted = opened_or_asked(tickets, trust=False)
    assert trusted and project.baseline.api_base == "https://elsewhere.example/v1"
    assert opened_or_asked(tickets, trust=False)[1] and len(asked) == 4, "asked once"


@pytest.mark.parametrize("key", ["r", "R"])
async def test_a_model_that_is_only_proposed_is_asked_about_once(tickets: Path, pool: ModelPool, key: str) -> None:
    config = CONFIG.replace("  - openai:gpt-4.1-mini\n", "").replace("  - simulated:bright-2\n", "")
    (tickets / "promptfooconfig.yaml").write_text(config)
    async with opened(tickets, pool=pool) as driver:
        await driver.press(key)
        await driver.until(lambda: isinstance(driver.app.screen, Confirm), "a question comes first")
        assert driver.app.workspace.candidate.model in driver.text and "only proposed" in driver.text
        await driver.press("escape")
        await driver.settle()
        assert not driver.app.runs.busy and read_choice(tickets / "promptfooconfig.yaml") == Choice()
        await driver.press(key)
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.press("enter")
        await driver.until(lambda: not is_unchosen(driver.app.workspace.project), "the choice took effect")
        model = driver.app.workspace.candidate.model
        assert read_choice(tickets / "promptfooconfig.yaml") == Choice(candidate=model)
        await driver.until(lambda: driver.app.current.name == "preflight" or driver.app.screen is not driver.bench)


async def test_a_baseline_that_nobody_chose_and_a_placeholder_are_refused(tickets: Path, pool: ModelPool) -> None:
    config = tickets / "promptfooconfig.yaml"
    config.write_text(CONFIG.replace("providers:", "providers: [exec:ask.sh]\nunheard:"))
    async with opened(tickets, pool=pool) as driver:
        await driver.press("r")
        await driver.until(lambda: driver.notice.startswith("no provider here can be asked: choose the model"))
        await driver.press("R")
        await driver.settle()
        assert driver.app.screen is driver.bench and not driver.app.runs.busy
    config.write_text(
        CONFIG.replace("prompts: [", "prompts: [file://make.py, ").replace("  - openai:gpt-4.1-mini\n", "")
    )
    async with opened(tickets, pool=pool) as driver:
        for key in "rR":
            driver.app.say("")
            await driver.press(key)
            await driver.until(lambda: driver.notice.startswith("the prompt of task make is only a placeholder"))
        assert not any(driver.sections.values()), "nobody was asked"
        await driver.edit("# user\nAnswer in JSON: {{ticket}}")
        await driver.press("escape", "r")
        await driver.until(
            lambda: not driver.app.runs.busy and driver.sections["refund"] is not None, "both answered"
        )
