"""What comes along when a part of the program is imported: the import contracts cannot see imports made late.

Each part is imported whole, in an interpreter of its own. Start-up time hangs on it, and so does the rule that only
the worker process knows the library that calls the models.
"""

import json
import subprocess
import sys

import pytest

HEAVY = ("alembic", "gepa", "litellm", "numpy", "sqlalchemy", "sqlmodel", "textual")
AFTER_FIRST_PAINT = ("aiohttp", "jinja2", "jsonschema", "markdown_it", "rapidfuzz", "tomlkit")
"""Libraries that are wanted sooner or later, and must not hold up what shows first."""

ALL_MODULES = """
import importlib, json, pkgutil, sys
name, left_out, heavy = json.loads(sys.argv[1])
package = importlib.import_module(name)
names = [found.name for found in pkgutil.walk_packages(getattr(package, "__path__", []), name + ".")]
for found in names:
    if not found.endswith(".__main__") and not any(found.startswith(part) for part in left_out):
        importlib.import_module(found)
print(json.dumps([module for module in heavy if module in sys.modules]))
"""

PARTS = {
    "project": (),
    "checks": (),
    "parity": (),
    "models": (),
    "history": ("sqlalchemy", "sqlmodel"),
    "running": (),
    "adaptation": (),
    "coverage": (),
    "preflight": (),
    "rollout": (),
    "reports": (),
    "commands": (),
    "tui": ("textual",),
}
"""A part, and what of the heavy libraries may come along when all its modules are imported."""

LEFT_OUT = ("migrator_tui.history.migrations", "migrator_tui.rollout.gateway.plugin")
"""Alembic alone imports the first, inside a migration, and the gateway's proxy the second."""

FIRST = {
    "migrator_tui.cli": (),
    "migrator_tui.tui.app": ("textual",),
    "migrator_tui.history.first_page": (),
}
"""What is imported before anything shows, and what may come along then."""


def heavy_after(name: str, left_out: tuple[str, ...] = LEFT_OUT, heavy: tuple[str, ...] = HEAVY) -> set[str]:
    """The heavy libraries that are loaded after importing a module, or a package with all its modules."""
    asked = json.dumps([name, left_out, heavy])
    done = subprocess.run(
        [sys.executable, "-c", ALL_MODULES, asked], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_brings_only_what_is_its_own(part: str) -> None:
    assert heavy_after(f"migrator_tui.{part}") <= set(PARTS[part])


@pytest.mark.parametrize("module", FIRST)
def test_what_starts_first_is_light(module: str) -> None:
    assert heavy_after(module, heavy=(*HEAVY, *AFTER_FIRST_PAINT)) <= set(FIRST[module])


def test_what_is_looked_for_would_be_found() -> None:
    """Else the tests above would hold however much was imported."""
    assert "textual" in heavy_after("migrator_tui.tui")
    assert "sqlalchemy" in heavy_after("migrator_tui.history")
