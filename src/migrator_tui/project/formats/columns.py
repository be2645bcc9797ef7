"""Any table: CSV, JSON lines, JSON or YAML whose columns are mapped to what a case and an answer hold."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator_tui.project.formats.base import Format, Reading
from migrator_tui.project.formats.column_guess import (
    LEFT_OUT,
    OURS,
    Column,
    guess,
    stated,
    value_at,
    variable_name,
    with_wholes,
)
from migrator_tui.project.formats.messages import messages_of
from migrator_tui.project.formats.parts import parsed
from migrator_tui.project.formats.replies import figure, recorded_answer, reply_of, tools_of
from migrator_tui.project.formats.rows import Answer, LeftOut, Read, Row
from migrator_tui.project.formats.sources import Record
from migrator_tui.project.words import kind_of, quoted

_TRUE = frozenset(("true", "yes", "y", "1", "pass", "passed", "x", "correct", "ok"))
_FALSE = frozenset(("false", "no", "n", "0", "fail", "failed", "", "incorrect", "wrong"))
_FIGURES = ("cost", "latency_ms", "input_tokens", "output_tokens")


class _UnfitError(Exception):
    """A cell that does not fit what its column becomes."""


def columns_of(reading: Reading) -> tuple[list[Column], str]:
    """What the columns become, the user's word before our guess, and the export that they look like, if any."""
    if reading.exact:
        return list(reading.exact), ""
    records = [record.value for record in reading.sources[0].glance()]
    guessed, title = guess(records)
    return with_wholes(stated(guessed, reading.columns, reading.left_out), records), title


def case_from_table(item: Mapping[str, Any]) -> dict[str, Any]:
    """A case out of one table, by the names of its keys alone."""
    columns, _ = guess([item])
    return _case(item, [c for c in columns if c.becomes != "output"])


def _sign(records: Sequence[Record]) -> str | None:
    tables = [record.value for record in records if isinstance(record.value, Mapping)]
    if not tables:
        return None
    columns, title = guess(tables)
    if not any(column.asks for column in columns):
        return None
    known = sum(column.becomes in OURS for column in columns)
    looks = f"looks like: {title}; " if title else ""
    return f"{looks}{known} of {len(columns)} columns are known by their names"


def _read(reading: Reading) -> Iterator[Read]:
    columns, _ = columns_of(reading)
    columns = [column for column in columns if column.becomes != LEFT_OUT]
    for source in reading.sources:
        for record in source.records():
            yield record if isinstance(record, LeftOut) else _row(record, columns)


def _row(record: Record, columns: Sequence[Column]) -> Read:
    if not isinstance(record.value, Mapping):
        return LeftOut(record.place, f"a row must be a table, not {kind_of(record.value)}")
    if record.value.get("status") == "ARCHIVED" and "expectedOutput" in record.value:
        return LeftOut(record.place, "archived in Langfuse", broken=False, fits=True)
    try:
        case = _case(record.value, columns)
        answer = _answer(record.value, columns)
    except _UnfitError as unfit:
        return LeftOut(record.place, str(unfit))
    if not case.get("vars") and not case.get("messages"):
        return LeftOut(record.place, "holds nothing to ask")
    if answer is not None:
        answer.pop("model", None)
    model = next((value_at(record.value, c.path) for c in columns if c.becomes == "model"), None)
    tools = next((value_at(record.value, c.path) for c in columns if c.becomes == "tools"), None)
    name = model if isinstance(model, str) and model else None
    return Row(record.place, case, answer, name, tools=tools_of(tools))


def _case(record: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    case: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    messages: list[dict[str, Any]] = []
    for column in columns:
        value = value_at(record, column.path)
        becomes = column.becomes
        if becomes.startswith("var "):
            variables[becomes[4:]] = _variable(value)
        elif value is None or (isinstance(value, str) and not value.strip()):
            continue
        elif becomes == "id":
            if isinstance(value, str | int) and not isinstance(value, bool):
                case["id"] = str(value).strip()
        elif becomes in ("input", "messages"):
            messages += _input(value, variables, column.path)
        elif becomes == "expected":
            case["expected"] = _expected(value)
        elif becomes == "tags":
            case["tags"] = [*case.get("tags", ()), *_tags(value)]
        elif becomes == "critical":
            case["critical"] = _truth(value, column.path)
    if any(value not in (None, "") for value in variables.values()):
        case["vars"] = variables
    if messages:
        case["messages"] = messages
    return case


def _answer(record: Mapping[str, Any], columns: Sequence[Column]) -> Answer | None:
    cells = {column.becomes: value_at(record, column.path) for column in columns}
    reply = reply_of(_unwrapped(cells.get("output")))
    calls = reply_of(cells.get("tool_calls"))
    if reply is None and calls is None:
        return None
    text = reply.text if reply is not None else ""
    tool_calls = (reply.tool_calls if reply is not None else ()) or (calls.tool_calls if calls is not None else ())
    reason = cells.get("finish_reason") or (reply.finish_reason if reply is not None else None)
    seconds = figure(cells.get("latency_s"))
    figures = {name: cells.get(name) for name in _FIGURES}
    if seconds is not None and figures["latency_ms"] is None:
        figures["latency_ms"] = seconds * 1000
    answer = recorded_answer(text, tool_calls, reason if isinstance(reason, str) and reason else None, **figures)
    passed = cells.get("passed")
    if passed is not None and passed != "":
        path = next(column.path for column in columns if column.becomes == "passed")
        answer["passed"] = _truth(passed, path)
    return answer


def _input(value: Any, variables: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """The conversation; a table that holds none is a table of variables."""
    found = messages_of(value)
    if found is not None:
        return found
    opened = parsed(value)
    if not isinstance(opened, Mapping):
        raise _UnfitError(f"{quoted(path)} holds no conversation")
    for key, item in opened.items():
        variables[variable_name(str(key), variables)] = item
    return []


def _variable(value: Any) -> Any:
    opened = parsed(value)
    return "" if opened is None else value if isinstance(value, str) else opened


def _expected(value: Any) -> Any:
    opened = _unwrapped(parsed(value))
    if isinstance(opened, Mapping | list):
        conversation = messages_of(opened)
        if conversation and conversation[-1]["role"] == "assistant" and isinstance(conversation[-1]["content"], str):
            return conversation[-1]["content"]
        return opened if not isinstance(value, str) else value
    return value if isinstance(value, str) else opened


def _unwrapped(value: Any) -> Any:
    """What a table of one text holds: LangSmith's `{"output": "…"}`."""
    opened = parsed(value)
    if isinstance(opened, Mapping) and len(opened) == 1:
        key, inner = next(iter(opened.items()))
        if key in ("output", "text", "answer", "result", "response", "content", "generation", "expected"):
            return inner
    return value


def _tags(value: Any) -> list[str]:
    value = parsed(value)
    if isinstance(value, str):
        value = value.replace(";", ",").split(",")
    items = value if isinstance(value, list) else [value]
    return [tag for tag in (item.strip() if isinstance(item, str) else json.dumps(item) for item in items) if tag]


def _truth(value: Any, path: str) -> bool:
    word = str(value).strip().casefold()
    if word in _TRUE or word == "1.0":
        return True
    if word in _FALSE or word == "0.0":
        return False
    raise _UnfitError(f"{path} must be true or false, not {quoted(value, 20)}")


COLUMNS = Format("table", "plain table", _sign, _read, mapped=True)
