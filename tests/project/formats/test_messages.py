"""One conversation, as different tools write it down: it is always the same one."""

import json
from typing import Any

import pytest

from migrator_tui.project.formats.messages import messages_of
from migrator_tui.project.formats.replies import reply_of

CALL = {"id": "c1", "type": "function", "function": {"name": "track", "arguments": '{"order": 7}'}}
WANTED = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Where is it?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "content": "on its way", "tool_call_id": "c1"},
]

FORMS: dict[str, Any] = {
    "OpenAI chat": WANTED,
    "OpenAI responses": {
        "instructions": "Be kind.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Where is it?"}]},
            {"type": "reasoning", "summary": []},
            {"type": "function_call", "call_id": "c1", "name": "track", "arguments": '{"order": 7}'},
            {"type": "function_call_output", "call_id": "c1", "output": "on its way"},
        ],
    },
    "Anthropic": {
        "system": [{"type": "text", "text": "Be kind."}],
        "messages": [
            {"role": "user", "content": "Where is it?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm"},
                    {"type": "tool_use", "id": "c1", "name": "track", "input": {"order": 7}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "on its way"}]}
                ],
            },
        ],
    },
    "LangChain": {
        "messages": [
            [
                {"type": "system", "data": {"content": "Be kind."}},
                {"type": "human", "content": "Where is it?"},
                {
                    "lc": 1,
                    "type": "constructor",
                    "id": ["langchain_core", "messages", "AIMessage"],
                    "kwargs": {
                        "content": "",
                        "tool_calls": [{"id": "c1", "name": "track", "args": {"order": 7}, "type": "tool_call"}],
                    },
                },
                {
                    "lc": 1,
                    "type": "constructor",
                    "id": ["langchain_core", "messages", "ToolMessage"],
                    "kwargs": {"content": "on its way", "tool_call_id": "c1"},
                },
            ]
        ]
    },
    "Vercel": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Where is it?"}]},
        {
            "role": "assistant",
            "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "track", "input": {"order": 7}}],
        },
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "c1",
                    "toolName": "track",
                    "output": {"type": "text", "value": "on its way"},
                }
            ],
        },
    ],
    "OpenTelemetry": [
        {"role": "system", "parts": [{"type": "text", "content": "Be kind."}]},
        {"role": "user", "parts": [{"type": "text", "content": "Where is it?"}]},
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "c1", "name": "track", "arguments": {"order": 7}}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "on its way"}]},
    ],
    "Phoenix": [
        {"message": {"role": "system", "content": "Be kind."}},
        {"message": {"role": "user", "contents": [{"message_content": {"type": "text", "text": "Where is it?"}}]}},
        {
            "message": {
                "role": "assistant",
                "tool_calls": [
                    {"tool_call": {"id": "c1", "function": {"name": "track", "arguments": '{"order": 7}'}}}
                ],
            }
        },
        {"message": {"role": "tool", "content": "on its way", "tool_call_id": "c1"}},
    ],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("as_text", [False, True])
def test_every_form_is_the_same_conversation(form: str, as_text: bool) -> None:
    value = FORMS[form]
    assert messages_of(json.dumps(value) if as_text else value) == WANTED


def test_gemini_names_no_ids_and_calls_find_their_results_by_name() -> None:
    contents = [
        {"role": "user", "parts": [{"text": "Where is it?"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "track", "args": {"order": 7}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "track", "response": {"state": "on its way"}}}]},
    ]
    found = messages_of({"systemInstruction": {"parts": [{"text": "Be kind."}]}, "contents": contents})
    assert found is not None
    assert [m["role"] for m in found] == ["system", "user", "assistant", "tool"]
    assert found[3]["tool_call_id"] == found[2]["tool_calls"][0]["id"] == "call-1"


@pytest.mark.parametrize(
    "value", [None, "", "  ", [], {}, {"a": 1}, [1, 2], [None], 7, [[]], {"messages": []}, {"role": 5}]
)
def test_what_is_no_conversation_is_none(value: Any) -> None:
    assert messages_of(value) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ('{"category": "billing"}', '{"category": "billing"}'),  # an answer in JSON, to the letter
        ('[ "a" ]', '[ "a" ]'),
        ({"category": "billing"}, '{"category": "billing"}'),
        ({"role": "assistant", "content": "hi"}, "hi"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "b"),
        ({"choices": [{"message": {"role": "assistant", "content": "hi"}}]}, "hi"),
        ({"choices": [{"text": "old"}]}, "old"),
        ({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "hi"}]}, "hi"),
    ],
)
def test_an_answer_is_what_was_said(value: Any, text: str) -> None:
    reply = reply_of(value)
    assert reply is not None and reply.text == text
