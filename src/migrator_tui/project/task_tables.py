"""The tables of `migrator.toml` that say what is done and when it is good enough: `[[tasks]]` and `[gate]`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from migrator_tui.project.adaptation_tables import frozen_lines
from migrator_tui.project.check_specs import check_specs
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import missing_file, read_text, resolve_inside, shown_path
from migrator_tui.project.schema import GateRules, Task
from migrator_tui.project.tables import Misfit, Table, plain_value
from migrator_tui.project.words import kind_of, listed, quoted

CASE_SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".yaml", ".yml", ".json")


def task_from(table: Table, folder: Path, gate: GateRules, *, confined: bool) -> Task:
    """One task; `gate` is the project's, which the task's own rules replace one by one."""
    name = table.required_text("name")
    table.title = f"task {quoted(name)}"
    if len(name) > 80:
        raise table.wrong("name", "the task's name is longer than 80 characters")
    prompt = _file(table, "prompt", table.required_text("prompt"), table.at("prompt"), folder, confined=confined)
    stated_cases = table.texts("cases")
    if not stated_cases:
        raise table.missing("cases")
    cases = []
    for n, stated in enumerate(stated_cases):
        path = (*table.at("cases"), n) if isinstance(table.values["cases"], list) else table.at("cases")
        file = _case_file(table, "cases", stated, path, folder, confined=confined)
        if file in cases:
            raise Misfit(f"{quoted(stated)} is named twice", path)
        cases.append(file)
    own_gate = table.table("gate", f"gate of {table.title}")
    task = Task(
        name=name,
        prompt=prompt,
        cases=tuple(cases),
        checks=check_specs(table.get("checks"), table.at("checks")),
        threshold=table.number("threshold", 0, 1),
        tools=_tools(table, folder, confined=confined),
        response_format=_response_format(table, folder, confined=confined),
        production=_production(table, folder, confined=confined),
        definition_files=tuple(
            resolve_inside(folder, stated, confined=confined)
            for stated in (table.values.get("tools"), table.values.get("response_format"))
            if isinstance(stated, str)
        ),
        gate=gate_rules(own_gate, gate) if own_gate else gate,
        frozen=frozen_lines(table),
    )
    table.refuse_unknown(
        {
            "assert": "write checks = [{ type = … }]",
            "model": "models stand under [baseline] and [[candidates]]",
            "params": "parameters belong to a model; those of one task go into its task_params",
        }
    )
    return task


def gate_rules(table: Table, default: GateRules) -> GateRules:
    """The limits of a `[gate]`; what it leaves out is as in `default`."""
    found = {
        "margin": table.number("margin", 0, 1),
        "confidence": table.number("confidence", 0.5, 0.9999),
        "max_critical_regressions": table.count("max_critical_regressions", 0),
        "max_cost_increase": table.number("max_cost_increase", -1),
        "max_latency_increase": table.number("max_latency_increase", -1),
        "max_latency_p95_ms": table.number("max_latency_p95_ms", 0),
        "min_pass_rate": table.number("min_pass_rate", 0, 1),
        "min_cost_saving": table.number("min_cost_saving", 0, 1),
    }
    table.refuse_unknown()
    stated: dict[str, Any] = {key: value for key, value in found.items() if value is not None}
    return replace(default, **stated)


def _file(table: Table, key: str, stated: str, path: tuple[str | int, ...], folder: Path, *, confined: bool) -> Path:
    try:
        file = resolve_inside(folder, stated, confined=confined)
    except ValueError as error:
        raise Misfit(f"{key}: {error}", path) from None
    if not file.is_file():
        raise Misfit(missing_file(folder, stated, file), path)
    return file


def _case_file(
    table: Table, key: str, stated: str, path: tuple[str | int, ...], folder: Path, *, confined: bool
) -> Path:
    file = _file(table, key, stated, path, folder, confined=confined)
    if file.suffix.lower() not in CASE_SUFFIXES:
        raise Misfit(f"{quoted(stated)} is no case file; it can be {listed(CASE_SUFFIXES)}", path)
    return file


def _production(table: Table, folder: Path, *, confined: bool) -> Path | None:
    stated = table.text("production")
    if stated is None:
        return None
    return _case_file(table, "production", stated, table.at("production"), folder, confined=confined)


def _json_file(table: Table, key: str, stated: str, folder: Path, *, confined: bool) -> Any:
    file = _file(table, key, stated, table.at(key), folder, confined=confined)
    shown = shown_path(file, folder)
    text = read_text(file, shown)
    try:
        value = json.loads(text)
        return plain_value(value)
    except json.JSONDecodeError as error:
        raise ProjectError(f"not JSON: {error.msg.lower()}", file=shown, line=error.lineno) from None
    except (ValueError, RecursionError):
        raise ProjectError("not JSON that can be read: a number too long or nested too deeply", file=shown) from None
    except Misfit as misfit:
        raise ProjectError(misfit.what, file=shown) from None


def _tools(table: Table, folder: Path, *, confined: bool) -> Sequence[Mapping[str, Any]]:
    stated = table.get("tools")
    if stated is None:
        return ()
    tools = _json_file(table, "tools", stated, folder, confined=confined) if isinstance(stated, str) else stated
    at = table.at("tools")
    if not isinstance(tools, list):
        raise Misfit(f"tools must be a list of definitions or a JSON file with one, not {kind_of(tools)}", at)
    plain_value(tools, at)
    for n, tool in enumerate(tools):
        path = at if isinstance(stated, str) else (*at, n)
        if not isinstance(tool, dict):
            raise Misfit(f"tool {n + 1} must be a table, not {kind_of(tool)}", path)
        if tool.get("type", "function") == "function":
            function = tool.get("function")
            if not isinstance(function, dict) or not isinstance(function.get("name"), str):
                form = '{ type = "function", function = { name = …, parameters = … } }'
                raise Misfit(f"tool {n + 1} has no function with a name; its form is {form}", path)
    return tuple(tools)


def _response_format(table: Table, folder: Path, *, confined: bool) -> Mapping[str, Any] | None:
    stated = table.get("response_format")
    if stated is None:
        return None
    at = table.at("response_format")
    value = (
        _json_file(table, "response_format", stated, folder, confined=confined) if isinstance(stated, str) else stated
    )
    if not isinstance(value, dict):
        raise Misfit(f"response_format must be a table or a JSON file with one, not {kind_of(value)}", at)
    plain_value(value, at)
    if not isinstance(value.get("type"), str):
        raise Misfit('response_format needs a type: "text", "json_object" or "json_schema"', at)
    return dict(value)
