"""The index of case files: what list and filter need of 100,000 cases without reading their files.

It is built anew when the files change, in short transactions beside the index in use, and swapped in whole at the
end: a reader never sees half of it, and a program killed on the way leaves the old one.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from migrator_tui.history import case_sql
from migrator_tui.history.columns import now
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.escapes import stored_text
from migrator_tui.history.files import files_digest
from migrator_tui.history.part import Part, chunks
from migrator_tui.project.schema import Case, Task

_BATCH = 2_000
"""Cases per transaction: short enough that nobody else waits noticeably for the write lock."""


class CaseIndex(Part):
    """The index of case files."""

    def index_current(self, task: Task) -> bool:
        """Whether the index holds what the task's case files hold now, going by their names, sizes and times."""
        with self._local.reading() as connection:
            build = self._build(connection, task.name)
        return build is not None and build[2] == files_digest(task)

    def index_cases(self, task: Task, cases: Iterable[Case], on_progress: Callable[[int], None] | None = None) -> int:
        """Make the index of a task anew from its cases in order, numbered from 1, and hand back how many they are.

        `cases` may read the files as it goes; an error it raises leaves the index as it was. `on_progress` is told
        how many cases are in. Raises `HistoryError` where two cases have the same id.
        """
        digest = files_digest(task)  # before the first case is read: a file that changes meanwhile is read again
        build = self._new_build(task.name, digest)
        rest = iter(cases)
        count = 0
        try:
            while batch := list(islice(rest, _BATCH)):
                self._add_cases(build, count, batch)
                count += len(batch)
                if on_progress is not None:
                    on_progress(count)
        except BaseException:
            self._drop_build(build)
            raise
        with self._local.writing() as connection:
            left = self._swap_in(connection, task.name, build, count)
        for old in left:
            self._drop_build(old)
        return count

    def case_count(self, task_name: str) -> int:
        """How many cases the index holds; 0 where there is none."""
        with self._local.reading() as connection:
            build = self._build(connection, task_name)
        return build[1] if build else 0

    def cases(self, task_name: str, ids: Iterable[str]) -> list[Case]:
        """Cases by id, in the order asked for; ids that the index does not have are left out."""
        from migrator_tui.project.cases import case_from_json

        wanted = list(dict.fromkeys(ids))
        found: dict[str, Case] = {}
        with self._local.reading() as connection:
            build = self._build(connection, task_name)
            for chunk in chunks(wanted) if build else ():
                rows = connection.exec_driver_sql(
                    "select b.body from migrator_case_index c"
                    " join migrator_case_body b on b.build_id = c.build_id and b.no = c.no"
                    " where c.build_id = ? and c.case_id in (select value from json_each(?))",
                    (build[0] if build else 0, _json_list(chunk)),
                )
                found |= {case.id: case for case in (case_from_json(json.loads(row[0])) for row in rows)}
        return [found[case_id] for case_id in wanted if case_id in found]

    def case_at(self, task_name: str, no: int) -> Case:
        """The case of that number, from 1; `KeyError` if there is none."""
        from migrator_tui.project.cases import case_from_json

        with self._local.reading() as connection:
            build = self._build(connection, task_name)
            body = connection.exec_driver_sql(
                "select body from migrator_case_body where build_id = ? and no = ?", (build[0] if build else 0, no)
            ).scalar()
        if body is None:
            raise KeyError(no)
        return case_from_json(json.loads(body))

    def case_number(self, task_name: str, case_id: str) -> int | None:
        """The number of the case with that id, from 1; `None` if there is none."""
        with self._local.reading() as connection:
            build = self._build(connection, task_name)
            number = connection.exec_driver_sql(
                "select no from migrator_case_index where build_id = ? and case_id = ?",
                (build[0] if build else 0, stored_text(case_id)),
            ).scalar()
        return None if number is None else int(number)

    def _build(self, connection: Connection, task_name: str) -> tuple[int, int, str] | None:
        """Number, count of cases and files' digest of the index in use."""
        row = connection.exec_driver_sql(
            case_sql.CURRENT_BUILD, (self._local_project_id, stored_text(task_name))
        ).one_or_none()
        return None if row is None else (row[0], row[1], row[2])

    def _new_build(self, task_name: str, digest: str) -> int:
        with self._local.writing() as connection:
            return int(
                connection.exec_driver_sql(
                    "insert into migrator_index_build (project_id, task, files_digest, cases, finished, created_at)"
                    " values (?, ?, ?, 0, 0, ?) returning id",
                    (self._local_project_id, stored_text(task_name), digest, f"{now():%Y-%m-%d %H:%M:%S.%f}"),
                ).scalar_one()
            )

    def _add_cases(self, build: int, before: int, batch: Sequence[Case]) -> None:
        from migrator_tui.project.cases import case_title, case_to_json, search_text

        rows, bodies = [], []
        for no, case in enumerate(batch, before + 1):
            title, search, tags = case_title(case), search_text(case), case_sql.joined_tags(case.tags)
            texts = (stored_text(case.id), stored_text(title), stored_text(tags))
            rows.append((build, no, *texts, case.critical, stored_text(search)))
            bodies.append((build, no, json.dumps(case_to_json(case), separators=(",", ":"), default=str)))
        try:
            with self._local.writing() as connection:
                connection.exec_driver_sql("insert into migrator_case_index values (?, ?, ?, ?, ?, ?, ?)", rows)
                connection.exec_driver_sql("insert into migrator_case_body values (?, ?, ?)", bodies)
        except IntegrityError as error:
            if "case_id" not in str(error.orig):
                raise
            raise HistoryError("two cases of the same task have the same id") from None

    def _swap_in(self, connection: Connection, task_name: str, build: int, count: int) -> list[int]:
        """Make a finished build the index in use, and hand back the builds that nobody needs any more."""
        project, task = self._local_project_id, stored_text(task_name)
        builds = connection.exec_driver_sql(
            "select id, finished from migrator_index_build where project_id = ? and task = ?", (project, task)
        ).all()
        if any(row[0] > build and row[1] for row in builds) or all(row[0] != build for row in builds):
            # Another program began later, is done already, and may have cleared away what we had: its index counts.
            return [build]
        connection.exec_driver_sql(
            "update migrator_index_build set finished = 1, cases = ? where id = ?", (count, build)
        )
        connection.exec_driver_sql(
            "update migrator_standing set no = found.no from (select s.candidate, s.case_id, coalesce(c.no, 0) as no"
            " from migrator_standing s"
            " left join migrator_case_index c on c.build_id = :build and c.case_id = s.case_id"
            " where s.project_id = :project and s.task = :task and s.no <> coalesce(c.no, 0)) as found"
            " where migrator_standing.project_id = :project and migrator_standing.task = :task"
            " and migrator_standing.candidate = found.candidate and migrator_standing.case_id = found.case_id",
            {"build": build, "project": project, "task": task},
        )
        return [row[0] for row in builds if row[0] < build]

    def _drop_build(self, build: int) -> None:
        """Clear away a build, in pieces, so that nobody waits for it. What a kill leaves, the next index clears."""
        for table_name in ("migrator_case_index", "migrator_case_body"):
            deleted = 1
            while deleted:
                with self._local.writing() as connection:
                    deleted = connection.exec_driver_sql(
                        f"delete from {table_name} where build_id = ? and no in"  # noqa: S608
                        f" (select no from {table_name} where build_id = ? limit ?)",
                        (build, build, 5 * _BATCH),
                    ).rowcount
        with self._local.writing() as connection:
            connection.exec_driver_sql("delete from migrator_index_build where id = ?", (build,))


def _json_list(case_ids: Sequence[str]) -> str:
    return json.dumps([stored_text(case_id) for case_id in case_ids])
