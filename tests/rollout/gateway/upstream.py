"""A model server whose answer tells what it was asked: `python -m tests.rollout.gateway.upstream` prints its port.

Words in the last message make trouble: FAIL and REJECT for the model `new`, BOTH for all, CUT breaks its stream off
before the first piece, CUT LATE after it, at `POST /cut`; EMPTY lets it answer nothing, a stream with NOTHING more
than its end; WAIT holds the answer back until `POST /go`, HANG that of `new` for ever, QUIET lets its stream begin
and say nothing more. It ends when its stdin closes.
"""

import asyncio
import json
import sys
from typing import Any

from aiohttp import web

_go, _cut, _never = asyncio.Event(), asyncio.Event(), asyncio.Event()


async def complete(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    model, asked = body["model"], str(body["messages"][-1].get("content"))
    if (model == "new" and "FAIL" in asked) or "BOTH" in asked:
        return web.json_response({"error": {"message": "broken"}}, status=500)
    if model == "new" and "REJECT" in asked:
        return web.json_response(
            {"error": {"message": "no such parameter", "type": "invalid_request_error"}}, status=400
        )
    if "WAIT" in asked:
        await _go.wait()
    if "HANG" in asked and model == "new":
        await _never.wait()
    text = json.dumps({name: value for name, value in body.items() if name != "stream_options"})
    if "EMPTY" in asked and model == "new":
        text = ""
    head = {"id": f"chatcmpl-{id(body)}", "created": 1, "model": model}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    if not body.get("stream"):
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)

    async def say(choices: list[Any], **more: Any) -> None:
        event = {**head, "object": "chat.completion.chunk", "choices": choices, **more}
        await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")

    if "QUIET" in asked and model == "new":
        if "BEGUN" in asked:
            await say([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
        if "WORDS" in asked:
            await say([{"index": 0, "delta": {"content": "Well,"}, "finish_reason": None}])
        await _never.wait()
    if asked == "CUT" and model == "new" and request.transport is not None:
        request.transport.abort()
        return response
    for at in range(0, len(text), 40):
        await say(
            [{"index": 0, "delta": {"role": "assistant", "content": text[at : at + 40]}, "finish_reason": None}]
        )
        if asked == "CUT LATE" and model == "new" and request.transport is not None:
            await _cut.wait()
            request.transport.abort()
            return response
    if "NOTHING" not in asked or model != "new":
        await say([{"index": 0, "delta": {}, "finish_reason": "stop"}])
        await say([], usage=usage)
    await response.write(b"data: [DONE]\n\n")
    return response


async def go(_: web.Request) -> web.Response:
    _go.set()
    return web.Response()


async def cut(_: web.Request) -> web.Response:
    _cut.set()
    return web.Response()


async def main() -> None:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_post("/go", go)
    app.router.add_post("/cut", cut)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    _go.set()
    _cut.set()
    _never.set()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
