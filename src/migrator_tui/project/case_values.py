"""From one case as a file states it to a `Case`, and from a `Case` to the JSON that the index keeps."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from migrator_tui.project.check_specs import check_spec, check_specs, check_to_json
from migrator_tui.project.schema import Case, Message
from migrator_tui.project.tables import Misfit
from migrator_tui.project.toml_lines import TomlPath
from migrator_tui.project.words import did_you_mean, kind_of, one_line, quoted

CASE_KEYS = ("id", "vars", "messages", "expected", "checks", "tags", "critical", "threshold")
ROLES = ("system", "developer", "user", "assistant", "tool", "function")

MAX_ID = 300
"""Characters; ids are keys in the history, and databases index no longer ones."""

_ELSEWHERE = {
    "assert": 'write "checks"',
    "input": 'the text goes into "vars" or "messages"',
    "prompt": 'the text goes into "vars" or "messages"',
    "output": 'recorded answers go into a file of their own, named by model = "recorded:FILE"',
}


def case_from_values(values: Any) -> tuple[Case, bool]:
    """The case, and whether its id was made from its content; `Misfit` where it is none.

    `values` are plain JSON values of bounded depth: readers see to that, each in the way that costs it least.
    """
    if not isinstance(values, dict):
        raise Misfit(f"a case must be a table with vars or messages, not {kind_of(values)}")
    _refuse_unknown(values)
    variables = values.get("vars")
    if variables is not None and not isinstance(variables, dict):
        raise Misfit(f'"vars" must be a table, not {kind_of(variables)}', ("vars",))
    messages = _messages(values.get("messages"))
    if not variables and not messages:
        raise Misfit('a case needs "vars" or "messages"')
    critical = values.get("critical")
    if critical is not None and not isinstance(critical, bool):
        raise Misfit(f'"critical" must be true or false, not {kind_of(critical)}', ("critical",))
    stated_id = values.get("id")
    return Case(
        id=made_id(values) if stated_id is None else _id(stated_id),
        vars=variables or {},
        messages=messages,
        expected=values.get("expected"),
        checks=check_specs(values.get("checks"), ("checks",)),
        tags=_tags(values.get("tags")),
        critical=bool(critical),
        threshold=_threshold(values.get("threshold")),
    ), stated_id is None


def made_id(values: Mapping[str, Any]) -> str:
    """An id that stays the same as long as the case's content does, wherever in its file it stands."""
    content = {key: value for key, value in values.items() if key != "id" and value is not None}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return "case-" + hashlib.sha256(text.encode()).hexdigest()[:10]


def case_to_json(case: Case) -> dict[str, Any]:
    """The case as plain JSON values, what is empty left out; `case_from_json` reads it back."""
    found: dict[str, Any] = {"id": case.id}
    if case.vars:
        found["vars"] = dict(case.vars)
    if case.messages:
        found["messages"] = list(case.messages)
    if case.expected is not None:
        found["expected"] = case.expected
    if case.checks:
        found["checks"] = [check_to_json(check) for check in case.checks]
    if case.tags:
        found["tags"] = list(case.tags)
    if case.critical:
        found["critical"] = True
    if case.threshold is not None:
        found["threshold"] = case.threshold
    return found


def case_from_json(values: Mapping[str, Any]) -> Case:
    """The case that `case_to_json` wrote. What it holds was looked at when it was read from its file."""
    return Case(
        id=values["id"],
        vars=values.get("vars", {}),
        messages=tuple(values.get("messages", ())),
        expected=values.get("expected"),
        checks=tuple(check_spec(check) for check in values.get("checks", ())),
        tags=tuple(values.get("tags", ())),
        critical=values.get("critical", False),
        threshold=values.get("threshold"),
    )


def case_title(case: Case, limit: int = 80) -> str:
    """The first words of the last user message, else of the longest variable: raw text, white space folded."""
    text = last_user_message(case.messages)
    if not text.strip():
        texts = [value for value in case.vars.values() if isinstance(value, str)]
        text = max(texts, key=len, default="")
    if not text.strip():
        text = ", ".join(f"{key}: {value}" for key, value in case.vars.items() if not isinstance(value, str))
    # Cut before folding: a message can be a megabyte.
    words = " ".join(text.lstrip()[: limit * 8].split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def search_text(case: Case) -> str:
    """What a filter looks through, casefolded: id, tags, variables, messages. Lone surrogates become `?`."""
    parts = [case.id, *case.tags]
    parts += (
        f"{key} {value}" if isinstance(value, str) else f"{key} {_dumped(value)}" for key, value in case.vars.items()
    )
    for message in case.messages:
        parts.append(message_text(message))
        if message.get("tool_calls"):
            parts.append(_dumped(message["tool_calls"]))
    return "\n".join(parts).casefold().encode("utf-8", "replace").decode()


def message_text(message: Message) -> str:
    """The text of one message, its parts of other kinds left out."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(text for text in texts if isinstance(text, str))
    return ""


def last_user_message(messages: Sequence[Message]) -> str:
    """The text of the last message whose role is `user`; empty where there is none."""
    return next((message_text(m) for m in reversed(messages) if m.get("role") == "user"), "")


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _refuse_unknown(values: dict[str, Any]) -> None:
    for key in values:
        if key in CASE_KEYS:
            continue
        place = _ELSEWHERE.get(key)
        hint = f"; {place}" if place else did_you_mean(key, CASE_KEYS) or '; a variable goes inside "vars"'
        raise Misfit(f"unknown key {quoted(key)}{hint}", (key,))


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Misfit(f"the id must be text or a whole number, not {kind_of(value)}", ("id",))
    text = str(value).strip()
    if not text:
        raise Misfit("the id is empty; leave it out to have one made", ("id",))
    if len(text) > MAX_ID:
        raise Misfit(f"the id {quoted(text, 30)} is longer than {MAX_ID} characters", ("id",))
    if not text.isprintable():
        raise Misfit(f"the id {quoted(text)} holds a character that can't be shown", ("id",))
    return text


def _threshold(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Misfit(f'"threshold" must be a number from 0 to 1, not {one_line(repr(value), 20)}', ("threshold",))
    return float(value)


def _tags(value: Any) -> Sequence[str]:
    items = [value] if isinstance(value, str) else value
    if items is None:
        return ()
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise Misfit('"tags" must be a list of texts', ("tags",))
    return tuple(dict.fromkeys(tag.strip() for tag in items if tag.strip()))


def _messages(value: Any) -> Sequence[Message]:
    if value is None:
        return ()
    path: TomlPath = ("messages",)
    if not isinstance(value, list):
        raise Misfit(f'"messages" must be a list, not {kind_of(value)}', path)
    for n, message in enumerate(value):
        at = (*path, n)
        if not isinstance(message, dict):
            raise Misfit(f"message {n + 1} must be a table with role and content, not {kind_of(message)}", at)
        role = message.get("role")
        if role not in ROLES:
            what = f"has the role {quoted(role)}" if role is not None else "has no role"
            hint = did_you_mean(str(role), ROLES) if role is not None else ""
            raise Misfit(f"message {n + 1} {what}{hint or '; it can be ' + ', '.join(ROLES)}", at)
        content = message.get("content")
        if not isinstance(content, str | list) and not (content is None and message.get("tool_calls")):
            raise Misfit(f"the content of message {n + 1} must be text, not {kind_of(content)}", at)
        if isinstance(content, list) and not all(isinstance(part, dict) for part in content):
            raise Misfit(f"the content of message {n + 1} must be text or a list of parts", at)
        calls = message.get("tool_calls")
        if calls is not None and (not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls)):
            raise Misfit(f"the tool_calls of message {n + 1} must be a list of tables", at)
    return tuple(value)
