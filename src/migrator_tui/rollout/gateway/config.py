"""The proxy's configuration, made from a project: whom applications may ask for, who answers, who steps in.

Keys stand in it only as the names of environment variables.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from migrator_tui.models.arguments import RefusedArgument, call_arguments
from migrator_tui.models.catalog import lookup, price_of
from migrator_tui.models.key_names import key_state, provider_of
from migrator_tui.models.requests import ModelRequest
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.model_tables import RECORDED, SIMULATED
from migrator_tui.project.schema import BASELINE, ModelSpec, Price, Project
from migrator_tui.rollout.gateway.publishing import deployment

SHORTEST_MASTER_KEY = 20
"""Characters; the plugin holds to the same."""
CONFIG_FILE = "config.yaml"
PLUGIN_FILE = "migrator_gateway_plugin.py"
MASTER_KEY = "LITELLM_MASTER_KEY"
DATABASE_URL = "MIGRATOR_DATABASE_URL"


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """A configuration, and what it needs to run."""

    text: str
    """`config.yaml`: JSON, which YAML is a superset of."""
    asked: Sequence[str]
    """The model names that applications ask for, a task each."""
    keys: Mapping[str, Sequence[str]]
    """The models' names to the environment variables that their keys come from."""


def gateway_config(project: Project, *, simulator: str | None = None) -> GatewayConfig:
    """The configuration for all tasks and models of a project.

    `simulator` is the `api_base` of simulated models. Raises `ProjectError` for a model that can't answer live.
    """
    asked = [task.name for task in project.tasks]
    patience = project.gateway.candidate_timeout
    models = []
    for name in asked:
        if "*" in name or "__" in name:
            raise ProjectError(f"task {name}: the gateway can't serve a task with * or __ in its name; rename it")
        models.append(_served(name, name, None, project.baseline, project.folder, simulator))
        # A shorter time for whom somebody steps in for: nobody should wait ten minutes for the old model's answer.
        sides = [replace(spec, timeout=min(spec.timeout, patience)) for spec in project.candidates]
        for spec in (project.baseline, *sides):
            models.append(_served(name, deployment(name, spec.name), spec.name, spec, project.folder, simulator))
    fallbacks = [
        {deployment(name, spec.name): [deployment(name, BASELINE)]} for name in asked for spec in project.candidates
    ]
    config = {
        "model_list": models,
        "litellm_settings": {"callbacks": [f"{Path(PLUGIN_FILE).stem}.plugin"], "telemetry": False},
        # No retries and no cooldowns: what an arm does must be its own doing, and seen as often as it happens.
        "router_settings": {
            "num_retries": 0,
            "disable_cooldowns": True,
            "fallbacks": fallbacks,
            "routing_strategy": "simple-shuffle",
        },
        # An application that gives up ends its call: a model that hangs would else be seen when its timeout is over.
        "general_settings": {"master_key": f"os.environ/{MASTER_KEY}", "cancel_on_disconnect": True},
    }
    return GatewayConfig(
        text=json.dumps(config, indent=1, ensure_ascii=True) + "\n",
        asked=tuple(asked),
        keys={spec.model: _key_names(spec) for spec in (project.baseline, *project.candidates)},
    )


def check_master_key(key: str | None, name: str) -> str:
    """The key by which applications come in; `ProjectError` where it is missing, or could be guessed."""
    how = "a good one: python -c \"import secrets; print('sk-' + secrets.token_hex(24))\""
    if not key:
        raise ProjectError(f"{name} is not set: the gateway does not start without a key; {how}")
    if len(key) < SHORTEST_MASTER_KEY or len(set(key)) < 8:
        raise ProjectError(
            f"{name} is weak: the gateway wants {SHORTEST_MASTER_KEY} random characters or more; {how}"
        )
    return key


def plugin_source() -> str:
    """The plugin's text, to be written beside the configuration as `PLUGIN_FILE`."""
    return (files("migrator_tui.rollout.gateway") / "plugin.py").read_text("utf-8")


def write_config(config: GatewayConfig, folder: Path) -> None:
    """Write configuration and plugin into a folder; both are replaced where they are there."""
    from migrator_tui.project.files import replace_file

    replace_file(folder / CONFIG_FILE, config.text.encode())
    replace_file(folder / PLUGIN_FILE, plugin_source().encode())


def _served(
    asked: str, name: str, arm: str | None, spec: ModelSpec, folder: Path, simulator: str | None
) -> dict[str, Any]:
    price = price_of(spec, folder)
    # Where nobody knows a price, litellm says 0: the plugin is told whether to believe that.
    info: dict[str, Any] = {"id": name, "migrator_priced": price is not None}
    if arm is not None:
        info |= {"migrator_name": asked, "migrator_arm": arm}
    return {"model_name": name, "litellm_params": _params(spec, price, simulator), "model_info": info}


def _params(spec: ModelSpec, price: Price | None, simulator: str | None) -> dict[str, Any]:
    if spec.model.startswith(RECORDED):
        raise ProjectError(
            f"{spec.name}: the answers of {spec.model} come from a file; the gateway needs a model that answers"
        )
    model, api_base = spec.model, spec.api_base
    if model.startswith(SIMULATED):
        if simulator is None:
            raise ProjectError(
                f"{spec.name}: {model} is simulated and answers inside this program only; name a real model"
            )
        model, api_base = f"openai/{model.removeprefix(SIMULATED)}", simulator
    # The proxy's `timeout` is how long nothing may come: a whole answer, or the next piece of a stream. (Its
    # `stream_timeout` would be the same for streams alone.)
    params: dict[str, Any] = {"model": model, "timeout": spec.timeout}
    if api_base is not None:
        params["api_base"] = api_base
    if spec.api_key_env is not None:
        params["api_key"] = f"os.environ/{spec.api_key_env}"
    elif key := _placeholder(spec, model, api_base):
        params["api_key"] = key
    if price is not None and (spec.price is not None or spec.model.startswith(SIMULATED)):
        # Of models in its own map it knows more: what cached input costs, and long prompts.
        stated = {"input_cost_per_token": price.input, "output_cost_per_token": price.output}
        params |= {name: rate / 1_000_000 for name, rate in stated.items() if rate is not None}
    return params


def _placeholder(spec: ModelSpec, model: str, api_base: str | None) -> str | None:
    """What is sent as key to an address that must not get the provider's own."""
    facts = lookup(model)
    provider = provider_of(model, facts.provider if facts else None)
    try:
        request = ModelRequest(id="", model=model, messages=(), api_base=api_base)
        found = call_arguments(request, provider=provider, key=None).get("api_key")
    except RefusedArgument as error:
        raise ProjectError(f"{spec.name}: {error}") from None
    return None if found is None else str(found)


def _key_names(spec: ModelSpec) -> Sequence[str]:
    if spec.api_key_env is not None:
        return (spec.api_key_env,)
    if spec.model.startswith(SIMULATED) or spec.api_base is not None:
        return ()
    facts = lookup(spec.model)
    return key_state(spec.model, facts.provider if facts else None, ()).variables
