"""Fixtures for whoever asks models: one pool with its real workers for the whole session.

A pool belongs to the event loop it was made in, so modules whose tests use `pool` say

    pytestmark = pytest.mark.asyncio(loop_scope="session")
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

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


@pytest.fixture(scope="session")
def pool_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project folder of the session's pool: its simulator finds a project's own personas there."""
    return tmp_path_factory.mktemp("project")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def google_account(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """A service account that gets its tokens from this machine."""

    async def token(request: web.BaseRequest) -> web.Response:
        return web.json_response({"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"})

    runner = web.ServerRunner(web.Server(token))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "k",
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "client_email": "tester@p.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"http://127.0.0.1:{runner.addresses[0][1]}/token",
    }
    file = tmp_path_factory.mktemp("google") / "account.json"
    file.write_text(json.dumps(account))
    yield file
    await runner.cleanup()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pool(
    tmp_path_factory: pytest.TempPathFactory, model_log: Path, pool_folder: Path, google_account: Path
) -> AsyncIterator[ModelPool]:
    """A pool over an empty project folder; its workers start when first needed and last the session."""
    home = tmp_path_factory.mktemp("worker-home")
    google = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(google_account),
        "VERTEXAI_PROJECT": "p",
        "VERTEXAI_LOCATION": "us-central1",
    }
    async with ModelPool(
        project_folder=pool_folder,
        environment={"HOME": str(home), **google, **KEYS},
        log_file=model_log,
        pace=QUICK,
    ) as made:
        yield made
