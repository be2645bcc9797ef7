"""The first call costs half a second of lazy imports: a real request to a stub in our own process pays it early."""

import asyncio
import contextlib
import json
from typing import Any

_COMMON = {"id": "warm", "created": 0, "model": "warm"}
_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
_PLAIN = json.dumps(
    _COMMON
    | {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}],
        "usage": _USAGE,
    }
)
_STREAMED = "".join(
    f"data: {data if isinstance(data, str) else json.dumps(_COMMON | {'object': 'chat.completion.chunk'} | data)}\n\n"
    for data in (
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "ok"}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": _USAGE},
        "[DONE]",
    )
)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one HTTP request with the fixed completion, as a stream if its body asks for one."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next(
            (int(line.split(":")[1]) for line in head.splitlines() if line.startswith("content-length:")), 0
        )
        wanted = json.loads(await reader.readexactly(length) or b"{}")
        body, kind = (_STREAMED, "text/event-stream") if wanted.get("stream") else (_PLAIN, "application/json")
        answer = [
            "HTTP/1.1 200 OK",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            "",
            body,
        ]
        writer.write("\r\n".join(answer).encode())
        await writer.drain()
        writer.close()


async def warm_up(litellm: Any, *, streams: bool) -> None:
    """One plain call, and a streamed one for a worker that will stream."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for stream in (False, True) if streams else (False,):
        response = await litellm.acompletion(
            model="openai/warm",
            messages=[{"role": "user", "content": "ok"}],
            api_base=f"http://127.0.0.1:{port}/v1",
            api_key="no-key",
            stream=stream,
            stream_options={"include_usage": True} if stream else None,
            timeout=10,
            max_retries=0,
            num_retries=0,
        )
        if stream:
            async for _ in response:
                pass
    server.close()
