"""Every subject that a finding can have is told in the README, and none that no finding has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from migrator_tui.preflight.parameters import SUBJECTS
from migrator_tui.project.trust import HARMLESS_PARAMS

ROOT = Path(__file__).resolve().parents[2]


def used() -> Iterator[str]:
    """The subjects written in the source: the second argument of `finding`, the fourth of `Finding`."""
    for file in (ROOT / "src" / "migrator_tui" / "preflight").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = {"finding": 1, "Finding": 3}.get(name)
            if place is not None and len(node.args) > place:
                subject = node.args[place]
                if isinstance(subject, ast.Constant):
                    yield str(subject.value)
    yield from SUBJECTS.values()
    yield from ("images", "files", "audio")  # in a table of their own


def test_the_readme_tells_them_all() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    section = readme.partition("## Before you spend\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert told - HARMLESS_PARAMS == set(used()) - HARMLESS_PARAMS  # parameters go by their own names
