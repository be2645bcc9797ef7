"""Where a project's database lies, and finding it again when the project's folder has moved.

`<user data>/migrator-tui/projects/<name>-<digest of the folder's real path>/` holds `history.sqlite3` and
`project.json`, which says whose it is. Standard library and platformdirs only: this is read before first paint.
"""

import contextlib
import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from migrator_tui.history.errors import HistoryError
from migrator_tui.history.schema_version import TABLE_PREFIX
from migrator_tui.project.files import replace_file
from migrator_tui.project.schema import Project

DATABASE_NAME = "history.sqlite3"
PLACE_NAME = "project.json"

OWN_PROJECT = "own"
"""Key of the one project in the file that lies in the user's data."""


def projects_folder() -> Path:
    """The folder that holds a folder for every project of this user."""
    return user_data_path("migrator-tui", appauthor=False) / "projects"


def history_folder(project: Project) -> Path:
    """This project's folder in the user's data; it need not exist yet. A renamed project keeps the one it has."""
    digest = hashlib.sha256(os.fsencode(project.folder)).hexdigest()[:16]
    named = projects_folder() / f"{_slug(project.name)}-{digest}"
    if named.is_dir():
        return named
    return next(iter(sorted(projects_folder().glob(f"*-{digest}"))), named)


def local_file(project: Project, database: str | None = None) -> Path | None:
    """The SQLite file that holds what belongs to this machine; `None` where it lies in memory.

    With SQLite that is the history itself; with a database elsewhere a file of its own for each of them, since it
    refers to that history by number.
    """
    stated = database or project.database
    if stated in (None, "sqlite"):
        return history_folder(project) / DATABASE_NAME
    if not stated.startswith("sqlite"):
        return history_folder(project) / f"local-{_digest_without_password(stated)}.sqlite3"
    path = stated.partition(":///")[2].partition("?")[0]
    return project.folder / Path(path).expanduser() if path and path != ":memory:" else None


def local_key(project: Project, database: str | None = None) -> str:
    """The key of this project's row in `local_file`.

    The file in the user's data belongs to one folder, whatever the project is called. A database that was named may
    be shared: it knows projects by name, since folders differ between machines.
    """
    stated = database or project.database or "sqlite"
    return project.name if stated.startswith(("sqlite:", "sqlite+")) else OWN_PROJECT


def record_place(project: Project) -> None:
    """Write down which folder this history belongs to and what that folder looks like, for when it has moved."""
    where = history_folder(project)
    place = _description(project)
    file = where / PLACE_NAME
    if _read(file) == place:
        return
    try:
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(file, json.dumps(place, indent=1).encode())
    except OSError as error:
        raise HistoryError(f"history: {file}: {error.strerror}") from None


def moved_from(project: Project) -> Path | None:
    """The folder this project lay in before it was moved here, where its history still waits under the old place.

    A history is offered when this project has no outputs and verdicts yet, the folder it belongs to is gone, and
    either the configuration is the same, byte for byte, or the name is and so are the case files or the folder itself
    (device and inode). A copy beside its original is no move. Of several the one used last.
    """
    if _holds_something(history_folder(project) / DATABASE_NAME):
        return None
    mine = _description(project)
    found = [
        (file.stat().st_mtime, Path(place["folder"]))
        for file, place in _places()
        if _is_gone(Path(place["folder"]))
        and _same_project(place, mine)
        and _holds_something(file.with_name(DATABASE_NAME))
    ]
    return max(found)[1] if found else None


def adopt(project: Project, old: Path) -> None:
    """Make the history of the project that lay at `old` this project's own; to be done before it is opened.

    What this project has by now (a version, a draft) is put aside, not deleted. Raises `HistoryError` where there is
    nothing to adopt, or where this project has outputs or verdicts of its own.
    """
    target = history_folder(project)
    source = next((file.parent for file, place in _places() if Path(place["folder"]) == old), None)
    if source is None:
        raise HistoryError(f"history: nothing is known of a project at {old}")
    if _holds_something(target / DATABASE_NAME):
        raise HistoryError(f"history: {project.folder} has a history already; that of {old} was left where it is")
    try:
        if target.is_dir():
            from tempfile import mkdtemp

            aside = Path(mkdtemp(prefix=f"{target.name}.before-", dir=target.parent))
            target.rename(aside / "history")
        source.rename(target)
    except OSError as error:
        raise HistoryError(f"history: {source} could not be moved to {target}: {error.strerror}") from None
    record_place(project)


def _description(project: Project) -> dict[str, Any]:
    status = project.folder.stat()
    return {
        "folder": str(project.folder),
        "name": project.name,
        "config": _file_digest(project.config_file),
        "cases": [[_relative(file, project.folder), _file_digest(file)] for file in _case_files(project)],
        "device": status.st_dev,
        "inode": status.st_ino,
    }


def _case_files(project: Project) -> Iterator[Path]:
    for task in project.tasks:
        yield from task.cases


def _same_project(place: dict[str, Any], mine: dict[str, Any]) -> bool:
    if place.get("config") == mine["config"] is not None:
        return True
    if place.get("name") != mine["name"]:
        return False
    same_folder = (place.get("device"), place.get("inode")) == (mine["device"], mine["inode"])
    return same_folder or (place.get("cases") == mine["cases"] != [])


def _holds_something(database: Path) -> bool:
    """Whether a history holds outputs or verdicts; one that cannot be read is taken to hold some."""
    if not database.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return any(
                connection.execute(f"select 1 from {TABLE_PREFIX}{name} limit 1").fetchone()  # noqa: S608
                for name in ("output", "verdict")
            )
    except sqlite3.Error:
        return True


def _is_gone(folder: Path) -> bool:
    try:
        return not folder.is_dir() or not any(folder.iterdir())
    except OSError:  # closed to us is not gone
        return False


def _places() -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(projects_folder().glob(f"*/{PLACE_NAME}")):
        place = _read(file)
        if place is not None and isinstance(place.get("folder"), str):
            yield file, place


def _read(file: Path) -> dict[str, Any] | None:
    """What a description says; `None` where it is missing or was not written by us."""
    with contextlib.suppress(OSError, ValueError):
        place = json.loads(file.read_text("utf-8"))
        return place if isinstance(place, dict) else None
    return None


def _file_digest(file: Path) -> str | None:
    """SHA-256 of a file; of large ones (case files of gigabytes) the beginning and the size."""
    try:
        with file.open("rb") as opened:
            head = opened.read(1 << 20)
            return hashlib.sha256(head + str(opened.seek(0, os.SEEK_END)).encode()).hexdigest()
    except OSError:
        return None


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def _digest_without_password(url: str) -> str:
    return hashlib.sha256(re.sub(r"(//[^/@:]*):[^@]*@", r"\1@", url).encode("utf-8", "replace")).hexdigest()[:16]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.casefold()).strip("-.")[:40] or "project"
