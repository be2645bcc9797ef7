"""`migrator-tui import` in a terminal: the import screen by itself, in place of a question."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from migrator_tui.tui.importing.choices import Choices
from migrator_tui.tui.importing.screen import Imported, ImportScreen
from migrator_tui.tui.keys import IMPORT
from migrator_tui.tui.setup.frame import QuestionApp


class ImportApp(QuestionApp[Imported]):
    """One import; ends with what was written, or with `None`."""

    CSS_PATH = ["../app.tcss"]  # noqa: RUF012 - Textual declares it as a plain attribute

    def __init__(self, choices: Choices, folder: Path) -> None:
        super().__init__()
        self._choices = choices
        self._folder = folder

    def open_first(self) -> None:
        """The import; the program ends with it."""
        screen = ImportScreen(None, folder=self._folder, glyphs=self.glyphs, choices=self._choices)
        self.push_screen(screen, self.exit)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: what the keys do, then theme and quit."""
        if isinstance(screen, ImportScreen):
            for key in IMPORT:
                if key.palette:
                    yield SystemCommand(key.help[0].upper() + key.help[1:], key.label, self._command(key, screen))
        yield from (c for c in super().get_system_commands(screen) if c.title in ("Theme", "Quit"))


def import_in_terminal(choices: Choices, folder: Path) -> Imported | None:
    """Show the import; what was written, or `None`."""
    return ImportApp(choices, folder).run(mouse=True)
