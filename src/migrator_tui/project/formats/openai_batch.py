"""OpenAI's batch input and output, joined on `custom_id`; Anthropic's and others' of the same cut too."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.base import Format, Reading, all_have
from migrator_tui.project.formats.messages import messages_of
from migrator_tui.project.formats.replies import Reply, params_of, reply_of, tools_of
from migrator_tui.project.formats.rows import LeftOut, Read, Row
from migrator_tui.project.formats.sources import Record, Source
from migrator_tui.project.words import one_line

FAILED = "the call failed"


def _is_input(records: Sequence[Record]) -> bool:
    return all_have(records, "custom_id", "body") or all_have(records, "custom_id", "params")


def _is_output(records: Sequence[Record]) -> bool:
    return all_have(records, "custom_id", "response") or all_have(records, "custom_id", "result")


def _sign(records: Sequence[Record]) -> str | None:
    if _is_input(records):
        return "every row has a custom_id and the body of a request"
    return "every row has a custom_id and a response" if _is_output(records) else None


def _read(reading: Reading) -> Iterator[Read]:
    asked = [source for source in reading.sources if not _is_output(source.glance())]
    answered = [source for source in reading.sources if source not in asked]
    if not asked:
        what = "holds the answers of a batch only; give the file of requests too: import REQUESTS --answers FILE"
        raise ProjectError(what, file=answered[0].shown)
    answers = _Answers(answered) if answered else None
    for source in asked:
        for record in source.records():
            yield record if isinstance(record, LeftOut) else _row(record, answers)
    if answers is not None:
        yield from answers.unasked()


def _row(record: Record, answers: "_Answers | None") -> Read:
    value = record.value
    body = value.get("body") or value.get("params") if isinstance(value, dict) else None
    if not isinstance(body, Mapping):
        return LeftOut(record.place, "has no body of a request")
    messages = messages_of(body)
    if messages is None:
        return LeftOut(
            record.place, f"asks nothing of a chat model ({one_line(str(value.get('url')), 40)})", broken=False
        )
    identifier = value.get("custom_id")
    case: dict[str, Any] = {"messages": messages}
    if isinstance(identifier, str) and identifier:
        case["id"] = identifier
    model = body.get("model")
    row = Row(
        record.place,
        case,
        model=model if isinstance(model, str) else None,
        params=params_of(body),
        tools=tools_of(body.get("tools")),
    )
    if answers is None:
        return row
    found = answers.of(identifier)
    if isinstance(found, str):
        return LeftOut(record.place, found, broken=False, fits=found.startswith(FAILED))
    reply = found
    usage = reply.usage or {}
    answer = reply.answer(
        input_tokens=usage.get("prompt_tokens", usage.get("input_tokens")),
        output_tokens=usage.get("completion_tokens", usage.get("output_tokens")),
    )
    return Row(row.place, row.case, answer, reply.model or row.model, row.params, row.tools)


class _Answers:
    """The answers of a batch by their `custom_id`; kept as places in the file, since batches are large."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._places: dict[str, tuple[Path, int]] = {}
        self._asked: set[str] = set()
        for source in sources:
            if source.kind != "JSON lines":
                raise ProjectError("answers of a batch come as JSON lines", file=source.shown)
            offset = 0
            with source.path.open("rb") as file:
                for data in file:
                    identifier = _identifier(data)
                    if identifier is not None:
                        self._places.setdefault(identifier, (source.path, offset))
                    offset += len(data)

    def of(self, identifier: Any) -> Reply | str:
        """The answer, or in a few words why there is none."""
        place = self._places.get(identifier) if isinstance(identifier, str) else None
        if place is None:
            return "without an answer"
        self._asked.add(identifier)
        path, offset = place
        with path.open("rb") as file:
            file.seek(offset)
            value = json.loads(file.readline())
        return _reply(value)

    def unasked(self) -> Iterator[LeftOut]:
        """Answers to no request."""
        for identifier in self._places:
            if identifier not in self._asked:
                yield LeftOut(0, f"the answer {one_line(identifier, 60)} is to no request", broken=False)


def _identifier(data: bytes) -> str | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    identifier = value.get("custom_id") if isinstance(value, dict) else None
    return identifier if isinstance(identifier, str) else None


def _reply(value: Mapping[str, Any]) -> Reply | str:
    result = value.get("result")
    if isinstance(result, Mapping):  # Anthropic's
        reply = reply_of(result.get("message")) if result.get("type") == "succeeded" else None
        return reply or f"{FAILED}: {one_line(str(result.get('type')), 60)}"
    response = value.get("response")
    if value.get("error") or not isinstance(response, Mapping):
        error = value.get("error")
        said = error.get("message") or error.get("code") if isinstance(error, Mapping) else error
        return f"{FAILED}: {one_line(str(said or 'no response'), 80)}"
    status = response.get("status_code", 200)
    if status != 200:
        return f"{FAILED}: status {one_line(str(status), 10)}"
    return reply_of(response.get("body")) or "without an answer"


OPENAI_BATCH = Format("openai-batch", "OpenAI batch", _sign, _read)
