"""Spans of OpenTelemetry in which a model was called: its GenAI conventions old and new, and what resembles them.

Understood are `gen_ai.input.messages`, the earlier `gen_ai.prompt.N.…` and events, OpenInference's
`llm.input_messages.N.…`, and the Vercel AI SDK's `ai.…`; as OTLP JSON, or as a list of spans with their attributes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator_tui.project.formats.base import Format, Reading
from migrator_tui.project.formats.messages import messages_of, system_text, with_system
from migrator_tui.project.formats.parts import parsed
from migrator_tui.project.formats.replies import Reply, params_of, reply_of, tools_of
from migrator_tui.project.formats.rows import LeftOut, Read, Row
from migrator_tui.project.formats.sources import Record
from migrator_tui.project.formats.times import between_ms

Table = Mapping[str, Any]

_EVENTS = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_LLM = re.compile(r"^(gen_ai\.(input|prompt|output|completion)|llm\.(input|output)_messages|ai\.(prompt|response))\b")
_NOT_A_CALL = ("execute_tool", "invoke_agent", "create_agent", "embeddings", "invoke_workflow")


def _sign(records: Sequence[Record]) -> str | None:
    for record in records:
        if isinstance(record.value, Mapping) and "resourceSpans" in record.value:
            return "has resourceSpans"
    spans = [span for record in records[:5] for span in spans_of(record.value)]
    if any(any(_LLM.match(key) for key in attributes_of(span.get("attributes"))) for span in spans):
        return "spans with attributes of gen_ai, llm or ai"
    return None


def _read(reading: Reading) -> Iterator[Read]:
    for source in reading.sources:
        for record in source.records():
            if isinstance(record, LeftOut):
                yield record
                continue
            spans = list(spans_of(record.value))
            if not spans:
                yield LeftOut(record.place, "holds no spans")
            parents = {_id(span, "parentSpanId", "parent_id", "parent_span_id") for span in spans if _asks(span)}
            for span in spans:
                attributes = attributes_of(span.get("attributes"))
                operation = attributes.get("gen_ai.operation.name")
                if (
                    _asks(span)
                    and operation not in _NOT_A_CALL
                    and not (
                        # As in Langfuse: the Vercel AI SDK reports a call twice.
                        _id(span, "spanId", "span_id") in parents and "ai.operationId" in attributes
                    )
                ):
                    yield _row(record.place, span, attributes)


def spans_of(value: Any) -> Iterator[Table]:
    """The spans in a value: an OTLP request, one span, or a list of them."""
    if isinstance(value, list):
        for item in value:
            yield from spans_of(item)
    elif isinstance(value, Mapping):
        inner = next(
            (value[k] for k in ("resourceSpans", "scopeSpans", "spans") if isinstance(value.get(k), list)), None
        )
        if inner is not None:
            yield from spans_of(inner)
        elif value.get("attributes") is not None:
            yield value


def attributes_of(value: Any) -> dict[str, Any]:
    """Attributes as a table: OTLP's list of keys with typed values, or a table, flat or nested."""
    value = parsed(value)
    if isinstance(value, list):
        found = {}
        for item in value:
            if isinstance(item, Mapping) and isinstance(item.get("key"), str):
                found[item["key"]] = _any_value(item.get("value"))
        return found
    return _flat(value, "") if isinstance(value, Mapping) else {}


def _flat(value: Table, before: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        path = f"{before}{key}"
        if isinstance(item, Mapping) and path.count(".") < 8:
            found |= _flat(item, f"{path}.")
        else:
            found[path] = item
    return found


def _any_value(value: Any) -> Any:
    """OTLP's AnyValue as a plain one."""
    if not isinstance(value, Mapping):
        return value
    for key, item in value.items():
        if key == "arrayValue":
            values = item.get("values") if isinstance(item, Mapping) else None
            return [_any_value(each) for each in values or ()]
        if key == "kvlistValue":
            values = item.get("values") if isinstance(item, Mapping) else None
            return {str(each.get("key")): _any_value(each.get("value")) for each in values or ()}
        if key == "intValue":
            return int(item) if str(item).lstrip("-").isdigit() else None
        if key in ("stringValue", "boolValue", "doubleValue", "bytesValue"):
            return item
    return None


def _asks(span: Table) -> bool:
    attributes = attributes_of(span.get("attributes"))
    return (
        any(_LLM.match(key) for key in attributes)
        or any(map(_EVENTS.fullmatch, map(_event_name, _events(span))))
        or ("events" in attributes and "gen_ai.request.model" in attributes)
    )


def _row(place: int, span: Table, attributes: dict[str, Any]) -> Read:
    status = span.get("status")
    if isinstance(status, Mapping) and status.get("code", status.get("status_code")) in (
        2,
        "STATUS_CODE_ERROR",
        "ERROR",
    ):
        return LeftOut(place, "the call failed", broken=False)
    messages, reply = _conversation(span, attributes)
    if reply is None:
        return LeftOut(place, "without an answer", broken=False)
    if messages is None:
        return LeftOut(place, "its input is no conversation", broken=False)
    case: dict[str, Any] = {"messages": with_system(messages, reply.system)}
    identifier = _id(span, "spanId", "span_id")
    if identifier:
        case["id"] = identifier
    reasons = parsed(attributes.get("gen_ai.response.finish_reasons"))
    reason = reasons[0] if isinstance(reasons, list) and reasons else attributes.get("ai.response.finishReason")
    if isinstance(reason, str) and reply.finish_reason is None:
        reply = Reply(reply.text, reply.tool_calls, reason, reply.system, reply.tools)
    start = span.get("startTimeUnixNano", span.get("start_time", span.get("startTime")))
    end = span.get("endTimeUnixNano", span.get("end_time", span.get("endTime")))
    answer = reply.answer(
        latency_ms=between_ms(start, end),
        cost=_first(attributes, "gen_ai.usage.cost", "llm.cost.total", "llm.usage.cost"),
        input_tokens=_tokens(attributes, "input", "prompt", "promptTokens"),
        output_tokens=_tokens(attributes, "output", "completion", "completionTokens"),
    )
    names = ("gen_ai.response.model", "ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.model.id")
    model = _first(attributes, *names)
    stated = {
        key.removeprefix("gen_ai.request."): value
        for key, value in attributes.items()
        if key.startswith("gen_ai.request.")
    }
    return Row(
        place,
        case,
        answer,
        model if isinstance(model, str) else None,
        params_of(stated, attributes.get("llm.invocation_parameters")),
        _tools(attributes) or list(reply.tools),
    )


def _conversation(span: Table, attributes: dict[str, Any]) -> tuple[list[dict[str, Any]] | None, Reply | None]:
    """What was asked, and what was answered, by whichever convention the span follows."""
    if "gen_ai.input.messages" in attributes:
        asked = messages_of(attributes["gen_ai.input.messages"])
        system = system_text(attributes.get("gen_ai.system_instructions"))
        return with_system(asked, system) if asked else None, reply_of(attributes.get("gen_ai.output.messages"))
    for before, after in (("gen_ai.prompt", "gen_ai.completion"), ("llm.input_messages", "llm.output_messages")):
        asked = messages_of(_numbered(attributes, before))
        if asked:
            return asked, reply_of(_numbered(attributes, after)[:1])
    if "ai.prompt.messages" in attributes or "ai.prompt" in attributes:
        asked = messages_of(attributes.get("ai.prompt.messages") or attributes.get("ai.prompt"))
        text, calls = attributes.get("ai.response.text"), parsed(attributes.get("ai.response.toolCalls"))
        answer: Any = {"text": text or "", "toolCalls": calls} if isinstance(calls, list) and calls else text
        return asked, reply_of(answer if answer is not None else attributes.get("ai.response.object"))
    return _from_events(span, attributes)


def _from_events(span: Table, attributes: Table) -> tuple[list[dict[str, Any]] | None, Reply | None]:
    stated = parsed(attributes.get("events"))
    events = [each for each in stated if isinstance(each, Mapping)] if isinstance(stated, list) else []
    for event in _events(span):
        body = {
            key.rpartition("gen_ai.event.")[2]: parsed(v) for key, v in attributes_of(event.get("attributes")).items()
        }
        events.append({"event.name": _event_name(event), **body})
    asked, answered = [], None
    for event in events:
        name = str(event.get("event.name"))
        if name == "gen_ai.choice":
            answered = answered or event
        elif (found := _EVENTS.fullmatch(name)) is not None:
            inner = event.get("content")
            message = inner if isinstance(inner, Mapping) else event
            asked.append({**message, "role": event.get("role") or found[1], "tool_call_id": event.get("id")})
    return messages_of(asked), reply_of(answered)


def _numbered(attributes: Table, before: str) -> list[Any]:
    """`llm.input_messages.0.message.role` and its like, as a list of messages."""
    root: dict[str, Any] = {}
    for key, value in attributes.items():
        if not key.startswith(f"{before}."):
            continue
        parts = [
            p
            for p in key.removeprefix(f"{before}.").split(".")
            if p not in ("message", "tool_call", "message_content")
        ]
        place = root
        for part in parts[:-1]:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place[parts[-1]] = value
    messages = _listed(root)
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and isinstance(message.get("contents"), list):
            message["content"] = message.pop("contents")
    return messages if isinstance(messages, list) else []


def _listed(value: Any) -> Any:
    """Tables whose keys are numbers as lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(item) for key, item in value.items()}


def _tools(attributes: Table) -> list[dict[str, Any]]:
    request = parsed(attributes.get("model_request_parameters"))
    listed = [parsed(each.get("json_schema")) for each in _numbered_tools(attributes)]
    places = (
        attributes.get("gen_ai.tool.definitions"),
        attributes.get("ai.prompt.tools"),
        request.get("function_tools") if isinstance(request, Mapping) else None,
        _numbered(attributes, "llm.request.functions"),
        listed,
    )
    return next((found for found in map(tools_of, places) if found), [])


def _numbered_tools(attributes: Table) -> list[Table]:
    found = _listed(_nested(attributes, "llm.tools."))
    tools = [each.get("tool", each) for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    return [tool for tool in tools if isinstance(tool, Mapping)]


def _nested(attributes: Table, before: str) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for key, value in attributes.items():
        if key.startswith(before):
            number, _, rest = key.removeprefix(before).partition(".")
            root.setdefault(number, {})[rest.removeprefix("tool.")] = value
    return root


def _tokens(attributes: Table, new: str, old: str, vercel: str) -> Any:
    names = (
        f"gen_ai.usage.{new}_tokens",
        f"gen_ai.usage.{old}_tokens",
        f"llm.token_count.{old}",
        f"ai.usage.{vercel}",
    )
    return _first(attributes, *names)


def _events(span: Table) -> list[Table]:
    events = span.get("events")
    return [event for event in events if isinstance(event, Mapping)] if isinstance(events, list) else []


def _event_name(event: Table) -> str:
    return str(event.get("name") or "")


def _id(span: Table, *keys: str) -> str | None:
    context = span.get("context")
    places = [span, context] if isinstance(context, Mapping) else [span]
    found = next((place[key] for place in places for key in keys if isinstance(place.get(key), str)), None)
    return found or None


def _first(attributes: Table, *keys: str) -> Any:
    return next((attributes[key] for key in keys if attributes.get(key) not in (None, "")), None)


OTEL = Format("otel", "OpenTelemetry spans", _sign, _read, logs=True)
