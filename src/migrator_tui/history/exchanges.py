"""What was said to assistants: every word that was sent, and every answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from migrator_tui.history.adaptation_records import Exchange
from migrator_tui.history.adaptation_tables import ExchangeRow
from migrator_tui.history.columns import now
from migrator_tui.history.digests import exchange_digest
from migrator_tui.history.part import Part, chunks
from migrator_tui.history.tables import table

_EXCHANGES = table(ExchangeRow)
_COLUMNS = [column for column in _EXCHANGES.c if column.name != "project_id"]


class Exchanges(Part):
    """Exchanges with assistants."""

    def begin_exchange(
        self,
        *,
        purpose: str,
        model: str,
        params: Mapping[str, Any],
        messages: Sequence[Mapping[str, Any]],
        author: str,
        task: str | None = None,
        candidate: str | None = None,
        search_id: str | None = None,
    ) -> Exchange:
        """Write down what is about to be sent, so that it can be read even if the program dies before the answer."""
        sent = self._without_secrets(list(messages))
        kept = self._without_secrets(dict(params))
        values = {
            "purpose": purpose,
            "task": task,
            "candidate": candidate,
            "search_id": search_id,
            "model": model,
            "params": kept,
            "messages": sent,
            "digest": exchange_digest(model, kept, sent),
            "answer": None,
            "error": None,
            "cost": None,
            "author": author,
            "created_at": now(),
        }
        with self._history.writing() as connection:
            id_ = connection.execute(
                insert(_EXCHANGES).returning(_EXCHANGES.c.id), values | {"project_id": self._project_id}
            ).scalar_one()
        return Exchange(id=id_, **values)

    def end_exchange(
        self, id: int, *, answer: str | None = None, error: str | None = None, cost: float | None = None
    ) -> Exchange:
        """Write down what came back: an answer, or why there is none. `KeyError` if this project has no such one."""
        mine = (_EXCHANGES.c.project_id == self._project_id) & (_EXCHANGES.c.id == id)
        values = {"answer": self._without_secrets(answer), "error": self._without_secrets(error), "cost": cost}
        with self._history.writing() as connection:
            connection.execute(update(_EXCHANGES).where(mine).values(values))
            row = connection.execute(select(*_COLUMNS).where(mine)).one_or_none()
        if row is None:
            raise KeyError(id)
        return _exchange(row)

    def exchanges(self, ids: Iterable[int]) -> list[Exchange]:
        """The exchanges of these ids, in order of time; ids that this project does not have are left out."""
        found: list[Exchange] = []
        with self._history.reading() as connection:
            for chunk in chunks(sorted(set(ids))):
                wanted = select(*_COLUMNS).where(
                    _EXCHANGES.c.project_id == self._project_id, _EXCHANGES.c.id.in_(chunk)
                )
                found += map(_exchange, connection.execute(wanted.order_by(_EXCHANGES.c.id)))
        return found

    def recent_exchanges(self, limit: int = 50, *, search_id: str | None = None) -> list[Exchange]:
        """The newest exchanges (of one search, where it is named), newest first."""
        wanted = select(*_COLUMNS).where(_EXCHANGES.c.project_id == self._project_id)
        if search_id is not None:
            wanted = wanted.where(_EXCHANGES.c.search_id == search_id)
        with self._history.reading() as connection:
            rows = connection.execute(wanted.order_by(_EXCHANGES.c.id.desc()).limit(limit)).all()
        return [_exchange(row) for row in rows]

    def exchange_of(self, digest: str, *, after: int = 0, search_id: str | None = None) -> Exchange | None:
        """The first answered exchange with an id above `after` that asked exactly this; `None` if there is none."""
        wanted = select(*_COLUMNS).where(
            _EXCHANGES.c.project_id == self._project_id,
            _EXCHANGES.c.digest == digest,
            _EXCHANGES.c.answer.is_not(None),
            _EXCHANGES.c.id > after,
        )
        if search_id is not None:
            wanted = wanted.where(_EXCHANGES.c.search_id == search_id)
        with self._history.reading() as connection:
            row = connection.execute(wanted.order_by(_EXCHANGES.c.id).limit(1)).one_or_none()
        return None if row is None else _exchange(row)


def _exchange(row: Row[Any]) -> Exchange:
    return Exchange(**row._mapping)
