"""A loopback server that answers each test as told: recorded bodies, faults, or whatever a handler does."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Reply:
    """One answer; `pieces` are written one by one, then the fault happens."""

    pieces: Sequence[bytes] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    cut: bool = False
    """Drop the connection after the pieces instead of ending the answer."""
    hang: bool = False
    """Say nothing more, until the client goes."""
    hold: asyncio.Event | None = None
    """Wait for it before the first byte."""


@dataclass
class Seen:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: Any
    at: float


class Script:
    """The replies of one test, in order; the last one repeats."""

    def __init__(self, url: str, replies: Sequence[Reply | Handler]) -> None:
        self.url = url
        self.replies = list(replies)
        self.seen: list[Seen] = []
        self.gone = asyncio.Event()
        """A client left before its answer's end."""
        self.arrived = asyncio.Event()

    def __str__(self) -> str:
        return self.url


class ReplayServer:
    """`script(...)` gives an address of its own to each test."""

    def __init__(self) -> None:
        self._scripts: dict[str, Script] = {}
        self._names = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, ssl_context: Any = None) -> None:
        """Listen on a free port."""
        app = web.Application(client_max_size=1 << 28)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=ssl_context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def script(self, *replies: Reply | Handler, scheme: str = "http") -> Script:
        """An address that answers so."""
        name = f"t{next(self._names)}"
        made = Script(f"{scheme}://127.0.0.1:{self.port}/{name}/v1", replies)
        self._scripts[name] = made
        return made

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        name = request.path.split("/")[1]
        script = self._scripts[name]
        raw = await request.read()
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        now = asyncio.get_running_loop().time()
        script.seen.append(Seen(request.path, {k.lower(): v for k, v in request.headers.items()}, body, now))
        script.arrived.set()
        reply = script.replies.pop(0) if len(script.replies) > 1 else script.replies[0]
        try:
            if callable(reply):
                return await reply(request)
            return await self._reply(request, reply)
        except (asyncio.CancelledError, ConnectionError):
            script.gone.set()
            raise

    @staticmethod
    async def _reply(request: web.Request, reply: Reply) -> web.StreamResponse:
        if reply.hold is not None:
            await reply.hold.wait()
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        if not (reply.cut or reply.hang or len(reply.pieces) > 1):
            response.content_length = sum(map(len, reply.pieces))
        await response.prepare(request)
        for piece in reply.pieces:
            await response.write(piece)
        if reply.hang:
            await asyncio.Event().wait()
        if reply.cut:
            assert request.transport is not None
            request.transport.close()
        else:
            await response.write_eof()
        return response


SSE = {"content-type": "text/event-stream"}


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One event of an OpenAI-format stream."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    data = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
    return b"data: " + json.dumps(data).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def stream(*texts: str, finish: str | None = "stop", **more: Any) -> Reply:
    """A whole OpenAI-format stream of text."""
    pieces = [chunk({"role": "assistant", "content": text}) for text in texts]
    return Reply([*pieces, chunk({}, finish), DONE] if finish else [*pieces, DONE], headers=SSE, **more)


def plain(
    text: str | None = "hi", finish: str = "stop", usage: dict[str, Any] | None = None, **message: Any
) -> Reply:
    """A whole OpenAI-format answer in one piece."""
    return Reply(
        [
            json.dumps(
                {
                    "id": "c1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": "m",
                    "choices": [
                        {
                            "index": 0,
                            "message": {"role": "assistant", "content": text, **message},
                            "finish_reason": finish,
                        }
                    ],
                    "usage": usage or {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
                }
            ).encode()
        ]
    )


def error(status: int, message: str = "as told", **headers: str) -> Reply:
    """An OpenAI-format error."""
    body = json.dumps({"error": {"message": message, "type": "test", "code": None}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply([body], status=status, headers={"content-type": "application/json", **named})
