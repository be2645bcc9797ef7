"""Verdicts that come from outside, matched with the outputs they were given on.

A verdict falls on the output whose id and digest its row names, and on no other: a row made from another history,
or moved apart from its neighbours by sorting, gives none.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrator_tui.history.digests import digest_of, text_digest
from migrator_tui.history.records import GivenVerdict, Output, Verdict
from migrator_tui.project.cases import iter_cases
from migrator_tui.project.schema import BASELINE, Project
from migrator_tui.project.words import quoted
from migrator_tui.running.judging import CHUNK

if TYPE_CHECKING:
    from migrator_tui.history.store import History


@dataclass(frozen=True, slots=True)
class Stated:
    """A verdict as a row states it."""

    place: str
    """`verdicts.csv:14: row 5`, for whatever is to be said about it."""
    output_id: int
    digest: str
    """Of the output's text, as `text_digest` gives it."""
    passed: bool
    note: str
    author: str
    """Empty where the row names nobody."""
    task: str = ""
    model_name: str = ""
    case_id: str = ""
    """What else the row says about the output; empty where it says nothing."""
    untouched: bool = False
    """The row says what it said when it was exported."""
    exported: str | None = None
    """What stood when it was exported, as `stands_as` writes it; `None` where the row does not tell."""


@dataclass(slots=True)
class Matched:
    """What becomes of each stated verdict. Lines begin with the row's place."""

    to_give: list[GivenVerdict] = field(default_factory=list)
    unchanged: int = 0
    mistakes: list[str] = field(default_factory=list)
    """Rows that contradict themselves or others: with any of these, nothing should be given."""
    skipped: list[str] = field(default_factory=list)
    """Rows whose output is not there, or has another text."""
    replaced: list[str] = field(default_factory=list)
    """Given, but on an answer that is not the current one any more."""
    overruled: list[str] = field(default_factory=list)
    """Given, though somebody has judged the same text otherwise since the export."""


def stands_as(passed: bool | None, note: str) -> str:
    """What a row says, in a form in which two can be compared; `note` as a cell holds it."""
    return "" if passed is None and not note else digest_of([passed, " ".join(note.split())])[:16]


def match(
    project: Project, history: "History", rows: Iterable[Stated], *, author: str, cell: Callable[[str], str]
) -> Matched:
    """Match stated verdicts with outputs and with the verdicts that stand; gives none yet.

    `author` is who judged where a row names nobody. `cell` writes a note as a cell holds it, so that one that was
    too long for a cell is recognised.
    """
    stated = list(rows)
    outputs = history.outputs({row.output_id for row in stated})
    matched = Matched()
    known = _Known(project)
    seen: dict[tuple[str, str, str, str], Stated] = {}
    fitting: list[tuple[Stated, Output]] = []
    for row in stated:
        output = outputs.get(row.output_id)
        if output is None:
            matched.skipped.append(f"{row.place}: this history has no output {row.output_id}")
        elif text_digest(output) != row.digest:
            where = f"{output.model_name}, case {output.case_id}"
            matched.skipped.append(
                f"{row.place}: output {output.id} ({where}) has another text than this row is about"
            )
        elif output.failed_call:
            matched.skipped.append(f"{row.place}: output {output.id} is an error, there is no answer to judge")
        elif contradiction := known.contradiction(row, output):
            matched.mistakes.append(f"{row.place}: {contradiction}; were columns sorted apart?")
        else:
            key = (output.task, output.model_name, output.case_id, row.digest)
            first = seen.setdefault(key, row)
            if first is row:
                fitting.append((row, output))
            elif (first.passed, first.note) != (row.passed, row.note):
                what = f"case {output.case_id} of {output.model_name}"
                matched.mistakes.append(f"{row.place}: says otherwise about {what} than {first.place}")
    if not matched.mistakes:
        _against_what_stands(project, history, matched, fitting, author, cell)
    return matched


def _against_what_stands(
    project: Project,
    history: "History",
    matched: Matched,
    fitting: Sequence[tuple[Stated, Output]],
    author: str,
    cell: Callable[[str], str],
) -> None:
    standing: dict[tuple[str, str], dict[str, list[Verdict]]] = {}
    current: dict[tuple[str, str], dict[str, set[str]]] = {}
    cases: dict[tuple[str, str], list[str]] = {}
    for _, output in fitting:
        cases.setdefault((output.task, output.model_name), []).append(output.case_id)
    for side, ids in cases.items():
        standing[side] = history.verdicts(*side, ids)
        current[side] = _current_digests(project, history, *side, ids)
    for row, output in fitting:
        side = (output.task, output.model_name)
        given = standing[side].get(output.case_id, [])
        stands = next((verdict for verdict in given if verdict.text_digest == row.digest), None)
        now = stands_as(stands.passed, cell(stands.note or "")) if stands is not None else ""
        if row.untouched or now == stands_as(row.passed, row.note):
            matched.unchanged += 1
            continue
        where = f"case {output.case_id} of {output.model_name}"
        if stands is not None and row.exported is not None and row.exported != now:
            word = "passed" if stands.passed else "failed"
            matched.overruled.append(
                f"{row.place}: {stands.author} has {word} {where} since the export; this row counts"
            )
        if row.digest not in current[side].get(output.case_id, ()):
            matched.replaced.append(
                f"{row.place}: {where} has been answered otherwise since; the verdict stays with the text it is about"
            )
        matched.to_give.append(GivenVerdict(output, row.passed, row.author or author, row.note or None))


def _current_digests(
    project: Project, history: "History", task: str, model_name: str, case_ids: Sequence[str]
) -> dict[str, set[str]]:
    if task not in {one.name for one in project.tasks}:
        return {}
    if model_name not in {BASELINE, *(one.name for one in project.candidates)}:
        return {}
    model = project.model(model_name).model
    digests: dict[str, set[str]] = {}
    for start in range(0, len(case_ids), CHUNK):
        found = history.current_outputs(task, model_name, model, case_ids[start : start + CHUNK])
        for case_id, outputs in found.items():
            digests.setdefault(case_id, set()).update(text_digest(output) for output in outputs)
    return digests


class _Known:
    """Tells a name that belongs to something else from one that a spreadsheet garbled (`1-2` into a date)."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._tasks = {task.name for task in project.tasks}
        self._models = {BASELINE, *(candidate.name for candidate in project.candidates)}
        self._cases: dict[str, set[str]] = {}

    def contradiction(self, row: Stated, output: Output) -> str:
        """What the row says of its output that is another's; empty where nothing is."""
        for what, says, is_, known in (
            ("task", row.task, output.task, self._tasks),
            ("model", row.model_name, output.model_name, self._models),
        ):
            if says and says != is_ and says in known:
                return f"output {output.id} is of {what} {quoted(is_)}, the row says {quoted(says)}"
        if row.case_id and row.case_id != output.case_id and row.case_id in self._case_ids(output.task):
            return f"output {output.id} is of case {quoted(output.case_id)}, the row says {quoted(row.case_id)}"
        return ""

    def _case_ids(self, task: str) -> set[str]:
        if task not in self._cases:
            wanted = [one for one in self._project.tasks if one.name == task]
            self._cases[task] = {case.id for one in wanted for case in iter_cases(self._project, one)}
        return self._cases[task]
