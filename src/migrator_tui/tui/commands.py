"""The command palette, made from the table of keys: whatever a key does can be found by its words."""

from collections.abc import Iterable
from typing import Any

from textual.app import App, SystemCommand
from textual.screen import Screen

from migrator_tui.tui.keys import EVERYWHERE, Key
from migrator_tui.tui.widgets.work_screen import WorkScreen


def screen_commands(app: App[Any], screen: Screen[Any]) -> Iterable[SystemCommand]:
    """One entry for each thing that can be done where the user is."""
    if not isinstance(screen, WorkScreen):
        return
    seen: set[str] = set()
    for keys in screen.panes().values():
        for key in (*keys, *EVERYWHERE):
            if key.palette and key.id not in seen:
                seen.add(key.id)
                yield _entry(app, screen, key)


def _entry(app: App[Any], screen: Screen[Any], key: Key) -> SystemCommand:
    namespace = app if key in EVERYWHERE else screen

    async def run() -> None:
        await app.run_action(key.action, default_namespace=namespace)

    return SystemCommand(key.help[0].upper() + key.help[1:], f"{key.group} · {key.label}", run)
