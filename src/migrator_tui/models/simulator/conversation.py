"""What has been said and done in a chat so far: the customer's messages, the calls made, and what tools answered."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from migrator_tui.models.simulator.text import fold, word_list

_MOST_READ = 40_000
"""Characters of a message that are read."""
_LONGEST_ANSWER = 10
"""Words of a message that can be a yes or a no."""


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of earlier turns, and what came back."""

    name: str
    arguments: Mapping[str, Any]
    result: str | None = None
    """`None` where no result was sent."""
    data: Any = None
    """The result as JSON, where it is any."""
    failed: bool = False
    absent: bool = False
    """It failed since nothing was found."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation up to the model's turn."""

    requests: tuple[str, ...]
    """What the customer wrote, message by message."""
    calls: tuple[Call, ...]
    question: bool
    """The last customer's message answers a question of the model's."""
    last: str
    """The text of the last message."""
    after_tool: bool
    """The last message is a tool's result."""

    @property
    def said(self) -> str:
        """All that the customer wrote."""
        return "\n".join(self.requests)

    @property
    def key(self) -> str:
        """What the simulator's dice go by: the whole conversation, whatever the prompt is."""
        return "\n".join([*self.requests, *(f"{call.name} {call.result}" for call in self.calls)])

    @property
    def answer(self) -> Literal["yes", "no", ""]:
        """What the customer said to the model's last question."""
        text = fold(self.requests[-1]) if self.requests else ""
        if not self.question or len(text.split()) > _LONGEST_ANSWER:
            return ""
        yes, no = _any("yes").search(text), _any("no").search(text)
        if yes and (not no or yes.start() < no.start()):
            return "yes"
        return "no" if no else ""


def content_text(message: Mapping[str, Any]) -> str:
    """A message's text, its parts joined; images and files are left out."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return ""


def read_talk(messages: Sequence[Mapping[str, Any]]) -> Talk:
    """Read a chat in OpenAI's form; system messages are left out."""
    requests: list[str] = []
    calls: dict[str, Call] = {}
    asked = question = False
    for place, message in enumerate(messages):
        role, text = message.get("role"), content_text(message)[:_MOST_READ]
        if role == "user":
            requests.append(text)
            question = asked
        elif role == "assistant":
            asked = "?" in text[-200:] or "？" in text[-200:]
            for id_, call in _calls_in(message, place):
                calls[id_] = call
        elif role in {"tool", "function"}:
            waiting = next((id_ for id_, call in calls.items() if call.result is None), "")
            id_ = str(message.get("tool_call_id") or waiting)
            before = calls.get(id_) or Call(str(message.get("name", "")), {})
            calls[id_] = _answered(before, content_text(message))
    last = messages[-1] if messages else {}
    return Talk(
        requests=tuple(requests),
        calls=tuple(calls.values()),
        question=question,
        last=content_text(last)[:_MOST_READ],
        after_tool=last.get("role") in {"tool", "function"},
    )


def _calls_in(message: Mapping[str, Any], place: int) -> list[tuple[str, Call]]:
    found = []
    made = message.get("tool_calls")
    for number, call in enumerate(made if isinstance(made, list) else []):
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            arguments = _loaded(function.get("arguments"))
            told = Call(str(function.get("name", "")), arguments if isinstance(arguments, Mapping) else {})
            found.append((str(call.get("id") or f"{place}-{number}"), told))
    return found


def _answered(call: Call, result: str) -> Call:
    data = _loaded(result)
    failed = absent = False
    if isinstance(data, Mapping):
        told = fold(json.dumps(data, ensure_ascii=False)[:2000])
        failed = bool(data.get("error") or data.get("errors")) or data.get("status") in {"error", "failed"}
        failed = failed or data.get("ok") is False or data.get("success") is False
    elif data is None or isinstance(data, str):
        told = fold(result[:300])
        failed = len(told.split()) <= 30 and bool(_any("any", "failures").search(told))
    else:
        told = ""
    if failed:
        absent = bool(_any("absent", "failures").search(told))
    return Call(call.name, call.arguments, result[:_MOST_READ], data, failed, absent)


def _loaded(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@cache
def _any(name: str, group: str = "answers") -> re.Pattern[str]:
    words = word_list("agent")[group][name]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)" if group == "answers" else "|".join(words))
