"""What a folder from a stranger may not do until its user has said yes once.

Keys go only to a provider's own address, nothing outside the folder is read, no database but the user's own is
written. Saying yes is remembered for the folder and the content of its configuration; a change asks again.
"""

import hashlib
import ipaddress
import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from migrator_tui.project.check_specs import code_in
from migrator_tui.project.dotenv import DOTENV, more_than_keys
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import read_bytes, replace_file
from migrator_tui.project.model_tables import RECORDED, SIMULATED, recorded_file
from migrator_tui.project.schema import ModelSpec, Project
from migrator_tui.project.words import listed, one_line

STORE_NAME = "trust.json"

HARMLESS_PARAMS = frozenset(
    (
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "n",
        "seed",
        "stop",
        "presence_penalty",
        "frequency_penalty",
        "repetition_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "reasoning_effort",
        "verbosity",
        "thinking",
        "tool_choice",
        "parallel_tool_calls",
        "service_tier",
        "user",
        "dimensions",
        "drop_params",
    )
)
"""Parameters that say how a model answers. Others may be settings of the library that asks: addresses, headers, log
destinations."""


def config_digest(project: Project) -> str:
    """A digest of what was said yes to: the configuration, and what `.env` sets besides keys."""
    return _digest(project.config_file)


def concerns(project: Project) -> list[str]:
    """What trusting the folder would allow, a line each, for the question; empty where there is nothing to ask."""
    return [what for what, _ in _concerns(project)]


def is_trusted(project: Project) -> bool:
    """Whether the user has said yes to this folder with this configuration."""
    return is_trusted_config(project.config_file)


def is_trusted_config(config_file: Path) -> bool:
    """The same, asked of the configuration alone: for what edits it."""
    return _read_store().get(str(config_file.parent)) == _digest(config_file)


def trust(project: Project) -> None:
    """Remember that the user said yes. Raises `ProjectError` where that can't be written."""
    trust_config(project.config_file)


def trust_config(config_file: Path) -> None:
    """The same for a configuration that the program has just edited for its user."""
    store = _read_store()
    store[str(config_file.parent)] = _digest(config_file)
    _write_store(store)


def distrust(project: Project) -> None:
    """Forget a yes, where there was one."""
    store = _read_store()
    if store.pop(str(project.folder), None) is not None:
        _write_store(store)


def check_allowed(project: Project, trusted: bool) -> None:
    """Raise `ProjectError` for the first thing that only a trusted folder may do."""
    if trusted:
        return
    for what, in_config in _concerns(project):
        # `.env` is not refused: of an untrusted folder's, only the keys are read.
        if in_config:
            more = "allow it with `migrator-tui trust`, or once with --trust"
            raise ProjectError(f"this folder is not trusted yet and {what}; {more}", file=project.config_file.name)


def is_loopback(address: str) -> bool:
    """Whether that URL leads to this very machine, and says so plainly."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if parts.username or parts.password or "\\" in address or parts.scheme not in ("http", "https"):
            return False
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _concerns(project: Project) -> Iterator[tuple[str, bool]]:
    """Each concern, and whether it stands in the configuration."""
    for spec in (project.baseline, *project.candidates, *project.helpers):
        for what in _model_concerns(project, spec):
            yield what, True
    code = code_in(spec for task in project.tasks for spec in task.checks)
    if code:
        names = (one_line(text, 60) for text in dict.fromkeys(code))
        yield f"runs Python code on this machine, with your rights: {listed(names, 4)}", True
    if project.rollout.alerts_url_env is not None:
        yield f"sends alerts to the address in your {project.rollout.alerts_url_env}", True
    if not is_loopback(f"http://{project.gateway.host}"):
        yield f"lets other machines in: its gateway listens on {one_line(project.gateway.host)}", True
    if project.database is not None:
        host = urlsplit(project.database).hostname
        yield f"keeps its history in a database{f' at {one_line(host)}' if host else ' of its own'}", True
    outside = [path for path in _files(project) if not path.is_relative_to(project.folder)]
    if outside:
        names = (os.path.relpath(path, project.folder) for path in dict.fromkeys(outside))
        yield f"reads files outside it: {listed(names, 4)}", True
    extra = more_than_keys(project.folder)
    if extra:
        yield f"sets {listed(extra, 6)} for the program that calls the models (in {DOTENV})", False


def _model_concerns(project: Project, spec: ModelSpec) -> Iterator[str]:
    if spec.model.startswith((RECORDED, SIMULATED)):
        return
    key = f" and your {spec.api_key_env}" if spec.api_key_env else " and your key"
    if spec.api_base is not None and not is_loopback(spec.api_base):
        host = one_line(urlsplit(spec.api_base).netloc)
        yield f"sends requests{key} to {host} (api_base of {one_line(spec.name)})"
    elif spec.api_base is not None and spec.api_key_env is not None:
        # Whoever listens there: a key that the folder chose goes to no one but its provider unasked.
        host = one_line(urlsplit(spec.api_base).netloc)
        yield f"gives your {spec.api_key_env} to {host} on this machine (api_key_env of {one_line(spec.name)})"
    if "://" in spec.model:
        yield f"sends requests{key} to an address in the name of a model ({one_line(spec.model, 80)})"
    if spec.api_key_env is not None and spec.api_base is None and not _is_providers(spec.api_key_env, spec.model):
        yield f"gives your {spec.api_key_env} to {one_line(spec.model, 60)} (api_key_env of {one_line(spec.name)})"
    params = {key for values in (spec.params, *spec.task_params.values()) for key in values}
    unusual = sorted(params - HARMLESS_PARAMS)
    if unusual:
        yield f"calls {one_line(spec.name)} with unusual settings: {listed(unusual, 4)}"


def _is_providers(variable: str, model: str) -> bool:
    """Whether a key of that name is plainly meant for that model's provider: `OPENAI_…` for `openai/…`."""
    provider, slash, _ = model.partition("/")
    return bool(slash) and variable.upper().startswith(provider.upper().replace("-", "_") + "_")


def _files(project: Project) -> Iterator[Path]:
    if project.foreign is not None:
        yield from project.foreign.sources
        return
    for task in project.tasks:
        yield task.prompt
        yield from task.cases
        yield from task.definition_files
        if task.production is not None:
            yield task.production
    yield from project.adaptation.guidance
    for spec in (project.baseline, *project.candidates, *project.helpers):
        yield from spec.prompts.values()
        if spec.model.startswith(RECORDED):
            yield recorded_file(project.folder, spec.model)
        elif spec.model.startswith(SIMULATED) and spec.model.endswith(".toml"):
            yield recorded_file(project.folder, spec.model.removeprefix(SIMULATED))


def _digest(config_file: Path) -> str:
    content = hashlib.sha256(read_bytes(config_file, config_file.name))
    if config_file.suffix != ".toml":
        # Here, not above: most folders are our own.
        from migrator_tui.project.formats.promptfoo.reading import defining_files

        for file in defining_files(config_file):
            content.update(b"\0" + str(file).encode("utf-8", "surrogateescape") + b"\0" + read_bytes(file, file.name))
    content.update(b"\0")
    content.update(json.dumps(more_than_keys(config_file.parent), sort_keys=True).encode())
    return content.hexdigest()


def _store() -> Path:
    # Here, not above: only asking for the place needs it.
    from platformdirs import user_data_path

    return user_data_path("migrator-tui", appauthor=False) / STORE_NAME


def _read_store() -> dict[str, str]:
    path = _store()
    if not path.exists():
        return {}
    try:
        values = json.loads(read_bytes(path, str(path)))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise ProjectError("is damaged; delete it, and trust your folders again", file=path)
    return values


def _write_store(store: dict[str, str]) -> None:
    path = _store()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, json.dumps(store, indent=1).encode())
    except OSError as error:
        raise ProjectError(f"can't be written ({error.strerror})", file=path) from error
