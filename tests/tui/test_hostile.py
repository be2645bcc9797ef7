"""Text that means harm, wherever foreign text can stand: it is shown, and nothing of it is obeyed."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_cache_path, user_config_path, user_data_path, user_log_path
from textual.strip import Strip
from textual.widgets import Input

from migrator_tui.models.pool import ModelPool
from migrator_tui.text_safety import safe_line
from migrator_tui.tui.widgets.modal import Ask, Sheet
from migrator_tui.tui.workbench.run_dialog import RunDialog
from tests.model_fixtures import CANARY
from tests.tui.conftest import NARROW, SIMULATED, WIDE, Driver, opened, run_all, write_project

ESCAPES = "\x1b]2;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b[2J\x9b31m"
HOSTILE = f"{ESCAPES} [/b] [bold red] [@click=app.quit]x[/] \u202eretro\u2066 \u200b nul:\x00 half:\ud800 \r\n\ttab"
BAD = "c1 [/b] [red] ..%s é"
"""Characters that cannot be shown are refused in an id; everything else may stand in one."""
LONG = "word " * 200_000
ENDLESS = "x" * 1_000_000
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal acts on; a tab or a newline inside a strip would shift it as well."""


def hostile_project(folder: Path) -> Path:
    """Everything a project's author or a model decides holds hostile text."""
    cases = [
        {
            "id": BAD,
            "tags": [f"tag{HOSTILE}", "[/b]"],
            "vars": {"shop": HOSTILE},
            "messages": [{"role": "user", "content": HOSTILE}],
            "checks": [{"type": "contains", "value": f"nowhere{HOSTILE}"}, {"type": "no-code-fence"}],
        },
        {"id": "long", "messages": [{"role": "user", "content": LONG}], "expected": HOSTILE},
        {"id": "endless", "messages": [{"role": "user", "content": ENDLESS}]},
        {"id": "[/b]", "messages": [{"role": "user", "content": "[/b] {{ x }}"}]},
    ]
    answers = {
        BAD: f"```json\n{HOSTILE}\n```",
        "long": LONG,
        "endless": ENDLESS,
        "[/b]": "[/b] [link=file:///etc/passwd]x[/link]",
    }
    old = {**answers, BAD: HOSTILE, "[/b]": "[bold]"}
    # JSON keeps a lone surrogate as an escape; a prompt file is UTF-8 and cannot hold one.
    prompt = "Sort [/b] for {{ shop }} " + HOSTILE.replace("\ud800", "") + "\n{{ [/b] }}\n"
    return write_project(folder, cases=cases, prompt=prompt.replace("{{ [/b] }}", ""), old=old, new=answers)


def strips(driver: Driver) -> Iterator[Strip]:
    """All that is on the screen, and all that each of its widgets would draw."""
    yield from driver.app.screen._compositor.render_strips()
    for widget in driver.app.screen.walk_children(with_self=True):
        if widget.size.width and widget.size.height and widget.is_attached:
            yield from widget.render_lines(widget.size.region)


def harmless(driver: Driver) -> None:
    """No strip holds anything that a terminal acts on, nor does the picture."""
    for strip in strips(driver):
        for segment in strip:
            found = OBEYED.search(segment.text)
            assert found is None and "\t" not in segment.text and "\n" not in segment.text, repr(segment.text)
    picture = driver.app.export_screenshot()
    assert "\x1b" not in picture and "\u202e" not in picture
    assert not driver.app._exit and "owned" not in (driver.app.title, driver.app.sub_title)
    assert driver.app.clipboard != "owned"


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_hostile_project_is_shown_and_not_obeyed(tmp_path: Path, size: tuple[int, int]) -> None:
    folder = hostile_project(tmp_path / "bad")
    await run_all(folder)
    async with opened(folder, size=size) as driver:
        assert len(driver.ids) == 4
        for _ in range(4):
            harmless(driver)
            await driver.press("j")
        await driver.press("home")
        first = driver.app.workspace.number_of(BAD)
        assert first is not None and driver.bench.rows.go_to(first)
        await driver.handled()
        assert "␛]2;owned␇" in driver.text and "[/b]" in driver.text, "shown as what it is"
        for key in ("d", "d", "d", "m", "m", "tab", "plus", "plus"):
            await driver.press(key)
            harmless(driver)
        await driver.press("i")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        harmless(driver)
        await driver.press("escape", "escape")
        await driver.settle()
        for query in ("tag:[/b]", "is:[/b]", HOSTILE[:40]):
            await driver.press("slash")
            driver.bench.query_one("#filter", Input).value = query
            await driver.press("enter")
            harmless(driver)
        await driver.press("escape", "escape")


async def test_an_id_that_cannot_be_shown_is_refused_in_one_safe_line(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "[/b] [red]", cases=[{"id": f"c1{HOSTILE}"}])
    async with opened(folder, ready=False) as driver:
        await driver.until(lambda: driver.app._exit)
        assert driver.app.return_value == 2
        assert "triage.jsonl:1" in driver.app.problem and OBEYED.search(safe_line(driver.app.problem)) is None


async def test_verdicts_notes_and_versions_on_hostile_text(tmp_path: Path) -> None:
    folder = hostile_project(tmp_path / "bad")
    await run_all(folder)
    async with opened(folder, size=WIDE) as driver:
        number = driver.app.workspace.number_of(BAD)
        assert number is not None
        driver.bench.rows.go_to(number)
        await driver.handled()
        await driver.press("f")
        driver.bench.rows.go_to(number)
        await driver.handled()
        await driver.press("c")
        await driver.until(lambda: isinstance(driver.app.screen, Ask))
        driver.app.screen.query_one(Input).value = HOSTILE
        await driver.press("enter")
        await driver.settle()
        harmless(driver)
        await driver.press("u")
        assert "took back the verdict on c1" in driver.notice
        harmless(driver)
        await driver.press("e")
        await driver.edit(f"typed {HOSTILE}")
        harmless(driver)
        await driver.press("ctrl+t", "ctrl+t")
        harmless(driver)
        await driver.press("ctrl+s")
        harmless(driver)
        await driver.press("escape", "w")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet) or "error" in driver.app.frame.notice_role)
        harmless(driver)
    async with opened(folder, size=WIDE) as driver:
        harmless(driver)


async def test_a_megabyte_in_one_line_does_not_stall(tmp_path: Path) -> None:
    folder = hostile_project(tmp_path / "bad")
    await run_all(folder)
    async with opened(folder, size=WIDE) as driver:
        await driver.go_to("endless")
        assert "more characters: y copies all of it" in "".join(
            line.plain for line in driver.bench.candidate_pane.view._lines
        )
        await driver.press("y")
        assert driver.app.clipboard == ENDLESS
        await driver.press("d")
        harmless(driver)


@pytest.mark.asyncio(loop_scope="session")
async def test_hostile_answers_stream_and_errors_carry_them(
    tmp_path: Path, pool: ModelPool, pool_folder: Path, personas: None
) -> None:
    """What a model sends while it streams, and what a provider says of an error."""
    text = json.dumps(HOSTILE.replace("\ud800", "").replace("\x00", ""))
    streams = f'text = {text}\npace = "real"\nfirst_token_ms = 10\ntokens_per_second = 200\n'
    fails = f'[[faults]]\nkind = "status"\nstatus = 400\nmessage = {text}\n'
    config = SIMULATED.replace("personas/dry", "personas/sings").replace("personas/fenced", "personas/spits")
    folder = write_project(tmp_path / "bad", config=config)
    for name, persona in (("sings", streams), ("spits", fails)):
        for home in (pool_folder, folder):
            (home / "personas" / f"{name}.toml").write_text(persona.replace("\x7f", ""), "utf-8")
    async with opened(folder, pool=pool, size=WIDE) as driver:
        await driver.press("r")
        while driver.app.runs.busy:
            harmless(driver)
            await driver.handled()
        await driver.settle()
        harmless(driver)
        assert "␛]2;owned␇" in driver.bench.baseline_pane.view._lines[0].plain
        assert "400" in driver.text


async def test_a_key_is_nowhere(answered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on the screen nor in anything the program writes: history, log, settings, copies."""
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    (answered / ".env").write_text(f"ACME_KEY={CANARY}\n")
    seen = []
    async with opened(answered, size=WIDE) as driver:
        seen.append(driver.text)
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.app.screen, RunDialog))
        seen.append(driver.text)
        await driver.press("escape")
        await driver.settle()
        await driver.press("r")
        await driver.settle()
        await driver.press("y", "i")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        seen.append(driver.text)
        await driver.press("escape", "ctrl+q")
        await driver.until(lambda: driver.app._exit)
    assert not any(CANARY in text for text in seen)
    assert written_with(CANARY.encode()) == []


@pytest.mark.asyncio(loop_scope="session")
async def test_a_key_that_is_used_is_nowhere(
    tmp_path: Path, pool: ModelPool, model_log: Path, personas: None
) -> None:
    """The session's worker holds the canary as every provider's key: a run, an error, and no trace of it."""
    folder = write_project(tmp_path / "live", config=SIMULATED.replace("personas/dry", "personas/broken"))
    async with opened(folder, pool=pool, size=WIDE) as driver:
        await driver.press("r")
        await driver.settle()
        assert "401" in driver.text and CANARY not in driver.text
    assert written_with(CANARY.encode()) == [] and CANARY not in model_log.read_text()


def written_with(needle: bytes) -> list[Path]:
    """Files of the user's folders that hold these bytes."""
    name = "migrator-tui"
    folders = {f(name, appauthor=False) for f in (user_data_path, user_log_path, user_cache_path, user_config_path)}
    files = [Path(at) / file for folder in folders for at, _, files in os.walk(folder) for file in files]
    assert files, "the program writes somewhere"
    return [file for file in files if needle in file.read_bytes()]
