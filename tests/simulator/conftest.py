"""A real simulator process over a project folder with personas of its own, and a client to ask it."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

PERSONAS = {
    "limited": '[[faults]]\nkind = "status"\nstatus = 429\nretry_after = 0.5\nfirst = 2\n',
    "per-ticket": '[[faults]]\nkind = "status"\nstatus = 503\nfirst = 1\nper_ticket = true\n',
    "broken": '[[faults]]\nkind = "status"\nstatus = 500\n',
    "hangs": '[[faults]]\nkind = "hang"\n',
    "cut": '[[faults]]\nkind = "cut"\nafter_tokens = 4\n',
    "malformed": '[[faults]]\nkind = "malformed"\nafter_tokens = 4\n',
    "garbage": '[[faults]]\nkind = "garbage"\n',
    "empty": '[[faults]]\nkind = "empty"\nwhen = "nothing"\n',
    "thinks": 'reasoning = "Let me think about that."\ntext = "Done."\n',
    "picky": 'rejects = ["temperature"]\n',
    "hasty": "[habits]\nparallel-calls = 1.0\npreamble = 1.0\n",
    "paced": 'text = "one two three four"\npace = "real"\nfirst_token_ms = 120\ntokens_per_second = 50\njitter = 0\n',
    "hostile": 'text = "\\u001b]2;x\\u0007 [/b] \\u202e"\n',
}


@dataclass
class Streamed:
    """A streamed answer, put together again."""

    text: str = ""
    reasoning: str = ""
    tools: list[dict[str, str]] = field(default_factory=list)
    finish: str | None = None
    usage: dict[str, Any] | None = None
    events: int = 0
    done: bool = False


class Client:
    """Asks one simulator."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.url = f"{base}/chat/completions"
        self.session = session

    async def post(self, model: str, text: str = "Where is my parcel?", **more: Any) -> tuple[int, Any, Any]:
        """Status, headers and body of a plain call."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        async with self.session.post(self.url, json=body) as response:
            return response.status, response.headers, await response.json(content_type=None)

    async def stream(self, model: str, text: str = "Where is my parcel?", **more: Any) -> Streamed:
        """A streamed call, read to its end."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": True, **more}
        told = Streamed()
        async with self.session.post(self.url, json=body) as response:
            assert response.status == 200
            async for line in response.content:
                if not line.startswith(b"data: "):
                    continue
                if line == b"data: [DONE]\n":
                    told.done = True
                    break
                self._add(told, json.loads(line[6:]))
        return told

    @staticmethod
    def _add(told: Streamed, event: dict[str, Any]) -> None:
        assert event["object"] == "chat.completion.chunk"
        told.events += 1
        told.usage = event.get("usage") or told.usage
        for choice in event["choices"]:
            delta = choice["delta"]
            told.text += delta.get("content") or ""
            told.reasoning += delta.get("reasoning_content") or ""
            told.finish = choice["finish_reason"] or told.finish
            for part in delta.get("tool_calls", ()):
                if part["index"] == len(told.tools):
                    told.tools.append({"id": part["id"], "name": part["function"]["name"], "arguments": ""})
                told.tools[part["index"]]["arguments"] += part["function"]["arguments"]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a simulator process whose project folder holds `PERSONAS`."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "personas").mkdir()
    for name, text in PERSONAS.items():
        (folder / "personas" / f"{name}.toml").write_text(text)
    process, port = start(folder)
    yield f"http://127.0.0.1:{port}/v1"
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


def start(folder: Path, *options: str) -> tuple[subprocess.Popen[str], int]:
    """A simulator process and the port it told."""
    process = subprocess.Popen(
        [sys.executable, "-m", "migrator_tui.models.simulator", "--project", str(folder), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["port"]


@pytest_asyncio.fixture
async def client(simulator: str) -> AsyncIterator[Client]:
    """A client of that simulator."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield Client(simulator, session)
