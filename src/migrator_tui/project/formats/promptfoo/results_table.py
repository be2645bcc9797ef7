"""promptfoo's CSV exports: variables in the first columns, then what each model answered, marked pass, fail or error.

Three forms are about: cells that begin with `[PASS] (1.00)` and hold everything, the same with columns for reason and
comment, and plain answers with columns `Status` and `Score` behind them.
"""

import csv
import io
import json
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from migrator_tui.project.errors import ProjectError
from migrator_tui.project.formats.promptfoo.csv_tests import MAX_CELL

if TYPE_CHECKING:
    from migrator_tui.project.formats.promptfoo.results import Cell, Column, Results

_MARK = re.compile(r"\[(PASS|FAIL|ERROR)\](?: \((?:-?[\d.]+|NaN)?(?:, [^)\n]*)?\))?\s*")
_REASON = re.compile(r"\n\n(?:Pass|Fail) Reason: ")
_HEADED = re.compile(r"\[([^\]\n]{1,200})\] ?(.*)", re.DOTALL)
_BESIDE = ("Status", "Score", "Named Scores", "Grader Reason", "Comment")


def rows_in_table(text: str, shown: str) -> "Results":
    """The results in a CSV; `ProjectError` where no column holds marked answers."""
    from migrator_tui.project.formats.promptfoo.results import Results

    heading, rows = _read(text, shown)
    marked = _answer_columns(heading, rows)
    if not marked:
        raise ProjectError("no column holds answers marked [PASS] or [FAIL]", file=shown)
    results = Results(columns=[_column(heading[at]) for at in marked])
    first = marked[0]
    names = [(at, name) for at, name in enumerate(heading[:first]) if name.strip()]
    described = bool(names) and names[0][1] == "Description"
    for row in rows:
        values = {name.strip(): row[at] for at, name in names[1 if described else 0 :]}
        cells = [_cell(row, at, heading) for at in marked]
        results.rows.append((dict(values), row[names[0][0]] if described else "", {}, cells))
    return results


def _read(text: str, shown: str) -> tuple[list[str], list[list[str]]]:
    csv.field_size_limit(min(MAX_CELL, sys.maxsize))
    # The heading may hold whole prompts, with any number of commas, semicolons and lines: commas are what is written.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if _is_tabbed(text) else ",", strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                if rows and len(row) != len(rows[0]):
                    what = f"{len(row)} columns where the heading has {len(rows[0])}"
                    raise ProjectError(what, file=shown, line=reader.line_num)
                rows.append(row)
    except csv.Error as error:
        raise ProjectError(f"not CSV: {error}", file=shown, line=reader.line_num) from None
    return (rows[0], rows[1:]) if rows else ([], [])


def _is_tabbed(text: str) -> bool:
    line = text.partition("\n")[0]
    return "\t" in line and "," not in line


def _answer_columns(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    found = []
    for at, name in enumerate(heading):
        if at + 1 < len(heading) and heading[at + 1] == "Status" and name not in _BESIDE:
            found.append(at)
            continue
        cells = [row[at] for row in rows if row[at].strip()]
        if cells and all(_MARK.match(cell) for cell in cells):
            found.append(at)
    return found


def _column(head: str) -> "Column":
    from migrator_tui.project.formats.promptfoo.results import Column

    if head.lstrip().startswith("{"):
        try:
            held = json.loads(head)
        except (ValueError, RecursionError):
            held = None
        if isinstance(held, dict):
            texts = {
                key: held[key] for key in ("provider", "label", "raw", "display") if isinstance(held.get(key), str)
            }
            raw = texts.get("raw", "")
            label = texts.get("label") or texts.get("display", "")
            return Column(texts.get("provider", ""), "" if label == raw else label, raw)
    match = _HEADED.match(head)
    if match:
        return Column(match[1], match[2] if len(match[2]) <= 40 else "", match[2])
    return Column("", "", head)


def _cell(row: Sequence[str], at: int, heading: Sequence[str]) -> "Cell | None":
    from migrator_tui.project.formats.promptfoo.results import Cell

    text = row[at]
    if at + 1 < len(heading) and heading[at + 1] == "Status":
        status = row[at + 1].strip()
        if status not in ("PASS", "FAIL", "ERROR"):
            return None
        # Against formulas, promptfoo puts an apostrophe before what a spreadsheet would compute.
        output = text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@", "\t", "\r") else text
        return Cell(output, status == "PASS", error=(output or "an error") if status == "ERROR" else "")
    mark = _MARK.match(text)
    if mark is None:
        return None
    body = text[mark.end() :]
    reason = ""
    if ends := list(_REASON.finditer(body)):
        reason, body = body[ends[-1].end() :], body[: ends[-1].start()]
    elif at + 1 < len(heading) and heading[at + 1] == "Grader Reason":
        reason = row[at + 1]
    if mark[1] == "ERROR":
        return Cell(error=body.strip() or "an error")
    if mark[1] == "FAIL" and reason:
        body = body.removeprefix(f"{reason.strip()}\n---\n")
    return Cell(body, mark[1] == "PASS")
