"""Prompt versions, with where they came from, and the drafts of open editors."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from migrator_tui.history.columns import now
from migrator_tui.history.digests import version_digest
from migrator_tui.history.errors import HistoryError
from migrator_tui.history.part import Part, upsert
from migrator_tui.history.records import Draft, Origin, Version
from migrator_tui.history.tables import DraftRow, VersionRow, table

_VERSIONS = table(VersionRow)
_DRAFTS = table(DraftRow)
_NUMBER = re.compile(r"v?(\d{1,9})", re.IGNORECASE)
_ACCEPTED = (Origin.SUGGESTION, Origin.SEARCH)
_NOT_HANDED_OUT = {"project_id"}
_COLUMNS = [column for column in _VERSIONS.c if column.name not in _NOT_HANDED_OUT]


class Versions(Part):
    """Prompt versions and drafts."""

    def record_version(
        self,
        *,
        task: str,
        model_name: str,
        template: str,
        params: Mapping[str, Any],
        parent_id: int | None,
        origin: Origin,
        author: str,
        kept: bool = True,
        name: str | None = None,
        note: str | None = None,
    ) -> Version:
        """The version of exactly this template and these parameters, recorded if it is new.

        One that is known already comes back as it was first recorded; it becomes kept if `kept`, and takes `name`
        and `note` where they are given. One that only was tried takes the origin and the parent of an accepted
        suggestion or search, unless the parent is younger. Versions are numbered from 1 within their task and model.
        """
        params = self._without_secrets(dict(params))
        digest = version_digest(template, params)
        mine = (
            (_VERSIONS.c.project_id == self._project_id)
            & (_VERSIONS.c.task == task)
            & (_VERSIONS.c.model_name == model_name)
        )
        same = select(*_COLUMNS).where(mine, _VERSIONS.c.digest == digest)
        with self._history.reading() as connection:
            row = connection.execute(same).one_or_none()
        if row is not None and not (kept and not row.kept) and name is None and note is None:
            return _version(row)
        with self._history.writing() as connection:
            self._serialise(connection)
            row = connection.execute(same).one_or_none()
            if row is not None:
                changed: dict[str, Any] = {"kept": row.kept or kept} | _given(name=name, note=note)
                if kept and not row.kept and origin in _ACCEPTED and (parent_id or 0) < row.id:
                    changed |= {"origin": origin.value, "parent_id": parent_id}
                if name is not None:
                    self._check_name(connection, task, model_name, name, row.id)
                connection.execute(update(_VERSIONS).where(_VERSIONS.c.id == row.id).values(changed))
                version_id = row.id
            else:
                if name is not None:
                    self._check_name(connection, task, model_name, name, None)
                last = connection.execute(select(func.max(_VERSIONS.c.number)).where(mine)).scalar_one()
                values = {
                    "project_id": self._project_id,
                    "task": task,
                    "model_name": model_name,
                    "number": (last or 0) + 1,
                    "template": template,
                    "params": params,
                    "digest": digest,
                    "parent_id": parent_id,
                    "origin": origin.value,
                    "kept": kept,
                    "name": name,
                    "note": note,
                    "author": author,
                    "created_at": now(),
                }
                version_id = connection.execute(
                    insert(_VERSIONS).values(values).returning(_VERSIONS.c.id)
                ).scalar_one()
            return _version(connection.execute(select(*_COLUMNS).where(_VERSIONS.c.id == version_id)).one())

    def versions(self, task: str, model_name: str) -> list[Version]:
        """All versions of a task's prompt for a model, newest first."""
        with self._history.reading() as connection:
            rows = connection.execute(
                select(*_COLUMNS)
                .where(
                    _VERSIONS.c.project_id == self._project_id,
                    _VERSIONS.c.task == task,
                    _VERSIONS.c.model_name == model_name,
                )
                .order_by(_VERSIONS.c.number.desc())
            ).all()
        return [_version(row) for row in rows]

    def version(self, id: int) -> Version:
        """The version of that id; `KeyError` if this project has none."""
        with self._history.reading() as connection:
            return _version(self._version_row(connection, id))

    def find_version(self, task: str, model_name: str, text: str) -> Version | None:
        """The version that `text` means: `v4`, `4`, or its name."""
        wanted = text.strip()
        number = _NUMBER.fullmatch(wanted)
        matches = _VERSIONS.c.number == int(number[1]) if number else _VERSIONS.c.name == wanted
        with self._history.reading() as connection:
            row = connection.execute(
                select(*_COLUMNS)
                .where(
                    _VERSIONS.c.project_id == self._project_id,
                    _VERSIONS.c.task == task,
                    _VERSIONS.c.model_name == model_name,
                    matches,
                )
                .order_by(_VERSIONS.c.number.desc())
                .limit(1)
            ).one_or_none()
        return None if row is None else _version(row)

    def name_version(self, id: int, name: str | None) -> Version:
        """Give a version a name, or none; a named version counts as kept.

        Raises `HistoryError` for a name that reads like a number or that another version of this prompt has.
        """
        with self._history.writing() as connection:
            self._serialise(connection)
            row = self._version_row(connection, id)
            name = " ".join(name.split()) or None if name else None
            if name is not None:
                self._check_name(connection, row.task, row.model_name, name, id)
            values = {"name": name} | ({"kept": True} if name else {})
            connection.execute(update(_VERSIONS).where(_VERSIONS.c.id == id).values(values))
            return _version(self._version_row(connection, id))

    def _check_name(self, connection: Connection, task: str, model_name: str, name: str, own_id: int | None) -> None:
        if _NUMBER.fullmatch(name):
            raise HistoryError(f'"{name}" reads like a version\'s number; choose another name')
        other = connection.execute(
            select(_VERSIONS.c.number).where(
                _VERSIONS.c.project_id == self._project_id,
                _VERSIONS.c.task == task,
                _VERSIONS.c.model_name == model_name,
                _VERSIONS.c.name == name,
                _VERSIONS.c.id.is_distinct_from(own_id),
            )
        ).scalar()
        if other is not None:
            raise HistoryError(f'"{name}" is the name of v{other} already')

    def _version_row(self, connection: Connection, id: int) -> Row[Any]:
        row = connection.execute(
            select(*_COLUMNS).where(_VERSIONS.c.project_id == self._project_id, _VERSIONS.c.id == id)
        ).one_or_none()
        if row is None:
            raise KeyError(id)
        return row

    def save_draft(self, draft: Draft) -> None:
        """Keep what is in the editor of a window; it replaces what that window had before."""
        row = {
            "project_id": self._local_project_id,
            "task": draft.task,
            "model_name": draft.model_name,
            "window": draft.window,
            "template": draft.template,
            "params_text": self._without_secrets(draft.params_text),
            "base_version_id": draft.base_version_id,
            "updated_at": draft.updated_at,
        }
        with self._local.writing() as connection:
            upsert(connection, _DRAFTS, [row], ("project_id", "task", "model_name", "window"))

    def drafts(self, task: str, model_name: str) -> list[Draft]:
        """The drafts of all windows for a task's prompt on a model, newest first."""
        with self._local.reading() as connection:
            rows = connection.execute(
                select(*(column for column in _DRAFTS.c if column.name not in _NOT_HANDED_OUT))
                .where(
                    _DRAFTS.c.project_id == self._local_project_id,
                    _DRAFTS.c.task == task,
                    _DRAFTS.c.model_name == model_name,
                )
                .order_by(_DRAFTS.c.updated_at.desc())
            ).all()
        return [Draft(**row._mapping) for row in rows]

    def drop_draft(self, task: str, model_name: str, window: str) -> None:
        """Forget a window's draft; nothing happens where there is none."""
        with self._local.writing() as connection:
            connection.execute(
                delete(_DRAFTS).where(
                    _DRAFTS.c.project_id == self._local_project_id,
                    _DRAFTS.c.task == task,
                    _DRAFTS.c.model_name == model_name,
                    _DRAFTS.c.window == window,
                )
            )


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _version(row: Row[Any]) -> Version:
    values = dict(row._mapping)
    return Version(**values | {"origin": Origin(values["origin"])})
