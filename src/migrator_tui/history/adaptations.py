"""What became of proposed edits: taken ones by version, rejected ones, the parts of a task's cases, and looks."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from migrator_tui.history.adaptation_records import Adaptation, CasePart, RejectedEdit
from migrator_tui.history.adaptation_tables import AdaptationRow, CasePartRow, LookRow, RejectedEditRow
from migrator_tui.history.columns import now
from migrator_tui.history.part import Part, chunks, upsert
from migrator_tui.history.tables import VersionRow, table

_ADAPTATIONS, _REJECTED = table(AdaptationRow), table(RejectedEditRow)
_PARTS, _LOOKS, _VERSIONS = table(CasePartRow), table(LookRow), table(VersionRow)


class Adaptations(Part):
    """Accepted and rejected edits, and what keeps their test honest."""

    def keep_adaptation(self, version_id: int, details: Mapping[str, Any], author: str) -> Adaptation:
        """Write down how a version came out of accepted edits; the newest of a version is the one that shows."""
        kept = Adaptation(version_id, self._without_secrets(dict(details)), author, now())
        with self._history.writing() as connection:
            connection.execute(
                insert(_ADAPTATIONS).values(
                    project_id=self._project_id,
                    version_id=version_id,
                    details=kept.details,
                    author=author,
                    created_at=kept.created_at,
                )
            )
        return kept

    def adaptation_of(self, version_id: int) -> Adaptation | None:
        """How that version came out of accepted edits; `None` where it did not."""
        with self._history.reading() as connection:
            rows = connection.execute(self._adaptations().where(_ADAPTATIONS.c.version_id == version_id)).all()
        return _adaptation(rows[-1]) if rows else None

    def adaptations(self, task: str, candidate: str) -> dict[int, Adaptation]:
        """The same for all versions of a task's prompt for a candidate, by version id; others are left out."""
        wanted = (
            self._adaptations()
            .join(_VERSIONS, _VERSIONS.c.id == _ADAPTATIONS.c.version_id)
            .where(_VERSIONS.c.task == task, _VERSIONS.c.model_name == candidate)
        )
        with self._history.reading() as connection:
            return {row.version_id: _adaptation(row) for row in connection.execute(wanted)}

    def _adaptations(self) -> Select[Any]:
        c = _ADAPTATIONS.c
        mine = c.project_id == self._project_id
        return select(c.version_id, c.details, c.author, c.created_at).where(mine).order_by(c.id)

    def reject_edit(self, task: str, candidate: str, edit: Mapping[str, Any], reason: str, author: str) -> None:
        """Remember an edit that was turned down, and why."""
        values = {"task": task, "candidate": candidate, "author": author, "created_at": now()}
        what = {"edit": self._without_secrets(dict(edit)), "reason": self._without_secrets(reason)}
        with self._history.writing() as connection:
            connection.execute(insert(_REJECTED).values(project_id=self._project_id, **values, **what))

    def take_back_rejection(self, task: str, candidate: str, edit: Mapping[str, Any], author: str) -> None:
        """An edit is turned down no more by the one who did; nothing happens where it was not."""
        c, known = _REJECTED.c, self._without_secrets(dict(edit))
        mine = (c.project_id == self._project_id, c.task == task, c.candidate == candidate, c.author == author)
        with self._history.writing() as connection:
            rows = connection.execute(select(c.id, c.edit).where(*mine)).all()
            ids = [row.id for row in rows if row.edit == known]
            connection.execute(delete(_REJECTED).where(c.id.in_(ids)))

    def rejected_edits(self, task: str, candidate: str, limit: int = 20) -> list[RejectedEdit]:
        """The edits of a task's prompt for a candidate that were turned down last, newest first; each once, with the
        last reason."""
        c = _REJECTED.c
        wanted = (
            select(c.edit, c.reason, c.author, c.created_at)
            .where(c.project_id == self._project_id, c.task == task, c.candidate == candidate)
            .order_by(c.id.desc())
        )
        found: list[RejectedEdit] = []
        with self._history.reading() as connection:
            for row in connection.execute(wanted):
                if len(found) == limit:
                    break
                if all(row.edit != one.edit for one in found):
                    found.append(RejectedEdit(*row))
        return found

    def case_parts(self, task: str) -> dict[str, CasePart]:
        """Which part each case of a task belongs to, by case id; cases never put into one are left out."""
        c = _PARTS.c
        wanted = select(c.case_id, c.part).where(c.project_id == self._project_id, c.task == task).order_by(c.id)
        with self._history.reading() as connection:
            return {row.case_id: CasePart(row.part) for row in connection.execute(wanted)}

    def keep_case_parts(self, task: str, parts: Mapping[str, CasePart], *, instead: bool = True) -> None:
        """Put cases of a task into parts. A case that is in one already changes, or stays without `instead`."""
        moment = now()
        rows = [
            {
                "project_id": self._project_id,
                "task": task,
                "case_id": case_id,
                "part": CasePart(part).value,
                "created_at": moment,
            }
            for case_id, part in parts.items()
        ]
        key = ("project_id", "task", "case_id")
        for chunk in chunks(rows):
            with self._history.writing() as connection:
                if instead:
                    upsert(connection, _PARTS, chunk, key)
                else:
                    into = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(_PARTS)
                    connection.execute(into.on_conflict_do_nothing(index_elements=list(key)), chunk)

    def add_look(self, task: str, candidate: str, version_id: int, purpose: str, author: str) -> int:
        """The held-out cases were counted for a version; how many looks that makes.

        A prompt that was looked at before tells nothing new: it counts once.
        """
        row = {
            "project_id": self._project_id,
            "task": task,
            "candidate": candidate,
            "version_id": version_id,
            "purpose": purpose,
            "author": author,
            "created_at": now(),
        }
        with self._history.writing() as connection:
            into = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(_LOOKS)
            connection.execute(
                into.on_conflict_do_nothing(index_elements=["project_id", "task", "version_id"]).values(row)
            )
        return self.looks(task)

    def looks(self, task: str) -> int:
        """For how many prompts the held-out cases of a task were counted."""
        wanted = select(func.count()).where(_LOOKS.c.project_id == self._project_id, _LOOKS.c.task == task)
        with self._history.reading() as connection:
            return int(connection.execute(wanted).scalar_one())


def _adaptation(row: Row[Any]) -> Adaptation:
    return Adaptation(**row._mapping)
