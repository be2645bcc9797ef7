"""The proxy's environment: one of its own under the user's cache, since its libraries can't share ours.

The proxy pins `rich` below what the screens need. Versions are fixed to what was tried: of litellm, 1.82.7 and 1.82.8
were malicious.
"""

import asyncio
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from platformdirs import user_cache_path

from migrator_tui.project.errors import ProjectError
from migrator_tui.text_safety import safe_line

REQUIREMENTS = (
    "litellm[proxy]==1.106.2",
    "sqlalchemy==2.1.9",
    "psycopg[binary]==3.3.9",
    # Without it the proxy looks for it anew at every request.
    "opentelemetry-sdk==1.45.2",
)
"""What a proxy needs to run the plugin, exactly."""
SIZE_MB = 780
"""About what they take, with what they bring along."""

_LOOK = """
import importlib.metadata as m, json, sys
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return None
print(json.dumps([version(name) for name in sys.argv[1:]]))
"""
_READY = ".ready"


def environment_folder() -> Path:
    """Where the environment for these requirements and this Python lies; it need not exist yet."""
    named = "\n".join((*REQUIREMENTS, f"{sys.version_info[0]}.{sys.version_info[1]}"))
    digest = hashlib.sha256(named.encode()).hexdigest()[:12]
    return user_cache_path("migrator-tui", appauthor=False) / f"gateway-{digest}"


def python_in(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ready_python() -> Path | None:
    """The interpreter of our own environment, where it is complete."""
    folder = environment_folder()
    return python_in(folder) if (folder / _READY).is_file() and python_in(folder).exists() else None


def installing_words() -> str:
    """What would be installed, and how large it is."""
    return (
        f"the gateway needs an environment of its own: {', '.join(REQUIREMENTS)} and what they need, "
        f"about {SIZE_MB} MB, in {environment_folder()}"
    )


async def install(tell: Callable[[str], None]) -> Path:
    """Make the environment; `tell` hears how far it is. Raises `ProjectError`, and leaves nothing half made."""
    folder = environment_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Built beside and renamed when complete: an environment that was stopped half way is never taken for a whole one.
    # Only its interpreter is used, so that the scripts, which name their folder, do not matter.
    building = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        tell("making the environment")
        await _run((sys.executable, "-m", "venv", str(building)))
        python = str(python_in(building))
        tell(f"installing {len(REQUIREMENTS)} packages and what they need; this takes a minute or two")
        await _run((python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *REQUIREMENTS))
        (building / _READY).touch()
        if ready_python() is None:
            shutil.rmtree(folder, ignore_errors=True)
            building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return python_in(folder)


async def check_python(python: Path) -> None:
    """Raise `ProjectError` unless that interpreter has what the plugin was tried with."""
    if not python.exists():  # noqa: ASYNC240 (nothing else is under way)
        raise ProjectError("--python: there is no such interpreter", file=python)
    wanted = {requirement.partition("==")[0]: requirement.partition("==")[2] for requirement in REQUIREMENTS}
    names = [name.partition("[")[0] for name in wanted]
    said = await _run((str(python), "-c", _LOOK, *names, "fastapi"))
    try:
        versions = dict(zip((*names, "fastapi"), json.loads(said), strict=True))
    except ValueError:
        raise ProjectError("--python: that is no Python", file=python) from None
    found = versions["litellm"]
    if found != wanted["litellm[proxy]"] or versions["fastapi"] is None:
        has = f"it has litellm {found}" if found else "it has no litellm"
        has = f"{has} without the proxy" if found and versions["fastapi"] is None else has
        raise ProjectError(f"--python: the gateway needs {REQUIREMENTS[0]}; {has}", file=python)
    if versions["sqlalchemy"] is None:
        raise ProjectError("--python: the gateway's plugin needs sqlalchemy there", file=python)


async def _run(command: Sequence[str]) -> str:
    """The output of a command; `ProjectError` with its last line where it fails."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
        )
    except OSError as error:
        raise ProjectError(f"{Path(command[0]).name} can't be started: {error.strerror or error}") from None
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        lines = [line for line in (err or out).decode("utf-8", "replace").splitlines() if line.strip()]
        what = " ".join(Path(part).name if part == command[0] else part for part in command[:4])
        said = f": {safe_line(lines[-1], 300)}" if lines else ""
        raise ProjectError(f"`{what}` failed{said}")
    return out.decode("utf-8", "replace")
