"""Spend logs of a LiteLLM proxy, and the payload that its loggers write: a call a row."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator_tui.project.formats.base import Format, Reading, some_have
from migrator_tui.project.formats.messages import messages_of, with_system
from migrator_tui.project.formats.parts import parsed
from migrator_tui.project.formats.replies import params_of, reply_of, tools_of
from migrator_tui.project.formats.rows import LeftOut, Read, Row
from migrator_tui.project.formats.sources import Record
from migrator_tui.project.formats.times import between_ms
from migrator_tui.project.words import one_line


def _sign(records: Sequence[Record]) -> str | None:
    if some_have(records, "request_id", "spend", "startTime"):
        return "rows have request_id, spend and startTime"
    if some_have(records, "response_cost", "messages", "response", "startTime"):
        return "rows have messages, response and response_cost"
    return None


def _read(reading: Reading) -> Iterator[Read]:
    for source in reading.sources:
        for record in source.records():
            yield record if isinstance(record, LeftOut) else _row(record)


def _row(record: Record) -> Read:
    value = record.value
    if not isinstance(value, Mapping):
        return LeftOut(record.place, "is no table")
    status = value.get("status")
    if status == "failure":
        return LeftOut(record.place, "the call failed", broken=False, fits=True)
    request = parsed(value.get("proxy_server_request"))
    request = request if isinstance(request, Mapping) else {}
    inner = request.get("body")
    body = inner if isinstance(inner, Mapping) else request
    stated = parsed(value.get("messages"))
    messages = messages_of(stated or body)
    if messages is None:
        what = "no prompt is in the log; the proxy keeps them with store_prompts_in_spend_logs: true"
        return LeftOut(record.place, what, broken=False)
    reply = reply_of(value.get("response"))
    if reply is None:
        return LeftOut(record.place, "without an answer", broken=False)
    answer = reply.answer(
        latency_ms=between_ms(value.get("startTime"), value.get("endTime")),
        cost=value.get("spend", value.get("response_cost")),
        input_tokens=value.get("prompt_tokens"),
        output_tokens=value.get("completion_tokens"),
    )
    case: dict[str, Any] = {"messages": with_system(messages, reply.system)}
    identifier = value.get("request_id") or value.get("id")
    if isinstance(identifier, str) and identifier:
        case["id"] = identifier
    tags = parsed(value.get("request_tags"))
    if isinstance(tags, list):
        # The proxy adds what asked, such as `User-Agent: curl`, which says nothing about a case.
        kept = [tag for tag in tags if isinstance(tag, str) and not tag.startswith("User-Agent")]
        case["tags"] = [one_line(tag, 80) for tag in kept]
    return Row(
        record.place,
        case,
        answer,
        _model(value),
        params_of(value.get("model_parameters"), body),
        tools_of(body.get("tools")) or list(reply.tools),
    )


def _model(value: Mapping[str, Any]) -> str | None:
    name = value.get("model") or value.get("model_group")
    provider = value.get("custom_llm_provider")
    if not isinstance(name, str) or not name:
        return None
    return name if "/" in name or not isinstance(provider, str) or not provider else f"{provider}/{name}"


LITELLM_LOGS = Format("litellm-logs", "LiteLLM proxy logs", _sign, _read, logs=True)
