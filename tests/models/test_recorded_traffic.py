"""Every body and error that real providers sent, replayed in their own formats through a real worker."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import (
    ErrorKind,
    Failed,
    Finished,
    Lane,
    ReasoningDelta,
    Sent,
    TextDelta,
    ToolCallDelta,
)
from tests.conftest import SHARED
from tests.models.conftest import ask_for
from tests.models.recorded_bodies import PREFIXES, READERS, folders, parsed
from tests.models.replay import SSE, ReplayServer, Reply

pytestmark = pytest.mark.asyncio(loop_scope="session")

STREAMS = folders(SHARED / "streams")
ERRORS = folders(SHARED / "errors")


FINISH = {"max_tokens": "length", "MAX_TOKENS": "length", "length": "length", None: None}


def model_of(folder: Path) -> str:
    provider, info = folder.parent.name, meta(folder)
    if provider == "bedrock":  # the model stands in the address alone
        found = re.search(r"/model/([^/]+)/", info["url"])
        assert found
        return f"bedrock/converse/{unquote(found[1])}"
    return f"{PREFIXES.get(provider, provider)}/{info['model']}"


def meta(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "meta.json").read_text())


def name(folder: Path) -> str:
    return f"{folder.parent.name}-{folder.name}"


@pytest.mark.parametrize("folder", STREAMS, ids=name)
async def test_a_stream_gives_what_its_body_holds(folder: Path, pool: ModelPool, server: ReplayServer) -> None:
    raw = (folder / "response.sse").read_bytes()
    said = READERS[folder.parent.name](raw)
    # Cut without regard to events and characters, as networks do.
    pieces = [raw[start : start + 611] for start in range(0, len(raw), 611)]
    script = server.script(Reply(pieces, headers=SSE))

    events = [event async for event in pool.call(ask_for(script, model_of(folder), stream=True), Lane.WAITED_FOR)]

    assert isinstance(events[0], Sent)
    assert isinstance(events[-1], Finished), events[-1]
    answer = events[-1].answer
    assert answer.text == said.text
    assert answer.reasoning == said.reasoning
    assert [(call.name, parsed(call.arguments)) for call in answer.tool_calls] == said.calls
    assert answer.finish_reason == ("tool_calls" if said.calls else FINISH.get(said.finish, "stop"))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == said.text
    assert "".join(e.text for e in events if isinstance(e, ReasoningDelta)) == said.reasoning
    deltas = [e for e in events if isinstance(e, ToolCallDelta)]
    for index, call in enumerate(answer.tool_calls):
        assert "".join(e.name for e in deltas if e.index == index) == call.name
        assert "".join(e.arguments for e in deltas if e.index == index) == call.arguments
    assert (answer.input_tokens, answer.output_tokens) == said.tokens, "counts are the provider's, or unknown"


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("folder", ERRORS, ids=name)
async def test_an_error_ends_typed(folder: Path, streamed: bool, pool: ModelPool, server: ReplayServer) -> None:
    info = meta(folder)
    body = (folder / "response.json").read_bytes()
    # Framing is this server's own affair.
    kept = {
        k: v for k, v in info["headers"].items() if k.lower() in ("content-type", "x-amzn-errortype", "retry-after")
    }
    script = server.script(Reply([body], status=info["status"], headers=kept))

    end = await pool.ask(ask_for(script, model_of(folder), stream=streamed), Lane.WAITED_FOR)

    assert isinstance(end, Failed)
    assert script.seen, f"nothing was asked: {end.error}"
    assert (end.error.kind, end.error.status) == (ErrorKind.REJECTED, info["status"])
    assert end.error.attempts == 1
    sentence = json.loads(body).get("message") or json.loads(body)["error"]["message"]
    assert " ".join(sentence.split())[:100] in end.error.message
