"""The sample projects that ship with the program, and copying one to a folder of the user's."""

import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from migrator_tui.project.config import CONFIG_NAME
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.words import did_you_mean, listed, quoted

FIRST_SAMPLE = "support-tickets"
"""The sample project to begin with."""


def sample_root() -> Path:
    """The folder of the sample projects: inside the installed package, or beside `src` in a checkout."""
    packaged = Path(str(files("migrator_tui"))) / "sample_projects"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[3] / "sample_projects"
    if checkout.is_dir():
        return checkout
    raise ProjectError("the sample projects are missing from this installation; install migrator-tui again")


def sample_names() -> list[str]:
    """The sample projects' names: the one to begin with, then the others, sorted."""
    names = sorted(path.name for path in sample_root().iterdir() if (path / CONFIG_NAME).is_file())
    return sorted(names, key=lambda name: name != FIRST_SAMPLE)


def copy_sample(name: str, target: Path) -> Path:
    """Copy a sample project to `target`, which need not exist; its absolute path.

    A folder that holds a project already is left as it is, so that a demo goes on where it was left. A folder with
    anything else in it is refused.
    """
    names = sample_names()
    if name not in names:
        hint = did_you_mean(name, names) or f"; there is {listed(names)}"
        raise ProjectError(f"no sample project {quoted(name)}{hint}")
    try:
        target = target.absolute()
        if (target / CONFIG_NAME).is_file():
            return target
        if target.is_dir() and any(target.iterdir()):
            raise ProjectError("is not empty; name a folder that is new or empty", file=target)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target and renamed, so that half a copy is never taken for a project.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".sample-") as beside:
            ignored = shutil.ignore_patterns("__pycache__", ".gitkeep", "*.pyc")
            copied = Path(shutil.copytree(sample_root() / name, Path(beside) / "copy", ignore=ignored))
            for path in [copied, *copied.rglob("*")]:
                # What was installed read-only is the user's to edit.
                path.chmod(0o755 if path.is_dir() else 0o644)
            if target.is_dir():
                target.rmdir()
            copied.rename(target)
    except (OSError, ValueError) as error:
        raise ProjectError(f"can't copy the sample project here ({error})", file=target) from error
    return target
