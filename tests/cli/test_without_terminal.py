"""The app without a terminal: one line instead of a screen that nobody sees."""

import subprocess
import sys
from pathlib import Path


def test_the_app_asks_for_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("Sort.\n")
    (tmp_path / "c.jsonl").write_text('{"id": "a"}\n')
    (tmp_path / "migrator.toml").write_text(
        '[project]\nname = "x"\n[baseline]\nmodel = "simulated:classic-1"\n'
        '[[candidates]]\nname = "n"\nmodel = "simulated:bright-2"\n'
        '[[tasks]]\nname = "t"\nprompt = "p.md"\ncases = ["c.jsonl"]\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "migrator_tui", "-C", str(tmp_path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "the app needs a terminal; `migrator-tui run` works without one\n"
