"""The small apps that come before the workbench, driven through Textual's pilot."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from migrator_tui.tui.setup.frame import QuestionApp
from tests.tui.conftest import until

SIZES = [(160, 45), (120, 36), (80, 24)]


class Asked:
    """A test's hands and eyes on a question."""

    def __init__(self, app: QuestionApp[Any], pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """What the screen in front shows, row by row."""
        return ["".join(segment.text for segment in strip) for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        """Press keys, and let what they start settle."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.press(*({" ": "space", "/": "slash"}.get(character, character) for character in text))

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Let the app go on until the condition holds."""
        await until(self.pilot, condition, what)

    async def sees(self, words: str) -> None:
        """Until the screen shows those words."""
        await self.until(lambda: words in self.text, words)


@asynccontextmanager
async def asking(app: QuestionApp[Any], size: tuple[int, int] = (120, 36)) -> AsyncIterator[Asked]:
    """The app, running."""
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Asked(app, pilot)
