"""Judges for tests: what they are sent is kept, what they reply is scripted."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from migrator_tui.checks.base import CheckError, CheckResult, Subject
from migrator_tui.checks.registry import run_waiting
from migrator_tui.models.requests import Answer
from migrator_tui.models.simulator.judging import blocks_of
from migrator_tui.project.schema import CheckSetup, CheckSpec, ModelSpec

JUDGE = ModelSpec("judge", "openai/a-judge")
SETUP = CheckSetup(judge=JUDGE, embeddings=ModelSpec("embeddings", "openai/an-embedder"), may_run_code=True)


class Scripted:
    """Replies by a function of the blocks it was shown, or always the same; vectors by a function of the text."""

    def __init__(
        self,
        reply: str | Callable[[dict[str, str]], str] = "",
        vector: Callable[[str], list[float]] = lambda text: [1.0],
        finish_reason: str = "stop",
    ) -> None:
        self.reply = reply
        self.vector = vector
        self.finish_reason = finish_reason
        self.asked: list[tuple[ModelSpec, Sequence[dict[str, Any]]]] = []
        self.embedded: list[Sequence[str]] = []
        self.places = asyncio.Semaphore(2)

    async def ask(self, spec: ModelSpec, messages: Sequence[dict[str, Any]]) -> Answer:
        self.asked.append((spec, messages))
        reply = self.reply if isinstance(self.reply, str) else self.reply(self.blocks(-1))
        return Answer(reply, finish_reason=self.finish_reason)

    async def embed(self, spec: ModelSpec, texts: Sequence[str]) -> list[list[float]]:
        self.embedded.append(texts)
        return [self.vector(text) for text in texts]

    def process(self) -> Any:
        return self.places

    def blocks(self, call: int = -1) -> dict[str, str]:
        """What the judge was shown in one of its calls."""
        return dict(blocks_of(self.asked[call][1][-1]["content"]))


def judged(
    spec: CheckSpec, subject: Subject | str, services: Scripted, setup: CheckSetup = SETUP
) -> CheckResult | CheckError:
    """The result of one check that waits."""
    if isinstance(subject, str):
        subject = Subject(subject, setup=setup)
    return asyncio.run(run_waiting(spec, subject, services))


def result_of(spec: CheckSpec, subject: Subject | str, services: Scripted) -> CheckResult:
    """The same, where an answer must come."""
    found = judged(spec, subject, services)
    assert isinstance(found, CheckResult), found
    return found


def error_of(spec: CheckSpec, subject: Subject | str, services: Scripted) -> str:
    """The same, where none may: the reason."""
    found = judged(spec, subject, services)
    assert isinstance(found, CheckError), found
    assert "\n" not in found.reason
    return found.reason


@contextlib.contextmanager
def nobody_is_asked(services: Scripted) -> Iterator[None]:
    """Whatever happens inside asks no model."""
    before = len(services.asked), len(services.embedded)
    yield
    assert (len(services.asked), len(services.embedded)) == before
