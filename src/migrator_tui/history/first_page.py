"""The first page of the case list, read before anything large is imported: what the first paint shows.

Standard library only (SQLModel alone costs half a second), read-only, and never a reason to fail: where it cannot
be had, opening the history will say why.
"""

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrator_tui.history import case_sql, location
from migrator_tui.history.escapes import stored_text
from migrator_tui.history.files import files_digest
from migrator_tui.history.records import CaseRow, Section, SessionState
from migrator_tui.history.schema_version import HEAD, VERSION_TABLE
from migrator_tui.project.schema import Project


@dataclass(frozen=True, slots=True)
class FirstPage:
    """What the list shows first."""

    rows: Sequence[CaseRow]
    """Worst first."""
    counts: Mapping[Section, int]
    """How many cases each section holds, all sections named."""
    total: int
    """How many cases the index holds."""
    session: SessionState
    current: bool
    """Whether the case files are still what the index was made from."""


def first_page(project: Project, task: str, candidate: str, limit: int = 80) -> FirstPage | None:
    """The first `limit` rows of a task for a candidate, with counts and session.

    `None` where there is no history yet, or one of another schema. A task that was never indexed has no rows.
    """
    file = location.local_file(project)
    if file is None or not file.is_file():
        return None
    uri = f"{file.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=1)) as connection:
            return _read(connection, project, task, candidate, limit)
    except sqlite3.Error:
        return None


def _read(
    connection: sqlite3.Connection, project: Project, task: str, candidate: str, limit: int
) -> FirstPage | None:
    connection.execute("begin")  # one view of everything
    version = connection.execute(f"select version_num from {VERSION_TABLE}").fetchone()  # noqa: S608
    if version is None or version[0] != HEAD:
        return None
    key = stored_text(location.local_key(project))
    own = connection.execute("select id from migrator_project where key = ?", (key,)).fetchone()
    if own is None:
        return None
    build = connection.execute(case_sql.CURRENT_BUILD, (own[0], stored_text(task))).fetchone()
    number, total, digest = build or (0, 0, "")
    values = {
        "project": own[0],
        "task": stored_text(task),
        "candidate": stored_text(candidate),
        "build": number,
        "limit": limit,
    }
    rows = connection.execute(case_sql.WORST_FIRST, values).fetchall()
    if len(rows) < limit:
        values["limit"] = limit - len(rows)
        rows += connection.execute(case_sql.NOT_RUN_ROWS, values).fetchall()
    counts = connection.execute(case_sql.COUNTS, values).fetchall()
    data = connection.execute(case_sql.SESSION, (own[0],)).fetchone()
    return FirstPage(
        rows=[case_sql.case_row(row) for row in rows],
        counts=case_sql.section_counts(counts, total),
        total=total,
        session=case_sql.session(data[0]) if data else SessionState(),
        current=digest == files_digest(project.task(task)),
    )
