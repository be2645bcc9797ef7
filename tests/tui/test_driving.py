"""The tests' own look whether an app is idle goes by what Textual keeps to itself: is it still as it was?"""

from collections.abc import Callable

from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.tui.conftest import is_idle, until


class Quiet(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("here", id="here")


async def test_whatever_is_put_off_is_no_idleness() -> None:
    app = Quiet()
    async with app.run_test() as pilot:
        done: list[str] = []
        static = app.query_one("#here", Static)
        waiting: dict[str, Callable[[Callable[[], object]], object]] = {
            "later": static.call_later,
            "next": static.call_next,
            "after a paint": app.screen.call_after_refresh,
        }
        for name, put_off in waiting.items():
            await until(pilot, lambda: is_idle(app), name)
            put_off(lambda name=name: done.append(name))
            assert not is_idle(app), name
            await until(pilot, lambda: is_idle(app), name)
            assert done[-1] == name
