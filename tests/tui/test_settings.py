"""A mistake in the user's settings is said once, in the header, and the defaults stand."""

from pathlib import Path

import pytest

from migrator_tui.tui import settings
from tests.tui.conftest import opened


def write_settings(text: str) -> None:
    file = settings.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('them = "nord"', 'no setting is called "them"; did you mean "theme"?'),
        ('theme = "nrod"', "no theme is called nrod"),
        ('[keys]\nrun-al = "R"', 'no key is called "run-al"; did you mean "run-all"?'),
        ("[keys]\npass = 1", 'pass is a text: pass = "x,ctrl+x"'),
        ('keys = "p"', "[keys] is a table"),
        ('ascii_glyphs = "yes"', "ascii_glyphs is true or false"),
        ("theme = ", "Invalid value"),
    ],
)
async def test_problem_is_said_once(shop: Path, text: str, problem: str) -> None:
    write_settings(text + "\n")
    async with opened(shop) as bench:
        await bench.until(lambda: problem in bench.notice, problem)
        # On a narrow terminal the task stays in sight beside it.
        await bench.pilot.resize_terminal(80, 24)
        await bench.until(lambda: "triage" in bench.lines[0] and problem[:24] in bench.lines[0], bench.lines[0])


async def test_good_settings_say_nothing(shop: Path) -> None:
    write_settings('theme = "nord"\nascii_glyphs = true\n[keys]\npass = "1"\nsetup-demo = "D"\n')
    async with opened(shop) as bench:
        assert bench.app.theme == "nord"
        assert "settings" not in bench.notice
