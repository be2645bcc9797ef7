"""What becomes of parameters, learnt without sending them: by the rules alone, then by the real worker."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from migrator_tui.models.dry_run import DryRun, Fate, ParameterSet, tried
from migrator_tui.models.offline import Offline, offline
from migrator_tui.models.pool import ModelPool

TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]


def fates(run: DryRun) -> dict[str, Fate]:
    return {each.name: each.fate for each in run.parameters}


def picky(params: dict[str, Any]) -> dict[str, Any]:
    """A library that refuses `stop`, wants reasoning off for `temperature`, renames one, drops one."""
    if "stop" in params:
        raise ValueError("stop is not supported. To drop these, set litellm.drop_params")
    if "temperature" in params and params.get("reasoning_effort") != "none":
        raise ValueError("reasoning is active")
    names = {"max_tokens": "max_completion_tokens"}
    return {names.get(name, name): value for name, value in params.items() if name != "seed"}


def known(*names: str) -> Callable[[str], bool]:
    return frozenset(names).__contains__


def test_each_offender_is_found_and_the_rest_is_tried_without_it() -> None:
    params = {"temperature": 0.2, "stop": ["X"], "max_tokens": 5, "seed": 1, "odd": True}
    found = {each.name: each for each in tried(params, picky, known("temperature", "max_tokens"))}
    assert {name: each.fate for name, each in found.items()} == {
        "temperature": Fate.REJECTED,
        "stop": Fate.REJECTED,
        "max_tokens": Fate.RENAMED,
        "seed": Fate.DROPPED,
        "odd": Fate.PASSED_ON,
    }
    assert found["stop"].reason == "stop is not supported"
    assert found["max_tokens"].became == ("max_completion_tokens",)


def test_what_hangs_on_another_parameter_is_tried_together_with_it() -> None:
    found = {each.name: each.fate for each in tried({"temperature": 0, "reasoning_effort": "none"}, picky, bool)}
    assert found == {"temperature": Fate.SENT, "reasoning_effort": Fate.SENT}


def test_nothing_is_reached_while_offline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with offline(), pytest.raises(Offline):
            socket.create_connection(server.getsockname())
        socket.create_connection(server.getsockname()).close()


@pytest.mark.asyncio(loop_scope="session")
async def test_the_worker_says_what_the_library_would_do(pool: ModelPool) -> None:
    sets = [
        ParameterSet("openai/gpt-5", {"temperature": 0.2, "stop": ["X"], "max_tokens": 9, "api_base": "x"}),
        ParameterSet("anthropic/claude-opus-5-5", {"tool_choice": "required"}, {"tools": TOOLS}),
        ParameterSet("openai/gpt-4o", {"temperature": 0.2, "stop": ["X"], "max_tokens": 9}),
        ParameterSet("openai/gpt-5", {"temperature": 0.2, "drop_params": True}),
        ParameterSet("ollama/llama3", {"temperature": 0.2}, {"tools": TOOLS}),
        ParameterSet("who-knows", {"temperature": 0.2}),
    ]
    new, strict, old, dropping, local, unknown = await pool.dry_run(sets)
    assert fates(new) == {
        "api_base": Fate.REFUSED,
        "temperature": Fate.REJECTED,
        "stop": Fate.REJECTED,
        "max_tokens": Fate.RENAMED,
    }
    assert fates(strict)["tool_choice"] is Fate.REJECTED
    assert set(fates(old).values()) == {Fate.SENT}
    assert fates(dropping) == {"temperature": Fate.DROPPED}
    assert fates(local)["tools"] is not Fate.REJECTED  # asked of a server on this machine, were it allowed to
    assert "no provider is known" in unknown.problem and not unknown.parameters
    assert new.library.startswith("litellm 1.")
