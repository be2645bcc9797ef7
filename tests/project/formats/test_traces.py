"""Traces exported from frameworks, against the conversation that each should become, written by others."""

import json
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.project.formats.base import Reading
from migrator_tui.project.formats.messages import messages_of
from migrator_tui.project.formats.registry import guess_format
from migrator_tui.project.formats.replies import reply_of
from migrator_tui.project.formats.rows import Row
from migrator_tui.project.formats.sources import Source

TRACES = (
    "langgraph-js-2025-10-30",
    "openai-agents-2025-09-30",
    "pydantic-ai-tools-2025-06-06",
    "vercel-aisdk-2025-11-17",
)


def said(messages: list[dict[str, Any]]) -> list[tuple[str, str, tuple[tuple[str, str, Any], ...]]]:
    """Role, text and calls of each message, whoever wrote it down.

    Meaningless, and so made the same: calls flat or under `function`, white space of their arguments' JSON, an empty
    content or none, a tool's result under the role `tool` or under the tool's name.
    """
    found = []
    called: set[str] = set()
    for stated in messages:
        message = stated.get("json", {}).get("message") or stated
        if "role" not in message:  # neither role nor text: no message of a conversation
            continue
        calls = [call.get("function", call) | {"id": call["id"]} for call in message.get("tool_calls") or ()]
        called |= {call["name"] for call in calls}
        role = "tool" if message["role"] in called else message["role"]
        known = tuple((call["id"], call["name"], json.loads(call["arguments"])) for call in calls)
        found.append((role, message.get("content") or "", known))
    return found


def expected(shared_data: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "traces" / f"{name}.chatml.json").read_text("utf-8"))
    return found


def observations(shared_data: Path, name: str) -> dict[str, dict[str, Any]]:
    trace = json.loads((shared_data / "traces" / f"{name}.trace.json").read_text("utf-8"))
    return {each["id"]: each for each in trace["observations"]}


def rows_of(shared_data: Path, name: str) -> dict[str, Row]:
    source = Source(shared_data / "traces" / f"{name}.trace.json")
    guess = guess_format(source)
    assert guess.format.name == "langfuse"
    rows = list(guess.format.read(Reading([source])))
    assert all(isinstance(row, Row) for row in rows)
    return {row.case["id"]: row for row in rows if isinstance(row, Row)}


@pytest.mark.parametrize("name", TRACES)
def test_every_call_of_a_model_becomes_the_conversation_it_was(shared_data: Path, name: str) -> None:
    rows, wanted, traced = rows_of(shared_data, name), expected(shared_data, name), observations(shared_data, name)
    parents = {each["parentObservationId"] for each in traced.values() if each["type"] == "GENERATION"}
    calls = {key for key, each in traced.items() if each["type"] == "GENERATION" and key not in parents}
    assert set(rows) == calls
    for key, row in rows.items():
        messages = list(row.case["messages"])
        system = json.loads(traced[key]["output"]).get("instructions") if name.startswith("openai-agents") else None
        if system is not None:
            # The expected conversation leaves out the instructions, which were sent with every call.
            assert messages.pop(0) == {"role": "system", "content": system}
        assert said(messages) == said(wanted[key]["input"]["data"])
        assert row.answer is not None
        answer = {"role": "assistant", "content": row.answer["output"], "tool_calls": row.answer.get("tool_calls")}
        assert said([*messages, answer])[-1] == said(wanted[key]["output"]["data"])[-1]
        results = [m for m in messages if m["role"] == "tool"]
        answered = {call["id"] for m in messages for call in m.get("tool_calls", ())}
        assert {result["tool_call_id"] for result in results} <= answered


@pytest.mark.parametrize("name", TRACES)
def test_whatever_else_holds_a_conversation_in_a_trace_is_read_as_that_one(shared_data: Path, name: str) -> None:
    """Spans too: an agent's, a chain's. Where the others saw none, we may see one: LangChain's serialised ones."""
    compared = 0
    for key, sides in expected(shared_data, name).items():
        for side, wanted in sides.items():
            conversation = said(wanted["data"]) if wanted["success"] else []
            if not conversation:
                continue
            value = observations(shared_data, name)[key][side]
            found = messages_of(value)
            if found is None or conversation[0][0] == "assistant":
                reply = reply_of(value)
                assert reply is not None
                found = [{"role": "assistant", "content": reply.text, "tool_calls": reply.tool_calls}]
            assert said(found) == conversation, (key, side)
            compared += 1
    assert compared


def test_what_was_recorded_with_the_answers_comes_along(shared_data: Path) -> None:
    row = rows_of(shared_data, "openai-agents-2025-09-30")["98870087af69bf06"]
    assert row.model == "gpt-4.1-2025-04-14"
    assert row.params == {"parallel_tool_calls": True, "temperature": 1, "top_p": 1}
    assert row.answer is not None
    assert {k: v for k, v in row.answer.items() if k not in ("output", "tool_calls")} == {
        "finish_reason": "tool_calls",
        "latency_ms": 1036.0,
        "cost": 0.00023,
        "input_tokens": 55,
        "output_tokens": 15,
    }
    for name, key in (
        ("openai-agents-2025-09-30", "98870087af69bf06"),
        ("vercel-aisdk-2025-11-17", "91a17a2274bfd23f"),
    ):
        wanted = next(m["tools"] for m in expected(shared_data, name)[key]["output"]["data"] if "tools" in m)
        tools = [tool["function"] for tool in rows_of(shared_data, name)[key].tools]
        assert [(t["name"], t.get("description", ""), t["parameters"]) for t in tools] == [
            (t["name"], t["description"], t["parameters"]) for t in wanted
        ]


def test_a_batch_joins_its_answers_however_they_are_ordered(shared_data: Path) -> None:
    asked = Source(shared_data / "batch" / "cho-groq_input.jsonl")
    answered = Source(shared_data / "batch" / "cho-groq_output.jsonl")
    guess = guess_format(asked)
    assert guess.format.name == "openai-batch" == guess_format(answered).format.name
    raw = [json.loads(line) for line in answered.path.read_text("utf-8").splitlines()]
    texts = {each["custom_id"]: each["response"]["body"]["choices"][0]["message"]["content"] for each in raw}
    assert [each["custom_id"] for each in raw] != sorted(texts)  # else the join would prove nothing
    for order in ([asked, answered], [answered, asked]):
        rows = [row for row in guess.format.read(Reading(order)) if isinstance(row, Row)]
        assert {row.case["id"]: (row.answer or {})["output"] for row in rows} == texts
        assert {row.model for row in rows} == {"llama-3.1-8b-instant"}
