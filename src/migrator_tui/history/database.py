"""Opening a database: connections as we need them, the schema brought up to date, and errors in one line.

Writes on SQLite begin with our own `BEGIN IMMEDIATE`: the lock is taken at the start, where `busy_timeout` waits for
it, and a migration that fails is undone whole (the driver's own transactions leave half of it behind).
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from migrator_tui.history.errors import DatabaseTooNewError, HistoryError, NotOurDatabaseError
from migrator_tui.history.schema_version import HEAD, VERSION_TABLE
from migrator_tui.history.tables import Base

BUSY_MS = 5_000
"""How long SQLite waits for another writer before it says so."""

BUSY_TRIES = 6
"""How often a write asks for the lock anew: many short writers may each in turn be overtaken for `BUSY_MS`."""

_SECRET_OPTIONS = ("password", "sslpassword")
"""What a URL may also say after its `?`."""
_OF_THE_DRIVER = ("ProgrammingError", "InterfaceError")
_OF_THE_SERVER = ("42501", "3F000", "25006", "42P01")
"""No right to it, no schema to create tables in, a server that may only be read, a table that is gone."""

_PATIENCE = {
    "connect_timeout": 10,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""A network to PostgreSQL that is cut without a word is told of within half a minute: by itself TCP waits for a
quarter of an hour, and a monitor with it. A URL may say otherwise."""


class Database:
    """One database whose schema is up to date. Safe to use from several threads: each use has its own connection."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.where = str(url.database) if is_sqlite(url) else _shown(url)
        """For messages: a path, or a URL without its password."""
        self._readers = _engine(url, self.where)
        self._writers = self._readers.execution_options(migrator_write=True)

    @classmethod
    def open(cls, url: URL) -> "Database":
        """Open, creating or migrating where needed; raises `HistoryError` in one line."""
        from migrator_tui.history.schema import bring_up_to_date

        if is_sqlite(url) and url.database not in (None, "", ":memory:"):
            _make_private(Path(str(url.database)))
        database = cls(url)
        with database.telling_errors():
            bring_up_to_date(database)
        return database

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file on this machine."""
        return is_sqlite(self.url)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection with one consistent view of the database."""
        with self.telling_errors(), self._readers.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, *, patient: bool = True) -> Iterator[Connection]:
        """A connection inside a transaction that is written whole or not at all. Keep it short: others wait.

        `patient`: false where a person waits and can do without it: SQLite's lock is asked for once.
        """
        writers = self._writers if patient else self._writers.execution_options(migrator_tries=1)
        with self.telling_errors(), writers.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing_without_foreign_keys(self) -> Iterator[Connection]:
        """As `writing`, SQLite's foreign keys off, for migrations. The switch works outside transactions only."""
        with self.telling_errors(), self._writers.connect() as connection:
            assert connection.connection.driver_connection is not None
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def telling_errors(self) -> Iterator[None]:
        """Turn what the database says (full disk, lost server, foreign file) into one line; a bug stays a bug."""
        try:
            yield
        except OperationalError as error:
            raise HistoryError(f"history: {_first_line(error.orig)} ({self.where})") from None
        except sqlite3.OperationalError as error:  # from the statements that go to the driver directly
            raise HistoryError(f"history: {_first_line(error)} ({self.where})") from None
        except DBAPIError as error:
            if _is_the_servers(error.orig):
                raise HistoryError(f"history: {_first_line(error.orig)} ({self.where})") from None
            # SQLite's word for a file that is damaged or none of its own; mistakes of ours have classes below it.
            if type(error.orig) is not sqlite3.DatabaseError:
                raise
            raise NotOurDatabaseError(f"history: {self.where}: {_first_line(error.orig)}; move it aside") from None

    def close(self) -> None:
        """Close every connection."""
        self._readers.dispose()


def is_sqlite(url: URL) -> bool:
    """Whether the URL names an SQLite file."""
    return url.get_backend_name() == "sqlite"


def parse_url(database: str, folder: Path) -> URL:
    """The URL of a `database` key; a relative SQLite path lies in the project's folder.

    Raises `HistoryError` for what is no URL, or names a kind of database that this program does not write.
    """
    try:
        url = make_url(database)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        # Not repeated in the message: whatever it is, it may hold a password.
        raise HistoryError(
            'history: "database" is no URL; write postgresql://user@host/name or sqlite:///file'
        ) from None
    if backend == "sqlite":
        if url.database not in (None, "", ":memory:") and not str(url.database).startswith("file:"):
            url = url.set(database=str(folder / Path(str(url.database)).expanduser()))
        return url
    if backend not in ("postgresql", "postgres"):
        raise HistoryError(f'history: "{backend}" databases are not supported; use sqlite or postgresql')
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise HistoryError(
            f'history: "{url.drivername}" names a driver that is not used here; write postgresql://user@host/name'
        )
    return url.set(drivername="postgresql+psycopg")


def _shown(url: URL) -> str:
    """The URL without its password, wherever in it that stands."""
    return url.difference_update_query(_SECRET_OPTIONS).render_as_string(hide_password=True)


def _is_the_servers(error: BaseException | None) -> bool:
    """Whether PostgreSQL's error is about its rights or its state, or about the URL, and not about our statements."""
    if type(error).__module__.partition(".")[0] != "psycopg":
        return False
    stated = getattr(error, "sqlstate", None)
    # The driver itself refuses options of the URL that it does not know, and a connection that broke.
    return stated is None if type(error).__name__ in _OF_THE_DRIVER else stated in _OF_THE_SERVER


def _engine(url: URL, where: str) -> Engine:
    # `hide_parameters`: an exception may reach a log, and parameters are prompts and answers.
    options: dict[str, Any] = {"hide_parameters": True}
    if not is_sqlite(url):
        options |= {"pool_pre_ping": True, "connect_args": {n: v for n, v in _PATIENCE.items() if n not in url.query}}
    try:
        engine = create_engine(url, **options)
    except ModuleNotFoundError:
        raise HistoryError("history: PostgreSQL needs its driver: pip install 'migrator-tui[postgres]'") from None
    if is_sqlite(url):
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        if url.database not in (None, "", ":memory:") and not str(url.database).startswith("file:"):
            _keep_to_one_file(engine, Path(str(url.database)))
    return engine


def _keep_to_one_file(engine: Engine, file: Path) -> None:
    """Refuse a file that was deleted, moved or replaced while it is open.

    SQLite goes on writing where nobody will look again: a monitor would watch what is no more, and say nothing.
    """
    known: tuple[int, int] | None = None

    def check(*_: object) -> None:
        nonlocal known
        try:
            status = file.stat()
            found = (status.st_dev, status.st_ino)
        except OSError:
            found = None
        if known is not None and found != known:
            what = "has gone" if found is None else "was replaced"
            raise HistoryError(f"history: {file} {what} while in use; start this program anew")
        known = found

    event.listen(engine, "do_connect", check)  # else SQLite would make a file without tables
    event.listen(engine, "checkout", check)


def _set_up(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # no transactions but those that `_begin` starts
    for pragma in (f"busy_timeout = {BUSY_MS}", "synchronous = NORMAL", "foreign_keys = ON", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    if not connection.get_execution_options().get("migrator_write"):
        connection.exec_driver_sql("BEGIN")
        return
    for left in reversed(range(connection.get_execution_options().get("migrator_tries", BUSY_TRIES))):
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if not left or "locked" not in str(error.orig):
                raise


def _first_line(error: BaseException | None) -> str:
    return next(iter(str(error).strip().splitlines()), "the database gave no reason")


def _make_private(file: Path) -> None:
    """Create the file's folder and the file readable by its owner alone: prompts and answers are nobody else's."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            file.touch(mode=0o600)
    except OSError as error:
        raise HistoryError(f"history: {file}: {error.strerror}") from None


def schema_version(connection: Connection) -> str | None:
    """The revision a database is at; `None` where it has no table of ours at all.

    Raises `NotOurDatabaseError` for a file with somebody else's tables in it.
    """
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        found = connection.execute(text(f"select version_num from {VERSION_TABLE}")).scalar_one_or_none()  # noqa: S608
        if found is None:
            raise NotOurDatabaseError("history: the database does not say which version of the program wrote it")
        return str(found)
    if tables & set(Base.metadata.tables) or (tables and connection.dialect.name == "sqlite"):
        raise NotOurDatabaseError("history: this database holds tables of another program; name another one")
    return None


def check_not_newer(found: str, where: str) -> None:
    """Raises `DatabaseTooNewError` where the database was written by a newer program."""
    if found > HEAD:
        raise DatabaseTooNewError(
            f"history: {where} was written by a newer migrator-tui (schema {found}, this one knows {HEAD}); upgrade"
        )
