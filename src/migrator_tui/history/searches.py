"""Searches for better prompts: what was asked for, what was tried, and how far they got."""

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, insert, select, update

from migrator_tui.history.adaptation_records import StoredSearch
from migrator_tui.history.adaptation_tables import SearchRow, SearchTryRow
from migrator_tui.history.columns import now
from migrator_tui.history.part import Part, upsert
from migrator_tui.history.processes import another_lives, this_process
from migrator_tui.history.runs import FINISHED, RUNNING, STOPPED
from migrator_tui.history.tables import table

_SEARCHES, _TRIES = table(SearchRow), table(SearchTryRow)
_COLUMNS = [column for column in _SEARCHES.c if column.name != "project_id"]


class Searches(Part):
    """Searches and their tries."""

    def start_search(
        self, *, task: str, candidate: str, base_version_id: int, settings: Mapping[str, Any], author: str
    ) -> StoredSearch:
        """Write down a search before its first call, so that it can be gone on with whatever happens."""
        started = now()
        values = {
            "id": f"{started:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}",
            "task": task,
            "candidate": candidate,
            "base_version_id": base_version_id,
            "state": RUNNING,
            "settings": self._without_secrets(dict(settings)),
            "calls": 0,
            "assistant_calls": 0,
            "cost": 0.0,
            "result": None,
            "author": author,
            "created_at": started,
            "updated_at": started,
        }
        with self._history.writing() as connection:
            connection.execute(insert(_SEARCHES).values(project_id=self._project_id, **values))
        return StoredSearch(**values)

    def claim_search(self, id: str) -> bool:
        """Take a search on for this process; False where another living one is at it. `KeyError` if unknown."""
        c = _SEARCHES.c
        with self._history.writing() as connection:
            self._serialise(connection)
            wanted = select(c.state, c.settings, c.updated_at).where(self._mine(), c.id == id)
            row = connection.execute(wanted).one_or_none()
            if row is None:
                raise KeyError(id)
            owner = row.settings.get("owner")
            if row.state == RUNNING and owner is not None and another_lives(owner, row.updated_at):
                return False
            mine = {"settings": dict(row.settings) | {"owner": this_process()}, "state": RUNNING, "updated_at": now()}
            connection.execute(update(_SEARCHES).where(self._mine(), c.id == id).values(mine))
        return True

    def save_search(
        self,
        id: str,
        *,
        state: str,
        calls: int,
        assistant_calls: int,
        cost: float | None,
        result: Mapping[str, Any] | None = None,
    ) -> StoredSearch:
        """Write down how far a search is; `state` is `running`, `finished` or `stopped`. `KeyError` if unknown."""
        if state not in (RUNNING, FINISHED, STOPPED):
            raise ValueError(f"a search is running, finished or stopped, not {state}")
        values: dict[str, Any] = {
            "state": state,
            "calls": calls,
            "assistant_calls": assistant_calls,
            "cost": cost,
            "updated_at": now(),
        }
        if result is not None:
            values["result"] = self._without_secrets(dict(result))
        with self._history.writing() as connection:
            connection.execute(update(_SEARCHES).where(self._mine(), _SEARCHES.c.id == id).values(values))
        return self.stored_search(id)

    def stored_search(self, id: str) -> StoredSearch:
        """The search of that id; `KeyError` if this project has none."""
        with self._history.reading() as connection:
            row = connection.execute(select(*_COLUMNS).where(self._mine(), _SEARCHES.c.id == id)).one_or_none()
        if row is None:
            raise KeyError(id)
        return _search(row)

    def last_search(self, task: str, candidate: str) -> StoredSearch | None:
        """The newest search for a prompt of that task and candidate; `None` if there was none."""
        found = self.searches(task, candidate, limit=1)
        return found[0] if found else None

    def searches(self, task: str, candidate: str, limit: int = 50) -> list[StoredSearch]:
        """The searches for a prompt of that task and candidate, newest first."""
        wanted = (
            select(*_COLUMNS)
            .where(self._mine(), _SEARCHES.c.task == task, _SEARCHES.c.candidate == candidate)
            .order_by(_SEARCHES.c.id.desc())
            .limit(limit)
        )
        with self._history.reading() as connection:
            return [_search(row) for row in connection.execute(wanted)]

    def add_try(self, search_id: str, details: Mapping[str, Any]) -> None:
        """Write down a try of a search, by the `number` in its details; one that is known takes the new ones."""
        kept = self._without_secrets(dict(details))
        row = {"search_id": search_id, "number": int(details["number"]), "details": kept}
        with self._history.writing() as connection:
            upsert(connection, _TRIES, [row], ("search_id", "number"))

    def tries(self, search_id: str) -> list[dict[str, Any]]:
        """The details of a search's tries, in the order of their numbers."""
        wanted = (
            select(_TRIES.c.details)
            .join(_SEARCHES, _SEARCHES.c.id == _TRIES.c.search_id)
            .where(self._mine(), _TRIES.c.search_id == search_id)
            .order_by(_TRIES.c.number)
        )
        with self._history.reading() as connection:
            return [dict(row.details) for row in connection.execute(wanted)]

    def _mine(self) -> Any:
        return _SEARCHES.c.project_id == self._project_id


def _search(row: Row[Any]) -> StoredSearch:
    return StoredSearch(**row._mapping)
