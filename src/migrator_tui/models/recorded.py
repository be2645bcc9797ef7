"""Models whose answers come from a file: the old model may be gone already."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
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
    """Each file read once, in a thread, and again when it has changed.

    `load` gets the model as the project writes it (`recorded:old.jsonl`, from the project's `folder`).
    """

    def __init__(self, load: Callable[[str], Any] | None, folder: Path) -> None:
        self._load = load
        self._folder = folder
        self._loaded: dict[str, tuple[object, asyncio.Task[Any]]] = {}

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
        stamp = self._stamp(request.model)
        known, task = self._loaded.get(request.model, (None, None))
        if task is None or known != stamp:
            task = asyncio.create_task(asyncio.to_thread(load, request.model))
            self._loaded[request.model] = stamp, task
        # Shielded: a call that is given up must not take the file from the others that wait for it.
        recording: Recording = await asyncio.shield(task)
        return recording.answer(request.case_id, last_user_message(request.messages))

    def _stamp(self, model: str) -> object:
        """What tells a file from what it was when it was read; `None` where it is not there."""
        try:
            status = (self._folder / model.removeprefix(PREFIX)).stat()
        except (OSError, ValueError):
            return None
        return status.st_mtime_ns, status.st_size

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
