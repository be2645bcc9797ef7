"""Models whose answers come from a file: the old model may be gone already."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from migrator_tui.models.requests import Answer, CallError, ErrorKind, Event, Failed, Finished, ModelRequest, Sent
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import Message

PREFIX = "recorded:"


class Recording(Protocol):
    """What `project.recordings` reads from such a file."""

    def answer(self, case_id: str | None, last_user_message: str, /) -> Answer | None:
        """The recorded answer of a case, joined by id or else by the input's text."""


class Recordings:
    """Each file read once, in a thread; `load` gets the model as the project writes it (`recorded:old.jsonl`)."""

    def __init__(self, load: Callable[[str], Any] | None) -> None:
        self._load = load
        self._loaded: dict[str, asyncio.Task[Any]] = {}

    async def call(self, request: ModelRequest) -> Sequence[Event]:
        """The whole answer's events."""
        if self._load is None:
            return [self._failed(request, "no recordings are known here")]
        try:
            answer = await self._answer(request, self._load)
        except (ProjectError, OSError) as error:
            self._loaded.pop(request.model, None)  # the file may have been mended by the next call
            return [self._failed(request, str(error))]
        if answer is None:
            file = request.model.removeprefix(PREFIX)
            return [self._failed(request, f"{file} has no answer for case {request.case_id}")]
        return [Sent(request.id, 1), Finished(request.id, answer)]

    async def _answer(self, request: ModelRequest, load: Callable[[str], Any]) -> Answer | None:
        task = self._loaded.get(request.model)
        if task is None:
            task = self._loaded[request.model] = asyncio.create_task(asyncio.to_thread(load, request.model))
        # Shielded: a call that is given up must not take the file from the others that wait for it.
        recording: Recording = await asyncio.shield(task)
        return recording.answer(request.case_id, last_user_message(request.messages))

    def forget(self) -> None:
        """Read files anew at the next call."""
        self._loaded.clear()

    @staticmethod
    def _failed(request: ModelRequest, why: str) -> Failed:
        return Failed(request.id, CallError(ErrorKind.RECORDING, why))


def last_user_message(messages: Sequence[Message]) -> str:
    """Text of the last user message; empty if there is none."""
    for message in reversed(messages):
        if message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str):
                return content
            return "".join(str(part.get("text", "")) for part in content or () if isinstance(part, dict))
    return ""
