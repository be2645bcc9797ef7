"""Calls that answer no case, and the money of a day: theirs and that of the outputs."""

from collections.abc import Sequence
from datetime import datetime, time

from sqlalchemy import and_, func, insert, select

from migrator_tui.history.columns import now
from migrator_tui.history.part import Part
from migrator_tui.history.records import SideCall
from migrator_tui.history.tables import OutputRow, SideCallRow, table

_SIDE_CALLS = table(SideCallRow)
_OUTPUTS = table(OutputRow)


class SideCalls(Part):
    """What judges, embeddings, the assistant and rehearsals cost."""

    def add_side_calls(self, calls: Sequence[SideCall]) -> None:
        """Store calls that were made beside the outputs."""
        if not calls:
            return
        moment = now()
        rows = [call._asdict() | {"project_id": self._project_id, "created_at": moment} for call in calls]
        with self._history.writing() as connection:
            connection.execute(insert(_SIDE_CALLS), rows)

    def spent_today(self) -> tuple[float, bool]:
        """USD of this project's calls since local midnight, and whether some answered ones had no known price.

        What a recording states was paid another day; simulated answers without a price are free.
        """
        midnight = datetime.combine(datetime.now().astimezone().date(), time.min).astimezone()
        total, partial = 0.0, False
        with self._history.reading() as connection:
            for calls in (_OUTPUTS, _SIDE_CALLS):
                today = and_(
                    calls.c.project_id == self._project_id,
                    calls.c.created_at >= midnight,
                    calls.c.model.not_like("recorded:%"),
                )
                unknown = and_(
                    calls.c.cost.is_(None), calls.c.error_kind.is_(None), calls.c.model.not_like("simulated:%")
                )
                total += float(connection.execute(select(func.sum(calls.c.cost)).where(today)).scalar_one() or 0.0)
                some = connection.execute(select(calls.c.id).where(today, unknown).limit(1)).scalar()
                partial = partial or some is not None
        return total, partial
