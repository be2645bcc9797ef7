"""The set-up of folders as people and strangers leave them; nothing is written before one says so."""

import json
import os
import time
from pathlib import Path

import pytest

from migrator_tui.project.cases import load_cases
from migrator_tui.project.config import load_project
from migrator_tui.project.prompts import render
from migrator_tui.tui.setup.app import SetUp, SetUpApp, SetUpScreen
from tests.tui.questions import SIZES, Asked, asking

PROMPT = "You triage tickets for {{ shop }}.\n\n{{ ticket }}\n"


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    """A small application: a model in the source, a prompt, no cases."""
    folder = tmp_path / "bot"
    (folder / "app").mkdir(parents=True)
    (folder / "prompts").mkdir()
    (folder / "app" / "llm.py").write_text('import openai\n\nMODEL = "gpt-4o-2024-08-06"\n', "utf-8")
    (folder / "prompts" / "triage.md").write_text(PROMPT, "utf-8")
    return folder


def add_cases(folder: Path, name: str = "cases/triage.jsonl", count: int = 3) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    cases = [{"id": f"t{n}", "vars": {"shop": "Acme", "ticket": f"ticket {n}"}} for n in range(count)]
    (folder / name).write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def ready(asked: Asked) -> None:
    """Until the folder was looked through."""
    await asked.sees("Create project")


@pytest.mark.parametrize("size", SIZES)
async def test_rows_say_what_was_found_and_where(
    bot: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden-0123456789")
    add_cases(bot)
    async with asking(SetUpApp(bot), size) as asked:
        await ready(asked)
        assert "openai/gpt-4o-2024-08-06   found in app/llm.py:3" in asked.text
        assert "retires 14 Jan 2027" in asked.text
        assert "prompts/triage.md" in asked.text and "3 cases" in asked.text
        assert "OPENAI_API_KEY is set" in asked.text
        assert "sk-hidden" not in asked.text
        assert "nothing is written until you say so" in asked.text
        # Nothing in the box is cut, and all of it is in sight.
        assert "…" not in "".join(asked.lines[1:])
        assert "open the demo instead" in asked.text


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (40, 12)])
async def test_cursor_stays_in_sight_on_small_terminals(bot: Path, size: tuple[int, int]) -> None:
    async with asking(SetUpApp(bot), size) as asked:
        await asked.until(lambda: "found in" in asked.text or "gpt-4o" in asked.text)
        for _ in range(5):
            await asked.press("j")
            await asked.sees("▸")
        assert "open the demo" in asked.text
        for _ in range(5):
            await asked.press("up")
            await asked.sees("▸")
        await asked.sees("Move an LLM")


async def test_click_changes_a_row(bot: Path) -> None:
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        line = next(n for n, text in enumerate(asked.lines) if "candidate" in text)
        await asked.pilot.click(offset=(40, line))
        await asked.sees("The model you move to")


async def test_created_project_opens(bot: Path) -> None:
    add_cases(bot)
    before = names_in(bot)
    app = SetUpApp(bot)
    async with asking(app) as asked:
        await ready(asked)
        await asked.press("ctrl+s")
        await asked.sees("enter write")
        assert '+model = "openai/gpt-4o-2024-08-06"' in asked.text
        assert names_in(bot) == before
        await asked.press("enter")
    assert app.return_value == SetUp(bot)
    assert names_in(bot) == before | {"migrator.toml"}
    project = load_project(bot)
    assert project.baseline.model == "openai/gpt-4o-2024-08-06"
    assert [task.name for task in project.tasks] == ["triage"]
    assert len(load_cases(project, project.tasks[0])) == 3


@pytest.mark.parametrize("keys", [("q",), ("ctrl+s", "escape", "q"), ("d", "escape", "q"), ("ctrl+q",)])
async def test_leaving_writes_nothing(bot: Path, keys: tuple[str, ...]) -> None:
    before = names_in(bot)
    app = SetUpApp(bot)
    async with asking(app) as asked:
        await ready(asked)
        await asked.press(*keys)
    assert app.return_value is None
    assert names_in(bot) == before


async def test_first_case_is_written_by_hand(bot: Path) -> None:
    app = SetUpApp(bot)
    async with asking(app) as asked:
        await ready(asked)
        assert "none found" in asked.text
        await asked.press("j", "j", "j", "enter")
        await asked.sees("Write case 1")
        await asked.press("ctrl+s")
        await asked.sees("needs")  # an empty case is none, and says so
        await asked.type("Acme")
        await asked.press("tab")
        await asked.type("My lamp is broken")
        await asked.press("ctrl+s")
        await asked.sees("written here")
        assert not (bot / "cases").exists()
        await asked.press("ctrl+s", "enter")
    project = load_project(bot)
    (case,) = load_cases(project, project.tasks[0])
    assert case.vars == {"shop": "Acme", "ticket": "My lamp is broken"}
    assert "My lamp is broken" in str(render(PROMPT, case))


async def test_without_cases_two_examples_are_written_that_render(bot: Path) -> None:
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        assert "two examples" in asked.text
        await asked.press("ctrl+s", "enter")
    project = load_project(bot)
    cases = load_cases(project, project.tasks[0])
    assert len(cases) == 2 and all(render(PROMPT, case) for case in cases)


async def test_models_are_found_by_a_few_letters(bot: Path) -> None:
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.press("j", "enter")
        await asked.sees("The model you move to")
        await asked.type("claude sonnet 5")
        await asked.sees("anthropic/claude-sonnet-5")
        await asked.press("enter")
        await asked.sees("chosen by you")
        assert "ANTHROPIC_API_KEY is not set" in asked.text
        # A candidate that someone chose stays when the baseline changes; a proposed one would follow it.
        await asked.press("k", "enter")
        await asked.type("recorded:old.jsonl")
        await asked.press("enter")
        await asked.sees("recorded:old.jsonl")
        assert "anthropic/claude-sonnet-5" in asked.text


async def test_proposed_candidate_follows_the_baseline(bot: Path) -> None:
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.press("enter")
        await asked.type("claude-haiku-4-5")
        await asked.press("enter")
        await asked.sees("anthropic/claude-haiku-5")


async def test_several_prompts_become_tasks_with_cases_of_their_own(bot: Path) -> None:
    (bot / "prompts" / "reply.md").write_text("Answer for {{ shop }}: {{ ticket }}", "utf-8")
    add_cases(bot, "cases/shared.jsonl")
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.press("j", "j", "enter")
        await asked.sees("a task each")
        await asked.press("tab", "tab", "enter")
        await asked.sees("2 files, a task each")
        assert "triage: cases/shared.jsonl" in asked.text and "reply: cases/shared.jsonl" in asked.text
        await asked.press("ctrl+s", "enter")
    assert sorted(task.name for task in load_project(bot).tasks) == ["reply", "triage"]


async def test_prompt_and_case_files_that_belong_together_are_proposed_together(bot: Path) -> None:
    (bot / "prompts" / "reply.md").write_text("Answer for {{ shop }}: {{ ticket }}", "utf-8")
    add_cases(bot, "cases/reply.jsonl")
    add_cases(bot, "cases/triage.jsonl")
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.press("ctrl+s", "enter")
    tasks = {task.name: [file.name for file in task.cases] for task in load_project(bot).tasks}
    assert tasks == {"reply": ["reply.jsonl"], "triage": ["triage.jsonl"]}


async def test_prompt_is_pasted_where_there_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    async with asking(SetUpApp(folder)) as asked:
        await ready(asked)
        await asked.press("j", "j", "enter")
        await asked.sees("write or paste a prompt here")
        await asked.press("enter")
        await asked.sees("Write the prompt")
        await asked.type("Sort it")
        await asked.press("ctrl+s")
        await asked.sees("written here, no variables")
        await asked.press("ctrl+s", "enter")
    project = load_project(folder)
    assert project.tasks[0].prompt.read_text("utf-8") == "Sort it\n"


async def test_cases_without_the_prompts_variables_are_pointed_out(bot: Path) -> None:
    (bot / "cases").mkdir()
    (bot / "cases" / "other.jsonl").write_text('{"id": "a", "vars": {"shop": "Acme"}}\n', "utf-8")
    (bot / "cases" / "broken.jsonl").write_text('{"id": "a"\n', "utf-8")
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.press("j", "j", "j", "enter")
        await asked.type("other")
        await asked.press("enter")
        await asked.sees("no value for ticket")
        await asked.press("enter")
        await asked.type("broken")
        await asked.press("enter")
        await asked.sees("cases/broken.jsonl:1")
        await asked.press("ctrl+s")
        # With a file that can't be read nothing is created.
        assert isinstance(asked.app.screen, SetUpScreen)
    assert not (bot / "migrator.toml").exists()


async def test_key_put_into_dotenv_shows_up_by_itself(bot: Path) -> None:
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.sees("OPENAI_API_KEY is not set")
        (bot / ".env").write_text("OPENAI_API_KEY=sk-0123456789abcdef\n", "utf-8")
        await asked.sees("OPENAI_API_KEY is set")
        assert "sk-0123" not in asked.text


async def test_demo_is_copied_beside_and_opened(bot: Path) -> None:
    app = SetUpApp(bot)
    async with asking(app) as asked:
        await ready(asked)
        await asked.press("d")
        await asked.sees("support-tickets")
        await asked.press("enter")
    assert app.return_value == SetUp(bot / "support-tickets", demo=True)
    assert load_project(bot / "support-tickets").name == "support-tickets"
    assert not (bot / "migrator.toml").exists()


async def test_looking_again_finds_new_files_and_keeps_what_was_chosen(bot: Path) -> None:
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.press("j", "enter")
        await asked.type("claude sonnet 5")
        await asked.press("enter")
        await asked.sees("chosen by you")
        add_cases(bot)
        await asked.press("f5")
        await asked.sees("3 cases")
        assert "chosen by you" in asked.text


async def test_a_promptfoo_configuration_that_is_a_program_is_not_run(bot: Path) -> None:
    (bot / "promptfooconfig.js").write_text("module.exports = {}\n", "utf-8")
    async with asking(SetUpApp(bot), (80, 24)) as asked:
        await ready(asked)
        await asked.sees("promptfooconfig.js is a program and is not run")


async def test_a_promptfoo_configuration_of_another_name_is_told_with_what_opens_it(bot: Path) -> None:
    (bot / "promptfooconfig.simple.yaml").write_text("prompts: [hi]\n", "utf-8")
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.sees("promptfooconfig.simple.yaml can be opened")
        assert "by `migrator-tui import promptfoo FILE --output DIR`" in asked.text


async def test_what_cannot_be_written_is_said_and_nothing_is_lost(bot: Path) -> None:
    add_cases(bot)
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.press("ctrl+s")
        await asked.sees("enter write")
        (bot / "migrator.toml").symlink_to("/nowhere/at/all")
        await asked.press("enter")
        await asked.sees("exists already")
        assert "openai/gpt-4o-2024-08-06" in asked.text


async def test_palette_and_help_know_the_keys(bot: Path) -> None:
    async with asking(SetUpApp(bot)) as asked:
        await ready(asked)
        await asked.press("question_mark")
        await asked.sees("Keys of the set-up")
        assert "found or chosen" in asked.text and "drift" not in asked.text
        await asked.press("escape", "ctrl+p")
        await asked.type("demo")
        await asked.sees("Open the demo instead")


class TestHostileFolders:
    async def test_names_with_escapes_reach_no_terminal(self, tmp_path: Path) -> None:
        folder = tmp_path / "evil\x1b]0;title\x07\u202ename"
        (folder / "prompts").mkdir(parents=True)
        (folder / "prompts" / "a\x1b[2Jb.md").write_text(PROMPT, "utf-8")
        (folder / "x\x1b[31m").mkdir()
        (folder / "x\x1b[31m" / "prompt.md").write_text(PROMPT, "utf-8")
        (folder / "prompts" / "[red]mark[b]up.md").write_text(PROMPT, "utf-8")
        (folder / os.fsdecode(b"prompt-\xff.md")).write_text(PROMPT, "utf-8")
        (folder / "llm.py").write_text('MODEL = "gpt-4o[/b]"\nMODEL = "gpt-4o"\n', "utf-8")
        async with asking(SetUpApp(folder)) as asked:
            await ready(asked)
            assert "\x1b" not in asked.text and "\u202e" not in asked.text
            assert "[red]mark[b]up.md" in asked.text
            await asked.press("j", "j", "enter")
            await asked.sees("Prompt files")
            assert "\x1b" not in asked.text
            await asked.press("escape", "ctrl+s")
            await asked.sees("enter write")
            assert "\x1b" not in asked.text
            await asked.press("enter")
        assert load_project(folder).tasks

    async def test_a_hundred_thousand_files_hide_nothing_beside_them(self, bot: Path) -> None:
        heap = bot / "aaa"
        heap.mkdir()
        for n in range(100_000):
            os.close(os.open(heap / f"{n}.txt", os.O_CREAT | os.O_WRONLY))
        started = time.monotonic()
        async with asking(SetUpApp(bot)) as asked:
            await ready(asked)
            assert "found in app/llm.py:3" in asked.text
            assert "a large folder" in asked.text
            assert time.monotonic() - started < 10

    async def test_links_pipes_and_closed_files(self, bot: Path, tmp_path: Path) -> None:
        (bot / "loop").symlink_to(bot)
        (bot / "prompts" / "self.md").symlink_to("self.md")
        (bot / "prompts" / "outside.md").symlink_to("/etc/passwd")
        os.mkfifo(bot / "prompts" / "pipe.md")
        os.mkfifo(bot / ".env")
        (bot / "prompts" / "z-closed.md").write_text(PROMPT, "utf-8")
        (bot / "prompts" / "z-closed.md").chmod(0)
        (bot / "prompts" / "binary.md").write_bytes(b"\x00\xff\xfe" * 1000)
        (bot / "prompts" / "endless.md").write_text("{% for i in range(10**9) %}{{ i }}{% endfor %}", "utf-8")
        async with asking(SetUpApp(bot)) as asked:
            await ready(asked)
            await asked.press("j", "j", "enter")
            await asked.type("prompts/outside.md")
            assert "root:" not in asked.text
            await asked.press("escape")
            await asked.sees("prompts/triage.md")

    async def test_damaged_dotenv_is_one_line(self, bot: Path) -> None:
        (bot / ".env").write_bytes(b"OPENAI_API_KEY=\xff\xfe\n")
        async with asking(SetUpApp(bot)) as asked:
            await ready(asked)
            await asked.sees(".env:1: not UTF-8")
