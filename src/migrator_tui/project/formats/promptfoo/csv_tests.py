"""Tests in a table: its columns are variables, and those that begin with two underscores say what is expected."""

import csv
import io
import re
import sys
from collections.abc import Iterator
from typing import Any

from migrator_tui.project.errors import ProjectError

MAX_CELL = 32 * 1024 * 1024
"""Characters of one cell."""

_FORM = re.compile(r"(not-)?([a-z][a-z0-9:-]*?)(?:\((\d+(?:\.\d+)?)\))?(?::([\s\S]*))?")
_LISTS = frozenset(("contains-all", "contains-any", "icontains-all", "icontains-any"))
_WITH_THRESHOLD_WORDS = """
answer-relevance classifier context-faithfulness context-recall context-relevance cost latency levenshtein
perplexity perplexity-score rouge-n similar starts-with
"""
_WITH_THRESHOLD = frozenset(_WITH_THRESHOLD_WORDS.split())
_SPECIAL = frozenset(
    ("__prefix", "__suffix", "__description", "__providerOutput", "__metric", "__threshold", "__tags")
)
_NEAR = {"similar": 0.8}
_USUAL = 0.75
"""What promptfoo takes where the cell states no threshold."""

_TYPES_WORDS = """
agent-rubric answer-relevance bleu classifier contains contains-all contains-any contains-html contains-json
contains-sql contains-xml context-faithfulness context-recall context-relevance conversation-relevance cost
equals factuality finish-reason g-eval gleu guardrails icontains icontains-all icontains-any is-html is-json
is-refusal is-sql is-valid-function-call is-valid-openai-function-call is-valid-openai-tools-call is-xml
javascript latency levenshtein llm-rubric pi meteor model-graded-closedqa model-graded-factuality moderation
perplexity perplexity-score python regex rouge-n ruby similar similar:cosine similar:dot similar:euclidean
starts-with tool-call-f1 skill-used search-rubric trajectory:goal-success trajectory:tool-args-match
trajectory:step-count trajectory:tool-sequence trajectory:tool-used trace-error-spans trace-span-count
trace-span-duration webhook word-count
"""
TYPES = frozenset(_TYPES_WORDS.split())
"""promptfoo's types of assertions: a cell that begins with none of them is a text to be equalled."""


def rows_of(text: str, shown: str) -> Iterator[tuple[dict[str, str], int]]:
    """The rows of a CSV with a heading, each with its line; blank ones are passed over."""
    csv.field_size_limit(min(MAX_CELL, sys.maxsize))
    heading_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading_line.count)
    # promptfoo tries the strict reading first, and then one that forgives stray quotes.
    for strict in (True, False):
        try:
            yield from list(_rows(text, delimiter, shown, strict=strict))
            return
        except csv.Error as error:
            if not strict:
                raise ProjectError(f"not CSV: {error}", file=shown) from None


def _rows(text: str, delimiter: str, shown: str, *, strict: bool) -> Iterator[tuple[dict[str, str], int]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    heading: list[str] = []
    line = 1
    for row in reader:
        if not heading:
            heading = [cell.strip() for cell in row]
        elif any(cell.strip() for cell in row):
            if len(row) != len(heading):
                what = f"{len(row)} columns where the heading has {len(heading)}"
                raise ProjectError(what, file=shown, line=line)
            yield dict(zip(heading, row, strict=True)), line
        line = reader.line_num + 1


def test_of_row(row: dict[str, str]) -> dict[str, Any]:
    """The test that a row states, in the form of one in the configuration."""
    variables = {column: cell for column, cell in row.items() if not _is_special(column)}
    asserts = {
        column: assertion_of(cell) for column, cell in row.items() if column.startswith("__expected") and cell.strip()
    }
    options = {key: row[f"__{key}"] for key in ("prefix", "suffix") if row.get(f"__{key}")}
    test: dict[str, Any] = {key: row[f"__{key}"] for key in ("description", "providerOutput") if row.get(f"__{key}")}
    if (threshold := _number(row.get("__threshold", ""))) is not None:
        test["threshold"] = threshold
    for column, cell in row.items():
        about, _, setting = column.removeprefix("__config:").rpartition(":")
        if column.startswith("__config:") and setting == "threshold" and (number := _number(cell)) is not None:
            found = asserts.get(about) or asserts.get("__expected" if about == "__expected1" else f"{about}1")
            if found is not None:
                found["threshold"] = number
    for assertion in asserts.values():
        if row.get("__metric"):
            assertion["metric"] = row["__metric"]
    stated = {"vars": variables, "assert": list(asserts.values()), "options": options, "metadata": _metadata(row)}
    return {**{key: value for key, value in stated.items() if value}, **test}


def _is_special(column: str) -> bool:
    return column.startswith(("__expected", "__metadata:", "__config:")) or column in _SPECIAL


def _metadata(row: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"tags": _list(row["__tags"])} if row.get("__tags") else {}
    for column, cell in row.items():
        if column.startswith("__metadata:") and cell:
            key = column.removeprefix("__metadata:")
            found[key.removesuffix("[]")] = _list(cell) if key.endswith("[]") else cell
    return found


def assertion_of(cell: str) -> dict[str, Any]:
    """The assertion that a cell of `__expected` states: `contains:Paris`, `similar(0.8):hello`, `fn:…`, a text."""
    for prefix, kind in (
        ("javascript:", "javascript"),
        ("fn:", "javascript"),
        ("eval:", "javascript"),
        ("grade:", "llm-rubric"),
        ("llm-rubric:", "llm-rubric"),
        ("python:", "python"),
    ):
        if cell.startswith(prefix):
            value = cell.removeprefix(prefix)
            return {"type": kind, "value": value if kind == "llm-rubric" else value.strip()}
    if cell.startswith("file://"):
        code = re.search(r"\.(py|js|ts|cjs|mjs|cts|mts)(?::\w+)?$", cell)
        if code:
            return {"type": "python" if code[1] == "py" else "javascript", "value": cell}
    match = _FORM.fullmatch(cell)
    if match is None or match[2] not in TYPES:
        return {"type": "equals", "value": cell}
    kind, value = match[2], match[4]
    made: dict[str, Any] = {"type": f"{match[1] or ''}{kind}"}
    if kind in _LISTS:
        made["value"] = [item.strip() for item in (value or "").split(",")]
    elif value is not None:
        made["value"] = value
    if kind in _WITH_THRESHOLD or match[3]:
        made["threshold"] = float(match[3]) if match[3] and float(match[3]) else _NEAR.get(kind, _USUAL)
    return made


def _number(cell: str) -> float | None:
    try:
        number = float(cell.strip())
    except ValueError:
        return None
    return number if 0 <= number < 1e12 else None


def _list(cell: str) -> list[str]:
    return [item.strip() for item in cell.split(",") if item.strip()]
