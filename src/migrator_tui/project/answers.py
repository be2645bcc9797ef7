"""What a model answered, as values: read from recordings here, brought by the wire in `models`."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants called; `arguments` is the JSON text as it came, valid or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered. Unknown numbers are `None`, never 0."""

    text: str
    reasoning: str = ""
    tool_calls: Sequence[ToolCall] = ()
    finish_reason: str | None = None
    """`stop`, `length`, `tool_calls`, `content_filter`, or what the provider said."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    first_token_ms: float | None = None
    """From the request's sending to the first text, reasoning or tool-call delta; streamed calls only."""
    latency_ms: float | None = None
    """From the request's sending to the last token of the attempt that succeeded."""
    cost: float | None = None
    """USD, where the source states it itself (a recording); else it is computed from the price map."""
    passed: bool | None = None
    """A judgement that came with the answer (a recording's `passed` column)."""
    vectors: Sequence[Sequence[float]] = ()
    """Of a call for embeddings: one for each text, in order."""
