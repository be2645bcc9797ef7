"""Which models of a promptfoo configuration are baseline and candidate, where the user chose others than the first.

Kept in the user's data; the configuration is not touched.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import read_bytes, replace_file

CHOICES = "promptfoo-models.json"


@dataclass(frozen=True, slots=True)
class Choice:
    """The models that the user chose, by name in the configuration or as any model's own; `None`: as stated."""

    baseline: str | None = None
    candidate: str | None = None


def choices_file() -> Path:
    """Where the choices are kept."""
    from platformdirs import user_data_path

    return user_data_path("migrator-tui", appauthor=False) / CHOICES


def read_choice(config_file: Path) -> Choice:
    """What the user chose for that configuration."""
    kept = _choices().get(str(config_file))
    if not isinstance(kept, dict):
        return Choice()
    return Choice(_model(kept.get("baseline")), _model(kept.get("candidate")))


def keep_choice(config_file: Path, choice: Choice) -> None:
    """Remember it; raises `ProjectError` where it can't be written."""
    file, choices = choices_file(), _choices()
    stated = {key: value for key, value in (("baseline", choice.baseline), ("candidate", choice.candidate)) if value}
    if stated:
        choices[str(config_file)] = stated
    else:
        choices.pop(str(config_file), None)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(file, json.dumps(choices, indent=1).encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise ProjectError(f"can't be written ({error.strerror})", file=file) from error


def _model(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() and len(value) <= 300 else None


def _choices() -> dict[str, Any]:
    file = choices_file()
    if not file.exists():
        return {}
    try:
        values = json.loads(read_bytes(file, str(file)))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ProjectError("is damaged; delete it, and choose the models again", file=file)
    return values
