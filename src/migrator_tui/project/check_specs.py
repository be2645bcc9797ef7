"""From a check as a project file states it to a `CheckSpec`, the same for configuration and cases, and back.

Whether a check of that name exists, and whether its value makes sense, is for `checks.registry` to say.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from migrator_tui.project.schema import CheckSpec
from migrator_tui.project.tables import Misfit, Table, plain_value
from migrator_tui.project.toml_lines import TomlPath
from migrator_tui.project.words import kind_of

NEGATION = "not-"

CODE_CHECKS = frozenset({"python"})
"""Checks whose value is code, or the name of its file."""


def check_spec(value: Any, path: TomlPath = ()) -> CheckSpec:
    """One check from a table (`{ type = "max-words", value = 80 }`) or a bare name; `Misfit` if it is neither."""
    if isinstance(value, str):
        value = {"type": value}
    if not isinstance(value, dict):
        raise Misfit(f"a check must be a table with a type, not {kind_of(value)}", path)
    plain_value(value, path)
    table = Table(value, path, "the check")
    written = table.required_text("type")
    name = written.removeprefix(NEGATION)
    if not name:
        raise table.wrong("type", "the check's type names no check")
    weight = table.number("weight", 0)
    return CheckSpec(
        type=name,
        value=table.get("value"),
        negated=written != name,
        weight=1.0 if weight is None else weight,
        threshold=table.number("threshold"),
        metric=table.text("metric"),
        options={key: item for key, item in value.items() if key not in table.known},
    )


def check_specs(value: Any, path: TomlPath = ()) -> Sequence[CheckSpec]:
    """A list of checks; nothing gives none."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Misfit(f"checks must be a list, not {kind_of(value)}", path)
    return tuple(check_spec(item, (*path, n)) for n, item in enumerate(value))


def check_to_json(spec: CheckSpec) -> dict[str, Any]:
    """The table that `check_spec` reads as this check."""
    table: dict[str, Any] = {"type": spec.full_type, **spec.options}
    if spec.value is not None:
        table["value"] = spec.value
    if spec.weight != 1.0:
        table["weight"] = spec.weight
    if spec.threshold is not None:
        table["threshold"] = spec.threshold
    if spec.metric is not None:
        table["metric"] = spec.metric
    return table


def code_in(specs: Iterable[CheckSpec]) -> list[str]:
    """The code that these checks would run, those inside other checks included: file names, or its first words."""
    found: list[str] = []
    for spec in specs:
        _collect_code(check_to_json(spec), found)
    return found


def _collect_code(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and kind.removeprefix(NEGATION) in CODE_CHECKS:
            found.append(str(value.get("value") or "").strip().removeprefix("file://"))
        for item in value.values():
            _collect_code(item, found)
    elif isinstance(value, list | tuple):
        for item in value:
            _collect_code(item, found)
