"""The app without a terminal: one line instead of a screen that nobody sees."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.md").write_text("Sort {{x}}.\n")
    (tmp_path / "c.jsonl").write_text('{"id": "a", "vars": {"x": "1"}}\n')
    (tmp_path / "migrator.toml").write_text(
        '[project]\nname = "x"\n[baseline]\nmodel = "simulated:classic-1"\n'
        '[[candidates]]\nname = "n"\nmodel = "simulated:bright-2"\n'
        '[[tasks]]\nname = "t"\nprompt = "p.md"\ncases = ["c.jsonl"]\n'
    )
    return tmp_path


def test_the_app_asks_for_a_terminal(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "migrator_tui", "-C", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "the app needs a terminal; `migrator-tui run` works without one\n"


def test_the_app_ends_with_its_terminal(folder: Path) -> None:
    """Also where nobody passes the hang-up on, as under make."""
    terminal, inside = pty.openpty()
    app = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-m", "migrator_tui", "-C", str(folder)]
    with subprocess.Popen(app, stdin=inside, stdout=inside, stderr=inside, start_new_session=True) as running:
        os.close(inside)
        shown = b""
        while b"Workbench" not in shown:
            shown += os.read(terminal, 65_536)
        os.close(terminal)
        assert running.wait(timeout=40) == 0
