"""Between a check and the fields that it is typed in: its name, its value, and whatever else its table holds."""

import json
import tomllib
from typing import Any

from migrator_tui.checks.values import Needs
from migrator_tui.project.check_specs import check_spec
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import CheckSpec
from migrator_tui.project.tables import Misfit
from migrator_tui.project.toml_text import toml_key, toml_value

OWN_KEYS = ("type", "value")


def read_typed(name: str, value: str, more: str, needs: Needs | None) -> CheckSpec:
    """The check that was typed; raises `ProjectError` with what is wrong. `needs`: what its value is, where known."""
    try:
        table: dict[str, Any] = {**_table(more), "type": name.strip()}
        stated = typed_value(value, needs)
        return check_spec(table if stated is None else {**table, "value": stated})
    except Misfit as misfit:
        raise ProjectError(misfit.what) from None


def typed_value(text: str, needs: Needs | None) -> Any:
    """What a value means as typed: a text for checks that take one, else JSON or TOML, else a text after all."""
    if not text.strip():
        return None
    if needs is Needs.TEXT:
        return text
    for read in (json.loads, lambda typed: tomllib.loads(f"value = {typed}")["value"]):
        try:
            return read(text.strip())
        except (ValueError, RecursionError):
            continue
    return text


def value_text(value: Any, needs: Needs | None) -> str:
    """A value as it would be typed, in one line."""
    if value is None:
        return ""
    if isinstance(value, str) and "\n" not in value and typed_value(value, needs) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def more_text(spec: CheckSpec) -> str:
    """Everything but name and value, as it would be typed: `threshold = 0.8, metric = "short"`."""
    table: dict[str, Any] = dict(spec.options)
    if spec.threshold is not None:
        table["threshold"] = spec.threshold
    if spec.weight != 1.0:
        table["weight"] = spec.weight
    if spec.metric is not None:
        table["metric"] = spec.metric
    return ", ".join(f"{toml_key(key)} = {toml_value(value)}" for key, value in table.items())


def _table(text: str) -> dict[str, Any]:
    """`threshold = 0.8, metric = "short"` as a table."""
    if not text.strip():
        return {}
    try:
        table: dict[str, Any] = tomllib.loads(f"more = {{ {text} }}")["more"]
    except (ValueError, RecursionError):
        raise ProjectError('more keys are written as in the file: threshold = 0.8, metric = "short"') from None
    for key in OWN_KEYS:
        if key in table:
            raise ProjectError(f"{key} has a line of its own")
    return table
