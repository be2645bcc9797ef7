"""Checks on the tools a model called: which, with what arguments, or none."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator_tui.checks.base import CheckResult, Subject
from migrator_tui.checks.json_reading import parse_json
from migrator_tui.checks.json_schema import misfit, schema_of
from migrator_tui.checks.registry import register
from migrator_tui.checks.values import (
    Needs,
    answer,
    beside,
    canonical,
    listed,
    setting_error,
    shown,
    threshold_between,
)
from migrator_tui.models.requests import ToolCall
from migrator_tui.project.schema import CheckSpec
from migrator_tui.text_safety import safe_line


def _called(calls: Sequence[ToolCall]) -> str:
    return listed([call.name for call in calls], 60) or "no tool"


@register("is-valid-openai-tools-call", needs=Needs.NOTHING, looks_at=["tools"])
def is_valid_tools_call(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output calls tools that it was given, each with JSON arguments that fit the tool's `parameters`."""
    problem = _call_problem(subject, spec)
    return answer(
        spec,
        problem is None,
        because=f"calls {_called(subject.tool_calls)} as defined",
        because_not=problem or "",
        expected="tool calls that fit their definitions",
        actual=_written(subject),
    )


def _call_problem(subject: Subject, spec: CheckSpec) -> str | None:
    if not subject.tool_calls:
        return f"no tool call: {safe_line(subject.text, 40) or 'empty'}"
    if not subject.tools:
        return f"calls {_called(subject.tool_calls)}, but the task defines no tools"
    functions = [tool["function"] for tool in subject.tools if isinstance(tool.get("function"), Mapping)]
    definitions = {function.get("name"): function for function in functions}
    for call in subject.tool_calls:
        if call.name not in definitions:
            return f"calls {shown(call.name, 30)}, which is none of {listed([str(name) for name in definitions])}"
        parsed = parse_json(call.arguments)
        if parsed.problem is not None:
            return f"{safe_line(call.name, 30)}: arguments are {parsed.problem}"
        parameters = definitions[call.name].get("parameters")
        if parameters is None:
            continue
        schema = schema_of(CheckSpec(f"parameters of {call.name}", parameters))
        if schema is not None and (problem := misfit(parsed.value, schema, spec)):
            return f"{safe_line(call.name, 30)}: {problem}"
    return None


@register("no-tool-call", needs=Needs.NOTHING)
def no_tool_call(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output calls no tool."""
    return answer(
        spec,
        not subject.tool_calls,
        because="calls no tool",
        because_not=f"calls {_called(subject.tool_calls)}",
        expected="no tool call",
        actual=_written(subject),
    )


_FORM = 'value = "lookup_order", and where wanted arguments = { order_id = "4711" } and exact = true'


def _sound_call(spec: CheckSpec) -> None:
    arguments, exact = spec.options.get("arguments"), spec.options.get("exact")
    if spec.value is not None:
        _wanted(spec, spec.value)
    if arguments is not None and not isinstance(arguments, Mapping):
        raise setting_error(spec, f"arguments is {shown(arguments)}; it must be a table: {_FORM}")
    if exact is not None and not isinstance(exact, bool):
        raise setting_error(spec, f"exact is {shown(exact)}; it must be true or false")
    if exact and arguments is None and not isinstance(spec.value, Mapping) and spec.value is not None:
        raise setting_error(spec, "exact = true compares arguments, and there are none")


def _wanted(spec: CheckSpec, value: Any) -> tuple[str, Mapping[str, Any] | None]:
    """Name and arguments of the call that is looked for; raises `CheckSettingError`."""
    arguments = spec.options.get("arguments")
    if isinstance(value, str) and value.strip():
        return value.strip(), arguments
    if isinstance(value, Mapping) and isinstance(value.get("name"), str) and set(value) <= {"name", "arguments"}:
        own = value.get("arguments")
        if own is None or isinstance(own, Mapping):
            return value["name"], arguments if arguments is not None else own
    raise setting_error(spec, f"names no tool: {shown(value)}; write {_FORM}")


@register("tool-call", needs=Needs.ANYTHING, options=["arguments", "exact"], settings=_sound_call)
def tool_call(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The output calls this tool and, where `arguments` are given, with these among its arguments.

    Tables in them may hold more than is asked for; with `exact = true` nothing else may stand there. The value may
    also be the table `{ name = …, arguments = … }`, as a case's `expected` would have it.
    """
    name, arguments = _wanted(spec, spec.value)
    exact = bool(spec.options.get("exact"))
    named = [call for call in subject.tool_calls if call.name == name]
    expected = name if arguments is None else f"{name}({shown(arguments, 200)})"
    problem: str | None = f"calls {_called(subject.tool_calls)}, not {safe_line(name, 40)}"
    if not subject.tool_calls:
        problem = f"no tool call: {safe_line(subject.text, 40) or 'empty'}"
    for call in named:
        problem = None if arguments is None else _arguments_problem(call, arguments, exact)
        if problem is None:
            break
    return answer(
        spec,
        problem is None,
        because=f"calls {safe_line(expected, 60)}",
        because_not=problem or "",
        expected=expected,
        actual=_written(subject),
    )


def _arguments_problem(call: ToolCall, wanted: Mapping[str, Any], exact: bool) -> str | None:
    parsed = parse_json(call.arguments)
    if parsed.problem is not None:
        return f"{safe_line(call.name, 30)}: arguments are {parsed.problem}"
    missed = next(_differences(wanted, parsed.value, exact, ""), None)
    return None if missed is None else f"{safe_line(call.name, 30)}: {missed}"


def _differences(wanted: Any, got: Any, exact: bool, place: str) -> Iterator[str]:
    """Where arguments depart from those wanted, each in a few words; an argument more counts where `exact`."""
    if not isinstance(wanted, Mapping) or not isinstance(got, Mapping):
        if canonical(wanted) != canonical(got):
            yield f"{safe_line(place, 30) or 'arguments'}: {shown(got, 24)} is not {shown(wanted, 24)}"
        return
    for key, value in wanted.items():
        where = f"{place}.{key}" if place else str(key)
        if key not in got:
            yield f"missing {safe_line(where, 30)}"
        else:
            yield from _differences(value, got[key], exact, where)
    if exact and (extra := [str(key) for key in got if key not in wanted]):
        yield f"has {listed(extra, 40)}, which is not expected"


def _written(subject: Subject) -> str:
    """What the output did, for the result: its calls, else its text."""
    return ", ".join(f"{call.name}({call.arguments})" for call in subject.tool_calls) or subject.text


def _sound_f1(spec: CheckSpec) -> None:
    threshold_between(spec, 0, 1)


@register("tool-call-f1", needs=Needs.TEXTS, settings=_sound_f1)
def tool_call_f1(subject: Subject, spec: CheckSpec) -> CheckResult:
    """The tools called are those named: F1 of the two sets of names is at least `threshold` (1).

    F1 = 2 · precision · recall / (precision + recall), van Rijsbergen (1979). Order and number of calls are of no
    account. As promptfoo does, calls written out as JSON in the text are read where the answer calls no tool.
    """
    wanted = set(spec.value)
    called = {call.name for call in subject.tool_calls} or set(_names_in_text(subject.text))
    both = len(wanted & called)
    precision, recall = both / len(called) if called else 0.0, both / len(wanted)
    f1 = 2 * precision * recall / (precision + recall) if both else 0.0
    least = 1.0 if spec.threshold is None else spec.threshold
    passed = (f1 >= least) != spec.negated
    told = f"F1 {beside(f1, least)} {'is at least' if spec.negated else 'of at least'} {least:g}: "
    reason = told + f"calls {listed(sorted(called), 40) or 'no tool'}, expected {listed(sorted(wanted), 40)}"
    expected = ", ".join(sorted(wanted))
    return CheckResult(spec, passed, f1, "" if passed else reason, expected, ", ".join(sorted(called)))


def _names_in_text(text: str) -> list[str]:
    """The names of tools called in a text that is JSON, or has lines that are."""
    parsed = parse_json(text)
    if parsed.problem is None:
        return _names_in(parsed.value)
    lines = [line.strip() for line in text.splitlines() if line.strip()[:1] in ("{", "[")]
    return [name for line in lines[:200] for name in _names_in(parse_json(line).value)]


def _names_in(value: Any) -> list[str]:
    """Names of calls in the forms of OpenAI, Anthropic and Google."""
    if isinstance(value, str):
        try:
            return _names_in(json.loads(value)) if value.lstrip()[:1] in ("{", "[") else []
        except (ValueError, RecursionError):
            return []
    if isinstance(value, list):
        return [name for item in value if isinstance(item, dict) for name in _names_of(item, in_list=True)]
    return _names_of(value, in_list=False) if isinstance(value, dict) else []


def _names_of(item: Mapping[str, Any], *, in_list: bool) -> list[str]:
    calls = item.get("tool_calls")
    if not in_list and isinstance(calls, list):
        both = [name for call in calls if isinstance(call, dict) for name in (_function(call), call.get("name"))]
        return [name for name in both if isinstance(name, str)]
    found: Any = None
    if item.get("type") == "tool_use" and isinstance(item.get("name"), str):
        found = item["name"]
    elif isinstance(item.get("functionCall"), dict):
        found = item["functionCall"].get("name")
    elif not in_list and isinstance(item.get("toolCall"), dict):
        inner = item["toolCall"].get("functionCalls")
        names = [call.get("name") for call in inner if isinstance(call, dict)] if isinstance(inner, list) else []
        return [name for name in names if isinstance(name, str)]
    elif in_list:
        found = _function(item) if isinstance(item.get("function"), dict) else item.get("name")
    return [found] if isinstance(found, str) else []


def _function(call: Mapping[str, Any]) -> Any:
    function = call.get("function")
    return function.get("name") if isinstance(function, dict) else None
