"""Bringing a database to the schema this program writes: created and stamped, or migrated after a backup.

Alembic is imported only where there is something to migrate: it costs a sixth of a second at every start otherwise.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path

from sqlalchemy import Connection, text

from migrator_tui.history import adaptation_tables, rollout_tables  # noqa: F401 - what is created must be known
from migrator_tui.history.database import Database, check_not_newer, schema_version
from migrator_tui.history.errors import HistoryError, NotOurDatabaseError
from migrator_tui.history.schema_version import HEAD, VERSION_TABLE
from migrator_tui.history.tables import Base

_LOCK = 7_216_459_031
"""Number of the PostgreSQL advisory lock under which a schema is created or changed; any constant will do."""


def bring_up_to_date(database: Database) -> None:
    """Create, migrate or accept the database; raises `HistoryError` where it cannot be used."""
    if database.is_sqlite:
        _use_wal(database)
    with database.reading() as connection:
        if schema_version(connection) == HEAD:
            return
    with _changing(database) as connection:
        # Looked at again: another program may have been faster while we waited for the lock.
        found = schema_version(connection)
        if found == HEAD:
            return
        if found is None:
            create(connection)
            return
        check_not_newer(found, database.where)
        if database.is_sqlite:
            back_up(Path(str(database.url.database)), found)
        upgrade(connection)


def create(connection: Connection) -> None:
    """Create the tables of the present schema and stamp them with its version."""
    Base.metadata.create_all(connection, checkfirst=False)  # none of them is there yet
    connection.execute(text(f"create table {VERSION_TABLE} (version_num varchar(32) not null primary key)"))
    connection.execute(text(f"insert into {VERSION_TABLE} values (:head)"), {"head": HEAD})  # noqa: S608


def upgrade(connection: Connection, *, scripts: Path | None = None, to: str = HEAD) -> None:
    """Migrate inside the caller's transaction. `scripts`: another folder of migrations than the shipped one."""
    from alembic import command
    from alembic.config import Config

    with contextlib.ExitStack() as stack:
        where = scripts or stack.enter_context(as_file(files("migrator_tui.history") / "migrations"))
        config = Config()
        config.set_main_option("script_location", str(where).replace("%", "%%"))
        config.attributes.update(connection=connection, metadata=Base.metadata, version_table=VERSION_TABLE)
        command.upgrade(config, to)


def back_up(file: Path, version: str) -> Path:
    """A copy of the database beside it, made through SQLite's backup API: whole even while others write."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    target = file.with_name(f"{file.stem}.schema-{version}.{stamp}{file.suffix}")
    try:
        target.touch(mode=0o600)
        with (
            contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
    except (OSError, sqlite3.Error) as error:
        raise HistoryError(f"history: no backup could be made at {target} ({error}); nothing was changed") from None
    return target


@contextlib.contextmanager
def _changing(database: Database) -> Iterator[Connection]:
    """A transaction in which nobody else looks at or changes the schema."""
    if not database.is_sqlite:
        with database.writing() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection
        return
    # Batch migrations rebuild tables; with foreign keys on, dropping the old table would delete what points at it.
    # The switch works outside a transaction only, hence a connection of its own that is thrown away afterwards.
    alone = Database(database.url)
    try:
        with alone.writing_without_foreign_keys() as connection:
            yield connection
    finally:
        alone.close()


def _use_wal(database: Database) -> None:
    """Switch the file, for good, to write-ahead logging. The switch does not wait for locks by itself."""
    ends = time.monotonic() + 10
    file = str(database.url.database)
    while True:
        with contextlib.closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as connection:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > ends:
                    raise HistoryError(f"history: {error} ({file})") from None
            except sqlite3.DatabaseError as error:
                raise NotOurDatabaseError(f"history: {file}: {error}; move it aside") from None
        time.sleep(0.02)
