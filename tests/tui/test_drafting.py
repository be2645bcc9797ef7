"""The prompt: drafts that outlive the program, versions, the way to the file and back, parameters, `$EDITOR`."""

import stat
import subprocess
from pathlib import Path

import pytest
from textual.events import Key

from migrator_tui.history.records import Origin
from migrator_tui.tui.widgets.modal import Sheet
from tests.tui.conftest import MEDIUM, NARROW, PROMPT, WIDE, Driver, opened

BETTER = PROMPT + "Never use code fences.\n"


async def keep_draft(driver: Driver, text: str) -> None:
    """Type over everything and wait for the pause in which the draft is kept."""
    await driver.press("e")
    await driver.edit(text)
    await driver.until(lambda: [d.template for d in driver.history.drafts("triage", "newer")] == [text], "draft kept")


async def test_typing_makes_a_draft_that_outlives_the_program(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("e")
        assert driver.bench.in_editor
        await driver.type("Hi! ")
        assert driver.app.frame.draft and "v1 + draft ● 1 line changed" in driver.text
        await driver.until(lambda: driver.history.drafts("triage", "newer"))
    # The plug was pulled: a new program finds it.
    async with opened(answered) as driver:
        assert driver.bench.prompt_pane.template.startswith("Hi! Sort tickets")
        assert driver.app.frame.draft and driver.app.frame.version == "v1"
        await driver.press("e", "f7", "delete")
        assert driver.bench.prompt_pane.template == ""
        await driver.press("ctrl+z")
        assert driver.bench.prompt_pane.template.startswith("Hi! Sort tickets"), "undo"


async def test_single_letters_are_text_inside_the_editor(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("e")
        await driver.type("pfr?R01x")
        assert driver.bench.prompt_pane.template.startswith("pfr?R01x")
        assert not driver.history.verdicts("triage", "newer") and not driver.app.runs.busy
        await driver.press("escape", "j")
        assert driver.case == "c4" and driver.bench.focused is driver.bench.rows


async def test_keeping_a_version(answered: Path) -> None:
    async with opened(answered) as driver:
        await keep_draft(driver, BETTER)
        await driver.press("ctrl+s")
        assert driver.app.frame.version == "v2" and not driver.app.frame.draft
        newest = driver.history.versions("triage", "newer")[0]
        assert (newest.number, newest.origin, newest.author, newest.kept) == (2, Origin.EDITOR, "tester", True)
        assert newest.parent_id == driver.history.find_version("triage", "newer", "v1").id  # type: ignore[union-attr]
        assert not driver.history.drafts("triage", "newer"), "a version now, no draft"
    async with opened(answered) as driver:
        assert driver.app.frame.version == "v2" and not driver.app.frame.draft


async def test_w_shows_the_diff_and_writes_exactly_the_version(answered: Path) -> None:
    config = (answered / "migrator.toml").read_text()
    (answered / "migrator.toml").write_text("# kept as it is\n" + config)
    subprocess.run(["git", "init", "-q"], cwd=answered, check=True)
    subprocess.run(["git", "add", "."], cwd=answered, check=True)
    name = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *name, "commit", "-q", "-m", "start"], cwd=answered, check=True)
    async with opened(answered, size=WIDE) as driver:
        await keep_draft(driver, BETTER)
        await driver.press("escape", "w")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        assert "+Never use code fences." in driver.text
        assert "prompts/triage.newer.md" in driver.text and "migrator.toml" in driver.text
        await driver.press("escape")
        await driver.settle()
        written = answered / "prompts" / "triage.newer.md"
        assert not written.exists(), "asked, and no was said"
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        await driver.press("enter")
        await driver.until(lambda: "is in" in driver.notice)
        assert written.read_text().strip() == BETTER.strip()
        changed = subprocess.run(
            ["git", "status", "--short"], cwd=answered, check=True, capture_output=True, text=True
        )
        assert changed.stdout.split() == ["M", "migrator.toml", "??", "prompts/triage.newer.md"]
        diff = subprocess.run(["git", "diff", "-U0"], cwd=answered, check=True, capture_output=True, text=True).stdout
        added = [line for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
        removed = [line for line in diff.splitlines() if line.startswith("-") and not line.startswith("---")]
        assert not removed and any('triage = "prompts/triage.newer.md"' in line for line in added)
        assert (answered / "prompts" / "triage.md").read_text() == PROMPT, "the baseline's prompt is not touched"
        await driver.press("w")
        await driver.until(lambda: "already" in driver.notice)
    # The file is the prompt of record now, and the same version.
    async with opened(answered) as driver:
        assert driver.app.frame.version == "v2" and not driver.app.frame.draft
        assert len(driver.history.versions("triage", "newer")) == 2


async def test_a_file_changed_meanwhile_is_not_overwritten(answered: Path) -> None:
    own_prompt(answered, "Own prompt.\n")
    async with opened(answered, size=WIDE) as driver:
        await keep_draft(driver, "Mine.\n")
        await driver.press("escape", "w")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        (answered / "prompts" / "own.md").write_text("Somebody else's.\n")
        await driver.press("enter")
        await driver.until(lambda: "own.md" in driver.notice or isinstance(driver.app.screen, Sheet))
        assert (answered / "prompts" / "own.md").read_text() == "Somebody else's.\n"
        await driver.until(lambda: "Somebody else's." in driver.text or "changed" in driver.notice)


def own_prompt(folder: Path, text: str) -> None:
    """Give the candidate a prompt file of its own."""
    config = (folder / "migrator.toml").read_text()
    table = '[candidates.prompts]\ntriage = "prompts/own.md"\n\n[[tasks]]'
    (folder / "migrator.toml").write_text(config.replace("[[tasks]]", table))
    (folder / "prompts" / "own.md").write_text(text)


async def test_a_file_edited_outside_becomes_a_version(answered: Path) -> None:
    own_prompt(answered, "Own prompt.\n")
    async with opened(answered) as driver:
        (answered / "prompts" / "own.md").write_text("Edited in another program.\n")
        await driver.until(lambda: "changed outside" in driver.notice)
        assert driver.bench.prompt_pane.template.strip() == "Edited in another program."
        newest = driver.history.versions("triage", "newer")[0]
        assert newest.origin is Origin.FILE and driver.app.frame.version == newest.label
        # With a draft in the way, the draft stays.
        await keep_draft(driver, "my draft")
        (answered / "prompts" / "own.md").write_text("Edited once more, and longer.\n")
        await driver.until(lambda: "your draft stays" in driver.notice)
        assert driver.bench.prompt_pane.template == "my draft"


async def test_parameters_are_toml_and_mistakes_are_told(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.press("e", "ctrl+t")
        pane = driver.bench.prompt_pane
        assert pane.tab == "params" and driver.bench.focused is pane.params_editor
        assert pane.params_text.strip() == "max_tokens = 100"
        await driver.press("end")
        await driver.type("\ntemperature = ")
        await driver.until(lambda: "not TOML yet" in driver.text)
        await driver.press("ctrl+s")
        assert "parameters:" in driver.notice and "line 2" in driver.notice
        assert len(driver.history.versions("triage", "newer")) == 1
        await driver.type("0.5")
        await driver.until(lambda: "not TOML yet" not in driver.text)
        await driver.press("ctrl+s")
        assert driver.history.versions("triage", "newer")[0].params == {"max_tokens": 100, "temperature": 0.5}
        await driver.press("ctrl+t")
        assert pane.tab == "diff" and "the same as the baseline's prompt" in driver.text
        await driver.press("escape", "e")
        assert pane.tab == "prompt", "e goes where one can type"


async def test_a_parameter_that_no_request_can_hold_is_told(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.press("e", "ctrl+t", "end")
        await driver.type("\nuntil = 10:30:00")
        await driver.until(lambda: "10:30:00" in driver.text)
        await driver.settle()
        await driver.press("ctrl+s")
        assert "parameters:" in driver.notice
        assert len(driver.history.versions("triage", "newer")) == 1


async def test_back_at_a_text_tried_before_it_is_that_text_that_is_found_again(answered: Path) -> None:
    async with opened(answered) as driver:
        first = driver.bench.prompt_pane.template
        await driver.edit("a second text for {{ shop }}")
        await driver.press("ctrl+s")
        assert driver.app.frame.version == "v2"
        await driver.edit(first)
        await driver.press("ctrl+s")
        assert driver.app.frame.version == "v1"
    async with opened(answered) as driver:
        assert driver.bench.prompt_pane.template == first
        assert (driver.app.frame.version, driver.app.frame.draft) == ("v1", False)


async def test_the_diff_to_the_baseline(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.press("e")
        await driver.edit(PROMPT.replace("JSON", "YAML"))
        await driver.press("ctrl+t", "ctrl+t")
        assert "− Answer with JSON." in driver.text and "+ Answer with YAML." in driver.text


async def test_unknown_variables_stand_out(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.edit("{{ shop }} and {{ shopp }}")
        editor = driver.bench.prompt_pane.editor
        known, unknown = editor.get_line(0).spans
        assert known.style == editor.get_component_rich_style("template-editor--tag", partial=True)
        assert unknown.style == editor.get_component_rich_style("template-editor--unknown", partial=True)
        assert (unknown.start, unknown.end) == (15, 26)


async def test_the_prompt_in_the_user_s_own_editor(
    answered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor.sh"
    script.write_text('#!/bin/sh\nprintf "Written elsewhere." > "$1"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    async with opened(answered) as driver:
        monkeypatch.delenv("EDITOR", raising=False)
        monkeypatch.delenv("VISUAL", raising=False)
        await driver.press("E")
        assert "$EDITOR is not set" in driver.notice
        monkeypatch.setenv("EDITOR", str(script))
        monkeypatch.setattr(driver.app, "suspend", nothing)  # a terminal that tests do not have
        await driver.press("E")
        assert driver.bench.prompt_pane.template == "Written elsewhere."
        await driver.until(lambda: driver.history.drafts("triage", "newer"))
        monkeypatch.setenv("EDITOR", "false")
        await driver.press("E")
        assert "the draft stays as it was" in driver.notice


class nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


async def test_where_one_was_is_found_again(answered: Path) -> None:
    async with opened(answered, size=NARROW) as driver:
        await driver.press("slash")
        await driver.type("tag:parcel")
        await driver.press("enter", "j")
        assert driver.case == "c5"
        driver.bench.prompt_pane.show_tab("params")
        driver.bench.show_narrow_tab("prompt")
        await driver.app.action_quit()
    async with opened(answered, size=MEDIUM) as driver:
        assert driver.case == "c5" and driver.ids == ["c4", "c5", "c3"]
        assert driver.bench.query_text == "tag:parcel"
        assert driver.bench.prompt_pane.tab == "params" and driver.bench.narrow_tab == "prompt"


async def test_the_screen_where_one_was_comes_back(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("j", "2")
        await driver.until(lambda: driver.app.current.NAME == "scorecard")
        case = driver.case
        await driver.app.action_quit()
    async with opened(answered) as driver:
        await driver.until(lambda: driver.app.current.NAME == "scorecard" and "not ready" in driver.text)
        await driver.press("1")
        assert driver.case == case


async def test_quitting_keeps_what_was_typed_in_the_last_moment(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("e")
        await driver.type("Quick. ")
        await driver.press("ctrl+q")
        await driver.until(lambda: driver.app._exit)
        assert driver.app.return_value == 0
    async with opened(answered) as driver:
        assert driver.bench.prompt_pane.template.startswith("Quick. Sort")


async def test_what_is_typed_ahead_is_text_and_judges_nothing(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        before = driver.case
        for key in ("e", "ctrl+end", "p", "f", "space", "j", "enter", "n"):
            driver.app.post_message(Key(key, {"space": " ", "enter": "\r", "ctrl+end": None}.get(key, key)))
        await driver.until(lambda: driver.bench.prompt_pane.template.endswith("pf j\nn"))
        assert driver.case == before and not driver.history.verdicts("triage", "newer")
