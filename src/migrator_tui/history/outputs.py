"""Outputs, which of them stand for a case, and what the checks found on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from migrator_tui.history.columns import now
from migrator_tui.history.part import Part, chunks, upsert
from migrator_tui.history.records import CheckRecord, Figures, NewOutput, Output
from migrator_tui.history.tables import CaseOutputRow, CheckRow, OutputRow, RunItemRow, RunRow, table
from migrator_tui.project.answers import ToolCall

OUTPUTS = table(OutputRow)
CASE_OUTPUTS = table(CaseOutputRow)
_ITEMS = table(RunItemRow)
_CHECKS = table(CheckRow)
_ANSWER_ITEM = (
    update(_ITEMS)
    .where(_ITEMS.c.run_id == bindparam("of_run"), _ITEMS.c.no == bindparam("of_item"), _ITEMS.c.output_id.is_(None))
    .values(output_id=bindparam("by"))
)
_FIELDS = tuple(field.name for field in fields(Output))
_NEW_FIELDS = tuple(field.name for field in fields(NewOutput))
_OUTPUT_COLUMNS = [OUTPUTS.c[name] for name in _FIELDS]
_CHECK_FIELDS = tuple(field.name for field in fields(CheckRecord) if field.name != "waiting")
_FIGURE_COLUMNS = [
    OUTPUTS.c[name] for name in ("error_kind", "latency_ms", "first_token_ms", "cost", "output_tokens")
]


class Outputs(Part):
    """Outputs and check results."""

    def add_outputs(self, outputs: Sequence[NewOutput], *, standing: bool = True) -> list[Output]:
        """Store outputs in one transaction, mark the run items they answer, and hand them back with their ids.

        An item of a run is answered once: where one has an output already, that output comes back instead. Without
        `standing` they only were tried: the cache finds them, and what stands for their cases stays.
        """
        if not outputs:
            return []
        stored: list[Output | None] = [None] * len(outputs)
        with self._history.writing() as connection:
            known = self._answered_items(connection, outputs)
            new: list[int] = []
            for position, output in enumerate(outputs):
                item = (output.run_id, output.item_no)
                if None in item:
                    new.append(position)
                elif item not in known:
                    known[item] = -1 - position  # answered by that one of this very batch
                    new.append(position)
            moment = now()
            ids = self._insert(connection, [self._values(outputs[position], moment) for position in new])
            for position, output_id in zip(new, ids, strict=True):
                stored[position] = replace(_as_stored(outputs[position]), id=output_id, created_at=moment)
            fresh = [output for output in stored if output is not None]
            self._mark_items(connection, fresh)
            if fresh and standing:
                connection.execute(
                    insert(CASE_OUTPUTS), case_output_rows(self._project_id, [(o, o.model, o.id) for o in fresh])
                )
            earlier = {
                row.id: _output(zip(_FIELDS, row, strict=True))
                for ids_ in chunks(id_ for id_ in known.values() if id_ > 0)
                for row in connection.execute(select(*_OUTPUT_COLUMNS).where(OUTPUTS.c.id.in_(ids_)))
            }
        result = []
        for position, output in enumerate(outputs):
            found = stored[position]
            if found is None:
                number = known[(output.run_id, output.item_no)]
                found = earlier[number] if number > 0 else stored[-1 - number]
                assert found is not None
            result.append(found)
        return result

    def _answered_items(
        self, connection: Connection, outputs: Sequence[NewOutput]
    ) -> dict[tuple[str | None, int | None], int]:
        """Ids of the outputs that exist for the run items among `outputs`."""
        runs: dict[str, list[int]] = {}
        for output in outputs:
            if output.run_id is not None and output.item_no is not None:
                runs.setdefault(output.run_id, []).append(output.item_no)
        known: dict[tuple[str | None, int | None], int] = {}
        run_table = table(RunRow)
        for run_id in sorted(runs):
            if not self._history.is_sqlite:  # two writers of one run take turns, and both see what the other wrote
                connection.execute(
                    select(run_table.c.id).where(run_table.c.id == run_id).with_for_update(key_share=True)
                )
            for numbers in chunks(runs[run_id]):
                rows = connection.execute(
                    select(OUTPUTS.c.item_no, OUTPUTS.c.id).where(
                        OUTPUTS.c.run_id == run_id, OUTPUTS.c.item_no.in_(numbers)
                    )
                )
                known.update({(run_id, row.item_no): row.id for row in rows})
        return known

    def _values(self, output: NewOutput, moment: datetime) -> dict[str, Any]:
        values = {name: getattr(output, name) for name in _NEW_FIELDS}
        values["tool_calls"] = [[call.id, call.name, call.arguments] for call in output.tool_calls]
        values["error"] = self._without_secrets(output.error)
        return values | {"project_id": self._project_id, "created_at": moment}

    def _insert(self, connection: Connection, rows: list[dict[str, Any]]) -> list[int]:
        if not rows:
            return []
        statement = insert(OUTPUTS).returning(OUTPUTS.c.id, sort_by_parameter_order=True)
        return list(connection.execute(statement, rows).scalars())

    def _mark_items(self, connection: Connection, outputs: Iterable[Output]) -> None:
        answered = [
            {"of_run": output.run_id, "of_item": output.item_no, "by": output.id}
            for output in outputs
            if output.run_id is not None and output.item_no is not None
        ]
        if answered:
            connection.execute(_ANSWER_ITEM, answered)

    def outputs(self, ids: Iterable[int]) -> dict[int, Output]:
        """Outputs by id; ids that this project does not have are left out."""
        found: dict[int, Output] = {}
        with self._history.reading() as connection:
            for chunk in chunks(ids):
                rows = connection.execute(
                    select(*_OUTPUT_COLUMNS).where(OUTPUTS.c.project_id == self._project_id, OUTPUTS.c.id.in_(chunk))
                )
                found.update((row.id, _output(zip(_FIELDS, row, strict=True))) for row in rows)
        return found

    def cached(self, call_keys: Iterable[str]) -> dict[str, int]:
        """The newest output that holds an answer, by call key; keys never answered are left out."""
        found: dict[str, int] = {}
        with self._history.reading() as connection:
            for chunk in chunks(call_keys):
                rows = connection.execute(
                    select(OUTPUTS.c.call_key, func.max(OUTPUTS.c.id).label("id"))
                    .where(
                        OUTPUTS.c.project_id == self._project_id,
                        OUTPUTS.c.call_key.in_(chunk),
                        OUTPUTS.c.error_kind.is_(None),
                    )
                    .group_by(OUTPUTS.c.call_key)
                )
                found.update((row.call_key, row.id) for row in rows)
        return found

    def current_outputs(
        self,
        task: str,
        model_name: str,
        model: str,
        case_ids: Sequence[str] | None = None,
    ) -> dict[str, list[Output]]:
        """What counts now, by case: of the version that answered last, the newest output of each repeat.

        `model` is the model's name as configured: what another model answered under the same name is past.
        Outputs are ordered by repeat. All cases if `case_ids` is `None`.
        """
        return self._standing(self._of_model(task, model_name, model), case_ids)

    def current_figures(self, task: str, model_name: str, model: str) -> dict[str, list[Figures]]:
        """The figures of what counts now, by case and ordered by repeat, as `current_outputs` of all cases."""
        return self._figures(self._of_model(task, model_name, model))

    def version_figures(self, version_id: int, model: str) -> dict[str, list[Figures]]:
        """The figures of what a prompt version gave, by case and ordered by repeat, as `version_outputs`."""
        return self._figures(self._of_version(version_id, model))

    def _of_model(self, task: str, model_name: str, model: str) -> ColumnElement[bool]:
        c = CASE_OUTPUTS.c
        return and_(c.project_id == self._project_id, c.task == task, c.model_name == model_name, c.model == model)

    def _of_version(self, version_id: int, model: str) -> ColumnElement[bool]:
        c = CASE_OUTPUTS.c
        return and_(c.project_id == self._project_id, c.version_id == version_id, c.model == model)

    def _figures(self, where: ColumnElement[bool]) -> dict[str, list[Figures]]:
        c = CASE_OUTPUTS.c
        newest = (
            select(func.max(c.id).label("place")).where(where).group_by(c.case_id, c.version_id, c.repeat).subquery()
        )
        wanted = (
            select(c.output_id, c.case_id, c.version_id, c.repeat, *_FIGURE_COLUMNS)
            .select_from(newest)
            .join(CASE_OUTPUTS, c.id == newest.c.place)
            .join(OUTPUTS, OUTPUTS.c.id == c.output_id)
            .order_by(c.id)
        )
        found: dict[str, list[Figures]] = {}
        with self._history.reading() as connection:
            for figures in map(Figures._make, connection.execute(wanted)):
                found.setdefault(figures.case_id, []).append(figures)
        for case_id, some in found.items():
            last = some[-1].version_id  # in the order in which they were placed
            found[case_id] = sorted((f for f in some if f.version_id == last), key=lambda f: f.repeat)
        return found

    def answered_versions(self, task: str, model_name: str, model: str) -> dict[int, int]:
        """The prompt versions that model was asked with, each with a number that grows with every new output."""
        c = CASE_OUTPUTS.c
        with self._history.reading() as connection:
            rows = connection.execute(
                select(c.version_id, func.max(c.id))
                .where(
                    c.project_id == self._project_id,
                    c.task == task,
                    c.model_name == model_name,
                    c.model == model,
                )
                .group_by(c.version_id)
            )
            return {row[0]: row[1] for row in rows}

    def version_cases(self, version_id: int, model: str) -> list[str]:
        """Ids of the cases that model was asked about with a prompt version, in no particular order."""
        c = CASE_OUTPUTS.c
        with self._history.reading() as connection:
            return list(
                connection.execute(
                    select(c.case_id)
                    .where(c.project_id == self._project_id, c.version_id == version_id, c.model == model)
                    .distinct()
                ).scalars()
            )

    def tried_cases(self, version_id: int, model: str) -> list[str]:
        """Ids of the cases that model has answered with a prompt version, whether that stands for them or not."""
        c = OUTPUTS.c
        wanted = (
            select(c.case_id)
            .where(
                c.project_id == self._project_id,
                c.version_id == version_id,
                c.model == model,
                c.error_kind.is_(None),
            )
            .distinct()
        )
        with self._history.reading() as connection:
            return list(connection.execute(wanted).scalars())

    def tried_answers(self, version_id: int, model: str) -> dict[str, list[int]]:
        """Ids of what that model answered with a prompt version outside of runs, whether it stands or not, by case:
        the newest of each repeat, ordered by repeat."""
        c = OUTPUTS.c
        wanted = (
            select(c.case_id, func.max(c.id))
            .where(self._outside_runs(), c.version_id == version_id, c.model == model)
            .group_by(c.case_id, c.repeat)
            .order_by(c.case_id, c.repeat)
        )
        found: dict[str, list[int]] = {}
        with self._history.reading() as connection:
            for case_id, output_id in connection.execute(wanted):
                found.setdefault(case_id, []).append(output_id)
        return found

    def tried_versions(self, task: str, model_name: str, model: str) -> dict[int, int]:
        """The prompt versions with `tried_answers`, each with a number that grows with every new one."""
        c = OUTPUTS.c
        wanted = (
            select(c.version_id, func.max(c.id))
            .where(self._outside_runs(), c.task == task, c.model_name == model_name, c.model == model)
            .group_by(c.version_id)
        )
        with self._history.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(wanted)}

    def _outside_runs(self) -> ColumnElement[bool]:
        """Answers that no run asked for; both columns, for the index that spares a look at all the others."""
        c = OUTPUTS.c
        return and_(c.project_id == self._project_id, c.run_id.is_(None), c.item_no.is_(None), c.error_kind.is_(None))

    def version_outputs(
        self, version_id: int, model: str, case_ids: Sequence[str] | None = None
    ) -> dict[str, list[Output]]:
        """What a prompt version gave on that model, by case: the newest output of each repeat, ordered by repeat.

        All cases if `case_ids` is `None`.
        """
        return self._standing(self._of_version(version_id, model), case_ids)

    def _standing(self, where: ColumnElement[bool], case_ids: Sequence[str] | None) -> dict[str, list[Output]]:
        c = CASE_OUTPUTS.c
        newest = (
            select(c.task, c.model_name, c.case_id, c.version_id, c.repeat, func.max(c.id).label("id"))
            .where(where)
            .group_by(c.task, c.model_name, c.case_id, c.version_id, c.repeat)
        )
        with self._history.reading() as connection:
            rows: list[Row[Any]] = []
            for chunk in [None] if case_ids is None else chunks(dict.fromkeys(case_ids)):
                rows += connection.execute(newest if chunk is None else newest.where(c.case_id.in_(chunk)))
            version_of: dict[str, tuple[int, int]] = {}
            for row in rows:
                version_of[row.case_id] = max(version_of.get(row.case_id, (0, 0)), (row.id, row.version_id))
            standing = {row.id: row for row in rows if version_of[row.case_id][1] == row.version_id}
            found: dict[str, list[Output]] = {}
            for ids in chunks(standing):
                for row in connection.execute(
                    select(c.id.label("place"), *_OUTPUT_COLUMNS)
                    .join(OUTPUTS, OUTPUTS.c.id == c.output_id)
                    .where(c.id.in_(ids))
                ):
                    place = standing[row.place]
                    # An answer from the cache may have been made for another case, version or model name.
                    output = _output(
                        zip(_FIELDS, row[1:], strict=True),
                        task=place.task,
                        model_name=place.model_name,
                        case_id=place.case_id,
                        version_id=place.version_id,
                        repeat=place.repeat,
                    )
                    found.setdefault(place.case_id, []).append(output)
        for outputs in found.values():
            outputs.sort(key=lambda output: output.repeat)
        return found

    def add_checks(self, results: Mapping[int, Sequence[CheckRecord]]) -> None:
        """Store what checks found, by output id; a check with the same key is found anew, not twice."""
        rows = [
            {
                "output_id": output_id,
                "check_key": record.check_key,
                "label": record.label,
                "passed": record.passed,
                "score": record.score,
                "weight": record.weight,
                "reason": self._without_secrets(record.reason),
                "error": record.error,
            }
            for output_id, records in results.items()
            for record in records
        ]
        if rows:
            with self._history.writing() as connection:
                upsert(connection, _CHECKS, rows, ("output_id", "check_key"))

    def checks(self, output_ids: Iterable[int]) -> dict[int, dict[str, CheckRecord]]:
        """Check results by output id, then by check key; outputs without any are left out."""
        found: dict[int, dict[str, CheckRecord]] = {}
        with self._history.reading() as connection:
            for chunk in chunks(output_ids):
                for output_id, *values in connection.execute(
                    select(_CHECKS.c.output_id, *(_CHECKS.c[name] for name in _CHECK_FIELDS))
                    .join(OUTPUTS, OUTPUTS.c.id == _CHECKS.c.output_id)
                    .where(OUTPUTS.c.project_id == self._project_id, _CHECKS.c.output_id.in_(chunk))
                ):
                    record = CheckRecord(*values)
                    found.setdefault(output_id, {})[record.check_key] = record
        return found


def case_output_rows(project_id: int, placed: Iterable[tuple[Any, str, int]]) -> list[dict[str, Any]]:
    """Rows saying that an output stands for what an item (or the output itself) names: (item, model, output id)."""
    return [
        {
            "project_id": project_id,
            "task": item.task,
            "model_name": item.model_name,
            "model": model,
            "case_id": item.case_id,
            "version_id": item.version_id,
            "repeat": item.repeat,
            "output_id": output_id,
        }
        for item, model, output_id in placed
    ]


def _as_stored(output: NewOutput) -> Output:
    values = {name: getattr(output, name) for name in _NEW_FIELDS}
    return Output(**values | {"tool_calls": tuple(output.tool_calls)})


def _output(values: Iterable[tuple[str, Any]], **instead: Any) -> Output:
    """The output of its columns by name, `instead` taking the place of some of them."""
    known = dict(values) | instead
    known["tool_calls"] = tuple(ToolCall(*call) for call in known["tool_calls"])
    return Output(**known)
