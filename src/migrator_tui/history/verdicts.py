"""What people judged. Rows are only ever added: taking back is a row, and so is a note."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, select

from migrator_tui.history.columns import now
from migrator_tui.history.digests import text_digest
from migrator_tui.history.part import Part, chunks
from migrator_tui.history.records import GivenVerdict, Output, Verdict
from migrator_tui.history.tables import VerdictNoteRow, VerdictRow, table

_VERDICTS = table(VerdictRow)
_UNDONE = _VERDICTS.alias("undone")
_NOTES = table(VerdictNoteRow)
IMPORTED = "import-"
"""How the groups of imported verdicts begin."""
_COLUMNS = [column for column in _VERDICTS.c if column.name != "project_id"]


class Verdicts(Part):
    """Verdicts."""

    def judge(
        self,
        outputs: Sequence[Output],
        passed: bool,
        *,
        author: str,
        note: str | None = None,
        blind: bool = False,
        group: str | None = None,
    ) -> list[Verdict]:
        """Give a verdict on each output. Those given at once share a group: one undo takes them all back."""
        if group is None and len(outputs) > 1:
            group = secrets.token_hex(8)
        given = [GivenVerdict(output, passed, author, note) for output in outputs]
        return self._give(given, group=group, blind=blind)

    def import_verdicts(self, given: Sequence[GivenVerdict]) -> list[Verdict]:
        """Give verdicts that were given outside this program, of several authors perhaps, in one transaction.

        They share a group: `undo_import`, or an undo by any of their authors, takes all of them back.
        """
        return self._give(given, group=IMPORTED + secrets.token_hex(8), blind=False)

    def _give(self, given: Sequence[GivenVerdict], *, group: str | None, blind: bool) -> list[Verdict]:
        moment = now()
        rows = [
            {
                "project_id": self._project_id,
                "task": verdict.output.task,
                "model_name": verdict.output.model_name,
                "case_id": verdict.output.case_id,
                "output_id": verdict.output.id,
                "text_digest": text_digest(verdict.output),
                "passed": verdict.passed,
                "undoes": None,
                "group": group,
                "note": self._without_secrets(verdict.note),
                "blind": blind,
                "author": verdict.author,
                "created_at": moment,
            }
            for verdict in given
        ]
        with self._history.writing() as connection:
            return self._insert_verdicts(connection, rows)

    def undo_last(self, author: str) -> list[Verdict]:
        """Take back this author's newest verdict that stands, with its whole group; hands back what was taken back.

        A group that was imported may hold verdicts of others; they go with it. Empty where nothing of theirs stands.
        """
        return self._undo(_VERDICTS.c.author == author, author)

    def undo_import(self, author: str) -> list[Verdict]:
        """Take back, in this author's name, the newest import of which something stands; hands it back."""
        return self._undo(_VERDICTS.c.group.startswith(IMPORTED, autoescape=True), author)

    def _undo(self, which: ColumnElement[bool], author: str) -> list[Verdict]:
        with self._history.writing() as connection:
            self._serialise(connection)
            last = connection.execute(
                select(*_COLUMNS).where(self._stands(), which).order_by(_VERDICTS.c.id.desc()).limit(1)
            ).one_or_none()
            if last is None:
                return []
            same = _VERDICTS.c.id == last.id if last.group is None else _VERDICTS.c.group == last.group
            taken = [Verdict(*row) for row in connection.execute(select(*_COLUMNS).where(self._stands(), same))]
            moment = now()
            undoing = [
                {
                    "project_id": self._project_id,
                    "task": verdict.task,
                    "model_name": verdict.model_name,
                    "case_id": verdict.case_id,
                    "output_id": verdict.output_id,
                    "text_digest": verdict.text_digest,
                    "passed": None,
                    "undoes": verdict.id,
                    "group": verdict.group,
                    "note": None,
                    "blind": verdict.blind,
                    "author": author,
                    "created_at": moment,
                }
                for verdict in taken
            ]
            connection.execute(insert(_VERDICTS), undoing)
            return self._with_notes(connection, taken)

    def note(self, verdict: Verdict, text: str, author: str) -> Verdict:
        """Put a note on a verdict; the newest note is the one that shows, an empty one shows none."""
        text = self._without_secrets(text)
        with self._history.writing() as connection:
            connection.execute(
                insert(_NOTES).values(verdict_id=verdict.id, note=text, author=author, created_at=now())
            )
        return replace(verdict, note=text or None)

    def verdicts(self, task: str, model_name: str, case_ids: Iterable[str] | None = None) -> dict[str, list[Verdict]]:
        """The verdicts that stand, by case, newest first; cases without any are left out."""
        statement = (
            select(*_COLUMNS)
            .where(self._stands(), _VERDICTS.c.task == task, _VERDICTS.c.model_name == model_name)
            .order_by(_VERDICTS.c.id.desc())
        )
        found: dict[str, list[Verdict]] = {}
        with self._history.reading() as connection:
            for chunk in [None] if case_ids is None else chunks(dict.fromkeys(case_ids)):
                asked = statement if chunk is None else statement.where(_VERDICTS.c.case_id.in_(chunk))
                verdicts = [Verdict(*row) for row in connection.execute(asked)]
                for verdict in self._with_notes(connection, verdicts):
                    found.setdefault(verdict.case_id, []).append(verdict)
        return found

    def _stands(self) -> ColumnElement[bool]:
        return and_(
            _VERDICTS.c.project_id == self._project_id,
            _VERDICTS.c.passed.is_not(None),
            ~exists().where(_UNDONE.c.undoes == _VERDICTS.c.id),
        )

    def _insert_verdicts(self, connection: Connection, rows: list[dict[str, Any]]) -> list[Verdict]:
        if not rows:
            return []
        ids = connection.execute(
            insert(_VERDICTS).returning(_VERDICTS.c.id, sort_by_parameter_order=True), rows
        ).scalars()
        return [
            Verdict(id=id_, **{name: value for name, value in row.items() if name != "project_id"})
            for id_, row in zip(ids, rows, strict=True)
        ]

    def _with_notes(self, connection: Connection, verdicts: list[Verdict]) -> list[Verdict]:
        notes: dict[int, str] = {}
        for ids in chunks(verdict.id for verdict in verdicts):
            for row in connection.execute(
                select(_NOTES.c.verdict_id, _NOTES.c.note).where(_NOTES.c.verdict_id.in_(ids)).order_by(_NOTES.c.id)
            ):
                notes[row.verdict_id] = row.note
        return [replace(v, note=notes[v.id] or None) if v.id in notes else v for v in verdicts]
