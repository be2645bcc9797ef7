"""Runs and their items: what was planned, what has been answered, and which run waits to be gone on with."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from migrator_tui.history.columns import now
from migrator_tui.history.outputs import CASE_OUTPUTS, OUTPUTS, case_output_rows
from migrator_tui.history.part import Part, chunks
from migrator_tui.history.processes import another_lives, is_here, this_process
from migrator_tui.history.records import Run, RunItem
from migrator_tui.history.tables import RunItemRow, RunRow, table

_RUNS = table(RunRow)
_ITEMS = table(RunItemRow)

RUNNING, FINISHED, STOPPED = "running", "finished", "stopped"


class Runs(Part):
    """Runs and their items."""

    def start_run(self, settings: Mapping[str, Any], items: Sequence[RunItem], author: str) -> Run:
        """Write down a plan before its first call, so that whoever finds it half done knows what was meant."""
        started = now()
        run_id = f"{started:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}"
        with self._history.writing() as connection:
            connection.execute(
                insert(_RUNS).values(
                    id=run_id,
                    project_id=self._project_id,
                    state=RUNNING,
                    settings=self._without_secrets(dict(settings)),
                    items=len(items),
                    owner=this_process(),
                    author=author,
                    created_at=started,
                )
            )
            for chunk in chunks(items, 5_000):
                connection.execute(insert(_ITEMS), [_item_values(run_id, item) for item in chunk])
        return self.run(run_id)

    def resume_run(self, run_id: str) -> Run:
        """Mark a stopped or abandoned run as being gone on with by this process."""
        with self._history.writing() as connection:
            connection.execute(
                update(_RUNS)
                .where(_RUNS.c.project_id == self._project_id, _RUNS.c.id == run_id)
                .values(state=RUNNING, owner=this_process(), finished_at=None)
            )
        return self.run(run_id)

    def finish_run(self, run_id: str, state: str) -> Run:
        """Mark a run as `finished`, or `stopped` before its end."""
        if state not in (FINISHED, STOPPED):
            raise ValueError(f"a run ends finished or stopped, not {state}")
        with self._history.writing() as connection:
            connection.execute(
                update(_RUNS)
                .where(_RUNS.c.project_id == self._project_id, _RUNS.c.id == run_id)
                .values(state=state, finished_at=now())
            )
        return self.run(run_id)

    def run_items(self, run_id: str) -> list[RunItem]:
        """The items of a run's plan, in order."""
        with self._history.reading() as connection:
            rows = connection.execute(
                select(*(column for column in _ITEMS.c if column.name != "run_id"))
                .join(_RUNS, _RUNS.c.id == _ITEMS.c.run_id)
                .where(_ITEMS.c.run_id == run_id, _RUNS.c.project_id == self._project_id)
                .order_by(_ITEMS.c.no)
            ).all()
        return [RunItem(**row._mapping) for row in rows]

    def link_cached(self, run_id: str, outputs: Mapping[int, int]) -> None:
        """Answer items of a run, by number, from outputs that exist; items that have an answer keep it."""
        for numbers in chunks(sorted(outputs), 2_000):
            with self._history.writing() as connection:
                self._link(connection, run_id, {no: outputs[no] for no in numbers})

    def _link(self, connection: Connection, run_id: str, outputs: Mapping[int, int]) -> None:
        rows = connection.execute(
            select(_ITEMS).where(_ITEMS.c.run_id == run_id, _ITEMS.c.no.in_(outputs), _ITEMS.c.output_id.is_(None))
        ).all()
        if not rows:
            return
        wanted = {outputs[row.no] for row in rows}
        answers = connection.execute(select(OUTPUTS.c.id, OUTPUTS.c.model).where(OUTPUTS.c.id.in_(wanted)))
        models = {answer.id: answer.model for answer in answers}
        connection.execute(
            update(_ITEMS)
            .where(_ITEMS.c.run_id == run_id, _ITEMS.c.no == bindparam("item"))
            .values(output_id=bindparam("answer"), cached=True),
            [{"item": row.no, "answer": outputs[row.no]} for row in rows],
        )
        placed = [(row, models[outputs[row.no]], outputs[row.no]) for row in rows]
        connection.execute(insert(CASE_OUTPUTS), case_output_rows(self._project_id, placed))

    def place_output(self, item: RunItem, output_id: int) -> None:
        """Let an output that exists stand for an item's case from now on, outside any run: the cache answered it."""
        self.place_outputs([(item, output_id)])

    def place_outputs(self, placed: Sequence[tuple[RunItem, int]]) -> None:
        """The same for several outputs, by id."""
        for chunk in chunks(placed):
            with self._history.writing() as connection:
                wanted = select(OUTPUTS.c.id, OUTPUTS.c.model).where(OUTPUTS.c.id.in_([id_ for _, id_ in chunk]))
                models = {row.id: row.model for row in connection.execute(wanted)}
                rows = case_output_rows(self._project_id, [(item, models[id_], id_) for item, id_ in chunk])
                connection.execute(insert(CASE_OUTPUTS), rows)

    def run(self, run_id: str) -> Run:
        """The run of that id; `KeyError` if this project has none."""
        with self._history.reading() as connection:
            row = connection.execute(self._runs().where(_RUNS.c.id == run_id)).one_or_none()
        if row is None:
            raise KeyError(run_id)
        return _run(row)

    def runs(self, limit: int = 50) -> list[Run]:
        """The newest runs, newest first."""
        with self._history.reading() as connection:
            rows = connection.execute(self._runs().order_by(_RUNS.c.id.desc()).limit(limit)).all()
        return [_run(row) for row in rows]

    def last_run(self) -> Run | None:
        """The newest run."""
        return next(iter(self.runs(1)), None)

    def unfinished_run(self) -> Run | None:
        """The newest run that was stopped or whose process is gone before its end; `None` if there is none.

        A run that another living process of this machine is at does not count, nor one of another machine that
        stored something within the last quarter of an hour, nor one after which as large a run was finished.
        """
        finished = 0
        with self._history.reading() as connection:
            rows = connection.execute(self._runs().order_by(_RUNS.c.id.desc()).limit(200)).all()
            for row in rows:
                if row.state == FINISHED:
                    finished = max(finished, row.items)
                elif row.items <= finished:
                    continue
                elif row.state == STOPPED or not self._is_alive(connection, row):
                    return _run(row)
        return None

    def _runs(self) -> Select[Any]:
        done = (
            select(func.count())
            .where(_ITEMS.c.run_id == _RUNS.c.id, _ITEMS.c.output_id.is_not(None))
            .scalar_subquery()
            .label("done")
        )
        return select(_RUNS, done).where(_RUNS.c.project_id == self._project_id)

    def _is_alive(self, connection: Connection, row: Row[Any]) -> bool:
        if is_here(row.owner):
            return another_lives(row.owner, row.created_at)
        last = connection.execute(
            select(func.max(OUTPUTS.c.created_at)).where(OUTPUTS.c.run_id == row.id)
        ).scalar_one_or_none()
        return another_lives(row.owner, last or row.created_at)


def _item_values(run_id: str, item: RunItem) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "no": item.no,
        "task": item.task,
        "model_name": item.model_name,
        "case_id": item.case_id,
        "version_id": item.version_id,
        "repeat": item.repeat,
        "call_key": item.call_key,
        "output_id": item.output_id,
        "cached": item.cached,
    }


def _run(row: Row[Any]) -> Run:
    return Run(**{name: row._mapping[name] for name in _RUN_FIELDS})


_RUN_FIELDS = ("id", "state", "settings", "author", "created_at", "finished_at", "items", "done")
