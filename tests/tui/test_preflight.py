"""The preflight screen: before the first run, by itself; what its keys do to draft, files and runs."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from migrator_tui.history.records import Origin
from migrator_tui.models.pool import ModelPool
from migrator_tui.preflight import dates
from migrator_tui.preflight.finding import Severity
from migrator_tui.project.config import load_project
from migrator_tui.tui.app import MigratorApp
from migrator_tui.tui.preflight.screen import PreflightScreen
from migrator_tui.tui.runs import Runs
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.model_fixtures import CANARY
from tests.tui.conftest import CASES, NARROW, RECORDED, WIDE, Driver, opened, run_all, write_project

pytestmark = pytest.mark.asyncio(loop_scope="session")

GPT5 = RECORDED.replace(
    'model = "recorded:outputs/new.jsonl"\nparams = { max_tokens = 100 }',
    'model = "openai/gpt-5"\nparams = { temperature = 0.2, stop = ["END"], max_tokens = 100 }',
)
CLEAN = RECORDED.replace(
    'model = "recorded:outputs/new.jsonl"\nparams = { max_tokens = 100 }', 'model = "anthropic/claude-opus-5-5"'
)
BEGUN = "# system\nSort tickets for {{ shop }}.\n\n{{ messages }}\n\n# assistant\n{\n"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both providers' keys are there, and the date stands still."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setattr(dates, "today", lambda: date(2026, 11, 27))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cases that `r` asked for; nobody is asked."""
    cases: list[str] = []

    def run_case(self: Runs, case: Any, version: Any) -> bool:
        cases.append(case.id)
        return True

    monkeypatch.setattr(Runs, "run_case", run_case)
    return cases


def in_front(bench: Driver) -> bool:
    return isinstance(bench.app.screen, PreflightScreen)


def shown(bench: Driver) -> PreflightScreen:
    screen = bench.app.screen
    assert isinstance(screen, PreflightScreen)
    return screen


async def look(bench: Driver) -> None:
    """Open the screen and wait until it has looked."""
    await bench.press("f7")
    await bench.until(lambda: in_front(bench) and shown(bench).found is not None)
    await bench.settle()


async def go_to(bench: Driver, subject: str) -> None:
    """Put the cursor on the first finding about that."""
    screen = shown(bench)
    key = next(key for key in screen.rows.keys if key.split("\0")[2] == subject)
    screen.rows.go_to(key)
    await bench.handled()


async def test_it_comes_by_itself_before_the_first_run_and_only_once(
    tmp_path: Path, pool: ModelPool, asked: list[str]
) -> None:
    async with opened(write_project(tmp_path / "new", config=GPT5), pool=pool) as bench:
        assert "F7 shows 2 blockers and 2 warnings" in bench.text
        await bench.press("r")
        await bench.until(lambda: in_front(bench))
        await bench.settle()
        assert "temperature = 0.2 is rejected" in bench.text and "before the first run" in bench.notice
        assert CANARY not in bench.text and not asked
        await bench.press("escape", "r")
        await bench.until(lambda: asked)
        assert not in_front(bench)


async def test_r_on_any_screen_comes_after_it(tmp_path: Path, pool: ModelPool) -> None:
    async with opened(write_project(tmp_path / "new", config=GPT5), pool=pool) as bench:
        await bench.press("2", "R")
        await bench.until(lambda: in_front(bench))
    async with opened(write_project(tmp_path / "clean", config=CLEAN), pool=pool) as bench:
        await bench.press("R")
        await bench.until(lambda: isinstance(bench.app.screen, RunDialog))


async def test_nothing_in_the_way_holds_nothing_up(tmp_path: Path, pool: ModelPool, asked: list[str]) -> None:
    async with opened(write_project(tmp_path / "new", config=CLEAN), pool=pool) as bench:
        await bench.press("r")
        await bench.until(lambda: asked)
        assert not in_front(bench)
        await look(bench)
        assert "✓ Nothing stands in the way" in bench.text and "R run all: $" in bench.text


async def test_files_and_simulated_models_are_not_waited_for(shop: Path, live: Path) -> None:
    for folder in (shop, live):
        app = MigratorApp(load_project(folder))
        assert not app.looks.stands_before
    project = write_project(shop.parent / "real", config=GPT5)
    assert MigratorApp(load_project(project)).looks.stands_before
    assert not MigratorApp(load_project(project), demo=True).looks.stands_before


async def test_a_project_that_was_run_is_not_held_up(tmp_path: Path, pool: ModelPool, asked: list[str]) -> None:
    folder = write_project(tmp_path / "run")
    await run_all(folder)
    (folder / "migrator.toml").write_text(GPT5, "utf-8")
    async with opened(folder, pool=pool) as bench:
        await bench.press("r")
        await bench.until(lambda: asked)


async def test_arrows_go_through_a_list_that_does_not_fit(tmp_path: Path, pool: ModelPool) -> None:
    async with opened(write_project(tmp_path / "new", config=GPT5), pool=pool, size=NARROW) as bench:
        await look(bench)
        rows = shown(bench).rows
        keys = list(rows.keys)
        assert rows.max_scroll_y > 0
        for key, expected in (("down", keys[1]), ("up", keys[0]), ("end", keys[-1]), ("home", keys[0])):
            await bench.press(key)
            assert rows.highlighted == expected


async def test_space_changes_the_draft_and_takes_it_back_and_no_file(tmp_path: Path, pool: ModelPool) -> None:
    folder = write_project(tmp_path / "new", config=GPT5)
    before = (folder / "migrator.toml").read_bytes()
    async with opened(folder, pool=pool) as bench:
        await look(bench)
        await go_to(bench, "temperature")
        await bench.press("space")
        assert "✓ in the draft" in bench.text
        assert bench.bench.draft_params() == {"stop": ["END"], "max_tokens": 100}
        await go_to(bench, "max_tokens")
        await bench.press("space")
        assert bench.bench.draft_params() == {"stop": ["END"], "max_tokens": 25_000}
        await bench.press("space")
        assert bench.bench.draft_params() == {"stop": ["END"], "max_tokens": 100}
        await bench.until(lambda: bench.history.drafts("triage", "newer"))
        await bench.press("r")
        await bench.settle()
        subjects = {f.subject for f in bench.app.looks.found.of(Severity.BLOCKER)}  # type: ignore[union-attr]
        assert subjects == {"stop"}
    assert (folder / "migrator.toml").read_bytes() == before


TWO = GPT5.replace(
    "[[tasks]]",
    '[[candidates]]\nname = "opus"\nmodel = "anthropic/claude-opus-5-5"\n'
    "params = { temperature = 0.5, top_p = 0.9 }\n\n[[tasks]]",
)


def marks(bench: Driver) -> dict[str, bool]:
    """Of the rows that `space` can take, whether they say that the draft has it."""
    taken = bench.app.looks.is_taken
    return {f"{f.model} {f.subject}": taken(f) for f in shown(bench).found.findings if f.change}  # type: ignore[union-attr]


async def test_each_mark_is_about_the_draft_of_its_own_candidate(tmp_path: Path, pool: ModelPool) -> None:
    folder = write_project(tmp_path / "new", config=TWO)
    async with opened(folder, pool=pool) as bench:
        await look(bench)
        total = len(shown(bench).found.of(Severity.BLOCKER))  # type: ignore[union-attr]
        screen = shown(bench)
        rows = [
            next(k for k in screen.rows.keys if k.startswith(f"{m}\0triage\0temperature")) for m in ("newer", "opus")
        ]
        for row in rows:  # quickly, one after the other
            screen.rows.go_to(row)
            await bench.app.run_action("take", screen)
        await bench.handled()
        assert [name for name, taken in marks(bench).items() if taken] == ["newer temperature", "opus temperature"]
        assert bench.text.count("✓ in the draft") == 2 and f"✗ {total - 2} blocker" in bench.text
        assert bench.app.workspace.candidate.name == "newer", "what is in view stays"
        # Whichever is in view: what the row says is what the key does.
        assert bench.bench.open_track("triage", "opus")
        await bench.until(lambda: bench.bench.holds_track)
        assert bench.bench.draft_params() == {"top_p": 0.9}
        screen.rows.go_to(rows[0])
        await bench.press("space")
        assert "temperature is as it was" in bench.notice
        assert [name for name, taken in marks(bench).items() if taken] == ["opus temperature"]
        assert bench.bench.draft_params() == {"top_p": 0.9}
        await bench.press("space", "r")
        await bench.settle()
        assert not {"newer temperature", "opus temperature"} & set(marks(bench)), "the look knows both drafts"
        assert bench.app.workspace.project.candidate("newer").params["temperature"] == 0.2
    async with opened(folder, pool=pool) as bench:
        await look(bench)
        await bench.settle()
        assert not {"newer temperature", "opus temperature"} & set(marks(bench))
        for name in ("newer", "opus"):
            assert all(v.origin is Origin.FILE for v in bench.history.versions("triage", name)), "nothing was sent"


async def test_e_goes_to_the_line_and_to_the_parameters(tmp_path: Path, pool: ModelPool) -> None:
    folder = write_project(tmp_path / "new", config=CLEAN, prompt=BEGUN)
    async with opened(folder, pool=pool) as bench:
        await look(bench)
        await go_to(bench, "prefill")
        assert "e edit there" in bench.text
        await bench.press("e")
        editor = bench.bench.prompt_pane.editor
        await bench.until(lambda: bench.app.focused is editor)
        assert editor.cursor_location == (6, 0) and editor.document[6] == "{"
    async with opened(write_project(tmp_path / "other", config=GPT5), pool=pool) as bench:
        await look(bench)
        await go_to(bench, "stop")
        await bench.press("e")
        await bench.until(lambda: bench.app.focused is bench.bench.prompt_pane.params_editor)


async def test_r_looks_again(tmp_path: Path, pool: ModelPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    async with opened(write_project(tmp_path / "new", config=CLEAN), pool=pool) as bench:
        await look(bench)
        assert "ANTHROPIC_API_KEY is not set" in bench.text
        monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
        await bench.press("r")
        await bench.settle()
        assert "✓ Nothing stands in the way" in bench.text


async def test_all_is_run_or_what_nothing_blocks(tmp_path: Path, pool: ModelPool) -> None:
    async with opened(write_project(tmp_path / "new", config=GPT5), pool=pool) as bench:
        await look(bench)
        await bench.press("R")
        await bench.until(lambda: isinstance(bench.app.screen, RunDialog))
        dialog = bench.app.screen
        assert isinstance(dialog, RunDialog)
        part, whole = dialog.choices
        assert (part.words, whole.words) == ("what nothing blocks", "all")
        assert {item.model_name for item in part.plan.items} == {"baseline"}
        await bench.press("enter")
        await bench.until(lambda: not bench.app.runs.busy and bench.history.last_run() is not None)
        await bench.settle()
        answered = bench.history.current_outputs("triage", "baseline", "recorded:outputs/old.jsonl")
        assert set(answered) == {case["id"] for case in CASES}
        assert not bench.history.current_outputs("triage", "newer", "openai/gpt-5")


async def test_w_writes_the_findings(tmp_path: Path, pool: ModelPool) -> None:
    config = GPT5.replace('name = "newer"', 'name = "<b>@new"')
    folder = write_project(tmp_path / "new", config=config)
    async with opened(folder, pool=pool) as bench:
        await look(bench)
        await bench.press("w")
        await bench.until(lambda: isinstance(bench.app.focused, Input))
        await bench.press("enter")
        await bench.until((folder / "preflight.md").exists)
    text = (folder / "preflight.md").read_text("utf-8")
    assert "## Blockers" in text and "temperature" in text and "litellm 1." in text
    assert CANARY not in text and "<b>" not in text and "@new" not in text


async def test_what_goes_wrong_while_looking_is_said(tmp_path: Path, pool: ModelPool) -> None:
    folder = write_project(tmp_path / "new", config=GPT5)
    async with opened(folder, pool=pool) as bench:
        (folder / "cases" / "triage.jsonl").write_text("not JSON\n", "utf-8")
        await bench.press("f7")
        await bench.until(lambda: in_front(bench))
        await bench.press("r")
        await bench.until(lambda: "triage.jsonl:1" in bench.text)


async def test_hostile_names_are_only_text(tmp_path: Path, pool: ModelPool) -> None:
    config = GPT5.replace('"openai/gpt-5"', '"openai/[/b]"').replace("stop =", '"[red]\\u001b[31m" =')
    async with opened(write_project(tmp_path / "new", config=config), pool=pool, size=NARROW) as bench:
        await look(bench)
        assert "[/b]" in bench.text and "\x1b" not in bench.text and "\x07" not in bench.text


async def test_the_palette_knows_it(shop: Path) -> None:
    async with opened(shop) as bench:
        titles = [command.title for command in bench.app.get_system_commands(bench.app.screen)]
        assert "Preflight: what would go wrong" in titles


async def test_the_parameters_pane_knows_the_same_date(tmp_path: Path, pool: ModelPool) -> None:
    async with opened(write_project(tmp_path / "new", config=GPT5), pool=pool, size=WIDE) as bench:
        await bench.until(lambda: "retires" in bench.text)
        assert "no date → 11 Dec 2026?" in bench.text and "? of its newest dated name" in bench.text
        await look(bench)
        retirement = [f.what for f in shown(bench).found.findings if f.subject == "retirement"]  # type: ignore[union-attr]
        assert len(retirement) == 1 and "is retired on 11 Dec 2026, in 14 days" in retirement[0]


async def test_a_draft_elsewhere_that_cannot_be_read_is_told(tmp_path: Path, pool: ModelPool) -> None:
    async with opened(write_project(tmp_path / "new", config=TWO), pool=pool) as bench:
        assert bench.bench.open_track("triage", "opus")
        await bench.until(lambda: bench.bench.holds_track)
        bench.bench.prompt_pane.params_editor.replace_all("temperature = ")
        assert bench.bench.open_track("triage", "newer")
        await bench.until(lambda: bench.bench.holds_track)
        await bench.press("f7")
        await bench.until(lambda: in_front(bench))
        await bench.press("r")
        await bench.until(lambda: "the draft of opus on triage: parameters:" in bench.text)
        (left,) = bench.history.drafts("triage", "opus")
        assert left.params_text == "temperature = " and not bench.history.drafts("triage", "newer")
