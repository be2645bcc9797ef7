"""The sheet in which somebody judges answers in a spreadsheet: what its columns hold, written and read."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migrator_tui.history.digests import text_digest
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.words import did_you_mean, listed, quoted
from migrator_tui.reports.case_texts import answer_text, input_text
from migrator_tui.reports.spreadsheet import Row, cell, plain_name, read_csv, restored
from migrator_tui.running.to_judge import Judgeable
from migrator_tui.running.verdict_import import Stated, stands_as

COLUMNS = (
    *("task", "case", "tags", "input", "expected", "baseline_output", "output", "failed_checks"),
    *("verdict", "note", "author", "judged_by", "model_name", "model", "version"),
    *("output_id", "digest", "as_exported"),
)
NEEDED = ("verdict", "output_id", "digest")
"""Columns without which a sheet cannot be imported."""

PASS_WORDS = frozenset(
    {"pass", "passed", "p", "ok", "okay", "good", "right", "correct", "yes", "y", "true", "1"}
    | {"wahr", "vrai", "verdadero", "vero", "✓", "✔", "✅"}
)
FAIL_WORDS = frozenset(
    {"fail", "failed", "f", "ko", "bad", "wrong", "incorrect", "no", "n", "false", "0"}
    | {"falsch", "faux", "falso", "✗", "✘", "❌"}
)
"""Spreadsheets write true and false in the language of whoever typed them."""

_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,'’ \u00a0\u202f][0-9]{3})+")
"""A number as a spreadsheet formats it for people."""

_DIGEST = "sha256:"
"""Before each digest, so that no spreadsheet takes one for a number."""


@dataclass(slots=True)
class Cuts:
    """Which cells were too long for a spreadsheet, filled while rows are written."""

    cells: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Sheet:
    """A sheet as read."""

    stated: list[Stated] = field(default_factory=list)
    empty: int = 0
    """Rows without a verdict."""
    cleared: int = 0
    """Of them, those that held one when they were exported."""
    mistakes: list[str] = field(default_factory=list)
    """One line each, beginning with file and line."""
    guessed: bool = False
    """The file was no UTF-8 and was read as Windows-1252."""


def sheet_rows(answers: Iterable[Judgeable], version: Callable[[int], str], cuts: Cuts) -> Iterator[Sequence[str]]:
    """The header, then a row for each answer, its cells as a spreadsheet may have them.

    `version` gives the label of a version by id.
    """
    yield COLUMNS
    for answer in answers:
        values = _values(answer, version(answer.output.version_id))
        cells = []
        for name in COLUMNS:
            written, cut = cell(values.get(name, ""))
            cells.append(written)
            if cut:
                cuts.cells.append(f"{name} of case {answer.case.id}, {answer.output.model_name}")
        yield cells


def read_sheet(data: bytes, shown: str) -> Sheet:
    """The verdicts that a sheet states, and every mistake in it.

    Columns may stand in any order, written in any case, with others between them. Raises `ProjectError` where the
    file is no sheet at all.
    """
    rows, guessed = read_csv(data, shown, COLUMNS)
    header, *rest = rows
    places = _places(header, shown)
    sheet = Sheet(guessed=guessed)
    for row in rest:
        values = {name: row.cells[at].strip() if at < len(row.cells) else "" for name, at in places.items()}
        if any(values.values()):
            _read_row(values, f"{shown}:{row.line}: row {row.number}", sheet)
    return sheet


def _values(answer: Judgeable, version: str) -> dict[str, str]:
    output, verdict = answer.output, answer.verdict
    note = verdict.note or "" if verdict is not None else ""
    passed = verdict.passed if verdict is not None else None
    return {
        "task": answer.task.name,
        "case": answer.case.id,
        "tags": "; ".join(answer.case.tags),
        "input": input_text(answer.case),
        "expected": "" if answer.case.expected is None else _plain(answer.case.expected),
        "baseline_output": answer_text(answer.baseline) if answer.baseline is not None else "",
        "output": answer_text(output),
        "failed_checks": "\n".join(
            f"{record.label}: {record.reason}" if record.reason else record.label for record in answer.failed
        ),
        "verdict": "" if passed is None else "pass" if passed else "fail",
        "note": note,
        "judged_by": verdict.author if verdict is not None else "",
        "model_name": output.model_name,
        "model": output.model,
        "version": version,
        "output_id": str(output.id),
        "digest": _DIGEST + text_digest(output),
        "as_exported": stands_as(passed, note_cell(note)),
    }


def note_cell(note: str) -> str:
    """A note as it comes back from a cell."""
    return restored(cell(note)[0]).strip()


def _places(header: Row, shown: str) -> dict[str, int]:
    places: dict[str, int] = {}
    for at, name in enumerate(header.cells):
        if (known := plain_name(name)) in COLUMNS:
            if known in places:
                raise ProjectError(f"two columns are called {quoted(known)}", file=shown, line=header.line)
            places[known] = at
    for name in NEEDED:
        if name not in places:
            there = [one for one in header.cells if one.strip()]
            hint = did_you_mean(name, there).replace("did you mean", "is it") or f"; there is {listed(there)}"
            raise ProjectError(f"no column {quoted(name)}{hint}", file=shown, line=header.line)
    return places


def _read_row(values: Mapping[str, str], place: str, sheet: Sheet) -> None:
    word = values["verdict"].casefold().strip(" .!")
    exported = values.get("as_exported")
    if not word:
        if values.get("note") and exported == "":
            sheet.mistakes.append(f"{place}: a note without a verdict; write pass or fail as well")
        sheet.empty += 1
        sheet.cleared += bool(exported)
        return
    if word not in PASS_WORDS | FAIL_WORDS:
        sheet.mistakes.append(f"{place}: {quoted(values['verdict'])} is no verdict; write pass or fail")
        return
    number, digest = _whole(values["output_id"]), values["digest"].casefold().removeprefix(_DIGEST)
    if number is None or not digest:
        what = "output_id" if number is None else "digest"
        sheet.mistakes.append(f"{place}: a verdict needs the {what} that the row was exported with")
        return
    passed, note = word in PASS_WORDS, "\n".join(values.get("note", "").splitlines())
    sheet.stated.append(
        Stated(
            place=place,
            output_id=number,
            digest=digest,
            passed=passed,
            note=note,
            author=" ".join(values.get("author", "").split()),
            task=values.get("task", ""),
            model_name=values.get("model_name", ""),
            case_id=values.get("case", ""),
            untouched=bool(exported) and stands_as(passed, note) == exported,
            exported=exported,
        )
    )


def _whole(text: str) -> int | None:
    """A row id, also as a spreadsheet may write it: `12`, `12.0`, `1,234`."""
    digits = text.removesuffix(".0").removesuffix(",0")
    if _GROUPED.fullmatch(digits):  # the digest holds whoever misread it
        digits = re.sub(r"\D", "", digits)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
