"""Answers that lie in a file: a model that is gone, or one whose answers another program recorded.

A row answers the case whose id it has; where that finds none, the case whose last user message is its `input`, ends
trimmed. Rows are looked up by their place in the file and read when asked for, so a large file costs little memory.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator_tui.project.answers import Answer, ToolCall
from migrator_tui.project.case_values import last_user_message
from migrator_tui.project.cases import json_value, raw_lines
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.files import decoded
from migrator_tui.project.model_tables import COLUMNS
from migrator_tui.project.schema import Case, Message
from migrator_tui.project.words import did_you_mean, kind_of, listed, one_line, quoted

Row = dict[str, Any]

LARGEST = 1e12
"""USD or milliseconds of one answer: beyond, a number is a mistake, and sums of such numbers would be infinite …"""
MOST_TOKENS = 2_000_000_000
"""… and what a whole number of the history's database holds."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Rows of a recording that answer no case, and cases that no row answers."""

    file: str
    rows: int
    """How many the file holds."""
    names: Sequence[str]
    """One for each row that joins nothing: its line, and its id or the beginning of its input."""
    without_answer: Sequence[str]
    """Ids of cases."""

    def __bool__(self) -> bool:
        return bool(self.names or self.without_answer)

    def __str__(self) -> str:
        said = []
        if self.names:
            said.append(f"{len(self.names)} of {self.rows} rows join no case: {listed(self.names, 3)}")
        if self.without_answer:
            said.append(f"no answer for {len(self.without_answer)} cases: {listed(self.without_answer, 3)}")
        return f"{self.file}: {'; '.join(said) or f'all {self.rows} rows join'}"


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    offset: int


class Recording:
    """One file of recorded answers, open to look-ups by case. Safe to use from several threads."""

    def __init__(self, path: Path, columns: Mapping[str, str], shown: str) -> None:
        self.path = path
        self.shown = shown
        self._columns = {name: columns.get(name, name) for name in COLUMNS}
        self._places: list[_Place] = []
        self._by_id: dict[str, int] = {}
        self._by_input: dict[bytes, int] = {}
        self._stamp: tuple[int, int] = (0, 0)

    @classmethod
    def load(cls, path: Path, columns: Mapping[str, str] | None = None) -> "Recording":
        """Read the file through; `ProjectError` with file and line at the first row that is wrong.

        `columns` maps our names (`model_tables.COLUMNS`) to the file's, for those that differ.
        """
        recording = cls(path, columns or {}, path.name)
        # Before reading: what is changed while it is read counts as changed.
        recording._stamp = _stamp(path)
        seen: set[str] = set()
        for data, line, offset in raw_lines(path, recording.shown):
            row = recording._row(data, line)
            seen.update(row)
            recording._file_row(row, line, offset)
        if not recording._places:
            raise ProjectError("no recorded answers in this file", file=recording.shown)
        for ours, theirs in (columns or {}).items():
            if theirs not in seen:
                what = f"no row has the column {quoted(theirs)} (for {ours}){did_you_mean(theirs, seen)}"
                raise ProjectError(what, file=recording.shown)
        return recording

    def __len__(self) -> int:
        return len(self._places)

    def answer(self, case_id: str | None, last_user_message: str = "") -> Answer | None:
        """The answer recorded for that case, or `None`; `ProjectError` where the file was changed since `load`."""
        number = self._find(case_id, last_user_message)
        if number is None:
            return None
        place = self._places[number]
        if _stamp(self.path) != self._stamp:
            raise ProjectError(
                "the file has changed since it was opened; start again to read it anew", file=self.shown
            )
        with self.path.open("rb") as file:
            file.seek(place.offset)
            data = file.readline()
        return self._answer(self._row(data, place.line), place.line)

    def unmatched(
        self, cases: Iterable[Case], messages_of: Callable[[Case], Sequence[Message]] | None = None
    ) -> Unmatched:
        """What joins nothing. `messages_of` gives what is sent for a case, where a prompt adds user messages."""
        used = set()
        without = []
        for case in cases:
            messages = messages_of(case) if messages_of else case.messages
            number = self._find(case.id, last_user_message(messages))
            if number is None:
                without.append(case.id)
            else:
                used.add(number)
        names = []
        with self.path.open("rb") as file:
            for number, place in enumerate(self._places):
                if number not in used:
                    file.seek(place.offset)
                    row = self._row(file.readline(), place.line)
                    what = str(self._cell(row, "id") or self._cell(row, "input") or "")
                    names.append(f"line {place.line} ({quoted(what, 40)})")
        return Unmatched(self.shown, len(self._places), names, without)

    def _find(self, case_id: str | None, text: str) -> int | None:
        number = self._by_id.get(case_id) if case_id is not None else None
        if number is None and text.strip():
            number = self._by_input.get(_digest(text))
        return number

    def _row(self, data: bytes, line: int) -> Row:
        row = json_value(decoded(data, self.shown, line), self.shown, line)
        if not isinstance(row, dict):
            raise self._wrong(f"a recorded answer must be a table, not {kind_of(row)}", line)
        return row

    def _cell(self, row: Row, name: str) -> Any:
        return row.get(self._columns[name])

    def _wrong(self, what: str, line: int) -> ProjectError:
        return ProjectError(what, file=self.shown, line=line)

    def _file_row(self, row: Row, line: int, offset: int) -> None:
        number = len(self._places)
        self._answer(row, line)
        row_id = self._cell(row, "id")
        text = self._cell(row, "input")
        if row_id is None and text is None:
            raise self._wrong(self._no_join(row), line)
        if row_id is not None:
            if isinstance(row_id, bool) or not isinstance(row_id, str | int):
                raise self._wrong(f"{self._columns['id']} must be text or a number, not {kind_of(row_id)}", line)
            key = str(row_id).strip()
            if key in self._by_id:
                first = self._places[self._by_id[key]].line
                raise self._wrong(f"the id {quoted(key)} stands on line {first} too", line)
            self._by_id[key] = number
        if text is not None:
            if not isinstance(text, str):
                raise self._wrong(f"{self._columns['input']} must be text, not {kind_of(text)}", line)
            # Recorded traffic repeats itself: the first answer counts, `unmatched` names the others.
            self._by_input.setdefault(_digest(text), number)
        self._places.append(_Place(line, offset))

    def _no_join(self, row: Row) -> str:
        names = " or ".join(quoted(self._columns[name]) for name in ("id", "input"))
        hint = "name it in the model's columns = { input = … }"
        return f"a row needs {names} to be joined with a case; this one has {listed(row)}; {hint}"

    def _answer(self, row: Row, line: int) -> Answer:
        text = self._cell(row, "output")
        calls = self._calls(row, line)
        if text is None and not calls:
            name = self._columns["output"]
            found = f"; the row has {listed(row)}" if name not in row else ""
            raise self._wrong(f"a row needs {quoted(name)}, the model's answer{found}", line)
        if text is not None and not isinstance(text, str):
            what = f"{self._columns['output']} must be the answer's text as it came, not {kind_of(text)}"
            raise self._wrong(what, line)
        passed = self._cell(row, "passed")
        if passed is not None and not isinstance(passed, bool):
            raise self._wrong(f"{self._columns['passed']} must be true or false, not {quoted(passed, 20)}", line)
        reason = self._cell(row, "finish_reason")
        if reason is not None and not isinstance(reason, str):
            raise self._wrong(f"{self._columns['finish_reason']} must be text, not {kind_of(reason)}", line)
        return Answer(
            text=text or "",
            tool_calls=calls,
            finish_reason=one_line(reason, 60) if reason is not None else None,
            input_tokens=self._tokens(row, "input_tokens", line),
            output_tokens=self._tokens(row, "output_tokens", line),
            latency_ms=self._number(row, "latency_ms", line),
            cost=self._number(row, "cost", line),
            passed=passed,
        )

    def _number(self, row: Row, name: str, line: int, largest: float = LARGEST) -> float | None:
        value = self._cell(row, name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= largest:
            wanted = f"a number from 0 to {largest:,.0f}"
            raise self._wrong(f"{self._columns[name]} must be {wanted}, not {quoted(value, 20)}", line)
        return float(value)

    def _tokens(self, row: Row, name: str, line: int) -> int | None:
        value = self._number(row, name, line, MOST_TOKENS)
        return None if value is None else int(value)

    def _calls(self, row: Row, line: int) -> tuple[ToolCall, ...]:
        value = self._cell(row, "tool_calls")
        if value is None:
            return ()
        name = self._columns["tool_calls"]
        if not isinstance(value, list):
            raise self._wrong(f"{name} must be a list, not {kind_of(value)}", line)
        calls = []
        for n, item in enumerate(value):
            call = item.get("function", item) if isinstance(item, dict) else None
            if not isinstance(call, dict) or not isinstance(call.get("name"), str):
                raise self._wrong(f"item {n + 1} of {name} has no function name", line)
            arguments = call.get("arguments", "")
            text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            calls.append(ToolCall(id=str(item.get("id") or f"call-{n + 1}"), name=call["name"], arguments=text))
        return tuple(calls)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError as error:
        raise ProjectError(f"can't be read ({error.strerror})", file=path.name) from error
    return state.st_mtime_ns, state.st_size
