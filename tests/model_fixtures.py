"""Fixtures for whoever asks models: one pool with its real workers for the whole session.

A pool belongs to the event loop it was made in, so modules whose tests use `pool` say

    pytestmark = pytest.mark.asyncio(loop_scope="session")
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from migrator_tui.models.pool import ModelPool
from migrator_tui.models.retries import Pace

CANARY = "sk-canary-7f3a91c2d4e5"
"""A key that must turn up nowhere but in the requests it is for."""

_PROVIDERS = ("OPENAI", "ANTHROPIC", "GEMINI", "MISTRAL", "GROQ", "DEEPSEEK", "OPENROUTER")
KEYS = {
    "ACME_KEY": CANARY,
    "AWS_ACCESS_KEY_ID": "AKIACANARY0000000000",
    "AWS_SECRET_ACCESS_KEY": CANARY,
    "AWS_REGION": "us-east-1",
    **{f"{provider}_API_KEY": CANARY for provider in _PROVIDERS},
}
QUICK = Pace(first_wait=0.02, longest_wait=0.05)
"""Retries without the waiting."""


@pytest.fixture(scope="session")
def model_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log file of the session's pool."""
    return tmp_path_factory.mktemp("models") / "models.log"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pool(tmp_path_factory: pytest.TempPathFactory, model_log: Path) -> AsyncIterator[ModelPool]:
    """A pool over an empty project folder; its workers start when first needed and last the session."""
    home = tmp_path_factory.mktemp("worker-home")
    async with ModelPool(
        project_folder=tmp_path_factory.mktemp("project"),
        environment={"HOME": str(home), **KEYS},
        log_file=model_log,
        pace=QUICK,
    ) as made:
        yield made
