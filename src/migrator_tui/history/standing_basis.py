"""Which standings are still true: what they were made from, and what has happened since."""

from collections.abc import Sequence

from sqlalchemy import func, select, union

from migrator_tui.history.part import Part, upsert
from migrator_tui.history.records import StandingBasis
from migrator_tui.history.tables import CaseOutputRow, StandingBasisRow, VerdictRow, table

_BASES = table(StandingBasisRow)
_PLACED = table(CaseOutputRow)
_VERDICTS = table(VerdictRow)


class StandingBases(Part):
    """The basis of each list of standings."""

    def standing_basis(self, task_name: str, candidate: str) -> StandingBasis | None:
        """What the standings were made from; `None` where nobody wrote it down."""
        wanted = select(_BASES.c.rules, _BASES.c.last_output, _BASES.c.last_verdict).where(
            _BASES.c.project_id == self._local_project_id,
            _BASES.c.task == task_name,
            _BASES.c.candidate == candidate,
        )
        with self._local.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else StandingBasis(*row)

    def keep_standing_basis(self, task_name: str, candidate: str, basis: StandingBasis) -> None:
        """Write down what the standings were made from."""
        row = {
            "project_id": self._local_project_id,
            "task": task_name,
            "candidate": candidate,
            "rules": basis.rules,
            "last_output": basis.last_output,
            "last_verdict": basis.last_verdict,
        }
        with self._local.writing() as connection:
            upsert(connection, _BASES, [row], ("project_id", "task", "candidate"))

    def latest(self) -> tuple[int, int]:
        """The numbers of the output placed last and of the newest verdict; 0 for none."""
        with self._history.reading() as connection:
            placed = connection.execute(
                select(func.max(_PLACED.c.id)).where(_PLACED.c.project_id == self._project_id)
            ).scalar()
            verdict = connection.execute(
                select(func.max(_VERDICTS.c.id)).where(_VERDICTS.c.project_id == self._project_id)
            ).scalar()
        return placed or 0, verdict or 0

    def placed_since(self, last_output: int) -> set[int]:
        """The ids of the outputs that were placed after that number (see `latest`)."""
        wanted = select(_PLACED.c.output_id).where(
            _PLACED.c.project_id == self._project_id, _PLACED.c.id > last_output
        )
        with self._history.reading() as connection:
            return set(connection.execute(wanted).scalars())

    def touched_cases(self, task_name: str, model_names: Sequence[str], since: tuple[int, int]) -> list[str]:
        """The cases of a task that have outputs of these models, or verdicts, newer than `since` (see `latest`)."""
        outputs = select(_PLACED.c.case_id).where(
            _PLACED.c.project_id == self._project_id,
            _PLACED.c.task == task_name,
            _PLACED.c.model_name.in_(model_names),
            _PLACED.c.id > since[0],
        )
        verdicts = select(_VERDICTS.c.case_id).where(
            _VERDICTS.c.project_id == self._project_id,
            _VERDICTS.c.task == task_name,
            _VERDICTS.c.model_name.in_(model_names),
            _VERDICTS.c.id > since[1],
        )
        with self._history.reading() as connection:
            return list(connection.execute(union(outputs, verdicts)).scalars())
