"""A model server on loopback whose pace is in the model's name: `new-t200-s300-r100-f300`.

200 tokens in a plain answer, 300 in a streamed one, 100 tokens a second, the first after 300 ms; `r0`: all at once.
Token 17 of `new` is the word `new0017`, so that it can be found on a screen. It keeps when each request came and when
each token of a stream was sent (`time.monotonic`, which all processes of a machine share), and tells at `/log`.

`python -m tests.benchmarks.server` prints its port and ends when its stdin closes.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the server saw it."""

    model: str
    stream: bool
    question: str
    """The last user message."""
    arrived: float
    tokens: dict[str, float]
    """When each token of a stream was sent."""


class Server:
    """A running server, from the side of the benchmark."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}/v1"
        self._log = f"http://127.0.0.1:{port}/log"

    def asked(self) -> list[Asked]:
        """All requests until now, in the order in which they came."""
        with urllib.request.urlopen(self._log, timeout=30) as response:
            return [Asked(**entry) for entry in json.load(response)]


@contextmanager
def running() -> Iterator[Server]:
    """A server in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            yield Server(int(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait(10)


@dataclass(frozen=True, slots=True)
class _Pace:
    word: str
    plain: int
    streamed: int
    rate: float
    first: float

    @classmethod
    def of(cls, model: str) -> "_Pace":
        given = dict(re.findall(r"-([tsrf])(\d+)", model))
        plain = int(given.get("t", 20))
        return cls(
            model.split("-", maxsplit=1)[0],
            plain,
            int(given.get("s", plain)),
            float(given.get("r", 0)),
            float(given.get("f", 0)) / 1000,
        )

    def due(self, token: int) -> float:
        return self.first + (token / self.rate if self.rate else 0.0)


class _State:
    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def complete(self, request: web.Request) -> web.StreamResponse:
        arrived = time.monotonic()
        body = json.loads(await request.read())
        pace = _Pace.of(body["model"])
        question = next(m["content"] for m in reversed(body["messages"]) if m["role"] == "user")
        entry: dict[str, Any] = {
            "model": body["model"],
            "stream": bool(body.get("stream")),
            "question": question,
            "arrived": arrived,
            "tokens": {},
        }
        self.asked.append(entry)
        head = {"id": f"b{len(self.asked)}", "created": 0, "model": body["model"]}
        usage = {"prompt_tokens": 50, "completion_tokens": pace.plain, "total_tokens": 50 + pace.plain}
        if entry["stream"]:
            return await self._stream(request, head, pace, arrived, entry["tokens"], usage)
        await _until(arrived + pace.due(pace.plain))
        text = " ".join(f"{pace.word}{n:04}" for n in range(pace.plain))
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return web.json_response({**head, "object": "chat.completion", "choices": [choice], "usage": usage})

    async def _stream(
        self,
        request: web.Request,
        head: dict[str, Any],
        pace: _Pace,
        arrived: float,
        sent: dict[str, float],
        usage: dict[str, int],
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def event(content: str | None, finish: str | None = None, counts: Any = None) -> None:
            delta = {} if content is None else {"content": content}
            choices = [] if counts else [{"index": 0, "delta": delta, "finish_reason": finish}]
            data = {**head, "object": "chat.completion.chunk", "choices": choices, "usage": counts}
            await response.write(f"data: {json.dumps(data)}\n\n".encode())

        for n in range(pace.streamed):
            await _until(arrived + pace.due(n))
            word = f"{pace.word}{n:04}"
            sent[word] = time.monotonic()
            await event(word + " ")
        await event(None, "stop")
        await event(None, None, usage)
        await response.write(b"data: [DONE]\n\n")
        return response

    async def log(self, _: web.Request) -> web.Response:
        return web.json_response(self.asked)


async def _until(moment: float) -> None:
    wait = moment - time.monotonic()
    if wait > 0:
        await asyncio.sleep(wait)


async def _serve() -> None:
    state = _State()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", state.complete)
    app.router.add_get("/log", state.log)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
