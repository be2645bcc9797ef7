"""The simulator over real HTTP: wire format, streams, tools, pace, faults, and its life as a process."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.simulator.conftest import Client, start

TOOL = {
    "type": "function",
    "function": {
        "name": "lookup_parcel",
        "description": "Says where the parcel of an order is",
        "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
    },
}


async def test_a_plain_answer_is_a_chat_completion(client: Client) -> None:
    status, _, body = await client.post("classic-1")
    assert status == 200
    assert body["object"] == "chat.completion"
    assert body["system_fingerprint"] == "simulated"
    choice = body["choices"][0]
    assert choice["message"]["role"] == "assistant"
    assert "carrier" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] > 4


async def test_a_stream_says_the_same_as_a_plain_call(client: Client) -> None:
    _, _, body = await client.post("bright-2", "Mein Paket ist nicht da, ich warte seit Tagen.")
    told = await client.stream(
        "bright-2", "Mein Paket ist nicht da, ich warte seit Tagen.", stream_options={"include_usage": True}
    )
    assert told.text == body["choices"][0]["message"]["content"]
    assert told.finish == "stop"
    assert told.done
    assert told.usage == body["usage"]
    assert told.events > 10


async def test_usage_is_streamed_only_when_asked_for(client: Client) -> None:
    assert (await client.stream("classic-1")).usage is None


async def test_max_tokens_and_stop(client: Client) -> None:
    _, _, body = await client.post("classic-1", max_tokens=5)
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 5
    assert (await client.stream("classic-1", max_completion_tokens=5)).finish == "length"
    _, _, body = await client.post("classic-1", stop=["carrier"])
    assert body["choices"][0]["message"]["content"] == "We have asked the "


async def test_reasoning_comes_first_and_is_counted(client: Client) -> None:
    _, _, body = await client.post("personas/thinks.toml")
    message = body["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("Done.", "Let me think about that.")
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    told = await client.stream("personas/thinks.toml")
    assert (told.text, told.reasoning) == ("Done.", "Let me think about that.")


async def test_a_tool_is_called_where_it_fits(client: Client) -> None:
    _, _, body = await client.post("classic-1", "Where is the parcel of order 88231?", tools=[TOOL])
    choice = body["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    call = choice["message"]["tool_calls"][0]["function"]
    assert (call["name"], json.loads(call["arguments"])) == ("lookup_parcel", {"order_id": "88231"})
    told = await client.stream("classic-1", "Where is the parcel of order 88231?", tools=[TOOL])
    assert told.finish == "tool_calls"
    assert told.tools[0]["name"] == "lookup_parcel"
    assert json.loads(told.tools[0]["arguments"]) == {"order_id": "88231"}


async def test_tools_and_earlier_calls_are_counted(client: Client) -> None:
    async def asked(messages: list[dict[str, object]], **more: Any) -> int:
        _, _, body = await client.post("classic-1", messages=messages, **more)
        return int(body["usage"]["prompt_tokens"])

    turn: dict[str, object] = {"role": "user", "content": "Hello"}
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "lookup_parcel", "arguments": '{"order_id": "88231"}'},
    }
    plain = await asked([turn])
    assert await asked([turn], tools=[TOOL]) > plain + 30
    assert await asked([turn, {"role": "assistant", "content": None, "tool_calls": [call]}]) > plain + 20


async def test_no_tool_is_called_where_none_fits_or_is_allowed(client: Client) -> None:
    _, _, body = await client.post("classic-1", "I forgot my password", tools=[TOOL])
    assert "tool_calls" not in body["choices"][0]["message"]
    _, _, body = await client.post("classic-1", "Where is the parcel of 88231?", tools=[TOOL], tool_choice="none")
    assert "tool_calls" not in body["choices"][0]["message"]
    _, _, body = await client.post("classic-1", "I forgot my password", tools=[TOOL], tool_choice="required")
    assert body["choices"][0]["finish_reason"] == "tool_calls"


async def test_after_a_tool_has_answered_the_model_speaks(client: Client) -> None:
    messages = [
        {"role": "user", "content": "Where is the parcel of order 88231?"},
        {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": TOOL["function"]}]},
        {"role": "tool", "tool_call_id": "1", "content": "It is in Bremen."},
    ]
    _, _, body = await client.post("classic-1", messages=messages, tools=[TOOL])
    assert body["choices"][0]["message"]["content"] == "It is in Bremen."


async def test_rate_limit_for_the_first_calls(client: Client) -> None:
    told = [await client.post("personas/limited.toml") for _ in range(3)]
    assert [status for status, _, _ in told] == [429, 429, 200]
    assert told[0][1]["Retry-After"] == "0.5"
    assert told[0][2]["error"]["code"] == "rate_limit_exceeded"


async def test_a_fault_may_be_counted_by_ticket(client: Client) -> None:
    name = "personas/per-ticket.toml"
    assert [(await client.post(name, text))[0] for text in ("a", "b", "a", "b")] == [503, 503, 200, 200]


async def test_server_error_and_a_body_that_is_not_json(client: Client) -> None:
    status, _, body = await client.post("personas/broken.toml")
    assert (status, body["error"]["type"]) == (500, "server_error")
    with pytest.raises(json.JSONDecodeError):
        await client.post("personas/garbage.toml")


async def test_a_refused_parameter(client: Client) -> None:
    status, _, body = await client.post("personas/picky.toml", temperature=0)
    assert (status, body["error"]["param"]) == (400, "temperature")
    assert (await client.post("personas/picky.toml"))[0] == 200


async def test_hanging_lasts_until_the_caller_gives_up(client: Client) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await client.post("personas/hangs.toml")
    assert (await client.post("classic-1"))[0] == 200


@pytest.mark.parametrize("stream", [True, False])
async def test_a_cut_breaks_the_connection(client: Client, stream: bool) -> None:
    with pytest.raises(aiohttp.ClientError):
        await (client.stream if stream else client.post)("personas/cut.toml")


@pytest.mark.parametrize("stream", [True, False])
async def test_a_malformed_event_is_not_json(client: Client, stream: bool) -> None:
    with pytest.raises(json.JSONDecodeError):
        await (client.stream if stream else client.post)("personas/malformed.toml")


async def test_an_empty_answer_only_for_the_ticket_meant(client: Client) -> None:
    _, _, body = await client.post("personas/empty.toml", "Say nothing")
    assert body["choices"][0]["message"]["content"] == ""
    assert body["usage"]["completion_tokens"] == 0
    told = await client.stream("personas/empty.toml", "Say nothing")
    assert (told.text, told.finish) == ("", "stop")
    _, _, body = await client.post("personas/empty.toml")
    assert body["choices"][0]["message"]["content"]


async def test_hostile_text_goes_through_as_it_is(client: Client) -> None:
    _, _, body = await client.post("personas/hostile.toml")
    assert body["choices"][0]["message"]["content"] == "\x1b]2;x\x07 [/b] \u202e"
    assert (await client.stream("personas/hostile.toml")).text == "\x1b]2;x\x07 [/b] \u202e"


async def test_real_pace_holds_for_plain_and_streamed_calls(client: Client) -> None:
    for ask in (client.post, client.stream):
        begun = time.perf_counter()
        await ask("personas/paced.toml")
        assert time.perf_counter() - begun >= 0.12 + 3 / 50


async def test_many_paced_calls_run_side_by_side(client: Client) -> None:
    begun = time.perf_counter()
    told = await asyncio.gather(*(client.post("metronome", f"ticket {n}") for n in range(64)))
    took = time.perf_counter() - begun
    assert all(body["usage"]["completion_tokens"] == 200 for _, _, body in told)
    # One alone takes 2.3 s; one after the other 64 would take two and a half minutes.
    assert 2.3 <= took < 6


async def test_bad_requests_are_told_in_openais_form(client: Client) -> None:
    status, _, body = await client.post("no-such-model")
    assert (status, body["error"]["code"]) == (404, "model_not_found")
    assert "bright-2" in body["error"]["message"]
    assert (await client.post("../../etc/passwd.toml"))[0] == 404
    for data in (b"{", b"[]", b'{"model": "classic-1"}', b'{"model": "classic-1", "messages": 3}'):
        async with client.session.post(client.url, data=data) as response:
            assert response.status == 400, data


async def test_models_are_listed(client: Client) -> None:
    async with client.session.get(client.url.replace("chat/completions", "models")) as response:
        names = {entry["id"] for entry in (await response.json())["data"]}
    assert {"classic-1", "bright-2", "metronome"} <= names


async def test_it_ends_when_its_stdin_closes_even_with_a_call_hanging(tmp_path: Path) -> None:
    (tmp_path / "hangs.toml").write_text('[[faults]]\nkind = "hang"\n')
    process, port = start(tmp_path)
    async with aiohttp.ClientSession() as session:
        client = Client(f"http://127.0.0.1:{port}/v1", session)
        hanging = asyncio.create_task(client.post("hangs.toml"))
        assert (await client.post("classic-1"))[0] == 200
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.to_thread(process.wait, 10) == 0
        with pytest.raises(aiohttp.ClientError):
            await hanging
