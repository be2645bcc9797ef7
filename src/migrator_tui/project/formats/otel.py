"""Spans of OpenTelemetry in which a model was called: its GenAI conventions old and new, and what resembles them.

Understood are `gen_ai.input.messages`, the earlier `gen_ai.prompt.N.…` and events, OpenInference's
`llm.input_messages.N.…`, and the Vercel AI SDK's `ai.…`; as OTLP JSON, or as a list of spans with their attributes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator_tui.project.formats.base import Format, Reading
from migrator_tui.project.formats.messages import messages_of, system_text, with_system
from migrator_tui.project.formats.otel_attributes import Table, attributes_of, listed_by_number, numbered
from migrator_tui.project.formats.parts import parsed
from migrator_tui.project.formats.replies import Reply, params_of, reply_of, tools_of
from migrator_tui.project.formats.rows import LeftOut, Read, Row
from migrator_tui.project.formats.sources import Record
from migrator_tui.project.formats.times import between_ms

_EVENTS = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_LLM = re.compile(
    r"^(gen_ai\.(input|prompt|output|completion)|llm\.((in|out)put_messages|prompts|completions)|ai\.(prompt|response))\b"
)
_NUMBERED = (
    ("gen_ai.prompt", "gen_ai.completion"),
    ("llm.input_messages", "llm.output_messages"),
    ("llm.prompts", "llm.completions"),
)
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
        return LeftOut(place, "the call failed", broken=False, fits=True)
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
    for before, after in _NUMBERED:
        asked = messages_of(numbered(attributes, before))
        if asked:
            return asked, reply_of(numbered(attributes, after)[:1])
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


def _tools(attributes: Table) -> list[dict[str, Any]]:
    request = parsed(attributes.get("model_request_parameters"))
    listed = [parsed(each.get("json_schema")) for each in _numbered_tools(attributes)]
    places = (
        attributes.get("gen_ai.tool.definitions"),
        attributes.get("ai.prompt.tools"),
        request.get("function_tools") if isinstance(request, Mapping) else None,
        numbered(attributes, "llm.request.functions"),
        listed,
    )
    return next((found for found in map(tools_of, places) if found), [])


def _numbered_tools(attributes: Table) -> list[Table]:
    found = listed_by_number(_nested(attributes, "llm.tools."))
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
