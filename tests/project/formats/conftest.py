"""Sources made of a few rows, read as the program reads them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrator_tui.project.formats.rows import LeftOut, Row
from migrator_tui.project.importing.request import Request, open_sources

Read = Callable[..., tuple[str, list[Row], list[LeftOut]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a file and read it: the format it is taken for, its rows, and what was left out."""

    def written(name: str, content: Any, **more: Any) -> tuple[str, list[Row], list[LeftOut]]:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, "utf-8", newline="")
        elif name.endswith(".jsonl"):
            path.write_text("".join(json.dumps(row) + "\n" for row in content), "utf-8")
        else:
            path.write_text(json.dumps(content, indent=1), "utf-8")
        opened = open_sources(Request([path], **more))
        reads = list(opened.format.read(opened.reading))
        rows = [each for each in reads if isinstance(each, Row)]
        return opened.format.name, rows, [each for each in reads if isinstance(each, LeftOut)]

    return written
