"""A replay server for the session, and requests in one line."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from migrator_tui.models.requests import ModelRequest
from tests.models.replay import ReplayServer, Script

_numbers = itertools.count(1)


def ask_for(script: Script | str, model: str = "openai/m", **more: Any) -> ModelRequest:
    """A request to a scripted address."""
    messages = more.pop("messages", [{"role": "user", "content": "hello"}])
    return ModelRequest(f"r{next(_numbers)}", model, messages, api_base=str(script), **{"timeout": 30.0, **more})


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[ReplayServer]:
    """Serves every test of the session."""
    made = ReplayServer()
    await made.start()
    yield made
    await made.stop()
