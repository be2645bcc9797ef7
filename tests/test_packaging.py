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
    """The Python of an environment that holds the wheel, and borrows the dependencies of this one."""
    python, _ = environment(tmp_path_factory.mktemp("installed"))
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=python.parent)
    return python


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with what `pip install --editable` leaves there: the path to `src`, and a copy of
    the samples as they were on that day, which must not be taken for those of today."""
    python, site = environment(tmp_path_factory.mktemp("editable"), ROOT / "src")
    old = site / "migrator_tui" / "sample_projects" / "of-that-day"
    old.mkdir(parents=True)
    (old / "migrator.toml").write_text('[project]\nname = "of-that-day"\n', "utf-8")
    return python


def environment(folder: Path, *paths: Path) -> tuple[Path, Path]:
    """A new environment's Python and its site-packages, from which these paths and our dependencies are found."""
    venv.create(folder / "environment", with_pip=False)
    python = folder / "environment" / ("Scripts" if os.name == "nt" else "bin") / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # A folder named in a .pth file joins the path without its own .pth files: the editable install stays outside.
    (site / "paths.pth").write_text("".join(f"{path}\n" for path in (*paths, sysconfig.get_path("purelib"))), "utf-8")
    return python, site


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
        "migrator_tui/models/simulator/personas/agile-2.toml",
        "migrator_tui/models/simulator/words/tool_instructions.toml",
        "migrator_tui/adaptation/guidance.toml",
        "migrator_tui/sample_projects/support-tickets/migrator.toml",
        "migrator_tui/sample_projects/order-agent/migrator.toml",
        "migrator_tui/sample_projects/order-agent/tools.json",
    ):
        assert needed in held
    strays = {name for name in held if name.endswith((".pyc", ".sqlite3", ".env")) or name.startswith("tests/")}
    assert not strays
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def files_below(folder: Path) -> list[Path]:
    """The files that belong to the project, not what running it leaves behind."""
    return [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


SAMPLES = {"support-tickets": "T-0002", "order-agent": "A-003"}
"""Each sample and a case of it that regresses."""


def test_every_sample_is_tried() -> None:
    assert set(SAMPLES) == {file.parent.name for file in (ROOT / "sample_projects").glob("*/migrator.toml")}


# Where the samples come from is the same question for each of them: the editable install is asked once.
@pytest.mark.parametrize(
    ("how", "sample"), [*(("installed", sample) for sample in SAMPLES), ("editable", "support-tickets")]
)
def test_demo_and_run_work_however_it_is_installed(
    how: str, sample: str, own_home: Path, request: pytest.FixtureRequest
) -> None:
    program = request.getfixturevalue(how), "-m", "migrator_tui"
    target = Path(run(*program, "demo", sample, "--no-open", cwd=own_home).strip())
    assert target == own_home / sample
    ours = ROOT / "sample_projects" / sample
    copied = {file.relative_to(target) for file in files_below(target)}
    assert copied == {file.relative_to(ours) for file in files_below(ours)}
    case = SAMPLES[sample]
    result = json.loads(
        run(*program, "-C", target, "run", "--no-gate", "--case", case, "--format", "json", cwd=own_home)
    )
    assert result["tasks"][0]["candidates"][0]["regressions"] == [case]


def test_the_demo_without_a_name_is_the_one_to_begin_with(installed: Path, own_home: Path) -> None:
    target = Path(run(installed.parent / "migrator-tui", "demo", "--no-open", cwd=own_home).strip())
    assert target == own_home / "support-tickets"


def test_migrations_run_from_the_wheel(installed: Path, own_home: Path) -> None:
    found = Path(run(installed, "-c", MIGRATE, cwd=own_home).strip())
    assert found.is_relative_to(installed.parents[1])
