"""The history of one project: the one object through which every other package remembers and looks things up."""

import os
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.engine import URL

from migrator_tui.history import location
from migrator_tui.history.adaptations import Adaptations
from migrator_tui.history.case_list import CaseList
from migrator_tui.history.columns import now
from migrator_tui.history.database import Database, is_sqlite, parse_url
from migrator_tui.history.decisions import Decisions
from migrator_tui.history.exchanges import Exchanges
from migrator_tui.history.export import Export
from migrator_tui.history.outputs import Outputs
from migrator_tui.history.part import upsert
from migrator_tui.history.retention import Retention
from migrator_tui.history.reviews import Reviews
from migrator_tui.history.runs import Runs
from migrator_tui.history.searches import Searches
from migrator_tui.history.session import Session
from migrator_tui.history.side_calls import SideCalls
from migrator_tui.history.standing_basis import StandingBases
from migrator_tui.history.tables import ProjectRow, table
from migrator_tui.history.traffic import Traffic
from migrator_tui.history.traffic_figures import TrafficFigures
from migrator_tui.history.verdicts import Verdicts
from migrator_tui.history.versions import Versions
from migrator_tui.project.schema import Project

_SHORTEST_SECRET = 8


class History(
    Versions,
    Runs,
    Outputs,
    SideCalls,
    StandingBases,
    Verdicts,
    Decisions,
    Exchanges,
    Adaptations,
    Searches,
    Reviews,
    Retention,
    Traffic,
    TrafficFigures,
    CaseList,
    Session,
    Export,
):
    """What happened in a project. Every method is synchronous, one short transaction, and safe in any thread.

    Methods raise `HistoryError` (one line) where the database cannot be read or written.
    """

    def __init__(
        self, project: Project, history: Database, local: Database, *, database: str, secrets: Iterable[str]
    ) -> None:
        self._history = history
        self._local = local
        self._secrets = frozenset(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
        key = location.local_key(project, database)
        self._local_project_id = _project_id(local, project, key)
        self._project_id = self._local_project_id if local is history else _project_id(history, project, project.name)

    @classmethod
    def open(cls, project: Project, *, database: str | None = None, secrets: Iterable[str] = ()) -> "History":
        """Open a project's history, creating or migrating it where needed.

        `database` instead of the configured one: `sqlite`, or an SQLAlchemy URL. `secrets`: values that must never
        be stored, beside the keys found in this process's environment.
        """
        stated = database or project.database or "sqlite"
        location.record_place(project)
        file = location.local_file(project, stated)
        here = URL.create("sqlite", database=str(file)) if file is not None else None
        url = here if stated == "sqlite" and here is not None else parse_url(stated, project.folder)
        history = Database.open(url)
        try:
            local = history if is_sqlite(url) or here is None else Database.open(here)
            return cls(project, history, local, database=stated, secrets={*secrets, *_keys_of(project)})
        except BaseException:
            history.close()
            raise

    @property
    def location(self) -> str:
        """Where the history lies: a path, or a URL without its password."""
        return self._history.where

    @property
    def url(self) -> str:
        """Where the history lies, for a program that is to open it too: with its password, never to be shown."""
        return self._history.url.render_as_string(hide_password=False)

    @property
    def secrets(self) -> frozenset[str]:
        """The values that must never be stored or shown."""
        return self._secrets

    def close(self) -> None:
        """Close every connection; the history must not be used after."""
        self._history.close()
        if self._local is not self._history:
            self._local.close()

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _project_id(database: Database, project: Project, key: str) -> int:
    """This project's number in a database."""
    projects = table(ProjectRow)
    wanted = select(projects.c.id, projects.c.name).where(projects.c.key == key)
    with database.reading() as connection:
        row = connection.execute(wanted).one_or_none()
    if row is None or row.name != project.name:
        with database.writing() as connection:
            values = {"key": key, "name": project.name, "created_at": now()}
            upsert(connection, projects, [values], ("key",), keep=("created_at",))
            row = connection.execute(wanted).one()
    return int(row.id)


def _keys_of(project: Project) -> Iterable[str]:
    models = [project.baseline, *project.candidates, *project.helpers]
    named = {model.api_key_env for model in models if model.api_key_env}
    for name, value in os.environ.items():
        if name in named or name.upper().endswith(("_API_KEY", "_TOKEN", "_SECRET", "_SECRET_KEY", "_ACCESS_KEY")):
            yield value
