"""What the gateway's plugin is told of a rollout: both arms, ready to be put in place of the old prompt.

The plugin runs in another program's environment and knows neither projects nor prompt files; it only renders the
texts of `messages` and sends the request to the deployment of that name.
"""

from collections.abc import Mapping
from typing import Any

from migrator_tui.project.prompts import check_template, parts
from migrator_tui.project.schema import BASELINE

FORM = 1
"""The form of `published_arms`; a plugin that knows another serves the old model."""


def deployment(task: str, model_name: str) -> str:
    """The name in the proxy's configuration under which a model serves a task; applications ask for the task's."""
    return f"{task}__{model_name}"


def published_arms(
    task: str,
    candidate_name: str,
    *,
    baseline: tuple[str, Mapping[str, Any]],
    candidate: tuple[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """What the `arms` of a published rollout must hold for the plugin; more may stand beside it.

    `baseline` and `candidate` are template and parameters of the versions. Raises `ProjectError` where a template is
    none.
    """
    return {
        "form": FORM,
        "baseline": _arm(deployment(task, BASELINE), *baseline),
        "candidate": _arm(deployment(task, candidate_name), *candidate),
    }


def _arm(name: str, template: str, params: Mapping[str, Any]) -> dict[str, Any]:
    check_template(template)
    messages = [
        {"role": part.role, "text": part.source} for part in parts(template) if part.role is None or part.source
    ]
    if not any(message["role"] is None for message in messages):
        messages.append({"role": None, "text": ""})
    return {"deployment": name, "messages": messages, "params": dict(params)}
