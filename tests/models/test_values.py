"""The parts between request and answer, each by itself: lines, arguments, collecting, failures, recordings."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator_tui.models.arguments import RefusedArgument, call_arguments, sendable, with_user_turn
from migrator_tui.models.collecting import MERGED_FOR, Collector, plain_answer
from migrator_tui.models.failures import call_error, one_line, retry_after
from migrator_tui.models.protocol import (
    encode,
    event_from_json,
    event_to_json,
    lines,
    request_from_json,
    request_to_json,
)
from migrator_tui.models.recorded import Recordings
from migrator_tui.models.requests import (
    Answer,
    CallError,
    ErrorKind,
    Event,
    Failed,
    Finished,
    ModelRequest,
    ReasoningDelta,
    Retrying,
    Sent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
)
from migrator_tui.project.errors import ProjectError

any_text = st.text(st.characters(exclude_categories=[]))
numbers = st.none() | st.integers(0, 10**9)
times = st.none() | st.floats(0, 1e9)
answers = st.builds(
    Answer,
    any_text,
    reasoning=any_text,
    tool_calls=st.lists(st.builds(ToolCall, any_text, any_text, any_text), max_size=3).map(tuple),
    finish_reason=st.none() | any_text,
    input_tokens=numbers,
    output_tokens=numbers,
    reasoning_tokens=numbers,
    first_token_ms=times,
    latency_ms=times,
    cost=times,
    passed=st.none() | st.booleans(),
)
errors = st.builds(
    CallError, st.sampled_from(ErrorKind), any_text, numbers, st.integers(1, 9), times, partial_text=any_text
)
all_events = st.one_of(
    st.builds(TextDelta, st.just("r"), any_text),
    st.builds(ReasoningDelta, st.just("r"), any_text),
    st.builds(ToolCallDelta, st.just("r"), st.integers(0, 9), any_text, any_text),
    st.builds(Sent, st.just("r"), st.integers(1, 9)),
    st.builds(Retrying, st.just("r"), st.integers(1, 9), st.floats(0, 99), errors),
    st.builds(Finished, st.just("r"), answers),
    st.builds(Failed, st.just("r"), errors),
)


async def read(raw: bytes) -> list[bytes]:
    reader = asyncio.StreamReader()
    reader.feed_data(raw)
    reader.feed_eof()
    return [line async for line in lines(reader)]


@given(all_events)
def test_events_cross_the_pipe_unchanged(event: Event) -> None:
    import json

    line = encode({"call": 7, **event_to_json(event)})
    assert line.isascii() and line.count(b"\n") == 1
    assert event_from_json(json.loads(line), "r") == event


@given(any_text, st.dictionaries(any_text, st.integers()))
def test_requests_cross_the_pipe_unchanged(text: str, params: dict[str, Any]) -> None:
    import json

    request = ModelRequest(
        "r", text, [{"role": "user", "content": text}], params, [{"type": "function"}], {"type": "json_object"},
        True, "http://localhost", "KEY", 1.5, "limits", 3, 60, "case",
    )  # fmt: skip
    assert request_from_json(json.loads(encode(request_to_json(request)))) == request


@pytest.mark.parametrize("size", [1, 3, 1 << 18])
async def test_lines_of_any_length(size: int) -> None:
    raw = b"a\n\nlong" + b"x" * 700_000 + b"\nlast\nhalf"
    reader = asyncio.StreamReader()
    if size == 1:
        raw = b"a\n\nlongx\nlast\nhalf"
    for start in range(0, len(raw), size if size > 1 else 1):
        reader.feed_data(raw[start : start + size])
        if size == 3 and start > 3000:
            reader.feed_data(raw[start + size :])
            break
    reader.feed_eof()
    got = [line async for line in lines(reader)]
    assert got == raw.split(b"\n")[:-1]


def asked(provider: str = "openai", **more: Any) -> dict[str, Any]:
    request = ModelRequest("r", "openai/m", more.pop("messages", [{"role": "user", "content": "x"}]), **more)
    return call_arguments(request, provider=provider, key=None, reserved={"reserved_one"})


def test_arguments_say_what_was_asked() -> None:
    made = asked(
        params={"temperature": 0, "extra_body": {"x": 1}}, response_format={"type": "json_object"}, timeout=7
    )
    assert made == {
        "model": "openai/m",
        "messages": [{"role": "user", "content": "x"}],
        "temperature": 0,
        "extra_body": {"x": 1},
        "response_format": {"type": "json_object"},
        "stream": False,
        "timeout": 7,
        "max_retries": 0,
        "num_retries": 0,
    }


@pytest.mark.parametrize(
    ("provider", "api_base", "placeholder"),
    [
        ("openai", None, False),
        ("openai", "http://127.0.0.1:8000/v1", True),
        ("openai", "https://gateway.example/v1", True),
        ("azure", "https://mine.openai.azure.com", False),
        ("azure", "http://mine.openai.azure.com", True),
        ("openai", "https://mine.openai.azure.com", True),
        ("azure", "https://azure.com.example", True),
        ("bedrock", "https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com", False),
    ],
)
def test_whose_address_gets_the_providers_key(provider: str, api_base: str | None, placeholder: bool) -> None:
    assert ("api_key" in asked(provider, api_base=api_base)) == placeholder


@pytest.mark.parametrize(
    ("api_base", "allowed"),
    [
        (None, True),
        ("https://bedrock-runtime.us-east-1.amazonaws.com", True),
        ("https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com", True),
        ("https://x.execute-api.us-east-1.amazonaws.com", False),
        ("http://bedrock-runtime.us-east-1.amazonaws.com", False),
        ("http://127.0.0.1:4000", False),
        ("https://bedrock-runtime.us-east-1.amazonaws.com.example", False),
    ],
)
def test_bedrocks_bearer_token_goes_to_bedrock_alone(api_base: str | None, allowed: bool) -> None:
    request = ModelRequest("r", "bedrock/m", [{"role": "user", "content": "x"}], api_base=api_base)
    if allowed:
        assert "api_key" not in call_arguments(request, provider="bedrock", key=None, bearer=True)
        return
    with pytest.raises(RefusedArgument, match="AWS_BEARER_TOKEN_BEDROCK goes to AWS alone"):
        call_arguments(request, provider="bedrock", key=None, bearer=True)
    assert call_arguments(request, provider="bedrock", key="for it", bearer=True)["api_key"] == "for it"


@pytest.mark.parametrize(
    "name", ["reserved_one", "_private", "aws_role_name", "input_callback", "s3_endpoint_url", "vertex_credentials"]
)
def test_params_that_are_not_for_the_model_are_refused(name: str) -> None:
    with pytest.raises(RefusedArgument, match=name):
        asked(params={name: "x"})


@pytest.mark.parametrize(
    "params",
    [
        {"max_tokens": 5, "top_p": 1, "seed": 3, "stop": ["x"], "logit_bias": {}, "reasoning_effort": "low"},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 4, "metadata": {}, "user": "u"},
        {"aws_region_name": "eu-west-1", "vertex_project": "p-1", "vertex_location": "us-central1"},
        {"drop_params": True, "extra_headers": {"anthropic-beta": "x"}, "max_completion_tokens": 9},
    ],
)
def test_params_that_models_know_pass(params: dict[str, Any]) -> None:
    assert params.items() <= asked(params=params).items()


def test_a_prompt_alone_is_the_users_where_a_user_must_speak() -> None:
    prompt = {"role": "system", "content": "Sort this: …"}
    assert with_user_turn([prompt], "openai") == [prompt]
    assert with_user_turn([prompt], "anthropic") == [{"role": "user", "content": "Sort this: …"}]
    both = [prompt, {"role": "user", "content": "hi"}]
    assert with_user_turn(both, "anthropic") == both
    assert prompt["role"] == "system", "the caller's messages stay as they are"


def test_sendable() -> None:
    assert sendable({"a": ["\ud83d\ude00", "\udc80x", 3, None]}) == {"a": ["😀", "�x", 3, None]}


def piece(finish: str | None = None, **delta: Any) -> SimpleNamespace:
    return SimpleNamespace(choices=[SimpleNamespace(delta=SimpleNamespace(**delta), finish_reason=finish)])


def call(index: int | None, id: str | None = None, name: str | None = None, arguments: Any = None) -> SimpleNamespace:
    return SimpleNamespace(index=index, id=id, function=SimpleNamespace(name=name, arguments=arguments))


def test_deltas_are_merged_for_a_while_and_the_first_goes_at_once() -> None:
    now = 10.0
    sent: list[Event] = []
    collector = Collector("r", sent.append, lambda: now)
    now = 11.0
    collector.take(piece(content="a"))
    assert sent == [TextDelta("r", "a")]
    now += MERGED_FOR / 3
    collector.take(piece(content="b"))
    collector.take(piece(reasoning_content="?"))
    collector.take(piece(content="c"))
    collector.take(piece(content="d"))
    assert len(sent) == 1
    assert collector.due_in == pytest.approx(MERGED_FOR * 2 / 3)
    now += MERGED_FOR
    assert collector.due_in == 0
    collector.flush()
    assert sent[1:] == [TextDelta("r", "b"), ReasoningDelta("r", "?"), TextDelta("r", "cd")]
    assert collector.due_in is None
    answer = collector.answer(None)
    assert (answer.text, answer.reasoning, answer.first_token_ms) == ("abcd", "?", 1000)
    assert answer.latency_ms == pytest.approx((1 + MERGED_FOR / 3) * 1000)


def test_tool_calls_are_told_apart_by_index_or_id() -> None:
    collector = Collector("r", lambda event: None, lambda: 0.0)
    collector.take(piece(tool_calls=[call(0, "a", "first", '{"x"'), call(1, "b", "second", None)]))
    collector.take(piece(tool_calls=[call(0, None, None, ": 1}"), call(1, "b", None, "{}")]))
    collector.take(piece(tool_calls=[call(0, "c", "third", {"y": 2})]))  # numbered 0 again, another id
    collector.take(piece(tool_calls=[call(None, None, None, "")], finish="stop"))
    answer = collector.answer(None)
    assert [(c.id, c.name, c.arguments) for c in answer.tool_calls] == [
        ("a", "first", '{"x": 1}'),
        ("b", "second", "{}"),
        ("c", "third", '{"y": 2}'),
    ]
    assert answer.finish_reason == "tool_calls"


def test_tools_that_the_provider_runs_are_no_calls() -> None:
    collector = Collector("r", lambda event: None, lambda: 0.0)
    collector.take(piece(tool_calls=[call(1, "srvtoolu_1", "web_search", "")]))
    collector.take(piece(tool_calls=[call(1, None, None, '{"query": 1}')]))
    collector.take(piece(tool_calls=[call(2, "toolu_2", "mine", "{}")]))
    assert [c.name for c in collector.answer(None).tool_calls] == ["mine"]
    message = SimpleNamespace(content="x", tool_calls=[call(0, "srvtoolu_1", "web_search", "{}")])
    response = SimpleNamespace(choices=[SimpleNamespace(message=message, finish_reason="stop")])
    assert plain_answer(response, 1.0).tool_calls == ()


def test_zeros_are_no_counts() -> None:
    usage = SimpleNamespace(prompt_tokens=0, completion_tokens=0)
    answer = Collector("r", lambda event: None, lambda: 0.0).answer(usage)
    assert (answer.input_tokens, answer.output_tokens, answer.reasoning_tokens) == (None, None, None)


@pytest.mark.parametrize("count", [10**30, float("inf"), float("nan"), -1, True, "12"])
def test_what_cannot_be_a_count_is_unknown(count: object) -> None:
    usage = SimpleNamespace(prompt_tokens=3, completion_tokens=count)
    assert Collector("r", lambda event: None, lambda: 0.0).answer(usage).output_tokens is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds


class RateLimitError(Exception):
    status_code = 429


class ClientProxyConnectionError(Exception): ...


@pytest.mark.parametrize(
    ("raised", "kind", "message"),
    [
        (
            RateLimitError("litellm.RateLimitError: XException - slow\n down"),
            ErrorKind.RATE_LIMITED,
            "slow down",
        ),
        (ValueError("Unable to parse response"), ErrorKind.MALFORMED, "could not be read"),
        (KeyError("choices"), ErrorKind.MALFORMED, "could not be read"),
        (
            OSError("[Errno 111] Connect call failed ('127.0.0.1', 4321)"),
            ErrorKind.CONNECTION,
            "nothing answers at 127.0.0.1:4321",
        ),
        (
            ClientProxyConnectionError("Cannot connect to host 127.0.0.1:9 ssl:default"),
            ErrorKind.CONNECTION,
            "the proxy could not be used (HTTPS_PROXY): Cannot connect",
        ),
        (
            OSError("certificate verify failed: self-signed certificate"),
            ErrorKind.CONNECTION,
            "self-signed certificate; name the file of your own authority in SSL_CERT_FILE",
        ),
        (RuntimeError('{"error": {"message": "No connected db."}}'), ErrorKind.KEY, "No connected db."),
        (ConnectionResetError("Connection reset by peer"), ErrorKind.CONNECTION, "Connection reset by peer"),
        (RuntimeError("No module named 'google' Traceback (most recent"), ErrorKind.REJECTED, "migrator-tui[vertex]"),
        (RuntimeError("No module named 'oci'"), ErrorKind.REJECTED, "the Python package oci"),
        (RuntimeError("so. Traceback (most recent call last): File"), ErrorKind.SERVER, "so."),
        (RuntimeError(""), ErrorKind.SERVER, "RuntimeError"),
        (RuntimeError('x - {"error": {"message": "said \'so\'"}}'), ErrorKind.SERVER, "said 'so'"),
        (RuntimeError('b\'{"error": {"message": "caf\\xc3\\xa9"}}\''), ErrorKind.SERVER, "café"),
    ],
)
def test_exceptions_become_typed_lines(raised: Exception, kind: ErrorKind, message: str) -> None:
    made = call_error(raised, scrub=str)
    assert made.kind is kind
    assert message in made.message
    assert "\n" not in made.message


def test_a_connection_lost_in_the_middle_is_a_stream_cut_off() -> None:
    made = call_error(ConnectionResetError("Connection reset by peer"), scrub=str, begun=True, partial="so far")
    assert (made.kind, made.partial_text) == (ErrorKind.CUT_OFF, "so far")


@given(st.text())
def test_messages_are_one_line_of_bounded_length(text: str) -> None:
    assert len(one_line(text)) <= 503
    assert "\n" not in one_line(text)


class Rows:
    def answer(self, case_id: str | None, last_user_message: str) -> Answer | None:
        return Answer(f"{case_id}: {last_user_message}") if case_id != "unknown" else None


def recorded(case_id: str) -> ModelRequest:
    messages = [{"role": "user", "content": [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]}]
    return ModelRequest(
        "r", "recorded:old.jsonl", [*messages, {"role": "assistant", "content": "x"}], case_id=case_id
    )


async def test_recorded_answers(tmp_path: Path) -> None:
    file = tmp_path / "old.jsonl"
    file.write_text("{}")
    loads: list[str] = []

    def load(model: str) -> Rows:
        loads.append(model)
        if len(loads) == 1:
            raise ProjectError("line 3 is no JSON", file="old.jsonl")
        return Rows()

    recordings = Recordings(load, tmp_path)
    assert await recordings.call(recorded("c1")) == [
        Failed("r", CallError(ErrorKind.RECORDING, "old.jsonl: line 3 is no JSON"))
    ]
    assert await recordings.call(recorded("c1")) == [Sent("r", 1), Finished("r", Answer("c1: hello"))]
    [failed] = await recordings.call(recorded("unknown"))
    assert isinstance(failed, Failed)
    assert failed.error.message == "old.jsonl has no answer for case unknown"
    assert loads == ["recorded:old.jsonl"] * 2, "read again after a failure, and then once"
    file.write_text("{}\n{}")
    await recordings.call(recorded("c1"))
    assert len(loads) == 3, "read again once the file has changed"
