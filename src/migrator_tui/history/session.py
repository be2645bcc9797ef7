"""Where the user was when the program ended."""

from dataclasses import asdict

from sqlalchemy import select

from migrator_tui.history import case_sql
from migrator_tui.history.part import Part, upsert
from migrator_tui.history.records import SessionState
from migrator_tui.history.tables import SessionRow, table

_SESSIONS = table(SessionRow)


class Session(Part):
    """The session."""

    def load_session(self) -> SessionState:
        """The state saved last; a fresh one where there is none."""
        with self._local.reading() as connection:
            data = connection.execute(
                select(_SESSIONS.c.data).where(_SESSIONS.c.project_id == self._local_project_id)
            ).scalar()
        return SessionState() if data is None else case_sql.session(data)

    def save_session(self, state: SessionState) -> None:
        """Keep where the user is; of two windows the one saved last counts."""
        row = {"project_id": self._local_project_id, "data": asdict(state)}
        with self._local.writing() as connection:
            upsert(connection, _SESSIONS, [row], ("project_id",))
