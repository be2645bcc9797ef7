"""What a check is given and what it says.

A check is a function registered under its name (`checks.registry`). It sees one output as a `Subject` and
answers with a `CheckResult`; where it has to wait (a judge model, a subprocess), it is a coroutine function and
takes what it needs from `CheckServices`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from migrator_tui.models.requests import Answer, ToolCall
from migrator_tui.project.schema import CheckSetup, CheckSpec, Message, ModelSpec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Subject:
    """The output a check looks at, with what it may be compared to."""

    text: str
    tool_calls: Sequence[ToolCall] = ()
    tools: Sequence[Mapping[str, Any]] = ()
    """The definitions the model was given."""
    finish_reason: str | None = None
    latency_ms: float | None = None
    cost: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    messages: Sequence[Message] = ()
    expected: Any = None
    baseline: "Subject | None" = None
    """The baseline's output for the same case, when the candidate's is checked and the baseline has one."""
    is_baseline: bool = False
    """Whether this is the baseline's own output: checks that compare with the baseline do not apply to it."""
    setup: CheckSetup = field(default_factory=CheckSetup)
    """Whom checks that wait may ask."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found."""

    spec: CheckSpec
    passed: bool
    score: float
    """0 to 1; 1 or 0 where a check knows only yes and no."""
    reason: str = ""
    """One line for a person, with expected and actual where it failed."""
    expected: str = ""
    actual: str = ""


@dataclass(frozen=True, slots=True)
class CheckError:
    """A check that could not be carried out: the outcome is an error, not a fail."""

    spec: CheckSpec
    reason: str
    """One line for a person."""


class CheckServices(Protocol):
    """What checks that must wait may ask for.

    Both raise `CheckFailure` where no answer came, and `NotAsked` where nobody was asked.
    """

    async def ask(self, spec: ModelSpec, messages: Sequence[Message]) -> Answer:
        """Ask a model."""

    async def embed(self, spec: ModelSpec, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector for each text, in order."""

    def process(self) -> AbstractAsyncContextManager[object]:
        """A place for a process of the check's own: so many run at a time."""


class CheckFailure(Exception):
    """A check could not be carried out: a wrong setting, a pattern that runs too long, no answer from a judge.

    It makes the outcome an error, not a fail.
    """


class NotAsked(Exception):
    """Nobody was asked: no money is left, or somebody stopped it. The check stays open; `str()` says why."""


class CheckSettingError(CheckFailure):
    """The check is written wrongly in the project; `str()` says how to write it."""


async def all_of(asked: Sequence[Awaitable[T]]) -> list[T]:
    """What they give, in order. Where one raises, the others still come to their end first: they are paid for."""
    found = await asyncio.gather(*asked, return_exceptions=True)
    for result in found:
        if isinstance(result, BaseException):
            raise result
    return [result for result in found if not isinstance(result, BaseException)]


CheckFunction = Callable[[Subject, CheckSpec], CheckResult]
WaitingCheckFunction = Callable[[Subject, CheckSpec, CheckServices], Awaitable[CheckResult]]
