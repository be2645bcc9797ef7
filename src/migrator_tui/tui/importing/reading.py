"""Reads a source for the import screen, off its thread."""

import time
from collections.abc import Callable
from functools import partial

from migrator_tui.checks.languages import language_of
from migrator_tui.models.successors import likeliest
from migrator_tui.project.discovery import USUAL_CANDIDATE
from migrator_tui.project.importing.plan import Import
from migrator_tui.project.importing.request import open_sources
from migrator_tui.project.importing.targets import target_of
from migrator_tui.tui.importing.choices import Choices

TOLD_SECONDS = 0.1
"""Between two reports of how far it is."""


class Stopped(Exception):
    """Nobody waits for this any more."""


def prepared(choices: Choices, told: Callable[[int, float], None]) -> Import:
    """The import, its files made beside their place; whoever takes it closes it. `ProjectError` where it can't be.

    `told` hears the rows read and the share of the source; what it raises ends the reading, and nothing stays behind.
    """
    opened = open_sources(choices.request)
    beside = choices.output == choices.beside
    target = target_of(choices.output, choices.task, choices.request.paths[0], beside=beside)
    made = Import(
        opened, target, choices.wishes, language=language_of, successor=lambda m: likeliest(m) or USUAL_CANDIDATE
    )
    read: dict[int, int] = {}
    for number, source in enumerate(opened.reading.sources):
        source.told = partial(read.__setitem__, number)
    last = time.monotonic()

    def rows_read(rows: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= TOLD_SECONDS:
            last = now
            told(rows, min(1.0, sum(read.values()) / max(1, opened.size)))

    try:
        made.prepare(rows_read)
    except BaseException:
        made.close()
        raise
    return made
