"""What the parts of the store share: the databases, the project they are about, and a few ways of saying things."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from migrator_tui.history.database import Database
from migrator_tui.history.tables import ProjectRow, table

CHUNK = 500
"""How many values one `in (…)` holds, and rows one page reads."""

T = TypeVar("T")


class Part:
    """One part of the store. `History` is all of them together; none is used alone."""

    _history: Database
    """What happened: shared by a team where it is PostgreSQL."""
    _local: Database
    """What belongs to this machine; the same object where the history is SQLite."""
    _project_id: int
    _local_project_id: int
    _secrets: frozenset[str]

    def _serialise(self, connection: Connection) -> None:
        """Let no other program decide from what it reads in this project until the transaction ends.

        SQLite's `BEGIN IMMEDIATE` has done so already; on PostgreSQL the project's row is locked, in a way that
        does not hold up plain inserts.
        """
        if not self._history.is_sqlite:
            projects = table(ProjectRow)
            connection.execute(
                select(projects.c.id).where(projects.c.id == self._project_id).with_for_update(key_share=True)
            )

    def _without_secrets(self, value: Any) -> Any:
        """The value with every known key blotted out: in error messages providers like to repeat them."""
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, "[key]")
        elif isinstance(value, Mapping):
            return {name: self._without_secrets(inner) for name, inner in value.items()}
        elif isinstance(value, list | tuple):
            return [self._without_secrets(inner) for inner in value]
        return value


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most `size`."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def upsert(
    connection: Connection,
    into: Table,
    rows: Sequence[dict[str, Any]],
    key: Collection[str],
    *,
    keep: Collection[str] = (),
) -> None:
    """Insert the rows; where one with the same `key` exists, it takes the new values of all columns but `keep`."""
    if not rows:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(into)
    changed = {name: insert.excluded[name] for name in rows[0] if name not in key and name not in keep}
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=changed), rows)
