"""The wheel holds all that the program needs, and the program works from it."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "migrator_tui"

MIGRATE = """
import migrator_tui
from sqlalchemy import create_engine, inspect
from migrator_tui.history.schema import upgrade
from migrator_tui.history.tables import Base
engine = create_engine("sqlite://")
with engine.begin() as connection:
    upgrade(connection)
    assert set(Base.metadata.tables) <= set(inspect(connection).get_table_names())
print(migrator_tui.__file__)
"""


def run(*words: str | Path, cwd: Path) -> str:
    """Run a program to its end; what it says on stdout."""
    # Neither the checkout nor the environment of the tests may stand in for what the wheel lacks.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a network."""
    target = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, ROOT, cwd=target)
    return next(target.glob("migrator_tui-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel, and borrows the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=folder)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # A folder named in a .pth file joins the path without its own .pth files: the editable install stays outside.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return scripts


def test_the_wheel_holds_every_file(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"migrator_tui/{file.relative_to(PACKAGE).as_posix()}" for file in files_below(PACKAGE)}
    samples = ROOT / "sample_projects"
    wanted |= {
        f"migrator_tui/sample_projects/{file.relative_to(samples).as_posix()}" for file in files_below(samples)
    }
    assert wanted <= held
    for needed in (
        "migrator_tui/py.typed",
        "migrator_tui/tui/app.tcss",
        "migrator_tui/tui/workbench/workbench.tcss",
        "migrator_tui/models/simulator/personas/bright-2.toml",
        "migrator_tui/history/migrations/versions/v0001_start.py",
        "migrator_tui/sample_projects/support-tickets/migrator.toml",
    ):
        assert needed in held
    strays = {name for name in held if name.endswith((".pyc", ".sqlite3", ".env")) or name.startswith("tests/")}
    assert not strays
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def files_below(folder: Path) -> list[Path]:
    """The files that belong to the project, not what running it leaves behind."""
    return [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def test_demo_and_run_work_from_the_wheel(installed: Path, own_home: Path) -> None:
    program = installed / "migrator-tui"
    target = Path(run(program, "demo", "--no-open", cwd=own_home).strip())
    assert target == own_home / "support-tickets"
    assert (target / "cases" / "triage.jsonl").is_file() and (target / "prompts" / "triage.md").is_file()
    result = json.loads(
        run(program, "-C", target, "run", "--no-gate", "--case", "T-0002", "--format", "json", cwd=own_home)
    )
    assert result["tasks"][0]["candidates"][0]["regressions"] == ["T-0002"]


def test_migrations_run_from_the_wheel(installed: Path, own_home: Path) -> None:
    found = Path(run(installed / "python", "-c", MIGRATE, cwd=own_home).strip())
    assert found.is_relative_to(installed.parent)
