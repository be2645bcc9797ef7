"""`verdicts export`, `verdicts import` and `verdicts undo`: judging in a spreadsheet."""

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from migrator_tui.commands.common import index_cases, open_history, open_project, put, say
from migrator_tui.history.records import GivenVerdict
from migrator_tui.project.errors import ProjectError
from migrator_tui.project.schema import BASELINE, ModelSpec, Project
from migrator_tui.running.selection import Selection, Which, selected_candidates, selected_tasks

if TYPE_CHECKING:
    from migrator_tui.history.store import History
    from migrator_tui.reports.verdict_sheet import Sheet
    from migrator_tui.running.verdict_import import Matched

FINE, BAD_INPUT, UNFINISHED = 0, 2, 3
MOST_LINES = 20
"""Rows that are named for each reason; the rest is counted."""
LARGEST = 1024 * 1024 * 1024
"""Bytes of a sheet."""


def execute(arguments: Namespace) -> int:
    """One of the three."""
    match arguments.command:
        case "verdicts export":
            return _export(arguments)
        case "verdicts import":
            return _import(arguments)
        case _:
            return _undo(arguments)


# Export


def _export(arguments: Namespace) -> int:
    from migrator_tui.reports.spreadsheet import CELL_LIMIT, SEPARATORS, rows_as_csv
    from migrator_tui.reports.verdict_sheet import Cuts, sheet_rows
    from migrator_tui.running.to_judge import Counted, answers_to_judge

    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    tasks = selected_tasks(project, Selection(tasks=arguments.task))
    models = _models(project, arguments.candidate)
    which, cuts, counted = Which(arguments.which), Cuts(), Counted()
    lines = 0
    with open_history(project, trusted=trusted) as history, _opened(arguments.output) as write:
        index_cases(history, project, tasks)
        label = cache(lambda version_id: history.version(version_id).label)
        rows = sheet_rows(answers_to_judge(project, history, tasks, models, which, counted), label, cuts)
        for lines, line in enumerate(rows_as_csv(rows, SEPARATORS[arguments.separator]), -1):  # noqa: B007
            write(line)
    into = f" in {arguments.output}" if arguments.output is not None else ""
    if not counted.answers:
        say("there is no answer to judge yet: `run` asks the models")
    elif not lines and which is not Which.ALL:
        what = "fails" if which is Which.FAILING else "waits for a verdict"
        say(f"none of {_many(counted.answers, 'answer')} {what}; --which all takes every one")
    else:
        say(f"{lines} of {_many(counted.answers, 'answer')}{into}")
    if counted.failed_calls:
        say(f"{_many(counted.failed_calls, 'call')} ended in an error: there is nothing to judge")
    if cuts.cells:
        say(f"{_many(len(cuts.cells), 'text')} cut, since a cell holds {CELL_LIMIT:,} characters:")
        _say_some(cuts.cells)
    return FINE


def _models(project: Project, names: Sequence[str] | None) -> list[ModelSpec]:
    """The models whose answers are judged: all candidates, or those named, `baseline` being one of the names."""
    if names is None:
        return list(project.candidates)
    candidates = [name for name in names if name != BASELINE]
    chosen = selected_candidates(project, Selection(candidates=candidates)) if candidates else []
    return [project.baseline, *chosen] if BASELINE in names else chosen


@contextmanager
def _opened(output: Path | None) -> Iterator[Callable[[bytes], object]]:
    """Where the sheet goes: a file that is not there yet, a program as it is, or a terminal made safe."""
    if output is None:
        if sys.stdout.isatty():
            yield lambda line: put(line.decode("utf-8-sig"))
            return
        sys.stdout.flush()
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    try:
        file = output.open("xb")
    except FileExistsError:
        what = "is there already, perhaps with verdicts in it; import or remove it, or give another name"
        raise ProjectError(what, file=output) from None
    try:
        with file:
            yield file.write
    except BaseException:
        output.unlink(missing_ok=True)  # half a sheet would be taken for a whole one
        raise


# Import


def _import(arguments: Namespace) -> int:
    from migrator_tui.history.author import author
    from migrator_tui.project.files import read_bytes
    from migrator_tui.reports.verdict_sheet import note_cell, read_sheet
    from migrator_tui.running.verdict_import import match

    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    shown = str(arguments.file)
    sheet = read_sheet(read_bytes(arguments.file, shown, LARGEST), shown)
    if sheet.guessed:
        say(f"{shown}: not UTF-8, read as Windows-1252; where letters come out wrong, save it as CSV UTF-8")
    who = " ".join((arguments.author or "").split()) or author(project.folder)
    with open_history(project, trusted=trusted) as history:
        matched = match(project, history, sheet.stated, author=who, cell=note_cell)
        mistakes = [*sheet.mistakes, *matched.mistakes]
        if mistakes:
            _say_some(mistakes)
            say(f"nothing was imported: {_many(len(mistakes), 'row')} to be mended")
            return BAD_INPUT
        if matched.to_give and not arguments.dry_run:
            history.import_verdicts(matched.to_give)
            _refresh(project, history, {given.output.task for given in matched.to_give})
    _tell_import(sheet, matched, shown, dry_run=arguments.dry_run)
    return UNFINISHED if matched.skipped else FINE


def _tell_import(sheet: "Sheet", matched: "Matched", shown: str, *, dry_run: bool) -> None:
    for lines in (matched.overruled, matched.replaced):
        _say_some(lines)
    if matched.skipped:
        _say_some(matched.skipped)
        say(f"{shown}: {_many(len(matched.skipped), 'row')} skipped, for these reasons")
    given = f"{_counted(matched.to_give)} {'would be given' if dry_run else 'given'}"
    rest = [f"{matched.unchanged} unchanged", f"{sheet.empty} without a verdict"]
    say("; ".join([given, *rest]))
    if sheet.cleared:
        rows = _many(sheet.cleared, "row")
        say(f"{rows} held a verdict when exported and none now: an empty cell takes nothing back")
    if matched.to_give and not dry_run:
        say("`migrator-tui verdicts undo` takes this import back")


def _counted(given: Sequence[GivenVerdict]) -> str:
    """`3 verdicts (2 pass, 1 fail) by Anna and Bea`."""
    if not given:
        return "no verdict"
    passed = sum(verdict.passed for verdict in given)
    authors = Counter(verdict.author for verdict in given)
    names = [f"{name} ({count})" if len(authors) > 1 else name for name, count in authors.most_common()]
    return f"{_many(len(given), 'verdict')} ({passed} pass, {len(given) - passed} fail) by {', '.join(names)}"


# Undo


def _undo(arguments: Namespace) -> int:
    from migrator_tui.history.author import author

    project, trusted = open_project(arguments.folder, trust=arguments.trust)
    with open_history(project, trusted=trusted) as history:
        undone = history.undo_import(author(project.folder))
        if not undone:
            raise ProjectError("nothing to take back: no imported verdict stands")
        _refresh(project, history, {verdict.task for verdict in undone})
    say(f"took back {_many(len(undone), 'verdict')}, the import of {undone[0].created_at:%Y-%m-%d %H:%M} UTC")
    return FINE


def _refresh(project: Project, history: "History", names: Iterable[str]) -> None:
    """Bring the standings of these tasks up to date with the verdicts."""
    from migrator_tui.running.judging import bring_up_to_date

    wanted = set(names)
    tasks = [task for task in project.tasks if task.name in wanted]
    index_cases(history, project, tasks)
    for task in tasks:
        for candidate in project.candidates:
            bring_up_to_date(project, history, task, candidate.name)


def _say_some(lines: Sequence[str]) -> None:
    for line in lines[:MOST_LINES]:
        say(line)
    if len(lines) > MOST_LINES:
        say(f"… and {len(lines) - MOST_LINES} more")


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
