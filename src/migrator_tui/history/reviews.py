"""Suggestions under review: of a prompt the newest, with what was made of it so far. They belong to this machine."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from migrator_tui.history.columns import now
from migrator_tui.history.part import Part, upsert
from migrator_tui.history.tables import ReviewRow, table

_REVIEWS = table(ReviewRow)


class Reviews(Part):
    """Suggestions under review."""

    def save_review(self, task: str, candidate: str, details: Mapping[str, Any]) -> None:
        """Keep what is under review of a task's prompt for a candidate; it replaces what was there before."""
        row = {
            "project_id": self._local_project_id,
            "task": task,
            "candidate": candidate,
            "details": self._without_secrets(dict(details)),
            "updated_at": now(),
        }
        with self._local.writing() as connection:
            upsert(connection, _REVIEWS, [row], ("project_id", "task", "candidate"))

    def reviews(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        """All that is under review, by task and candidate."""
        c = _REVIEWS.c
        wanted = select(c.task, c.candidate, c.details).where(c.project_id == self._local_project_id)
        with self._local.reading() as connection:
            return {(row.task, row.candidate): row.details for row in connection.execute(wanted)}

    def drop_review(self, task: str, candidate: str) -> None:
        """It is over; nothing happens where there is none."""
        c = _REVIEWS.c
        with self._local.writing() as connection:
            connection.execute(
                delete(_REVIEWS).where(
                    c.project_id == self._local_project_id, c.task == task, c.candidate == candidate
                )
            )
