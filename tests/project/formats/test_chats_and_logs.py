"""OpenAI's files, spans of OpenTelemetry and logs of a proxy: each as its makers document it."""

import json
from typing import Any

from tests.project.formats.conftest import Read

USER = {"role": "user", "content": "Where is my parcel?"}
CALL = {"id": "c1", "type": "function", "function": {"name": "track", "arguments": '{"order": 7}'}}
TOOL = {"type": "function", "function": {"name": "track", "parameters": {"type": "object"}}}


def test_the_last_turn_of_a_chat_is_its_answer(read: Read) -> None:
    name, rows, _ = read(
        "tune.jsonl",
        [
            {"messages": [USER, {"role": "assistant", "content": "On its way.", "weight": 1}]},
            {"messages": [USER, {"role": "assistant", "content": "Nobody vouches for me.", "weight": 0}]},
            {"messages": [USER, {"role": "assistant", "tool_calls": [CALL]}], "tools": [TOOL]},
            {"messages": [USER]},
        ],
    )
    assert name == "openai-chat"
    assert [row.case["messages"] for row in rows] == [[USER]] * 4
    assert [row.case.get("expected") for row in rows] == ["On its way.", None, None, None]
    assert [row.answer for row in rows] == [
        {"output": "On its way."},
        None,
        {"output": "", "tool_calls": [CALL]},
        None,
    ]
    assert rows[2].tools == [TOOL]


def test_evals_of_both_kinds(read: Read) -> None:
    name, rows, _ = read("a.jsonl", [{"input": [USER], "ideal": ["a", "b"]}, {"input": "hi", "ideal": "x"}])
    assert name == "openai-evals"
    assert [row.case for row in rows] == [
        {"messages": [USER], "expected": ["a", "b"]},
        {"messages": [{"role": "user", "content": "hi"}], "expected": "x"},
    ]
    item = {"ticket": "lamp broken", "label": "product"}
    sample = {"output_text": "product", "model": "gpt-4o", "usage": {"prompt_tokens": 9, "completion_tokens": 1}}
    name, rows, _ = read("b.jsonl", [{"item": item, "sample": sample}])
    assert name == "openai-evals"
    assert rows[0].case == {"vars": {"ticket": "lamp broken"}, "expected": "product"}
    assert rows[0].answer == {"output": "product", "input_tokens": 9, "output_tokens": 1}
    assert rows[0].model == "gpt-4o"


def test_failed_calls_of_a_batch_are_left_out_and_say_why(read: Read, tmp_path: Any) -> None:
    def asked(key: str) -> dict[str, Any]:
        return {
            "custom_id": key,
            "url": "/v1/responses",
            "body": {"model": "m", "input": "hi", "instructions": "Be kind."},
        }

    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hello"}]}
    body = {
        "object": "response",
        "output": [message],
        "model": "m-1",
        "usage": {"input_tokens": 4, "output_tokens": 2},
    }
    answers = [
        {"custom_id": "b", "response": {"status_code": 429, "body": {}}, "error": None},
        {"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None},
        {"custom_id": "c", "response": None, "error": {"message": "expired"}},
        {"custom_id": "x", "response": {"status_code": 200, "body": body}, "error": None},
    ]
    (tmp_path / "out.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers), "utf-8")
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(asked(key)) + "\n" for key in "abcd"), "utf-8")
    from migrator_tui.project.importing.request import Request, open_sources

    opened = open_sources(Request([tmp_path / "in.jsonl", tmp_path / "out.jsonl"]))
    first, *rest = opened.format.read(opened.reading)
    assert first.case["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]  # type: ignore[union-attr]
    assert first.answer == {"output": "hello", "finish_reason": "stop", "input_tokens": 4, "output_tokens": 2}  # type: ignore[union-attr]
    assert first.model == "m-1"  # type: ignore[union-attr]
    assert [left.why for left in rest] == [  # type: ignore[union-attr]
        "the call failed: status 429",
        "the call failed: expired",
        "without an answer",
        "the answer x is to no request",
    ]


def attribute(key: str, value: Any) -> dict[str, Any]:
    kind = {str: "stringValue", int: "intValue", float: "doubleValue", bool: "boolValue"}[type(value)]
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


def span(key: str, attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    start, end = "1700000000000000000", "1700000001500000000"
    listed = [attribute(name, value) for name, value in attributes.items()]
    return {"spanId": key, "startTimeUnixNano": start, "endTimeUnixNano": end, "attributes": listed, **more}


def test_spans_of_every_convention_come_to_the_same_conversation(read: Read) -> None:
    wanted = [{"role": "system", "content": "Be kind."}, USER]
    text = USER["content"]
    new = {
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be kind."}]),
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}]),
        "gen_ai.output.messages": json.dumps(
            [
                {
                    "role": "assistant",
                    "parts": [{"type": "tool_call", "id": "c1", "name": "track", "arguments": {"order": 7}}],
                    "finish_reason": "tool_call",
                }
            ]
        ),
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 50,
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.response.model": "gpt-4o-2024-08-06",
    }
    old = {
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": "Be kind.",
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": text,
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.finish_reason": "tool_calls",
        "gen_ai.completion.0.tool_calls.0.id": "c1",
        "gen_ai.completion.0.tool_calls.0.name": "track",
        "gen_ai.completion.0.tool_calls.0.arguments": '{"order": 7}',
    }
    inference = {
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.0.message.content": "Be kind.",
        "llm.input_messages.1.message.role": "user",
        "llm.input_messages.1.message.contents.0.message_content.type": "text",
        "llm.input_messages.1.message.contents.0.message_content.text": text,
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "track",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"order": 7}',
        "llm.tools.0.tool.json_schema": json.dumps(TOOL),
        "llm.invocation_parameters": '{"temperature": 0.2}',
    }
    vercel = {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.prompt.messages": json.dumps(wanted),
        "ai.response.toolCalls": json.dumps([{"toolCallId": "c1", "toolName": "track", "input": '{"order": 7}'}]),
        "ai.prompt.tools": json.dumps(
            [json.dumps({"type": "function", "name": "track", "inputSchema": {"type": "object"}})]
        ),
    }
    events = [
        {"name": "gen_ai.system.message", "attributes": [attribute("content", "Be kind.")]},
        {"name": "gen_ai.user.message", "attributes": [attribute("content", text)]},
        {
            "name": "gen_ai.choice",
            "attributes": [attribute("message", json.dumps({"role": "assistant", "tool_calls": [CALL]}))],
        },
    ]
    spans = [span("new", new), span("old", old), span("inference", inference), span("vercel", vercel)]
    spans.append(span("events", {"gen_ai.request.model": "gpt-4o"}, events=events))
    spans.append(span("agent", {"gen_ai.operation.name": "invoke_agent", "gen_ai.input.messages": "[]"}))
    name, rows, left = read("spans.json", {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    assert name == "otel" and not left
    assert [row.case["id"] for row in rows] == ["new", "old", "inference", "vercel", "events"]
    for row in rows:
        assert row.case["messages"] == wanted, row.case["id"]
        assert row.answer is not None
        assert row.answer["tool_calls"] == [CALL], row.case["id"]
        assert row.answer["latency_ms"] == 1500
    assert rows[0].params == {"temperature": 0.2, "max_tokens": 50}
    assert rows[0].model == "gpt-4o-2024-08-06"
    assert (rows[0].answer or {})["input_tokens"] == 11
    assert rows[2].tools == rows[3].tools == [TOOL]


def test_a_proxy_that_kept_no_prompts_is_told_how_to(read: Read) -> None:
    log = {"request_id": "r1", "spend": 0.001, "startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T00:00:02Z"}
    full = {
        **log,
        "model": "gpt-4o",
        "custom_llm_provider": "openai",
        "messages": json.dumps([USER]),
        "response": json.dumps(
            {"choices": [{"message": {"role": "assistant", "content": "Soon."}, "finish_reason": "stop"}]}
        ),
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "request_tags": '["refund", "User-Agent: curl"]',
        "proxy_server_request": json.dumps({"temperature": 0, "tools": [TOOL], "model": "gpt-4o"}),
    }
    name, rows, left = read(
        "logs.jsonl", [full, {**log, "messages": "{}", "response": "{}"}, {**full, "status": "failure"}]
    )
    assert name == "litellm-logs"
    assert rows[0].case == {"messages": [USER], "id": "r1", "tags": ["refund"]}
    assert rows[0].answer == {
        "output": "Soon.",
        "finish_reason": "stop",
        "latency_ms": 2000.0,
        "cost": 0.001,
        "input_tokens": 3,
        "output_tokens": 2,
    }
    assert (rows[0].model, rows[0].params, rows[0].tools) == ("openai/gpt-4o", {"temperature": 0}, [TOOL])
    assert "store_prompts_in_spend_logs" in left[0].why and left[1].why == "the call failed"
