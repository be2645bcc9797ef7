"""What `migrator.toml` says of adapting prompts: the table `[adaptation]`, and the `frozen` lines of a task."""

import re
from pathlib import Path
from typing import Any

from migrator_tui.project.files import missing_file, resolve_inside
from migrator_tui.project.schema import AdaptationSettings
from migrator_tui.project.tables import Misfit, Table
from migrator_tui.project.words import quoted

_LINES = re.compile(r"\s*([0-9]{1,7})\s*(?:-\s*([0-9]{1,7})\s*)?")


def adaptation_settings(table: Table, folder: Path, *, confined: bool) -> AdaptationSettings:
    """The settings of `[adaptation]`; what it leaves out is as `AdaptationSettings` has it."""
    found = {
        "max_edits": table.count("max_edits", 1, 100),
        "max_change": table.number("max_change", 0, 1),
        "max_growth": table.number("max_growth", 0, 100),
        "held_out": table.number("held_out", 0, 0.9),
        "seed": table.count("seed", 0, 2**31 - 1),
    }
    guidance = _guidance(table, folder, confined=confined)
    table.refuse_unknown({"model": "the model that suggests edits stands under [assistant]"})
    stated: dict[str, Any] = {key: value for key, value in found.items() if value is not None}
    return AdaptationSettings(guidance=guidance, **stated)


def frozen_lines(table: Table) -> tuple[tuple[int, int], ...]:
    """The ranges of a task's `frozen`, first and last line each, from 1; `"12"` is one line."""
    ranges: list[tuple[int, int]] = []
    for n, stated in enumerate(table.texts("frozen")):
        found = _LINES.fullmatch(stated)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last:
            what = f'frozen: {quoted(stated)} is no range of lines; write "3-8", or "12" for one line'
            raise Misfit(what, _at(table, "frozen", n))
        ranges.append((first, last))
    return tuple(ranges)


def _guidance(table: Table, folder: Path, *, confined: bool) -> tuple[Path, ...]:
    files: dict[Path, None] = {}
    for n, stated in enumerate(table.texts("guidance")):
        at = _at(table, "guidance", n)
        try:
            file = resolve_inside(folder, stated, confined=confined)
        except ValueError as error:
            raise Misfit(f"guidance: {error}", at) from None
        if not file.is_file():
            raise Misfit(missing_file(folder, stated, file), at)
        if file in files:
            raise Misfit(f"{quoted(stated)} is named twice", at)
        files[file] = None
    return tuple(files)


def _at(table: Table, key: str, n: int) -> tuple[str | int, ...]:
    return (*table.at(key), n) if isinstance(table.values[key], list) else table.at(key)
