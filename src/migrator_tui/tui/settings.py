"""What a user chose for good, on this machine: theme, signs, keys. One small TOML file, read at the start.

`~/.config/migrator-tui/settings.toml` on Linux:

    theme = "nord"
    ascii_glyphs = true

    [keys]
    pass = "1"
    run-all = "R,ctrl+a"
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from migrator_tui.project.words import did_you_mean, quoted

SETTINGS = ("theme", "ascii_glyphs", "keys")


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's own choices."""

    theme: str = ""
    ascii_glyphs: bool = False
    """For terminals that draw ●, ○ or → two cells wide."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Id of a key in `keys` to the keys wanted instead."""
    problem: str = ""
    """One line where the file could not be read."""


def settings_file() -> Path:
    """Where the settings lie."""
    return user_config_path("migrator-tui", appauthor=False) / "settings.toml"


def load() -> Settings:
    """The settings; the defaults with a `problem` where the file is not as it should be."""
    file = settings_file()
    try:
        stated = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Settings(problem=_told(str(error)))
    stated_keys = stated.get("keys", {})
    keys = stated_keys if isinstance(stated_keys, dict) else {}
    known = known_key_ids()
    return Settings(
        theme=str(stated.get("theme", "")),
        ascii_glyphs=stated.get("ascii_glyphs") is True,
        keymap={name: str(value) for name, value in keys.items() if name in known},
        problem=_problem(stated, known),
    )


def _problem(stated: Mapping[str, Any], known: frozenset[str]) -> str:
    """The first thing that is wrong, in one line, with the likely right word."""
    for name in stated:
        if name not in SETTINGS:
            return _told(f"no setting is called {quoted(name)}{did_you_mean(name, SETTINGS)}")
    if not isinstance(stated.get("ascii_glyphs", False), bool):
        return _told("ascii_glyphs is true or false")
    keys = stated.get("keys", {})
    if not isinstance(keys, dict):
        return _told('[keys] is a table: pass = "1"')
    for name, value in keys.items():
        if name not in known:
            return _told(f"no key is called {quoted(name)}{did_you_mean(name, sorted(known))}")
        if not isinstance(value, str):
            return _told(f'{name} is a text: {name} = "x,ctrl+x"')
    return ""


def _told(what: str) -> str:
    # The place last: where there is little room it is what can be cut.
    return f"settings: {what} ({settings_file()})"


def known_key_ids() -> frozenset[str]:
    """The ids a keymap can name."""
    from migrator_tui.tui import keys

    tables = (
        *(keys.EVERYWHERE, keys.CASE_LIST, keys.EDITOR, keys.VERSIONS, keys.PROJECT),
        *(keys.SETUP, keys.QUESTION),
    )
    return frozenset(key.id for table in tables for key in table)


def save_theme(theme: str) -> None:
    """Write the theme down, keeping whatever else the file says."""
    import tomlkit

    from migrator_tui.project.files import replace_file

    file = settings_file()
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    try:
        document = tomlkit.parse(before)
    except tomlkit.exceptions.TOMLKitError:
        return  # The user's file has a mistake in it: theirs to mend, not ours to overwrite.
    document["theme"] = theme
    replace_file(file, tomlkit.dumps(document).encode())
