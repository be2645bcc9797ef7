"""The simulator's HTTP side: OpenAI's chat-completions wire format, plain and streamed, with pace and faults.

Format: https://platform.openai.com/docs/api-reference/chat (bodies, chunks, `stream_options`, errors).
"""

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from migrator_tui.models.simulator import vectors
from migrator_tui.models.simulator.answering import Reply, answer, prompt_and_ticket
from migrator_tui.models.simulator.conversation import content_text
from migrator_tui.models.simulator.personas import Fault, Pace, Persona, load_persona, shipped_personas
from migrator_tui.models.simulator.text import share_of, tokens
from migrator_tui.models.simulator.trouble import TroubleFile
from migrator_tui.project.errors import ProjectError

_LARGEST_BODY = 64 * 2**20
_SMALLEST_PAUSE = 0.004
"""Seconds; deltas that are due within it are written at once, which keeps fast paces cheap."""
_FAULT_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_exceeded",
}
_FAILING = Fault("status", status=503, message="simulated trouble: this model is down")


class Simulator:
    """The server's state: where the project lies, how often each fault has struck, and how many calls came."""

    def __init__(self, folder: Path | None = None, *, pace: Pace | None = None, trouble: Path | None = None) -> None:
        self.folder = folder
        self.pace = pace
        self._troubles = TroubleFile(trouble)
        self._calls = 0
        self._struck: Counter[tuple[str, int, str]] = Counter()

    def application(self) -> web.Application:
        """The routes, with and without `/v1`."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        for prefix in ("", "/v1"):
            app.router.add_post(f"{prefix}/chat/completions", self.complete)
            app.router.add_post(f"{prefix}/embeddings", self.embed)
            app.router.add_get(f"{prefix}/models", self.models)
        return app

    async def models(self, request: web.Request) -> web.Response:
        """List the shipped personas."""
        data = [{"id": name, "object": "model", "owned_by": "simulated"} for name in shipped_personas()]
        return web.json_response({"object": "list", "data": data})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        arrived = time.perf_counter()
        try:
            body = json.loads(await request.read())
            model = str(body["model"])
            messages = list(body["messages"])
        except (ValueError, KeyError, TypeError):
            return _error(400, "the body is not a chat-completions request", "invalid_request_error")
        try:
            persona = load_persona(model.removeprefix("openai/"), self.folder)
        except ProjectError as error:
            return _error(404, str(error), "model_not_found")
        for name in persona.rejects:
            if name in body:
                return _error(
                    400,
                    f"Unsupported parameter: '{name}' is not supported with this model.",
                    "unsupported_parameter",
                    name,
                )
        self._calls += 1
        ticket = prompt_and_ticket([m for m in messages if isinstance(m, Mapping)])[1]
        trouble = self._troubles.strikes(persona.name, self._calls)
        fault = _FAILING if trouble and trouble.kind == "failing" else self._fault(persona, ticket)
        if fault and fault.kind == "status":
            return _fault_response(fault)
        if fault and fault.kind == "garbage":
            return web.Response(body=b"<html><body>502 Bad Gateway</body></html>", content_type="text/html")
        if fault and fault.kind == "hang":
            await asyncio.Event().wait()
        reply = Reply("") if fault and fault.kind == "empty" else answer(persona, body)
        pace = "real" if trouble else self.pace or persona.pace
        times = trouble.times if trouble else 1.0
        timing = _Timing(persona, pace, ticket, arrived, streamed=bool(body.get("stream")), times=times)
        head = {
            "id": f"chatcmpl-simulated-{secrets.token_hex(8)}",
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": "simulated",
        }
        usage = _usage(messages, body.get("tools"), reply)
        if body.get("stream"):
            with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
            return await _stream(request, head, reply, usage if with_usage else None, timing, fault)
        await timing.until(usage["completion_tokens"])
        return await _plain(request, head, reply, usage, fault)

    async def embed(self, request: web.Request) -> web.StreamResponse:
        """Answer one call for embeddings: https://platform.openai.com/docs/api-reference/embeddings"""
        try:
            body = json.loads(await request.read())
            model, given = str(body["model"]), body["input"]
            texts = [given] if isinstance(given, str) else [str(text) for text in given]
            dimensions = int(body.get("dimensions", vectors.DIMENSIONS))
        except (ValueError, KeyError, TypeError):
            return _error(400, "the body is not an embeddings request", "invalid_request_error")
        try:
            persona = load_persona(model.removeprefix("openai/"), self.folder)
        except ProjectError as error:
            return _error(404, str(error), "model_not_found")
        if not persona.embeds:
            return _error(400, f"{model} gives no embeddings; embedding-1 does", "invalid_request_error")
        if not texts or not all(texts) or not 0 < dimensions <= vectors.MOST_DIMENSIONS:
            return _error(400, "input must be texts that are not empty", "invalid_request_error", "input")
        fault = self._fault(persona, texts[0])
        if fault and fault.kind == "status":
            return _fault_response(fault)
        if fault and fault.kind == "hang":
            await asyncio.Event().wait()
        if fault:
            return web.Response(body=b"<html><body>502 Bad Gateway</body></html>", content_type="text/html")
        data = [
            {"object": "embedding", "index": place, "embedding": vectors.vector(text, dimensions)}
            for place, text in enumerate(texts)
        ]
        asked = sum(len(tokens(text)) for text in texts)
        usage = {"prompt_tokens": asked, "total_tokens": asked}
        return web.json_response({"object": "list", "data": data, "model": model, "usage": usage})

    def _fault(self, persona: Persona, ticket: str) -> Fault | None:
        """The first fault of the persona that strikes this call."""
        for number, fault in enumerate(persona.faults):
            if fault.when is not None and fault.when not in ticket:
                continue
            if fault.share is not None and share_of(persona.seed, "fault", number, ticket) >= fault.share:
                continue
            key = (persona.name, number, ticket if fault.per_ticket else "")
            if fault.first is not None and self._struck[key] >= fault.first:
                continue
            self._struck[key] += 1
            return fault
        return None


class _Timing:
    """When the n-th token is due."""

    def __init__(
        self, persona: Persona, pace: Pace, ticket: str, arrived: float, *, streamed: bool, times: float = 1.0
    ) -> None:
        self.runs = pace == "real" or (pace == "streamed" and streamed)
        wobble = (share_of("pace", persona.seed, ticket) - 0.5) * 2 * persona.jitter
        self.start = arrived + times * persona.first_token_ms / 1000 * (1 + wobble)
        self.each = times * (1 - wobble * 0.5) / persona.tokens_per_second

    async def until(self, token: int) -> None:
        """Wait until that many tokens are due; not at all if this call is not paced."""
        wait = self.start + token * self.each - time.perf_counter()
        if self.runs and wait > _SMALLEST_PAUSE:
            await asyncio.sleep(wait)


async def _plain(
    request: web.Request, head: Mapping[str, Any], reply: Reply, usage: Mapping[str, Any], fault: Fault | None
) -> web.StreamResponse:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None if reply.tool_calls else reply.text}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    if reply.tool_calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in reply.tool_calls
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}
    text = json.dumps({**head, "object": "chat.completion", "choices": [choice], "usage": usage}, ensure_ascii=True)
    if fault and fault.kind == "malformed":
        return web.Response(text=text[: len(text) // 2], content_type="application/json")
    if fault and fault.kind == "cut":
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(text))})
        await response.prepare(request)
        await response.write(text[: len(text) // 2].encode())
        _hang_up(request)
        return response
    return web.Response(text=text, content_type="application/json")


async def _stream(
    request: web.Request,
    head: Mapping[str, Any],
    reply: Reply,
    usage: Mapping[str, Any] | None,
    timing: _Timing,
    fault: Fault | None,
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    event_head = {**head, "object": "chat.completion.chunk"}

    def event(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return b"data: " + json.dumps({**event_head, "choices": [choice]}).encode() + b"\n\n"

    sent = 0
    for sent, delta in enumerate(_deltas(reply)):
        await timing.until(sent)
        if fault and fault.kind in {"cut", "malformed"} and sent >= fault.after_tokens:
            break
        if sent == 0:
            await response.write(event({"role": "assistant", "content": ""}))
        await response.write(event(delta))
    if fault and fault.kind == "cut":
        _hang_up(request)
        return response
    if fault and fault.kind == "malformed":
        await response.write(b'data: {"choices": [{"delta": {"content": \n\n')
        return response
    await response.write(event({}, reply.finish_reason))
    if usage is not None:
        await response.write(b"data: " + json.dumps({**event_head, "choices": [], "usage": usage}).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    for piece in tokens(reply.reasoning):
        yield {"reasoning_content": piece}
    for piece in tokens(reply.text):
        yield {"content": piece}
    for index, call in enumerate(reply.tool_calls):
        function = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]}
        for piece in tokens(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _usage(messages: list[Any], tools: Any, reply: Reply) -> dict[str, Any]:
    """Counts as OpenAI states them: each message costs four tokens more than its text, and tools are read as well."""
    asked = len(tokens(json.dumps(tools, ensure_ascii=False))) if tools else 0
    for message in messages:
        if isinstance(message, Mapping):
            calls = message.get("tool_calls")
            called = json.dumps(calls, ensure_ascii=False) if calls else ""
            asked += 4 + len(tokens(content_text(message))) + len(tokens(called))
    reasoning = len(tokens(reply.reasoning))
    answered = reasoning + len(tokens(reply.text)) + sum(len(tokens(c.name + c.arguments)) for c in reply.tool_calls)
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def _error(status: int, message: str, code: str, param: str | None = None) -> web.Response:
    kind = "invalid_request_error" if status in {400, 404} else code
    return web.json_response(
        {"error": {"message": message, "type": kind, "param": param, "code": code}}, status=status
    )


def _fault_response(fault: Fault) -> web.Response:
    response = _error(fault.status, fault.message, _FAULT_TYPES.get(fault.status, "server_error"))
    if fault.retry_after is not None:
        response.headers["Retry-After"] = f"{fault.retry_after:g}"
    return response


def _hang_up(request: web.Request) -> None:
    """Drop the connection without a proper end."""
    if request.transport is not None:
        request.transport.abort()
