"""OpenAI's evals: `input` with `ideal`, and the hosted platform's `item` with `sample`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator_tui.project.formats.base import Format, Reading, all_have
from migrator_tui.project.formats.columns import case_from_table
from migrator_tui.project.formats.messages import messages_of
from migrator_tui.project.formats.parts import parsed
from migrator_tui.project.formats.replies import reply_of
from migrator_tui.project.formats.rows import LeftOut, Read, Row
from migrator_tui.project.formats.sources import Record


def _sign(records: Sequence[Record]) -> str | None:
    if all_have(records, "input", "ideal"):
        return "every row has input and ideal"
    if all_have(records, "item") and any(isinstance(parsed(r.value["item"]), dict) for r in records):
        return "every row has an item" + (" and a sample" if all_have(records, "sample") else "")
    return None


def _read(reading: Reading) -> Iterator[Read]:
    for source in reading.sources:
        for record in source.records():
            yield record if isinstance(record, LeftOut) else _row(record)


def _row(record: Record) -> Read:
    value = record.value
    if not isinstance(value, dict):
        return LeftOut(record.place, "is no table")
    item = parsed(value.get("item"))
    if isinstance(item, Mapping):
        return _item_row(record.place, value, item)
    messages = messages_of(value.get("input"))
    if messages is None:
        return LeftOut(record.place, "has no input")
    case: dict[str, Any] = {"messages": messages}
    if value.get("ideal") is not None:
        case["expected"] = value["ideal"]
    return Row(record.place, case)


def _item_row(place: int, value: Mapping[str, Any], item: Mapping[str, Any]) -> Read:
    case = case_from_table(item)
    sample = parsed(value.get("sample"))
    sample = sample if isinstance(sample, Mapping) else {}
    output = sample.get("output_text")
    reply = reply_of(output if output is not None else sample.get("outputs"))
    usage = sample.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    model = sample.get("model")
    figures = {
        "input_tokens": usage.get("prompt_tokens", usage.get("input_tokens")),
        "output_tokens": usage.get("completion_tokens", usage.get("output_tokens")),
    }
    return Row(
        place,
        case,
        reply.answer(**figures) if reply is not None else None,
        model if isinstance(model, str) else None,
        tools=reply.tools if reply is not None else (),
    )


OPENAI_EVALS = Format("openai-evals", "OpenAI evals", _sign, _read)
