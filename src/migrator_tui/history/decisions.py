"""Who decided what: signed decisions about candidates, and runs approved as the ones to compare with."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, Select, insert, select

from migrator_tui.history.columns import now
from migrator_tui.history.decision_records import Approval, NewDecision, SignedDecision
from migrator_tui.history.part import Part
from migrator_tui.history.tables import DecisionRow, RunApprovalRow, RunRow, table

_DECISIONS = table(DecisionRow)
_APPROVALS = table(RunApprovalRow)
_RUNS = table(RunRow)


class Decisions(Part):
    """Decisions and approvals. Rows are only ever added: changing one's mind is a row."""

    def sign(self, decision: NewDecision) -> SignedDecision:
        """Write a decision down."""
        values = asdict(decision) | {"created_at": now()}
        row = self._without_secrets(values) | {"project_id": self._project_id, "created_at": values["created_at"]}
        with self._history.writing() as connection:
            id_ = connection.execute(insert(_DECISIONS).returning(_DECISIONS.c.id), row).scalar_one()
        return SignedDecision(**values, id=id_)

    def decisions(self, task: str | None = None, candidate: str | None = None) -> list[SignedDecision]:
        """The decisions about a candidate on a task (`None`: any), newest first."""
        wanted = select(_DECISIONS).where(_DECISIONS.c.project_id == self._project_id)
        if task is not None:
            wanted = wanted.where(_DECISIONS.c.task == task)
        if candidate is not None:
            wanted = wanted.where(_DECISIONS.c.candidate == candidate)
        with self._history.reading() as connection:
            rows = connection.execute(wanted.order_by(_DECISIONS.c.id.desc())).all()
        return [_decision(row) for row in rows]

    def approve_run(self, run_id: str, *, author: str, note: str | None = None) -> Approval:
        """Mark a run as the one that later runs are compared with; `KeyError` if this project has none of that id."""
        moment = now()
        known = select(_RUNS.c.id).where(_RUNS.c.project_id == self._project_id, _RUNS.c.id == run_id)
        with self._history.writing() as connection:
            if connection.execute(known).one_or_none() is None:
                raise KeyError(run_id)
            connection.execute(
                insert(_APPROVALS).values(
                    project_id=self._project_id, run_id=run_id, note=note, author=author, created_at=moment
                )
            )
        return Approval(run_id, author, note, moment)

    def approvals(self) -> Sequence[Approval]:
        """The approvals of this project's runs, newest first; for a model, the first that asked it counts."""
        with self._history.reading() as connection:
            return [Approval(*row) for row in connection.execute(self._approvals())]

    def _approvals(self) -> Select[Any]:
        return (
            select(_APPROVALS.c.run_id, _APPROVALS.c.author, _APPROVALS.c.note, _APPROVALS.c.created_at)
            .where(_APPROVALS.c.project_id == self._project_id)
            .order_by(_APPROVALS.c.id.desc())
        )


def _decision(row: Row[Any]) -> SignedDecision:
    return SignedDecision(**{name: value for name, value in row._mapping.items() if name != "project_id"})
