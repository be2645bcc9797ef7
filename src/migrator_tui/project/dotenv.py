"""The project's `.env`: what workers get on top of the environment, and what of it only a trusted folder may set.

Nothing of it is put into this program's own environment. What the environment already has, `.env` doesn't replace.
"""

import io
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import read_text
from migrator_tui.project.schema import Project

DOTENV = ".env"

MAX_DOTENV = 1024 * 1024

_KEY_NAME = re.compile(r"[A-Z0-9_]+_(?:API_KEY|KEY|TOKEN|SECRET)(?:_ID)?|[A-Z0-9_]*API_KEY", re.IGNORECASE)


def environment(project: Project, trusted: bool) -> dict[str, str]:
    """The environment for the project's worker processes.

    From an untrusted folder only keys are taken: an address or a proxy in its `.env` could lead the user's own keys
    elsewhere. Raises `ProjectError` where `.env` can't be read.
    """
    return {**dotenv_entries(project, trusted), **os.environ}


def dotenv_entries(project: Project, trusted: bool) -> dict[str, str]:
    """What `.env` sets, of an untrusted folder only keys, written out and without `${…}`."""
    found = _entries(project.folder, interpolate=trusted, confined=not trusted)
    return found if trusted else {name: value for name, value in found.items() if is_key_name(name)}


def more_than_keys(folder: Path) -> dict[str, str]:
    """The entries of `.env` that are not keys: what trusting the folder lets in."""
    entries = _entries(folder, interpolate=False, confined=False)
    return {name: value for name, value in entries.items() if not is_key_name(name) or "${" in value}


def key_names(folder: Path) -> set[str]:
    """The names of the keys that `.env` of a folder sets, whatever else it does; values stay unread."""
    entries = _entries(folder, interpolate=False, confined=True)
    return {name for name, value in entries.items() if value and is_key_name(name)}


def is_key_name(name: str) -> bool:
    """Whether a variable of that name holds a key, and nothing that says where it goes."""
    return bool(_KEY_NAME.fullmatch(name))


def _entries(folder: Path, *, interpolate: bool, confined: bool) -> dict[str, str]:
    path = folder / DOTENV
    # Many projects have none; a folder of that name is somebody's virtual environment.
    if not path.is_file():
        return {}
    if confined and not path.resolve().is_relative_to(folder):
        return {}
    text = read_text(path, DOTENV, MAX_DOTENV)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ProjectError("holds a NUL character", file=DOTENV, line=line)
    from dotenv import dotenv_values  # few projects have a .env, and every start would wait for it

    # It would print on the screen for each line that is no assignment; such lines set nothing.
    logging.getLogger("dotenv.main").setLevel(logging.CRITICAL)
    values: Mapping[str, str | None] = dotenv_values(stream=io.StringIO(text), interpolate=interpolate)
    return {name: value for name, value in values.items() if value is not None and name and "=" not in name}
