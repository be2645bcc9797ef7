"""Traces exported from Langfuse: each call of a model in them becomes a case and the answer it got."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator_tui.project.formats.base import Format, Reading, some_have
from migrator_tui.project.formats.messages import messages_of, with_system
from migrator_tui.project.formats.parts import parsed
from migrator_tui.project.formats.replies import params_of, reply_of, tools_of
from migrator_tui.project.formats.rows import LeftOut, Read, Row
from migrator_tui.project.formats.sources import Record
from migrator_tui.project.formats.times import between_ms

Table = Mapping[str, Any]


def _sign(records: Sequence[Record]) -> str | None:
    if some_have(records, "observations"):
        return "a trace with its observations"
    if some_have(records, "traceId", "type", "input", "output"):
        return "observations with traceId, type, input and output"
    return None


def _read(reading: Reading) -> Iterator[Read]:
    for source in reading.sources:
        for record in source.records():
            if isinstance(record, LeftOut):
                yield record
            elif isinstance(record.value, Mapping):
                yield from _rows(record.place, record.value)
            else:
                yield LeftOut(record.place, "is no table")


def _rows(place: int, value: Table) -> Iterator[Read]:
    trace = value.get("trace")
    trace = trace if isinstance(trace, Mapping) else value
    observations = value.get("observations") or trace.get("observations")
    if not isinstance(observations, list):
        if value.get("type") in ("GENERATION", None):
            yield observed(place, value, {})
        return
    known = [each for each in observations if isinstance(each, Mapping)]
    asked = [each for each in known if each.get("type") == "GENERATION"]
    if not asked:
        yield LeftOut(place, "no call of a model is in this trace", broken=False)
    wrapping = _wrapping(known, asked)
    for each in asked:
        # The Vercel AI SDK reports a call twice, as a whole and as what was sent.
        if _name(each.get("id")) not in wrapping:
            yield observed(place, each, trace)


def _wrapping(known: Sequence[Table], asked: Sequence[Table]) -> set[str]:
    """The ids of observations that hold another call of a model."""
    parent = {_name(each.get("id")): _name(each.get("parentObservationId")) for each in known}
    found: set[str] = set()
    for each in asked:
        above = _name(each.get("parentObservationId"))
        while above and above not in found:
            found.add(above)
            above = parent.get(above, "")
    return found


def _name(value: Any) -> str:
    return value if isinstance(value, str) else ""


def observed(place: int, each: Table, trace: Table) -> Read:
    """One call of a model."""
    if each.get("level") == "ERROR":
        return LeftOut(place, "the call failed", broken=False, fits=True)
    reply = reply_of(each.get("output"))
    if reply is None:
        return LeftOut(place, "without an answer", broken=False)
    messages = messages_of(each.get("input"))
    if messages is None:
        return LeftOut(place, "its input is no conversation", broken=False)
    case: dict[str, Any] = {"messages": with_system(messages, reply.system)}
    if isinstance(each.get("id"), str) and each["id"]:
        case["id"] = each["id"]
    tags = parsed(trace.get("tags") or each.get("traceTags") or each.get("tags"))
    if isinstance(tags, list):
        case["tags"] = [tag for tag in tags if isinstance(tag, str)]
    usage = parsed(each.get("usageDetails") or each.get("usage"))
    usage = usage if isinstance(usage, Mapping) else {}
    latency = between_ms(each.get("startTime"), each.get("endTime"))
    model = each.get("model") or each.get("providedModelName") or reply.model
    answer = reply.answer(
        latency_ms=latency,
        cost=_first(each, "totalCost", "calculatedTotalCost"),
        input_tokens=_first(each, "inputUsage", "promptTokens") or usage.get("input"),
        output_tokens=_first(each, "outputUsage", "completionTokens") or usage.get("output"),
    )
    return Row(
        place,
        case,
        answer,
        model if isinstance(model, str) else None,
        params_of(each.get("modelParameters")),
        _tools(each) or list(reply.tools),
    )


def _tools(each: Table) -> list[dict[str, Any]]:
    metadata = parsed(each.get("metadata"))
    metadata = metadata if isinstance(metadata, Mapping) else {}
    attributes = parsed(metadata.get("attributes"))
    attributes = attributes if isinstance(attributes, Mapping) else {}
    request = parsed(attributes.get("model_request_parameters"))
    asked = parsed(each.get("input"))
    places = (
        asked.get("tools") if isinstance(asked, Mapping) else None,
        metadata.get("tools"),
        attributes.get("ai.prompt.tools"),
        attributes.get("gen_ai.tool.definitions"),
        request.get("function_tools") if isinstance(request, Mapping) else None,
        each.get("toolDefinitions"),
    )
    return next((found for found in map(tools_of, places) if found), [])


def _first(each: Table, *keys: str) -> Any:
    return next((each[key] for key in keys if each.get(key) not in (None, "")), None)


LANGFUSE = Format("langfuse", "Langfuse traces", _sign, _read, logs=True)
