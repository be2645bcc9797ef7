"""Puts outputs into the history while calls go on.

Whatever is waiting is written in one transaction; while it is being written, the next batch gathers. So a lone
output is stored at once, a burst costs few transactions, and no answer waits for a timer: a program killed between
two ticks would have to ask for it again.
"""

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Self

from migrator_tui.history.records import NewOutput, Output

if TYPE_CHECKING:
    from migrator_tui.history.store import History


class OutputWriter:
    """An asynchronous context: `add` returns once the output is on disk. `standing` is as of `add_outputs`."""

    def __init__(self, history: "History", *, standing: bool = True) -> None:
        self._history = history
        self._standing = standing
        self._pending: list[tuple[NewOutput, asyncio.Future[Output]]] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._write_all(), name="output writer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def add(self, output: NewOutput) -> Output:
        """Store an output; raises what the history raised where it could not be stored."""
        future: asyncio.Future[Output] = asyncio.get_running_loop().create_future()
        self._pending.append((output, future))
        self._wake.set()
        return await future

    async def _write_all(self) -> None:
        while self._pending or not self._closing:
            if not self._pending:
                await self._wake.wait()
                self._wake.clear()
                continue
            batch, self._pending = self._pending, []
            try:
                outputs = [output for output, _ in batch]
                stored = await asyncio.to_thread(self._history.add_outputs, outputs, standing=self._standing)
            except Exception as error:  # handed to whoever waits for the output: none is told it was stored
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), output in zip(batch, stored, strict=True):
                    if not future.done():
                        future.set_result(output)
