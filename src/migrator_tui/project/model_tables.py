"""The tables of `migrator.toml` that name a model: baseline, candidates, assistant, judge, embeddings."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from migrator_tui.project.files import missing_file, resolve_inside
from migrator_tui.project.schema import ModelSpec, Price
from migrator_tui.project.tables import Misfit, Table, plain_value
from migrator_tui.project.words import did_you_mean, listed, nearest, quoted

RECORDED = "recorded:"
SIMULATED = "simulated:"

COLUMNS = (
    "id",
    "input",
    "output",
    "passed",
    "tool_calls",
    "finish_reason",
    "latency_ms",
    "cost",
    "input_tokens",
    "output_tokens",
)
"""What a recorded file can tell, by our names."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYS_NAME = re.compile(r"(?i)(?:key|token|secret|password|passwd|pwd|auth|authorization|sig|signature|code)$")
_KEY = re.compile(r"sk-.*|[0-9a-fA-F]{32,}|(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9_+/=-]{24,}")
"""What names and values of an address's query give a key away. Names of deployments may be as long; what tells keys
from them is both sizes of letters, with digits, or nothing but hexadecimal digits."""
_ELSEWHERE = {
    "api_base": "api_base stands beside params, not in it",
    "base_url": "write api_base beside params",
    "timeout": "timeout stands beside params, not in it",
    "model": "model stands beside params, not in it",
    "messages": "messages come from prompt and cases",
    "stream": "whether to stream is decided by who is looking",
    "tools": "tools belong to the task",
    "response_format": "response_format belongs to the task",
    "num_retries": "retries are the program's own",
    "max_retries": "retries are the program's own",
    "fallbacks": "another model's answer would be taken for this one's; name it as a candidate",
}

PromptsReader = Callable[[Table, Path, list[str], bool], dict[str, Path]]


def model_spec(
    table: Table,
    name: str,
    folder: Path,
    task_names: list[str],
    *,
    confined: bool,
    prompts: PromptsReader | None = None,
) -> ModelSpec:
    """One model table; `prompts` reads the prompt files of its own where the table may have some."""
    if prompts is None:
        table.title = f"[{name}]"
    else:
        table.get("name")
    for key in ("api_key", "key", "token"):
        if key in table.values:
            raise table.wrong(key, "a key never stands in this file; put it into .env and its name into api_key_env")
    model = table.required_text("model")
    _check_model(table, model, folder, confined=confined)
    params = table.table("params", "params")
    task_params = table.table("task_params", "task_params")
    spec = ModelSpec(
        name=name,
        model=model,
        params=_params(params) if params else {},
        task_params=_task_params(task_params, task_names) if task_params else {},
        api_base=_api_base(table),
        api_key_env=_api_key_env(table),
        columns=_columns(table),
        concurrency=table.count("concurrency", 1, 10_000),
        requests_per_minute=table.count("requests_per_minute", 1),
        price=_price(table),
        timeout=table.number("timeout", 0.1, 86_400) or 600.0,
        prompts=prompts(table, folder, task_names, confined) if prompts else {},
    )
    if spec.columns and not model.startswith(RECORDED):
        raise table.wrong("columns", f"columns are for {RECORDED} models; {quoted(model)} is asked live")
    elsewhere = {
        "temperature": "it belongs into params",
        "max_tokens": "it belongs into params",
        "top_p": "it belongs into params",
        "base_url": "did you mean api_base?",
        "prompt": "a candidate's own prompt goes under [candidates.prompts], by task",
    }
    if not prompts:
        elsewhere["prompts"] = "only candidates have prompts of their own; this model uses the task's"
    table.refuse_unknown(elsewhere)
    return spec


def helper_spec(table: Table, name: str, folder: Path, task_names: list[str], *, confined: bool) -> ModelSpec:
    """The table of a model that answers no case: `[assistant]`, `[judge]` or `[embeddings]`.

    It has no prompts and no tasks, and its answers cannot come from a file. Embeddings have no output to pay for.
    """
    for key in ("task_params", "columns", "assume"):
        if key in table.values:
            raise table.wrong(key, f"[{name}] takes no {key}: it answers no case")
    spec = model_spec(table, name, folder, task_names, confined=confined)
    if spec.model.startswith(RECORDED):
        raise table.wrong("model", f"[{name}] is asked what nobody has recorded; name a model that can answer")
    if name == "embeddings" and spec.price is not None and spec.price.output is None:
        spec = replace(spec, price=replace(spec.price, output=0.0))
    return spec


def recorded_file(folder: Path, model: str) -> Path:
    """The file of a `recorded:` model, absolute, links resolved."""
    return resolve_inside(folder, model.removeprefix(RECORDED), confined=False)


def _check_model(table: Table, model: str, folder: Path, *, confined: bool) -> None:
    kind, colon, rest = model.partition(":")
    if not colon or "/" in kind:
        return
    if f"{kind}:" not in (RECORDED, SIMULATED):
        meant = nearest(kind, ("recorded", "simulated"))
        if meant:
            raise table.wrong(
                "model", f"unknown kind of model {quoted(kind + ':')}; did you mean {quoted(meant + ':')}?"
            )
        return
    stated = rest
    if not stated.strip():
        wanted = "a file" if kind == "recorded" else "a persona"
        raise table.wrong("model", f"{quoted(model)} names no model; after the colon comes {wanted}")
    if kind == "simulated" and not stated.endswith(".toml"):
        return
    try:
        path = resolve_inside(folder, stated, confined=confined)
    except ValueError as error:
        raise table.wrong("model", str(error)) from None
    if not path.is_file():
        raise table.wrong("model", missing_file(folder, stated, path))


def _params(table: Table) -> Mapping[str, Any]:
    for key in table.values:
        if "api_key" in key or key in ("key", "token", "password", "secret"):
            raise table.wrong(key, "a key never stands in this file; put it into .env and its name into api_key_env")
        if key in _ELSEWHERE:
            raise table.wrong(key, f"{quoted(key)} is not a parameter; {_ELSEWHERE[key]}")
    plain_value(table.values, table.path)
    return dict(table.values)


def _task_params(table: Table, task_names: list[str]) -> Mapping[str, Mapping[str, Any]]:
    found = {}
    for task in table.values:
        if task not in task_names:
            raise table.wrong(task, f"there is no task {quoted(task)}{did_you_mean(task, task_names)}")
        params = table.table(task, f"parameters of task {quoted(task)}")
        found[task] = _params(params) if params else {}
    return found


def _api_base(table: Table) -> str | None:
    value = table.text("api_base")
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or any(c in value for c in " \\"):
        raise table.wrong("api_base", "api_base must be an address such as http://localhost:11434")
    said = parse_qsl(f"{parts.query}&{parts.fragment}", keep_blank_values=True)
    if parts.username or parts.password or any(_KEYS_NAME.search(n) or _KEY.fullmatch(v) for n, v in said):
        raise table.wrong("api_base", "a key never stands in this file, nor in api_base; name it in api_key_env")
    return value


def _api_key_env(table: Table) -> str | None:
    value = table.text("api_key_env")
    if value is not None and (not _VARIABLE.fullmatch(value) or len(value) > 80):
        # What stands there may be the key itself, so it is not repeated.
        raise table.wrong("api_key_env", "api_key_env takes the name of an environment variable, never a key")
    return value


def _columns(table: Table) -> Mapping[str, str]:
    columns = table.table("columns", "columns")
    if columns is None:
        return {}
    for key in columns.values:
        if key not in COLUMNS:
            hint = did_you_mean(key, COLUMNS) or f"; known are {listed(COLUMNS, 20)}"
            raise columns.wrong(key, f"unknown column {quoted(key)}{hint} (ours = theirs)")
        columns.required_text(key)
    return {key: str(value) for key, value in columns.values.items()}


def _price(table: Table) -> Price | None:
    price = table.table("price", "price")
    if price is None:
        return None
    found = Price(input=price.number("input", 0), output=price.number("output", 0))
    price.refuse_unknown()
    if found.input is None and found.output is None:
        raise Misfit("price needs input and output, in USD per million tokens", price.path)
    return found
