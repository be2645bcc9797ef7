"""What goes wrong on the way to a model, each through a real worker: the call ends, typed, and nothing hangs."""

import asyncio
from contextlib import aclosing

import pytest

from migrator_tui.models.pool import ModelPool
from migrator_tui.models.requests import (
    Answer,
    CallError,
    ErrorKind,
    Event,
    Failed,
    Finished,
    Lane,
    ModelRequest,
    ReasoningDelta,
    Retrying,
    Sent,
    TextDelta,
    ToolCall,
)
from tests.models.conftest import ask_for
from tests.models.replay import DONE, SSE, ReplayServer, Reply, chunk, error, plain, stream

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOTH = pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])


async def events_of(pool: ModelPool, request: ModelRequest, lane: Lane = Lane.WAITED_FOR) -> list[Event]:
    return [event async for event in pool.call(request, lane)]


def answer_of(events: list[Event]) -> Answer:
    assert isinstance(events[-1], Finished), events[-1]
    return events[-1].answer


def error_of(events: list[Event]) -> CallError:
    assert isinstance(events[-1], Failed), events[-1]
    return events[-1].error


@BOTH
async def test_429_then_success(streamed: bool, pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(error(429, "slow down", retry_after="0.2"), stream("hi") if streamed else plain("hi"))
    events = await events_of(pool, ask_for(script, stream=streamed))
    assert answer_of(events).text == "hi"
    retrying = [event for event in events if isinstance(event, Retrying)]
    assert [(event.attempt, event.error.kind) for event in retrying] == [(1, ErrorKind.RATE_LIMITED)]
    assert retrying[0].error.retry_after == 0.2
    assert "slow down" in retrying[0].error.message
    assert [event.attempt for event in events if isinstance(event, Sent)] == [1, 2]
    assert script.seen[1].at - script.seen[0].at >= 0.2, "earlier than the provider asked"


@pytest.mark.parametrize(
    "model",
    [
        "anthropic/claude-sonnet-4-5",
        "gemini/gemini-2.5-pro",
        "mistral/m",
        "bedrock/converse/us.amazon.nova-lite-v1:0",
    ],
)
@BOTH
async def test_every_provider_may_ask_us_to_wait(
    model: str, streamed: bool, pool: ModelPool, server: ReplayServer
) -> None:
    script = server.script(error(429, "slow down", retry_after="600"))
    failed = error_of(await events_of(pool, ask_for(script, model, stream=streamed)))
    assert (failed.kind, failed.status, failed.retry_after) == (ErrorKind.RATE_LIMITED, 429, 600)


async def test_a_retry_after_of_hours_ends_the_call(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(error(429, "daily quota", retry_after="3600"))
    failed = error_of(await events_of(pool, ask_for(script)))
    assert (failed.kind, failed.retry_after, failed.attempts) == (ErrorKind.RATE_LIMITED, 3600, 1)
    assert len(script.seen) == 1


async def test_no_quota_is_no_reason_to_try_again(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(error(429, "You exceeded your current quota, please check your plan and billing details."))
    failed = error_of(await events_of(pool, ask_for(script)))
    assert (failed.kind, failed.attempts) == (ErrorKind.KEY, 1)


@BOTH
@pytest.mark.parametrize("status", [500, 502, 503, 529])
async def test_server_errors_are_tried_again_and_counted(
    status: int, streamed: bool, pool: ModelPool, server: ReplayServer
) -> None:
    script = server.script(error(status, "overloaded"))
    failed = error_of(await events_of(pool, ask_for(script, stream=streamed)))
    assert (failed.kind, failed.status, failed.attempts) == (ErrorKind.SERVER, status, 5)
    assert len(script.seen) == 5, "the library must not retry by itself"
    assert "overloaded" in failed.message


@pytest.mark.parametrize("status", [401, 403])
async def test_a_wrong_key_is_no_reason_to_try_again(status: int, pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(error(status, "no such key"))
    failed = error_of(await events_of(pool, ask_for(script)))
    assert (failed.kind, failed.status, failed.attempts) == (ErrorKind.KEY, status, 1)


@BOTH
async def test_a_server_that_hangs(streamed: bool, pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(Reply(hang=True, headers=SSE))
    failed = error_of(await events_of(pool, ask_for(script, stream=streamed, timeout=0.3)))
    assert (failed.kind, failed.attempts) == (ErrorKind.TIMED_OUT, 2)
    assert "0.3 s" in failed.message
    await asyncio.wait_for(script.gone.wait(), 5)


async def test_a_stream_that_stops_halfway_keeps_what_came(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(Reply([chunk({"content": "so far"})], hang=True, headers=SSE))
    events = await events_of(pool, ask_for(script, stream=True, timeout=1.0))
    assert error_of(events).partial_text == "so far"
    assert error_of(events).kind is ErrorKind.TIMED_OUT


async def test_a_server_that_knows_no_stream_options(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(error(400, "Unrecognized request argument supplied: stream_options"), stream("hi"))
    events = await events_of(pool, ask_for(script, stream=True))
    assert answer_of(events).text == "hi"
    assert [event.attempt for event in events if isinstance(event, Sent)] == [1]
    assert script.seen[0].body["stream_options"] == {"include_usage": True}
    assert "stream_options" not in script.seen[1].body


@pytest.mark.parametrize("cut", [True, False], ids=["connection-dropped", "ended-politely"])
async def test_a_stream_cut_off(cut: bool, pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(
        Reply([chunk({"content": "half an "}), chunk({"content": "answ"})], cut=cut, headers=SSE), stream("whole")
    )
    events = await events_of(pool, ask_for(script, stream=True))
    assert answer_of(events).text == "whole", "nothing of the first attempt may stay"
    retrying = [event for event in events if isinstance(event, Retrying)]
    assert [event.error.kind for event in retrying] == [ErrorKind.CUT_OFF]
    assert retrying[0].error.partial_text == "half an answ"


async def test_an_end_without_a_reason_but_with_done_is_an_end(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(stream("all of it", finish=None))
    answer = answer_of(await events_of(pool, ask_for(script, stream=True)))
    assert (answer.text, answer.finish_reason) == ("all of it", None)


async def test_a_plain_answer_cut_off(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(Reply([b'{"id": "c1", "choi'], cut=True), plain("whole"))
    events = await events_of(pool, ask_for(script))
    assert answer_of(events).text == "whole"
    assert isinstance(events[1], Retrying)


@pytest.mark.parametrize(
    "broken",
    [
        Reply([chunk({"content": "a"}), b'data: {"choices": [{"delta": {"con\n\n', DONE], headers=SSE),
        Reply([chunk({"content": "a"}), b"data: [1, 2]\n\n", DONE], headers=SSE),
        Reply([chunk({"content": "a"}), b'data: {"error": {"message": "engine fell over"}}\n\n'], headers=SSE),
    ],
    ids=["half-json", "no-object", "error-inside"],
)
async def test_a_malformed_event(broken: Reply, pool: ModelPool, server: ReplayServer) -> None:
    events = await events_of(pool, ask_for(server.script(broken), stream=True))
    assert error_of(events).kind in (ErrorKind.MALFORMED, ErrorKind.SERVER, ErrorKind.CUT_OFF)
    assert error_of(events).partial_text == "a"
    assert "\n" not in error_of(events).message


@pytest.mark.parametrize(
    "body",
    [b"<html>gateway</html>", b"{", b'{"choices": []}', b'{"choices": [{}]}', b"null", b"[]", b""],
    ids=["html", "half", "no-choices", "no-message", "null", "list", "nothing"],
)
async def test_a_malformed_answer(body: bytes, pool: ModelPool, server: ReplayServer) -> None:
    failed = error_of(await events_of(pool, ask_for(server.script(Reply([body])))))
    assert (failed.kind, failed.attempts) == (ErrorKind.MALFORMED, 3), failed


@pytest.mark.parametrize("text", ["", None])
async def test_an_empty_answer_is_an_answer(text: str | None, pool: ModelPool, server: ReplayServer) -> None:
    assert answer_of(await events_of(pool, ask_for(server.script(plain(text))))).text == ""
    streamed = answer_of(await events_of(pool, ask_for(server.script(stream()), stream=True)))
    assert (streamed.text, streamed.finish_reason, streamed.first_token_ms) == ("", "stop", None)


async def test_reasoning_streams_first(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(
        Reply(
            [
                chunk({"reasoning_content": "Let me "}),
                chunk({"reasoning_content": "think."}),
                chunk({"content": "42"}),
                chunk({}, "stop"),
                chunk(
                    usage={
                        "prompt_tokens": 5,
                        "completion_tokens": 9,
                        "total_tokens": 14,
                        "completion_tokens_details": {"reasoning_tokens": 7},
                    }
                ),
                DONE,
            ],
            headers=SSE,
        )
    )
    events = await events_of(pool, ask_for(script, stream=True))
    answer = answer_of(events)
    assert (answer.text, answer.reasoning) == ("42", "Let me think.")
    assert (answer.input_tokens, answer.output_tokens, answer.reasoning_tokens) == (5, 9, 7)
    kinds = [type(event) for event in events if isinstance(event, (ReasoningDelta, TextDelta))]
    assert kinds == sorted(kinds, key=[ReasoningDelta, TextDelta].index)


@BOTH
async def test_truncation_is_told(streamed: bool, pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(stream("cut he", finish="length") if streamed else plain("cut he", finish="length"))
    answer = answer_of(await events_of(pool, ask_for(script, stream=streamed)))
    assert (answer.text, answer.finish_reason) == ("cut he", "length")


TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}


@BOTH
async def test_tool_calls(streamed: bool, pool: ModelPool, server: ReplayServer) -> None:
    def part(index: int, more: dict) -> dict:
        return {"tool_calls": [{"index": index, **more}]}

    whole = [
        {"id": "a", "type": "function", "function": {"name": "look_up", "arguments": '{"order": 17}'}},
        {"id": "b", "type": "function", "function": {"name": "refund", "arguments": '{"broken'}},
    ]
    script = server.script(
        Reply(
            [
                chunk(part(0, {**whole[0], "function": {"name": "look_up", "arguments": ""}})),
                chunk(part(0, {"function": {"arguments": '{"ord'}})),
                chunk(part(0, {"function": {"arguments": 'er": 17}'}})),
                chunk(part(1, {**whole[1], "function": {"name": "refund", "arguments": '{"broken'}})),
                chunk({}, "tool_calls"),
                DONE,
            ],
            headers=SSE,
        )
        if streamed
        else plain(None, finish="tool_calls", tool_calls=whole)
    )
    answer = answer_of(await events_of(pool, ask_for(script, stream=streamed, tools=[TOOL])))
    assert answer.tool_calls == (ToolCall("a", "look_up", '{"order": 17}'), ToolCall("b", "refund", '{"broken'))
    assert answer.finish_reason == "tool_calls"
    assert script.seen[0].body["tools"] == [TOOL]


@BOTH
async def test_a_line_of_megabytes(streamed: bool, pool: ModelPool, server: ReplayServer) -> None:
    text = "0123456789abcdef" * (3 << 16)
    question = "wide " * 400_000
    script = server.script(stream(text) if streamed else plain(text))
    request = ask_for(script, stream=streamed, messages=[{"role": "user", "content": question}])
    assert answer_of(await events_of(pool, request)).text == text
    assert script.seen[0].body["messages"][0]["content"] == question


@BOTH
async def test_hostile_text_arrives_as_it_is(streamed: bool, pool: ModelPool, server: ReplayServer) -> None:
    text = "\x1b]2;x\x07 [/b] \x00 \u202e\u2028 \ud83d lone \r\n end"
    script = server.script(stream(text) if streamed else plain(text))
    assert answer_of(await events_of(pool, ask_for(script, stream=streamed))).text == text


async def test_a_lone_surrogate_in_the_question_harms_nothing(pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(plain())
    request = ask_for(script, messages=[{"role": "user", "content": "half \ud83d whole \ud83d\ude00"}])
    assert answer_of(await events_of(pool, request)).text == "hi"
    assert script.seen[0].body["messages"][0]["content"] == "half \ufffd whole \U0001f600"


async def test_nobody_listens(pool: ModelPool) -> None:
    failed = error_of(await events_of(pool, ask_for("http://127.0.0.1:1/v1")))
    assert (failed.kind, failed.status, failed.attempts) == (ErrorKind.CONNECTION, None, 5)
    assert "127.0.0.1" in failed.message


@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_a_call_left_is_cancelled_at_the_provider(how: str, pool: ModelPool, server: ReplayServer) -> None:
    script = server.script(Reply([chunk({"content": "and on"})], hang=True, headers=SSE))
    begun = asyncio.Event()

    async def listen() -> None:
        async with aclosing(pool.call(ask_for(script, stream=True), Lane.WAITED_FOR)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    begun.set()
                    if how == "closed":
                        return

    task = asyncio.create_task(listen())
    await asyncio.wait_for(begun.wait(), 10)
    if how == "cancelled":
        task.cancel()
    await asyncio.wait_for(script.gone.wait(), 5)
    await asyncio.wait([task])
    assert task.cancelled() == (how == "cancelled")
