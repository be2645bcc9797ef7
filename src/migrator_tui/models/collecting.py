"""From the client library's objects to our events: deltas merged on their way, an `Answer` at the end.

Takes chunks and responses in OpenAI's shape by attribute, so that nothing here imports a client library.
"""

import base64
import json
import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from migrator_tui.models.requests import Answer, Event, ReasoningDelta, TextDelta, ToolCall, ToolCallDelta

MERGED_FOR = 0.03
"""Seconds over which deltas are gathered into one event: no screen paints faster, and each event costs both sides."""


_MOST_TOKENS = 2_000_000_000
"""No answer has more; a count beyond it is a mistake, and no database keeps it as a whole number."""


@dataclass(slots=True)
class _Call:
    """A tool call under construction."""

    index: int
    key: int
    """The provider's index, which some give twice."""
    id: str = ""
    name: str = ""
    arguments: str = ""


class Collector:
    """Gathers one attempt's stream; `emit` gets events, `now` is a monotonic clock in seconds."""

    def __init__(self, request_id: str, emit: Callable[[Event], None], now: Callable[[], float]) -> None:
        self._id = request_id
        self._emit = emit
        self._now = now
        self.started = now()
        self._first: float | None = None
        self._last = self.started
        self._flushed = 0.0
        self._pending: list[TextDelta | ReasoningDelta | ToolCallDelta] = []
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_Call] = []
        self._ran_there: set[int | None] = set()
        self.finish_reason: str | None = None

    @property
    def begun(self) -> bool:
        """Something of the answer has arrived."""
        return self._first is not None

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._text)

    @property
    def due_in(self) -> float | None:
        """Seconds until pending deltas should be flushed; `None` if there are none."""
        return max(0.0, self._flushed + MERGED_FOR - self._now()) if self._pending else None

    def take(self, chunk: Any) -> None:
        """Read one chunk; deltas go out at once if the last ones are `MERGED_FOR` ago."""
        choices = getattr(chunk, "choices", None)
        if not choices:
            return
        choice = choices[0]
        if reason := getattr(choice, "finish_reason", None):
            self.finish_reason = str(reason)
        delta = getattr(choice, "delta", None)
        if delta is None:
            return
        if reasoning := _string(getattr(delta, "reasoning_content", None)):
            self._reasoning.append(reasoning)
            self._add(ReasoningDelta(self._id, reasoning))
        if text := _string(getattr(delta, "content", None)):
            self._text.append(text)
            self._add(TextDelta(self._id, text))
        for part in getattr(delta, "tool_calls", None) or ():
            self._take_call(part)
        if self.due_in == 0.0:
            self.flush()

    def _take_call(self, part: Any) -> None:
        if _ran_there(part) or (not getattr(part, "id", None) and getattr(part, "index", None) in self._ran_there):
            self._ran_there.add(getattr(part, "index", None))
            return
        function = getattr(part, "function", None)
        name, arguments = getattr(function, "name", None) or "", getattr(function, "arguments", None)
        if not isinstance(arguments, str):
            arguments = "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
        key, part_id = getattr(part, "index", None), getattr(part, "id", None) or ""
        call = next((c for c in reversed(self._calls) if key is None or c.key == key), None)
        # Some providers number every call 0 and tell them apart by id alone.
        if call is None or (part_id and call.id and part_id != call.id and name):
            call = _Call(len(self._calls), len(self._calls) if key is None else key)
            self._calls.append(call)
        call.id = call.id or part_id
        fresh_name = name if not call.name else ""
        call.name = call.name or name
        call.arguments += arguments
        if fresh_name or arguments:
            self._add(ToolCallDelta(self._id, call.index, fresh_name, arguments))

    def _add(self, delta: TextDelta | ReasoningDelta | ToolCallDelta) -> None:
        self._last = self._now()
        if self._first is None:
            self._first = self._last
        before = self._pending[-1] if self._pending else None
        match before, delta:
            case TextDelta(), TextDelta():
                self._pending[-1] = TextDelta(self._id, before.text + delta.text)
            case ReasoningDelta(), ReasoningDelta():
                self._pending[-1] = ReasoningDelta(self._id, before.text + delta.text)
            case ToolCallDelta(), ToolCallDelta() if before.index == delta.index:
                self._pending[-1] = ToolCallDelta(
                    self._id, delta.index, before.name or delta.name, before.arguments + delta.arguments
                )
            case _:
                self._pending.append(delta)

    def flush(self) -> None:
        """Send what is pending."""
        self._flushed = self._now()
        pending, self._pending = self._pending, []
        for delta in pending:
            self._emit(delta)

    def answer(self, usage: Any) -> Answer:
        """What has arrived, as an answer; `usage` is the library's object, or `None` where nobody stated one."""
        counts = token_counts(usage)
        return Answer(
            self.text,
            reasoning="".join(self._reasoning),
            tool_calls=tuple(ToolCall(c.id, c.name, c.arguments) for c in self._calls),
            finish_reason=_finish(self.finish_reason, bool(self._calls)),
            first_token_ms=None if self._first is None else (self._first - self.started) * 1000,
            latency_ms=(self._last - self.started) * 1000 if self.begun else (self._now() - self.started) * 1000,
            **counts,
        )


def plain_answer(response: Any, latency_ms: float) -> Answer:
    """A response that came in one piece; `ValueError` if there is no answer in it."""
    choices = getattr(response, "choices", None)
    if not choices:
        raise ValueError("no choices in the answer")
    message = getattr(choices[0], "message", None)
    if message is None:
        raise ValueError("no message in the answer")
    calls = []
    for call in getattr(message, "tool_calls", None) or ():
        if _ran_there(call):
            continue
        function = getattr(call, "function", None)
        arguments = getattr(function, "arguments", None)
        if not isinstance(arguments, str):
            arguments = "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
        calls.append(ToolCall(getattr(call, "id", None) or "", getattr(function, "name", None) or "", arguments))
    return Answer(
        _string(getattr(message, "content", None)),
        reasoning=_string(getattr(message, "reasoning_content", None)),
        tool_calls=tuple(calls),
        finish_reason=_finish(getattr(choices[0], "finish_reason", None), bool(calls)),
        latency_ms=latency_ms,
        **token_counts(getattr(response, "usage", None)),
    )


def embedded_answer(response: Any, texts: int, latency_ms: float) -> Answer:
    """Vectors of a response to so many texts, in their order; `ValueError` if that is not what came."""
    rows = getattr(response, "data", None) or []
    found: dict[int, list[float]] = {}
    for place, row in enumerate(rows):
        of = row if isinstance(row, dict) else vars(row)
        index = of.get("index")
        found[index if isinstance(index, int) else place] = _vector(of.get("embedding"))
    if sorted(found) != list(range(texts)):
        raise ValueError(f"{len(rows)} vectors came for {texts} texts")
    vectors = tuple(found[place] for place in range(texts))
    if len({len(vector) for vector in vectors}) != 1 or not vectors[0]:
        raise ValueError("the vectors that came are not of one length")
    counts = token_counts(getattr(response, "usage", None))
    return Answer("", latency_ms=latency_ms, vectors=vectors, **{**counts, "output_tokens": 0})


def _vector(stated: Any) -> list[float]:
    """Numbers as they are, or packed as little-endian 32-bit floats in base64, as OpenAI sends them on request."""
    if isinstance(stated, str):
        packed = array("f")
        packed.frombytes(base64.b64decode(stated, validate=True))
        if sys.byteorder == "big":
            packed.byteswap()
        return packed.tolist()
    if not isinstance(stated, list) or not all(isinstance(number, int | float) for number in stated):
        raise ValueError("a vector is no list of numbers")
    return [float(number) for number in stated]


def token_counts(usage: Any) -> dict[str, Any]:
    """Input, output and reasoning tokens; a usage of nothing but zeros is no statement."""
    given = _count(usage, "prompt_tokens")
    made = _count(usage, "completion_tokens")
    if not given and not made:
        given = made = None
    details = getattr(usage, "completion_tokens_details", None)
    return {
        "input_tokens": given,
        "output_tokens": made,
        "reasoning_tokens": _count(details, "reasoning_tokens"),
    }


def _count(holder: Any, name: str) -> int | None:
    value = getattr(holder, name, None)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= _MOST_TOKENS:
        return None
    return int(value)


def _ran_there(call: Any) -> bool:
    """The provider runs this tool itself (Anthropic's web search and the like): no call that wants an answer."""
    return str(getattr(call, "id", None) or "").startswith("srvtoolu_")


def _finish(reason: Any, has_calls: bool) -> str | None:
    if not reason:
        return "tool_calls" if has_calls else None
    # Some providers say `stop` after a tool call; whoever reads this wants to know that the model wants an answer.
    return "tool_calls" if has_calls and reason in ("stop", "function_call") else str(reason)


def _string(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in value)
    return value if isinstance(value, str) else str(value)
