"""Reads `migrator.toml` into a `Project`; a mistake in it is one line: file, line, the likely right word."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from migrator_tui.project.adaptation_tables import adaptation_settings
from migrator_tui.project.errors import NoProjectError, ProjectError
from migrator_tui.project.files import decoded, missing_file, read_bytes, resolve_inside
from migrator_tui.project.model_tables import helper_spec, model_spec
from migrator_tui.project.rollout_settings import GatewaySettings, RolloutSettings
from migrator_tui.project.rollout_tables import gateway_settings, rollout_settings
from migrator_tui.project.schema import BASELINE, AdaptationSettings, CheckSetup, GateRules, ModelSpec, Project
from migrator_tui.project.tables import Misfit, Table
from migrator_tui.project.task_tables import gate_rules, task_from
from migrator_tui.project.toml_lines import line_of
from migrator_tui.project.words import did_you_mean, kind_of, quoted

if TYPE_CHECKING:
    from migrator_tui.project.formats.promptfoo.values import Proposer

CONFIG_NAME = "migrator.toml"

MAX_CONFIG = 4 * 1024 * 1024
"""Bytes; a configuration beyond this is a mistake or an attack."""

_AT = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


def config_of(folder: Path) -> Path:
    """The configuration of that folder: ours, else another tool's that opens as it is; ours where there is none."""
    own = folder / CONFIG_NAME
    # Whatever lies there under our name, even a folder or a link to nowhere, is what is meant.
    if os.path.lexists(own):
        return own
    # Here, not above: most folders are our own.
    from migrator_tui.project.formats.promptfoo.reading import find_config

    return find_config(folder) or own


def missing_words(folder: Path) -> str:
    """That there is no configuration in the folder, and what makes one."""
    from migrator_tui.project.formats.promptfoo.reading import how_to_open

    other = how_to_open(folder)
    return f"no {CONFIG_NAME} in this folder{f', but {other}' if other else '; `migrator-tui init` makes one'}"


def load_project(
    folder: Path, *, trusted: bool = True, sealed: bool = False, propose: "Proposer | None" = None
) -> Project:
    """The project of that folder; one of promptfoo's opens as it is.

    With `trusted` false, files outside the folder are refused wherever links lead; what else an untrusted folder may
    not do is `trust.check_allowed`'s to refuse. With `sealed`, what another tool's configuration names outside the
    folder is not read yet: the project says what trusting it would allow, and is good for nothing else. `propose`
    names a model to move to where such a configuration has only one. Raises `NoProjectError` where there is no
    configuration, else `ProjectError`. Reads cases, prompts and recordings not at all, only sees that they are there.
    """
    try:
        folder = folder.resolve()
        config_file = config_of(folder)
        if not folder.is_dir():
            raise NoProjectError("no such folder", file=folder)
        if not config_file.exists():
            raise NoProjectError(missing_words(folder), file=folder)
    except (OSError, ValueError, RuntimeError) as error:
        raise NoProjectError(f"the folder can't be opened ({error})", file=folder) from error
    if config_file.name != CONFIG_NAME:
        from migrator_tui.project.formats.promptfoo.folder import open_as_it_is

        return open_as_it_is(config_file, trusted=trusted, sealed=sealed, propose=propose)
    text = decoded(read_bytes(config_file, CONFIG_NAME, MAX_CONFIG), CONFIG_NAME)
    values = _parse(text)
    try:
        return _project(values, folder, config_file, confined=not trusted)
    except Misfit as misfit:
        line = line_of(text, misfit.path)
        raise ProjectError(misfit.what, file=CONFIG_NAME, line=line) from None


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ProjectError("nested too deeply", file=CONFIG_NAME) from None
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        what = _AT.sub("", str(error)) or "not TOML"
        # At the end of the document, tomllib names no line.
        line = int(at[1]) if at and at[1] else text.count("\n") + 1 if at else None
        raise ProjectError(f"not TOML: {what[0].lower()}{what[1:]}", file=CONFIG_NAME, line=line) from None
    except ValueError:
        # The only other one: Python turns no text of more than some thousand digits into a number.
        raise ProjectError("not TOML that can be read: a number has too many digits", file=CONFIG_NAME) from None


def _project(values: Mapping[str, Any], folder: Path, config_file: Path, *, confined: bool) -> Project:
    top = Table(values)
    head = top.table("project", "[project]") or Table({}, title="[project]")
    baseline_table = top.table("baseline", "[baseline]")
    candidate_tables = top.tables("candidates", lambda n: f"candidate {n + 1}")
    task_tables = top.tables("tasks", lambda n: f"task {n + 1}")
    gate_table = top.table("gate", "[gate]")
    helper_tables = {name: top.table(name, f"[{name}]") for name in ("assistant", "judge", "embeddings")}
    adaptation_table = top.table("adaptation", "[adaptation]")
    rollout_table, gateway_table = top.table("rollout", "[rollout]"), top.table("gateway", "[gateway]")
    history = top.table("history", "[history]")
    top.refuse_unknown(
        {
            "candidate": "candidates are a list: [[candidates]]",
            "task": "tasks are a list: [[tasks]]",
            "model": "it belongs under [baseline] or [[candidates]]",
            "checks": "checks belong under [[tasks]]",
            "cases": "cases belong under [[tasks]]",
            "prompt": "a prompt belongs under [[tasks]]",
            "frozen": "frozen belongs under [[tasks]]",
            "guidance": "guidance belongs under [adaptation]",
            "guardrails": "guardrails belong under [rollout]: [[rollout.guardrails]]",
        }
    )
    if baseline_table is None:
        raise Misfit("there is no [baseline]: name the model you are moving from")
    if not candidate_tables:
        raise Misfit("there are no [[candidates]]: name at least one model to move to")
    if not task_tables:
        raise Misfit("there are no [[tasks]]: name at least one prompt with its cases")

    name = head.text("name") or folder.name or "project"
    max_cost_per_day = head.number("max_cost_per_day", 0)
    head.refuse_unknown()
    gate = gate_rules(gate_table, GateRules()) if gate_table else GateRules()
    tasks = [task_from(table, folder, gate, confined=confined) for table in task_tables]
    task_names = _unique("task", [task.name for task in tasks], "tasks")

    adaptation = (
        adaptation_settings(adaptation_table, folder, confined=confined)
        if adaptation_table is not None
        else AdaptationSettings()
    )
    assume = cast(Literal["pass", "unjudged"], baseline_table.choice("assume", ("pass", "unjudged")) or "pass")
    candidates = [
        _candidate(table, n, folder, task_names, confined=confined) for n, table in enumerate(candidate_tables)
    ]
    _unique("candidate", [candidate.name for candidate in candidates], "candidates")
    helpers = {
        name: helper_spec(table, name, folder, task_names, confined=confined)
        for name, table in helper_tables.items()
        if table is not None
    }
    setup = CheckSetup(
        folder=folder,
        judge=helpers.get("judge") or helpers.get("assistant"),
        embeddings=helpers.get("embeddings"),
        may_run_code=not confined,
    )
    return Project(
        folder=folder,
        config_file=config_file,
        name=name,
        baseline=model_spec(baseline_table, BASELINE, folder, task_names, confined=confined),
        candidates=tuple(candidates),
        tasks=tuple(replace(task, check_setup=setup) for task in tasks),
        gate=gate,
        assistant=helpers.get("assistant"),
        judge=helpers.get("judge"),
        embeddings=helpers.get("embeddings"),
        database=_database(history) if history else None,
        assume=assume,
        max_cost_per_day=max_cost_per_day,
        adaptation=adaptation,
        rollout=rollout_settings(rollout_table) if rollout_table is not None else RolloutSettings(),
        gateway=gateway_settings(gateway_table) if gateway_table is not None else GatewaySettings(),
    )


def _candidate(table: Table, n: int, folder: Path, task_names: list[str], *, confined: bool) -> ModelSpec:
    model = table.required_text("model")
    name = table.text("name") or model.rpartition("/")[2]
    table.title = f"candidate {quoted(name)}"
    if name == BASELINE:
        raise table.wrong("name", f"a candidate can't be called {quoted(BASELINE)}; that is the model migrated from")
    if len(name) > 80:
        raise table.wrong("name", "the candidate's name is longer than 80 characters")
    return model_spec(table, name, folder, task_names, confined=confined, prompts=_prompts)


def _prompts(table: Table, folder: Path, task_names: list[str], confined: bool) -> dict[str, Path]:
    prompts = table.table("prompts", f"prompts of {table.title}")
    found: dict[str, Path] = {}
    if prompts is None:
        return found
    for task, stated in prompts.values.items():
        if task not in task_names:
            raise prompts.wrong(task, f"there is no task {quoted(task)}{did_you_mean(task, task_names)}")
        if not isinstance(stated, str):
            raise prompts.wrong(task, f"a prompt file must be text, not {kind_of(stated)}")
        try:
            path = resolve_inside(folder, stated, confined=confined)
        except ValueError as error:
            raise prompts.wrong(task, str(error)) from None
        if not path.is_file():
            raise prompts.wrong(task, missing_file(folder, stated, path))
        found[task] = path
    return found


def _database(table: Table) -> str | None:
    value = table.text("database")
    table.refuse_unknown()
    if value is None or value == "sqlite":
        return None
    if "://" not in value:
        # The value itself is not repeated: a URL can hold a password.
        raise table.wrong(
            "database", 'database must be "sqlite" or a URL such as postgresql+psycopg://user@host/name'
        )
    return value


def _unique(what: str, names: list[str], key: str) -> list[str]:
    for n, name in enumerate(names):
        first = names.index(name)
        if first != n:
            raise Misfit(
                f"two {what}s are called {quoted(name)}: {what} {first + 1} and {what} {n + 1}", (key, n, "name")
            )
    return names
