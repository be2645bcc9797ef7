"""Looking closer, and finding keys: diff, Markdown, input, copy, help, palette, and the user's own settings."""

from pathlib import Path

import pytest
from platformdirs import user_cache_path
from textual.command import CommandPalette
from textual.widgets import Input, Markdown

from migrator_tui.tui.help.screen import HelpScreen
from migrator_tui.tui.keys import CASE_LIST, EDITOR, EVERYWHERE
from migrator_tui.tui.settings import settings_file
from migrator_tui.tui.widgets.footer import KeyFooter
from migrator_tui.tui.widgets.modal import Sheet
from migrator_tui.tui.workbench.case_view import DiffMode
from tests.tui.conftest import MEDIUM, NARROW, NEW, WIDE, opened, record, run_all


def settings(text: str) -> None:
    """Write the user's settings."""
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(text, "utf-8")


async def test_d_steps_through_the_ways_to_see_a_diff(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.go_to("c4")
        await driver.press("d")
        assert driver.bench.diff_mode is DiffMode.IN_PLACE
        assert "−will look" in driver.text and "+shall look into it today" in driver.text
        assert "same" in driver.bench.candidate_pane._border_subtitle.plain  # type: ignore[union-attr]
        await driver.press("d")
        assert driver.bench.diff_mode is DiffMode.ONE_TEXT
        assert driver.bench.has_class("-diff-one") and "We −will" in driver.text
        await driver.press("d")
        assert driver.bench.diff_mode is DiffMode.OFF
        assert "−will" not in driver.text and "We shall look into it today." in driver.text


async def test_the_diff_follows_the_cursor(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.go_to("c4")
        await driver.press("d", "j")
        assert driver.case == "c5" and "+Your parcel" in driver.text


async def test_without_colour_a_diff_stands_in_brackets(answered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(answered, size=WIDE) as driver:
        await driver.go_to("c4")
        await driver.press("d")
        assert "[−will" in driver.text and "{+shall" in driver.text
        styles = [s.style for strip in driver.app.screen._compositor.render_strips() for s in strip if s.style]
        shades = {c.triplet for style in styles for c in (style.color, style.bgcolor) if c is not None}
        assert shades and all(shade is None or len(set(shade)) == 1 for shade in shades), "greys alone"


async def test_markdown_and_back(answered: Path) -> None:
    async with opened(answered, size=WIDE) as driver:
        await driver.go_to("c6")
        assert "**so**" in driver.text
        await driver.press("m")
        await driver.until(lambda: "Thank you so much." in driver.text)
        assert "**" not in driver.text and len(driver.bench.query(Markdown)) == 2
        # The next case is rendered too.
        await driver.press("k")
        await driver.until(lambda: "Your parcel is late, sorry." in driver.text)
        await driver.press("j", "m")
        await driver.until(lambda: "**so**" in driver.text)


async def test_the_whole_input(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("i")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        for words in ("c1 as the candidate gets it", "refund, vip", "Sort tickets for Lamps.", "question about c1"):
            assert words in driver.text, words
        await driver.press("i")
        await driver.settle()
        assert not isinstance(driver.app.screen, Sheet)
        # What cannot be rendered is still shown as it stands in the file.
        await driver.edit("{{ nobody }}")
        await driver.press("i")
        await driver.until(lambda: isinstance(driver.app.screen, Sheet))
        assert "question about c1" in driver.text


async def test_copy_takes_the_text_as_it_came(answered: Path) -> None:
    raw = "odd \x1b]2;x\x07 [/b] \u202e text"
    record(answered, new={**NEW, "c1": raw})
    await run_all(answered)
    async with opened(answered) as driver:
        await driver.go_to("c1")
        await driver.press("y")
        assert driver.app.clipboard == raw
        file = user_cache_path("migrator-tui", appauthor=False) / "copied.txt"
        assert file.read_text("utf-8") == raw and file.stat().st_mode & 0o077 == 0
        await driver.press("tab", "y")
        assert driver.app.clipboard == '{"category": "billing"}'
        await driver.press("e", "escape")
        driver.bench.prompt_pane.editor.focus()
        await driver.handled()
        driver.bench.action_copy()
        assert driver.app.clipboard.startswith("Sort tickets")


async def test_help_shows_the_keys_of_the_focused_pane(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, HelpScreen)
        for key in CASE_LIST:
            if key.id != "stop":
                assert key.help in " ".join(" ".join(driver.lines).split()), key.id
        await driver.press("slash")
        await driver.type("markd")
        assert "text or rendered Markdown" in driver.text and "the whole input" not in driver.text
        await driver.press("escape")
        await driver.settle()
        await driver.press("e", "f1")
        assert isinstance(driver.app.screen, HelpScreen)
        assert not [key.help for key in EDITOR if key.help not in driver.text], driver.text
        assert "pass, then the next to judge" not in driver.text
        await driver.press("question_mark")
        assert "pass, then the next to judge" in driver.text, "all panes"


async def test_the_palette_finds_what_keys_do(answered: Path) -> None:
    async with opened(answered) as driver:
        titles = {c.title.casefold() for c in driver.app.get_system_commands(driver.app.screen)}
        wanted = {k.help.casefold() for k in (*CASE_LIST, *EVERYWHERE) if k.palette and k.id != "stop"}
        assert wanted <= titles and {"theme", "quit"} <= titles
        await driver.press("ctrl+p")
        await driver.until(lambda: isinstance(driver.app.screen, CommandPalette))
        await driver.type("word diff")
        await driver.until(lambda: "Word diff of the two outputs" in driver.text)
        await driver.press("down", "enter")
        await driver.until(lambda: driver.bench.diff_mode is DiffMode.IN_PLACE)


async def test_the_footer_names_the_keys_of_the_pane(answered: Path) -> None:
    async with opened(answered, size=NARROW) as driver:
        assert "p pass" in driver.lines[-1] and "? keys" in driver.lines[-1]
        assert "stop" not in driver.lines[-1], "only while something runs"
        await driver.press("e")
        assert "F5 run" in driver.lines[-1] and "p pass" not in driver.lines[-1]
        assert driver.bench.query_one(KeyFooter).region.height == 1


async def test_keys_can_be_moved(answered: Path) -> None:
    settings('[keys]\npass = "1"\nnext-case = "s"\n')
    async with opened(answered) as driver:
        await driver.press("s")
        assert driver.case == "c4"
        await driver.press("1")
        assert driver.history.verdicts("triage", "newer")["c4"][0].passed
        await driver.press("k")
        await driver.press("p")
        assert len(driver.history.verdicts("triage", "newer")) == 1, "the old key is free"


async def test_settings_with_a_mistake_are_told_and_left_alone(answered: Path) -> None:
    settings('[keys]\npas = "1"\n')
    async with opened(answered, ready=False) as driver:
        await driver.until(lambda: 'no key is called "pas"; did you mean "pass"?' in driver.text)


async def test_a_theme_chosen_is_kept(answered: Path) -> None:
    settings("# mine\nascii_glyphs = true\n")
    async with opened(answered) as driver:
        assert driver.app.theme == "tokyo-night"
        driver.app.theme = "nord"
        await driver.until(lambda: 'theme = "nord"' in settings_file().read_text())
        assert settings_file().read_text().startswith("# mine\nascii_glyphs = true\n")
    async with opened(answered) as driver:
        assert driver.app.theme == "nord"
    settings('theme = "no-such-theme"\n')
    async with opened(answered) as driver:
        assert driver.app.theme == "tokyo-night"


@pytest.mark.parametrize("size", [WIDE, MEDIUM, NARROW])
async def test_ascii_signs_for_plain_terminals(answered: Path, size: tuple[int, int]) -> None:
    settings("ascii_glyphs = true\n")
    async with opened(answered, size=size) as driver:
        for sign in "✓✗○●≈◆▸→↓▞":
            assert sign not in driver.text, sign
        await driver.press("d", "d", "question_mark")
        for sign in "✓✗○●≈◆▸→↓▞−":
            assert sign not in driver.text, sign


async def test_every_theme_draws_the_screen(answered: Path) -> None:
    """Light ones included: every colour role exists in each."""
    async with opened(answered) as driver:
        for theme in ("textual-light", "solarized-light", "textual-ansi", "dracula", "catppuccin-latte"):
            if theme not in driver.app.available_themes:
                continue
            driver.app.theme = theme
            await driver.handled()
            assert "Regressions" in driver.text and driver.app.export_screenshot()


async def test_fields_take_letters_as_text(answered: Path) -> None:
    async with opened(answered) as driver:
        await driver.press("slash")
        await driver.type("pfx?")
        assert driver.bench.query_one("#filter", Input).value == "pfx?"
        assert not driver.history.verdicts("triage", "newer")
