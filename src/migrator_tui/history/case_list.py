"""The list of cases, worst first: order, rows, filter, counts, and the standings they are read from."""

import json
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from migrator_tui.history import case_sql
from migrator_tui.history.case_index import CaseIndex
from migrator_tui.history.escapes import stored_text
from migrator_tui.history.filters import Conditions, Filter, conditions_of
from migrator_tui.history.part import chunks
from migrator_tui.history.records import CaseRow, Section, Standing

_COLUMNS = (
    *("section", "baseline", "candidate_mark", "judged", "changed", "same", "baseline_output_id"),
    *("candidate_output_id", "drift", "baseline_source", "candidate_source", "baseline_passed", "baseline_judged"),
    *("candidate_passed", "candidate_judged", "baseline_words", "candidate_words"),
)
_WRITE = f"""
insert into migrator_standing (project_id, task, candidate, case_id, no, {", ".join(_COLUMNS)})
values (?, ?, ?, ?, coalesce((select no from migrator_case_index where build_id = ? and case_id = ?), 0),
  {", ".join("?" * len(_COLUMNS))})
on conflict (project_id, task, candidate, case_id) do update set no = excluded.no,
  {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
"""  # noqa: S608 - our own names


class SearchStopped(Exception):
    """A search was given up because its result is no longer wanted."""


class CaseList(CaseIndex):
    """The list of cases and the standings."""

    def order(self, task_name: str, candidate: str) -> "tuple[array[int], bytes]":
        """The numbers of all cases worst first, within a section by number, and each one's section."""
        with self._local.reading() as connection:
            build = self._build(connection, task_name)
            found = _fetch(connection, case_sql.ORDER, self._of(task_name, candidate))
        total = build[1] if build else 0
        order = array("I", [no for no, _ in found])
        sections = bytes(section for _, section in found)
        stands = bytearray(total + 1)
        for no in order:
            stands[no] = 1
        order.extend(no for no in range(1, total + 1) if not stands[no])
        return order, sections + bytes([Section.NOT_RUN]) * (len(order) - len(sections))

    def rows(self, task_name: str, candidate: str, nos: Iterable[int]) -> list[CaseRow]:
        """The cases of those numbers, in that order; numbers that the index does not have are left out."""
        wanted = list(nos)
        found: dict[int, CaseRow] = {}
        with self._local.reading() as connection:
            build = self._build(connection, task_name)
            for chunk in chunks(wanted) if build else ():
                values = self._of(task_name, candidate, build) | {"numbers": json.dumps(chunk)}
                found |= {row[0]: case_sql.case_row(row) for row in _fetch(connection, case_sql.ROWS, values)}
        return [found[no] for no in wanted if no in found]

    def search(
        self,
        task_name: str,
        candidate: str,
        query: Filter,
        limit: int | None = None,
        *,
        stop: Callable[[], bool] | None = None,
    ) -> "array[int]":
        """The numbers of the cases that a filter keeps, worst first; the first `limit` of them.

        `stop` is asked every few milliseconds, in this thread; once it says yes, `SearchStopped` is raised.
        """
        asked = conditions_of(query)
        with self._local.reading() as connection:
            build = self._build(connection, task_name)
            if build is None:
                return array("I")
            values = {
                **asked.values,
                **self._of(task_name, candidate, build),
                "limit": -1 if limit is None else limit,
            }
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            if stop is not None:
                driver.set_progress_handler(lambda: int(stop()), 20_000)
            try:
                return self._search(connection, asked, values)
            except (sqlite3.OperationalError, OperationalError):
                if stop is not None and stop():
                    raise SearchStopped from None
                raise
            finally:
                driver.set_progress_handler(None, 0)

    def _search(self, connection: Connection, asked: Conditions, values: dict[str, Any]) -> "array[int]":
        limit = values["limit"]
        if limit < 0 and not asked.of_standing:
            # Reading the cases one after the other and sorting is three times faster than looking each one up.
            matching = {row[0] for row in _fetch(connection, case_sql.matching(asked.of_case), values)}
            worst_first = [no for no, _ in _fetch(connection, case_sql.ORDER, values) if no in matching]
            return array("I", worst_first + sorted(matching.difference(worst_first)))
        statement = case_sql.matching_worst_first(asked.of_case, asked.of_standing)
        found = array("I", [row[0] for row in _fetch(connection, statement, values)])
        if asked.when_not_run and (limit < 0 or len(found) < limit):
            rest = values | {"limit": limit if limit < 0 else limit - len(found)}
            statement = case_sql.matching_not_run(asked.of_case)
            found.extend(row[0] for row in _fetch(connection, statement, rest))
        return found

    def waiting(self, task_name: str, candidate: str) -> frozenset[int]:
        """The numbers of the cases that wait for a person: nothing decides them, or a verdict asks again."""
        with self._local.reading() as connection:
            return frozenset(no for (no,) in _fetch(connection, case_sql.WAITING, self._of(task_name, candidate)))

    def section_counts(self, task_name: str, candidate: str) -> dict[Section, int]:
        """How many cases each section holds; every section is named."""
        with self._local.reading() as connection:
            build = self._build(connection, task_name)
            found = _fetch(connection, case_sql.COUNTS, self._of(task_name, candidate))
        return case_sql.section_counts(found, build[1] if build else 0)

    def write_standings(self, task_name: str, candidate: str, standings: Sequence[Standing]) -> None:
        """Write where cases stand; a case's earlier standing is replaced."""
        project, task, name = self._local_project_id, stored_text(task_name), stored_text(candidate)
        for batch in chunks(standings, 2_000):
            with self._local.writing() as connection:
                build = self._build(connection, task_name)
                rows = [
                    (
                        project,
                        task,
                        name,
                        case_id := stored_text(standing.case_id),
                        build[0] if build else 0,
                        case_id,
                        standing.section,
                        standing.baseline,
                        standing.candidate,
                        standing.judged,
                        stored_text(standing.changed),
                        standing.same,
                        standing.baseline_output_id,
                        standing.candidate_output_id,
                        case_sql.joined_drift(standing.drift),
                        standing.baseline_source,
                        standing.candidate_source,
                        *standing.baseline_repeats,
                        *standing.candidate_repeats,
                        standing.baseline_words,
                        standing.candidate_words,
                    )
                    for standing in batch
                ]
                connection.exec_driver_sql(_WRITE, rows)

    def standings(self, task_name: str, candidate: str, case_ids: Iterable[str] | None = None) -> dict[str, Standing]:
        """Where cases stand, by id; those never written are left out. All cases if `case_ids` is `None`."""
        values = self._of(task_name, candidate)
        found: list[Standing] = []
        with self._local.reading() as connection:
            if case_ids is None:
                found += map(case_sql.standing, _fetch(connection, case_sql.STANDINGS, values))
            else:
                for chunk in chunks(case_ids):
                    ids = json.dumps([stored_text(case_id) for case_id in chunk])
                    found += map(case_sql.standing, _fetch(connection, case_sql.STANDINGS_OF, values | {"ids": ids}))
        return {standing.case_id: standing for standing in found}

    def _of(self, task_name: str, candidate: str, build: tuple[int, int, str] | None = None) -> dict[str, Any]:
        return {
            "project": self._local_project_id,
            "task": stored_text(task_name),
            "candidate": stored_text(candidate),
            "build": build[0] if build else 0,
        }


def _fetch(connection: Connection, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """All rows, as SQLite's driver gives them: for 100,000 rows half the time of SQLAlchemy's."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.execute(statement, values).fetchall()
