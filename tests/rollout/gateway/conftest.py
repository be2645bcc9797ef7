"""A project on a small model server, its gateway, and rollouts written the way the program writes them."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import pytest
from sqlalchemy import create_engine, text

from migrator_tui.history.database import Database, parse_url
from migrator_tui.project.config import load_project
from migrator_tui.project.schema import Project
from migrator_tui.rollout.gateway.environment import ready_python
from migrator_tui.rollout.gateway.publishing import published_arms

KEY = "sk-gateway-7f3a91c2d4e5b6"
SYSTEM = {"role": "system", "content": "OLD PROMPT for tea"}

CONFIG = """
[project]
name = "shop"
[baseline]
model = "openai/old"
api_base = "{base}"
price = {{ input = 1, output = 2 }}
[[candidates]]
name = "new"
model = "openai/new"
api_base = "{base}"
params = {{ temperature = 0.5 }}
price = {{ input = 1, output = 2 }}
[gateway]
candidate_timeout = 4
[[tasks]]
name = "bot"
prompt = "old.md"
cases = ["cases.jsonl"]
"""

# Looked for before a test gets a home of its own.
_PYTHON = os.environ.get("MIGRATOR_TEST_GATEWAY_PYTHON") or ready_python()


@pytest.fixture(scope="session")
def gateway_python() -> Path:
    """An interpreter that has the proxy."""
    if _PYTHON is None:
        pytest.skip("no environment for the gateway: MIGRATOR_TEST_GATEWAY_PYTHON names none, `gateway` made none")
    return Path(_PYTHON)


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """The address of a model server, `…/v1`."""
    command = [sys.executable, "-m", "tests.rollout.gateway.upstream"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.stdin.close()


def make_project(folder: Path, base: str) -> Project:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "migrator.toml").write_text(CONFIG.format(base=base), "utf-8")
    (folder / "old.md").write_text("OLD PROMPT for {{ product }}", "utf-8")
    (folder / "cases.jsonl").write_text('{"id": "a", "vars": {"product": "tea"}}\n', "utf-8")
    return load_project(folder)


def tables(url: str, folder: Path) -> None:
    """Make the history's tables."""
    Database.open(parse_url(url, folder)).close()


def publish(url: str, **said: Any) -> None:
    """Write what a gateway is to follow; what is left out is a rollout at 50 %."""
    arms = published_arms(
        "bot",
        "new",
        baseline=("OLD PROMPT for {{ product }}", {}),
        candidate=("NEW PROMPT for {{ product }}", {"temperature": 0.5}),
    )
    values = {
        "name": "bot",
        "schema_number": 1,
        "revision": 1,
        "state": "running",
        "percentage": 50.0,
        "shadow": False,
    }
    values |= {"salt": "s", "hold_back": 5.0, "sample_answers": 0.0, "updated_ts": time.time()}
    values |= {"arms": json.dumps(arms), **said}
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("delete from migrator_gateway_rollout"))
        names = ", ".join(values)
        places = ", ".join(
            f"cast(:{name} as json)" if name == "arms" and "postgres" in url else f":{name}" for name in values
        )
        connection.execute(text(f"insert into migrator_gateway_rollout ({names}) values ({places})"), values)
    engine.dispose()


def rows(url: str, where: str = "true") -> list[dict[str, Any]]:
    """Rows of traffic, in the order in which they were written."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text(f"select * from migrator_traffic where {where} order by id")).mappings().all()
    engine.dispose()
    return [dict(row) for row in found]


def until(what: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Wait until that is true; gives it."""
    ends = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < ends, f"did not come within {seconds:g} s"
        time.sleep(0.02)


@dataclass(frozen=True)
class Said:
    """An answer and what came with it."""

    model: str
    system: str
    body: dict[str, Any]
    id: str
    request_id: str
    arm: str | None
    served: str | None


@dataclass
class Gateway:
    """A running one, as an application sees it."""

    address: str
    url: str
    """Of the history."""
    asked: list[str] = field(default_factory=list)
    """Ids of the requests that were answered."""

    def __post_init__(self) -> None:
        self.client = openai.OpenAI(base_url=f"{self.address}/v1", api_key=KEY, max_retries=0, timeout=30)

    def ask(
        self,
        conversation: str | None = "c",
        content: str = "hi",
        *,
        stream: bool = False,
        variables: dict[str, Any] | None = None,
        **more: Any,
    ) -> Said:
        """Ask through the official client, as an application of the old model does."""
        metadata = {"variables": {"product": "tea"} if variables is None else variables}
        if conversation is not None:
            metadata["conversation_id"] = conversation
        response = self.client.chat.completions.with_raw_response.create(
            model=more.pop("model", "bot"),
            messages=[SYSTEM, {"role": "user", "content": content}],
            stream=stream,
            extra_body={"metadata": metadata | more.pop("metadata", {}), **more},
        )
        headers = response.headers
        if stream:
            chunks = list(response.parse())
            said, id = (
                "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices),
                chunks[0].id,
            )
        else:
            answer = response.parse()
            said, id = answer.choices[0].message.content, answer.id
        self.asked.append(headers["x-litellm-call-id"])
        body = json.loads(said)
        system = next((m["content"] for m in body["messages"] if m["role"] == "system"), "")
        arms = headers.get("x-migrator-arm"), headers.get("x-migrator-served")
        return Said(body["model"], system, body, id, headers["x-litellm-call-id"], *arms)

    def get(self, path: str) -> Any:
        request = urllib.request.Request(f"{self.address}{path}", headers={"Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def post(self, path: str, body: Any, key: str | None = KEY) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        request = urllib.request.Request(f"{self.address}{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def follows(self, **said: Any) -> None:
        """Publish that, and wait until the gateway follows it."""
        revision = max([r["revision"] for r in self.get("/migrator/status")["rollouts"].values()], default=0) + 1
        publish(self.url, revision=revision, **said)
        until(lambda: self.get("/migrator/status")["rollouts"].get("bot", {}).get("revision") == revision)

    def rows_of(self, *request_ids: str) -> list[dict[str, Any]]:
        """The rows of these requests, once each has the one that ends it."""

        def found() -> list[dict[str, Any]]:
            mine = [row for row in rows(self.url) if row["request_id"] in request_ids]
            ended = Counter(row["request_id"] for row in mine if row["kind"] in ("ok", "failed"))
            return mine if set(ended) == set(request_ids) else []

        return until(found)


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Nobody else can write to that SQLite file."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("begin exclusive")
    try:
        yield
    finally:
        connection.execute("rollback")
        connection.close()
