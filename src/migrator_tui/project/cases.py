"""Reads case files: JSONL, CSV, YAML or a JSON list. A mistake is told with file and line, before anything is run."""

import csv
import io
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from migrator_tui.project.case_values import (
    case_from_json,
    case_from_values,
    case_title,
    case_to_json,
    last_user_message,
    search_text,
)
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import decoded, read_bytes, read_text, shown_path
from migrator_tui.project.schema import Case, Project, Task
from migrator_tui.project.tables import MAX_DEPTH, Misfit, plain_value
from migrator_tui.project.words import did_you_mean, listed, one_line, quoted

__all__ = [
    "case_from_json",
    "case_title",
    "case_to_json",
    "iter_cases",
    "last_user_message",
    "load_cases",
    "read_cases",
    "search_text",
]

MAX_LINE = 32 * 1024 * 1024
"""Bytes of one line of JSONL."""

MAX_WHOLE = 256 * 1024 * 1024
"""Bytes of a file that is read whole: CSV, YAML, JSON. Larger ones belong into JSONL, which is read line by line."""

Found = tuple[Case, int, bool]
"""A case, its line, and whether its id was made from its content."""


def read_cases(file: Path, folder: Path) -> Iterator[Case]:
    """The cases of one file, in its order; `ProjectError` with file and line at the first that is wrong.

    JSONL is read line by line, so a file of 100,000 cases needs no more memory than one. Ids are not compared here.
    """
    return (case for case, _, _ in _found(file, folder))


def iter_cases(project: Project, task: Task) -> Iterator[Case]:
    """The cases of all files of the task, in order; `ProjectError` where two have the same id, naming both places.

    Cases without an id that have the same content as an earlier one get its made id with `-2`, `-3`, … behind.
    """
    places: dict[str, tuple[int, int]] = {}
    repeats: dict[str, int] = {}
    names = [project.shown(file) for file in task.cases]
    any_case = False
    for number, file in enumerate(task.cases):
        for found, line, made in _found(file, project.folder):
            any_case = True
            case = found
            if made and case.id in places:
                repeats[case.id] = repeats.get(case.id, 1) + 1
                case = _renamed(case, f"{case.id}-{repeats[case.id]}")
            if case.id in places:
                earlier_file, earlier_line = places[case.id]
                what = f"the id {quoted(case.id)} is taken: {names[earlier_file]}:{earlier_line} has it too"
                raise ProjectError(what, file=names[number], line=line)
            places[case.id] = (number, line)
            yield case
    if not any_case:
        raise ProjectError(f"no cases for task {quoted(task.name)}", file=listed(names, 3))


def load_cases(project: Project, task: Task) -> list[Case]:
    """All cases of the task; see `iter_cases`."""
    return list(iter_cases(project, task))


def _renamed(case: Case, new_id: str) -> Case:
    return replace(case, id=new_id)


def _found(file: Path, folder: Path) -> Iterator[Found]:
    shown = shown_path(file, folder)
    readers: dict[str, Callable[[Path, str], Iterable[tuple[Any, int]]]] = {
        ".jsonl": json_lines,
        ".ndjson": json_lines,
        ".csv": _csv_rows,
        ".tsv": _csv_rows,
        ".yaml": _yaml_rows,
        ".yml": _yaml_rows,
        ".json": _json_list,
    }
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise ProjectError(f"no case file; it can be {listed(readers)}", file=shown)
    for values, line in reader(file, shown):
        try:
            case, made = case_from_values(values)
        except Misfit as misfit:
            raise ProjectError(misfit.what, file=shown, line=line) from None
        yield case, line, made


def json_lines(file: Path, shown: str) -> Iterator[tuple[Any, int]]:
    """The values of a JSONL file, each with its line, from 1; blank lines are passed over."""
    for data, line, _ in raw_lines(file, shown):
        yield json_value(decoded(data, shown, line), shown, line), line


def raw_lines(file: Path, shown: str) -> Iterator[tuple[bytes, int, int]]:
    """The lines of a file that are not blank: bytes, number from 1, offset in bytes."""
    offset = number = 0
    with _opened(file, shown) as opened:
        while data := opened.readline(MAX_LINE + 1):
            number += 1
            if len(data) > MAX_LINE:
                raise ProjectError(f"a line of more than {MAX_LINE // 1_000_000} MB", file=shown, line=number)
            if not data.isspace():
                yield data, number, offset
            offset += len(data)


def _opened(file: Path, shown: str) -> BinaryIO:
    try:
        # A pipe or a device would block for ever.
        if file.is_file():
            return file.open("rb")
    except (OSError, ValueError) as error:
        raise ProjectError(f"can't be read ({error})", file=shown) from error
    raise ProjectError("is a folder" if file.is_dir() else "no such file", file=shown)


def json_value(text: str, shown: str, line: int) -> Any:
    """The one JSON value of a line or cell: finite numbers, bounded depth."""
    try:
        value = _JSON.decode(text)
    except (ValueError, RecursionError) as error:
        _refuse_json(error, shown, line)
    return _shallow(value, text, shown, line)


def _shallow(value: Any, text: str, shown: str, line: int) -> Any:
    # Walking through every value would take as long as reading it; few texts have brackets enough to be deep.
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _refuse_odd(value, shown, line)
    return value


def _refuse_odd(value: Any, shown: str, line: int) -> None:
    try:
        plain_value(value)
    except Misfit as misfit:
        raise ProjectError(misfit.what, file=shown, line=line) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{one_line(text, 20)} is too large a number")
    return number


_JSON = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _refuse_json(error: ValueError | RecursionError, shown: str, line: int) -> NoReturn:
    if isinstance(error, json.JSONDecodeError):
        at = f" at column {error.colno}" if error.lineno == 1 else ""
        raise ProjectError(f"not JSON: {error.msg[0].lower()}{error.msg[1:]}{at}", file=shown, line=line) from None
    what = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition(";")[0]
    raise ProjectError(f"not JSON that can be read: {what}", file=shown, line=line) from None


def _json_list(file: Path, shown: str) -> Iterator[tuple[Any, int]]:
    text = read_text(file, shown, MAX_WHOLE)
    at = line_at = 0
    line = 1

    def forward(position: int, skipped: str) -> int:
        """Past white space and the one character that may stand there, counting lines."""
        nonlocal line, line_at
        while position < len(text) and (text[position] in " \t\r\n" or text[position] in skipped):
            skipped = skipped if text[position] in " \t\r\n" else ""
            position += 1
        line += text.count("\n", line_at, position)
        line_at = position
        return position

    at = forward(0, "")
    if text[at : at + 1] != "[":
        raise ProjectError(
            "the file must hold a list of cases; one case a line goes into .jsonl", file=shown, line=line
        )
    at = forward(at, "[")
    while text[at : at + 1] not in ("]", ""):
        try:
            value, end = _JSON.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise ProjectError(f"not JSON: {error.msg.lower()}", file=shown, line=error.lineno) from None
        except (ValueError, RecursionError) as error:
            _refuse_json(error, shown, line)
        yield _shallow(value, text[at:end], shown, line), line
        at = forward(end, "")
        if text[at : at + 1] not in (",", "]"):
            raise ProjectError("not JSON: a comma or the list's end is missing", file=shown, line=line)
        at = forward(at, ",")
    if text[at:].strip() != "]":
        raise ProjectError("not JSON: the list doesn't end where it should", file=shown, line=line)


def _yaml_rows(file: Path, shown: str) -> Iterator[tuple[Any, int]]:
    # Here, not above: most projects keep their cases as JSONL.
    from migrator_tui.project.yaml_values import YamlError, yaml_items

    try:
        for value, line in yaml_items(read_text(file, shown, MAX_WHOLE // 8)):
            _refuse_odd(value, shown, line)
            yield value, line
    except YamlError as error:
        raise ProjectError(error.what, file=shown, line=error.line) from None


def _csv_rows(file: Path, shown: str) -> Iterator[tuple[Any, int]]:
    """Columns `id`, `expected`, `tags` (split at `;`), `critical`, `messages` (JSON); every other is a variable."""
    text = decoded(read_bytes(file, shown, MAX_WHOLE), shown)
    header_text = text.partition("\n")[0]
    delimiter = max(",;\t", key=header_text.count)
    # The limit is the whole process's; 128 KiB of it would refuse a long ticket.
    csv.field_size_limit(min(MAX_LINE, sys.maxsize))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    line = 1
    try:
        for row in reader:
            if not header:
                header = _csv_header(row, shown, line)
            elif any(cell.strip() for cell in row):
                if len(row) != len(header):
                    what = f"{len(row)} columns where the heading has {len(header)}"
                    raise ProjectError(what, file=shown, line=line)
                yield _csv_case(dict(zip(header, row, strict=True)), shown, line), line
            line = reader.line_num + 1
    except csv.Error as error:
        raise ProjectError(f"not CSV: {error}", file=shown, line=line) from None


def _csv_header(row: list[str], shown: str, line: int) -> list[str]:
    header = [cell.strip() for cell in row]
    for n, name in enumerate(header):
        if not name:
            raise ProjectError(f"column {n + 1} has no heading", file=shown, line=line)
        if name in header[:n]:
            raise ProjectError(f"two columns are called {quoted(name)}", file=shown, line=line)
        if name.startswith("__"):
            hint = did_you_mean(name.strip("_"), ("expected", "id", "tags")) or ""
            raise ProjectError(f"unknown column {quoted(name)}{hint}", file=shown, line=line)
    return header


def _csv_case(cells: dict[str, str], shown: str, line: int) -> dict[str, Any]:
    case: dict[str, Any] = {}
    for key in ("id", "expected"):
        if cells.get(key, "").strip():
            case[key] = cells[key]
        cells.pop(key, None)
    case["tags"] = cells.pop("tags", "").split(";")
    critical = cells.pop("critical", "").strip().casefold()
    truths = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True, "x": True}
    if critical not in truths:
        raise ProjectError(f"critical must be true or false, not {quoted(critical)}", file=shown, line=line)
    case["critical"] = truths[critical]
    if messages := cells.pop("messages", "").strip():
        case["messages"] = json_value(messages, shown, line)
    case["vars"] = cells
    return case
