"""OpenAI's chat JSONL, the form of fine-tuning data: a conversation a line, its last turn the answer."""

from collections.abc import Iterator, Sequence
from typing import Any

from migrator_tui.project.formats.base import Format, Reading, all_have
from migrator_tui.project.formats.messages import messages_of
from migrator_tui.project.formats.replies import reply_of, tools_of
from migrator_tui.project.formats.rows import LeftOut, Read, Row
from migrator_tui.project.formats.sources import Record

_KEYS = frozenset(("messages", "tools", "functions", "parallel_tool_calls", "metadata", "weight"))


def _sign(records: Sequence[Record]) -> str | None:
    if not all_have(records, "messages"):
        return None
    if any(set(record.value) - _KEYS for record in records):
        return None
    last = [record.value["messages"][-1] for record in records if isinstance(record.value["messages"], list)]
    answered = sum(isinstance(message, dict) and message.get("role") == "assistant" for message in last)
    return f"every row has messages; {answered} of the first {len(records)} end with the assistant's answer"


def _read(reading: Reading) -> Iterator[Read]:
    for source in reading.sources:
        for record in source.records():
            yield record if isinstance(record, LeftOut) else _row(record)


def _row(record: Record) -> Read:
    stated = record.value.get("messages") if isinstance(record.value, dict) else None
    messages = messages_of(stated) if isinstance(stated, list) else None
    if not messages or not isinstance(stated, list):
        return LeftOut(record.place, "has no list of messages")
    tools = tools_of(record.value.get("tools") or record.value.get("functions"))
    last = stated[-1]
    if messages[-1]["role"] != "assistant":
        return Row(record.place, {"messages": messages}, tools=tools)
    reply = reply_of(last)
    case: dict[str, Any] = {"messages": messages[:-1]}
    if not case["messages"]:
        return LeftOut(record.place, "has nothing before the assistant's answer")
    # A turn of weight 0 is there for what follows it; nobody vouches for it as an answer.
    if reply is None or (isinstance(last, dict) and last.get("weight") == 0):
        return Row(record.place, case, tools=tools)
    if reply.text:
        case["expected"] = reply.text
    return Row(record.place, case, reply.answer(), tools=tools)


OPENAI_CHAT = Format("openai-chat", "OpenAI chat JSONL", _sign, _read)
